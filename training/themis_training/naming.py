"""Fits the graph that names defects: per criterion a softmax over its reasons, on what the worse version has more."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from themis_bench.mix import wilson
from themis_model.calibrate import Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.naming import Naming
from themis_model.reason import reasons
from themis_training.network import Evidence
from themis_training.pairs import Example
from themis_training.wide import Difference, stacked

BUCKETS = 1 << 15  # a power of two that divides the wide path's, so that its features serve here too
LONGEST_GRAM = 3
_RIDGE = 0.02
_PRECISION, _LOWER = 0.8, 0.6  # a name is told where this many are right, on pairs the fit has not seen
_FEWEST = 12  # held-out pairs that get a name; fewer prove nothing
_FEWEST_OF_REASON = 8  # training pairs


@dataclass(frozen=True, slots=True)
class Named:
    """Pairs whose defect is known, of one criterion.

    Attributes:
        known: reason ids, in the order of the columns.
        pairs: ids of the pairs, ``[n]``.
        labels: column of the reason of each example, ``[n]``.
        differences: features, chosen minus rejected.
        weights: ``[n]``, each reason damped by the root of its size.
    """

    known: tuple[str, ...]
    pairs: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    differences: list[Difference]
    weights: npt.NDArray[np.float64]


class Asked(NamedTuple):
    """Something else that is to be named.

    Attributes:
        id: of the answer.
        criterion: whose reasons are asked for.
        difference: features, before minus after.
    """

    id: str
    criterion: Criterion
    difference: Difference


class _Part(NamedTuple):
    named: Named
    buckets: npt.NDArray[np.int64]
    table: npt.NDArray[np.float32]  # [len(buckets), reasons]


def fit_naming(
    examples: Sequence[Example],
    differences: Sequence[Difference],
    criteria: Sequence[Criterion],
    caps: Mapping[str, float],
    fold: Mapping[str, int],
    power: float,
    asked: Sequence[Asked] = (),
) -> tuple[Evidence, Naming, dict[str, dict[str, float]]]:
    """The graph that names defects, trained on all examples, and how it is read, measured on those with a fold.

    Besides, for each of ``asked``, the evidence for its criterion's reasons from a fit that saw nothing of its fold.

    Args:
        examples: pairs, of which those with a reason count.
        differences: their features.
        criteria: whose reasons are learned.
        caps: weight per pair of a group of sources.
        fold: of the pairs to calibrate on: each is named by a fit that saw nothing of its fold.
        power: of the number of n-grams, as in the features.
        asked: what else is to be named while it is held out; each has a fold.
    """
    parts: dict[Criterion, _Part] = {}
    sharpness: dict[Criterion, float] = {}
    thresholds: dict[str, Threshold] = {}
    answers: dict[str, dict[str, float]] = {}
    for criterion in criteria:
        named = named_of(criterion, examples, differences, caps)
        if len(named.known) < 2:
            continue
        folds = np.array([fold.get(pair, -1) for pair in named.pairs])
        parts[criterion] = _Part(named, *fit_reasons(named, np.ones(len(folds), bool)))
        logits, right = [], []
        for left_out in sorted(set(folds[folds >= 0].tolist())):
            rows = np.flatnonzero(folds == left_out)
            held = fit_reasons(named, folds != left_out)
            logits.append(logits_of(*held, [named.differences[n] for n in rows]))
            right.append(named.labels[rows])
            own = [one for one in asked if one.criterion is criterion and fold[one.id] == left_out]
            for one, row in zip(own, logits_of(*held, [one.difference for one in own]), strict=True):
                gained = dict(zip(named.known, row.astype(float).round(4).tolist(), strict=True))
                answers.setdefault(one.id, {}).update(gained)
        if logits:
            sharpness[criterion], told = calibrated(np.concatenate(logits), np.concatenate(right))
            thresholds |= {named.known[column]: threshold for column, threshold in told.items()}
    return *_joined(parts, sharpness, thresholds, power), answers


def named_of(
    criterion: Criterion, examples: Sequence[Example], differences: Sequence[Difference], caps: Mapping[str, float]
) -> Named:
    """What can be learned about one criterion's reasons."""
    counts = Counter(e.reason for e in examples if e.reason)
    known = tuple(
        name for name, r in reasons().items() if r.criterion is criterion and counts[name] >= _FEWEST_OF_REASON
    )
    rows = [n for n, e in enumerate(examples) if e.reason in known]
    labels = np.array([known.index(examples[n].reason) for n in rows], np.int64)
    weights = np.array(
        [counts[examples[n].reason] ** -0.5 * caps.get(examples[n].source.split("/")[0], 1.0) for n in rows]
    )
    return Named(
        known,
        tuple(examples[n].pair for n in rows),
        labels,
        [differences[n] for n in rows],
        weights / weights.mean() if rows else weights,
    )


