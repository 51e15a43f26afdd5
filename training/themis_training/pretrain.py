"""Masked-token pre-training of the deep path on plain code (BERT, arXiv 1810.04805, section 3.1)."""

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import BertForMaskedLM

from themis_lsp.unit import split_lines
from themis_model.encode import Encoder, Lines
from themis_model.tokens import EDIT, END_EDIT, MASK, PAD, SPECIALS
from themis_training.checkpoint import save_checkpoint
from themis_training.corpus import CodeFile
from themis_training.network import Shape, changed_region

_MASKED = 0.2  # more than BERT's 0.15: with few tokens to see, each pass should ask more


@dataclass(frozen=True, slots=True)
class Pretraining:
    """How long and how fast to pre-train.

    Attributes:
        tokens: total number of tokens to see.
        batch_tokens: tokens per step, padding included.
        rate: peak learning rate; warm-up 5 %, then cosine to zero.
        seed: of masking and order.
        length: longest piece of a file.
        minutes: stop the schedule early so that it fits this time; 0 means no limit.
    """

    tokens: int = 20_000_000
    batch_tokens: int = 8192
    rate: float = 1e-3
    seed: int = 1
    length: int = 160
    minutes: float = 0.0


def pieces_of(files: Sequence[CodeFile], encoder: Encoder, length: int, seed: int) -> list[list[int]]:
    """Files cut into views of whole lines, one random run of lines in each marked as if it were changed."""
    draw = random.Random(seed)  # noqa: S311  (sampling, not security)
    pieces: list[list[int]] = []
    for file in files:
        lines = split_lines(file.text)
        at = 0
        while at < len(lines):
            take = draw.randint(6, 24)
            view = encoder.whole(Lines.plain(lines[at : at + take]), file.language)
            ids = [i for i in view.ids if i not in (EDIT, END_EDIT)][:length]
            if len(ids) > 24:
                start = draw.randrange(1, len(ids) - 1)
                end = min(len(ids), start + draw.randrange(0, 24))
                pieces.append([*ids[:start], EDIT, *ids[start:end], END_EDIT, *ids[end:]][:length])
            at += take
    draw.shuffle(pieces)
    return pieces


def pretrain(
    pieces: Sequence[list[int]], shape: Shape, how: Pretraining, checkpoint: Path, every: int = 100
) -> dict[str, Tensor]:
    """Train and return the weights of the deep path (a ``BertModel`` state dict); resumes from ``checkpoint``."""
    torch.manual_seed(how.seed)
    model = BertForMaskedLM(shape.bert)
    # Scores all words at once from one matrix shared with the input embedding.
    optimizer = torch.optim.AdamW(model.parameters(), lr=how.rate, betas=(0.9, 0.98), weight_decay=0.01)
    seen = step = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        seen, step = saved["seen"], saved["step"]
    began, loss_mean = time.monotonic(), 0.0
    for number, batch in enumerate(_batches(pieces, how)):
        if number < step:
            continue
        progress = seen / how.tokens
        if how.minutes:
            progress = max(progress, (time.monotonic() - began) / 60 / how.minutes)
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = how.rate * min(progress / 0.05 + 0.01, 0.5 * (1 + math.cos(math.pi * progress)))
        ids = nn.utils.rnn.pad_sequence([torch.tensor(p) for p in batch], batch_first=True, padding_value=PAD)
        generator = torch.Generator().manual_seed(how.seed * 1_000_003 + number)
        masked, labels = _mask(ids, shape.vocabulary, generator)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = model.bert(
                masked, attention_mask=(ids != PAD).long(), token_type_ids=changed_region(ids)
            ).last_hidden_state
            asked = labels >= 0
            scores = model.cls(states[asked])
        loss = nn.functional.cross_entropy(scores.float(), labels[asked])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step, seen = number + 1, seen + int((ids != PAD).sum())
        loss_mean = loss.item() if step == 1 else 0.98 * loss_mean + 0.02 * loss.item()
        if step % every == 0:
            save_checkpoint(
                checkpoint,
                {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "seen": seen, "step": step},
            )
            speed = seen / (time.monotonic() - began)
            print(f"step {step} tokens {seen / 1e6:.2f}M loss {loss_mean:.3f} {speed:.0f} tokens/s", flush=True)
    return model.bert.state_dict()


def _batches(pieces: Sequence[list[int]], how: Pretraining) -> Iterator[list[list[int]]]:
    """Endless batches of pieces of like length, in seeded order."""
    epoch = 0
    while True:
        draw = random.Random(f"{how.seed}/{epoch}")  # noqa: S311  (order, not security)
        order = sorted(range(len(pieces)), key=lambda n: (len(pieces[n]) // 16, draw.random()))
        batches: list[list[list[int]]] = [[]]
        for n in order:
            if batches[-1] and (len(batches[-1]) + 1) * len(pieces[n]) > how.batch_tokens:
                batches.append([])
            batches[-1].append(pieces[n])
        draw.shuffle(batches)
        yield from batches
        epoch += 1


def _mask(ids: Tensor, vocabulary: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Hide a share of the tokens: 80 % as ``<mask>``, 10 % as a random token, 10 % as themselves."""
    chance = torch.rand(ids.shape, generator=generator)
    asked = (chance < _MASKED) & (ids >= len(SPECIALS))
    labels = torch.where(asked, ids, torch.full_like(ids, -100))
    how = torch.rand(ids.shape, generator=generator)
    noise = torch.randint(len(SPECIALS), vocabulary, ids.shape, generator=generator)
    masked = torch.where(asked & (how < 0.8), torch.full_like(ids, MASK), ids)
    return torch.where(asked & (how >= 0.8) & (how < 0.9), noise, masked), labels
