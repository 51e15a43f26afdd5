"""Fits the deep path: Bradley-Terry with a magnitude regulariser, on pairs of windows.

The loss is the paper's (arXiv 2605.00754) without its language-model term, which an encoder does not have:
``-log sigmoid(r(chosen) - r(rejected)) + mu (r(chosen) + r(rejected))^2``.
"""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from themis_model.scorer import FloatArray
from themis_model.tokens import PAD
from themis_training.checkpoint import save_checkpoint
from themis_training.mixture import Weights
from themis_training.network import RewardNetwork, ranking_loss
from themis_training.pairs import Example, Ids


@dataclass(frozen=True, slots=True)
class DeepFit:
    """How the deep path is trained.

    Attributes:
        epochs: passes over the examples.
        batch_tokens: tokens per step, padding included; both sides of a pair count.
        rate: peak learning rate of the encoder; the head learns ten times as fast.
        magnitude: mu, the weight of the magnitude regulariser.
        dropout: share of hidden units dropped.
        seed: of order and dropout.
        save_every: steps between two checkpoints.
    """

    epochs: int = 4
    batch_tokens: int = 8192
    rate: float = 2e-4
    magnitude: float = 0.01
    dropout: float = 0.1
    seed: int = 1
    save_every: int = 100


def fit_deep(
    network: RewardNetwork, examples: Sequence[Example], weights: Weights, how: DeepFit, checkpoint: Path
) -> list[float]:
    """Train the deep path in place and return the mean loss of each epoch; resumes from ``checkpoint``.

    Args:
        network: its wide path, if any, is not touched.
        examples: pairs and ties; each teaches the rewards it has a weight in.
        weights: ``[len(examples), 5]``, from ``mixture``.
        how: hyper-parameters.
        checkpoint: file written every ``how.save_every`` steps.
    """
    torch.manual_seed(how.seed)
    if network.deep is None:
        raise ValueError("this network has no deep path to fit")
    for module in network.deep.modules():
        if isinstance(module, nn.Dropout):
            module.p = how.dropout
    groups = [
        {"params": list(network.deep.parameters()), "peak": how.rate},
        {"params": list(network.head.parameters()), "peak": 10 * how.rate},
    ]
    optimizer = torch.optim.AdamW(groups, lr=how.rate, betas=(0.9, 0.95), weight_decay=0.1)
    epochs = [list(batches(examples, how.batch_tokens, f"{how.seed}/{epoch}")) for epoch in range(how.epochs)]
    steps = [(epoch, rows) for epoch, found in enumerate(epochs) for rows in found]
    losses: list[float] = []  # of every step
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        losses = list(saved["losses"])
    network.train()
    for number, (epoch, rows) in enumerate(steps):
        if number < len(losses):
            continue
        progress = number / len(steps)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(progress / 0.05 + 0.01, 0.5 * (1 + math.cos(math.pi * progress)))
        loss = pair_loss(network, [examples[n] for n in rows], torch.tensor(weights[rows]).float(), how)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if len(losses) % how.save_every == 0 or len(losses) == len(steps):
            save_checkpoint(
                checkpoint, {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "losses": losses}
            )
            recent = losses[-how.save_every :]
            print(
                f"epoch {epoch + 1}/{how.epochs} step {len(losses)}/{len(steps)} loss {sum(recent) / len(recent):.4f}",
                flush=True,
            )
    network.train(mode=False)
    ends = np.cumsum([0, *map(len, epochs)])
    return [float(np.mean(losses[start:end])) for start, end in itertools.pairwise(ends.tolist())]


def pair_loss(network: RewardNetwork, examples: Sequence[Example], weights: Tensor, how: DeepFit) -> Tensor:
    """Weighted mean loss of a batch of pairs."""
    ids, mask = padded([e.chosen for e in examples] + [e.rejected for e in examples])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rewards = network.rewards(ids, mask)
    chosen, rejected = rewards[: len(examples)], rewards[len(examples) :]
    wins = torch.tensor([e.wins for e in examples]).unsqueeze(1)
    ranking = ranking_loss(chosen - rejected, wins)
    return (weights * (ranking + how.magnitude * (chosen + rejected).square())).sum() / len(examples)


def padded(views: Sequence[Ids]) -> tuple[Tensor, Tensor]:
    """Ids and attention mask, ``[views, longest]``."""
    ids = nn.utils.rnn.pad_sequence(
        [torch.from_numpy(v.astype(np.int64)) for v in views], batch_first=True, padding_value=PAD
    )
    return ids, (ids != PAD).long()


def batches(examples: Sequence[Example], tokens: int, seed: str) -> Iterator[list[int]]:
    """Rows of examples of like length, in seeded order, at most ``tokens`` padded tokens each."""
    draw = random.Random(seed)  # noqa: S311  (order, not security)
    longest = [max(len(e.chosen), len(e.rejected)) for e in examples]
    order = sorted(range(len(examples)), key=lambda n: (longest[n] // 16, draw.random()))
    found: list[list[int]] = []
    room = 0
    for n in order:
        width = 2 * (longest[n] // 16 + 1) * 16
        if not found or room < width:
            found.append([])
            room = tokens
        found[-1].append(n)
        room -= width
    draw.shuffle(found)
    yield from found


def rewards_of(network: RewardNetwork, views: Sequence[Sequence[int] | Ids]) -> FloatArray:
    """Rewards ``[views, 5]`` in float32, one view at a time as in serving."""
    network.train(mode=False)
    with torch.no_grad():
        rows = [network.rewards(torch.from_numpy(np.array([view], np.int64)))[0].numpy() for view in views]
    return np.stack(rows) if rows else np.zeros((0, 5), np.float32)