def fit_reasons(
    named: Named, kept: npt.NDArray[np.bool_], steps: int = 40
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Buckets ``[f]`` and their evidence ``[f, reasons]``, from the pairs in ``kept``."""
    chosen = np.flatnonzero(kept)
    rows = stacked([named.differences[n] for n in chosen], BUCKETS)
    labels, weights = torch.from_numpy(named.labels[chosen]), torch.from_numpy(named.weights[chosen]).float()
    theta = torch.zeros(rows.features, len(named.known), requires_grad=True)
    optimizer = torch.optim.LBFGS([theta], max_iter=steps, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        logits = -(rows.matrix @ theta.detach())  # the softmax sees rejected minus chosen
        logits.requires_grad_()
        losses = (weights * torch.nn.functional.cross_entropy(logits, labels, reduction="none")).sum()
        (slope,) = torch.autograd.grad(losses, logits)
        theta.grad = -(rows.transposed @ slope) + 2 * _RIDGE * theta.detach()
        return losses.detach() + _RIDGE * theta.detach().square().sum()

    optimizer.step(loss)
    return rows.buckets.numpy(), theta.detach().numpy()


def logits_of(
    seen: npt.NDArray[np.int64], theta: npt.NDArray[np.float32], differences: Sequence[Difference]
) -> npt.NDArray[np.float32]:
    """Evidence gained by the worse sides, ``[examples, reasons]``."""
    table = np.zeros((BUCKETS, theta.shape[1]), np.float32)
    table[seen] = theta
    rows = [-(d.values @ table[d.buckets % BUCKETS]) for d in differences]
    return np.stack(rows) if rows else np.zeros((0, theta.shape[1]), np.float32)


def calibrated(logits: npt.NDArray[np.float32], right: npt.NDArray[np.int64]) -> tuple[float, dict[int, Threshold]]:
    """Sharpness, and the threshold of each column that may be told.

    Args:
        logits: of held-out pairs, ``[n, reasons]``.
        right: column of each pair's true reason.
    """
    sharpness = float(min(np.geomspace(0.2, 5, 30), key=lambda s: _loss(s * logits, right)))
    p = _softmax(sharpness * logits)
    top, best = p.max(axis=1), p.argmax(axis=1)
    found = {}
    for column in range(logits.shape[1]):
        own = np.sort(top[best == column])
        for probability in own:
            rows = (best == column) & (top >= probability)
            count, told = int(rows.sum()), int((right[rows] == column).sum())
            if count < _FEWEST:
                break
            precision = wilson(told / count, count)
            if precision.value >= _PRECISION and precision.lower >= _LOWER:
                coverage = told / int((right == column).sum())
                found[column] = Threshold(float(probability), precision.value, precision.lower, coverage, count)
                break
    return sharpness, found


def _softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    shares = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    normal: npt.NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
    return normal


def _loss(logits: npt.NDArray[np.float32], right: npt.NDArray[np.int64]) -> float:
    return float(-np.log(_softmax(logits)[np.arange(len(right)), right] + 1e-12).mean())


def _joined(
    parts: Mapping[Criterion, _Part],
    sharpness: Mapping[Criterion, float],
    thresholds: Mapping[str, Threshold],
    power: float,
) -> tuple[Evidence, Naming]:
    names = [name for criterion in CRITERIA if criterion in parts for name in parts[criterion].named.known]
    evidence = Evidence(BUCKETS, LONGEST_GRAM, len(names), power)
    with torch.no_grad():
        for named, buckets, table in parts.values():
            columns = torch.tensor([names.index(name) for name in named.known])
            evidence.wide.table.weight[torch.from_numpy(buckets).unsqueeze(1), columns] = torch.from_numpy(table)
    return evidence, Naming(tuple(names), sharpness, thresholds)
