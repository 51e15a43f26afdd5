"""Fits the linear floor: length-neutral logistic regression on feature differences, one criterion at a time."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from themis_bench.floor import BUCKETS, Floor, Origin, WordTokenizer, features_of
from themis_bench.metrics import Floats, length_neutral
from themis_bench.pairs import Pair
from themis_lsp.snippet import windows_between
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder

RIDGE = 1e-3
_FEWEST = 30  # pairs; fewer teach nothing that holds elsewhere
_MEMORY = 10
_STEPS = 300
_FLAT = 1e-5


@dataclass(frozen=True, slots=True)
class Example:
    """One pair as the floor learns from it: what its windows gained and lost.

    Attributes:
        criterion: what the chosen side is better at.
        project: what pairs are weighted by.
        longer: sign of the length difference, chosen minus rejected.
        buckets: features that differ.
        differences: chosen minus rejected, summed over the windows.
    """

    criterion: Criterion
    project: str
    longer: int
    buckets: npt.NDArray[np.int64]
    differences: Floats


def fit_floor(pairs: Iterable[Pair], ridge: float = RIDGE, data: str = "") -> Floor:
    """Fit every criterion that has enough pairs; the same pairs give the same floor, in whatever order.

    Minimises ``mean(w·ln(1 + e^(−Δ))) + ridge/2·|θ|²`` without intercept, which is Bradley–Terry. The problem is
    convex, so there is one answer.

    Args:
        pairs: what to learn from; neutral edits are passed over.
        ridge: strength of the squared penalty.
        data: digest of the data, kept with the floor.
    """
    examples: dict[Criterion, list[Example]] = {criterion: [] for criterion in CRITERIA}
    encoder = Encoder(WordTokenizer())
    for pair in pairs:
        if pair.criterion is not None and (example := _example(pair, pair.criterion, encoder)):
            examples[pair.criterion].append(example)
    weights = np.zeros((len(CRITERIA), BUCKETS), dtype=np.float32)
    counts = []
    for column, criterion in enumerate(CRITERIA):
        found = examples[criterion] if len(examples[criterion]) >= _FEWEST else []
        counts.append(len(found))
        if found:
            buckets, theta = _fit(found, ridge)
            weights[column, buckets] = theta
    return Floor(weights, Origin(tuple(counts), data))


def _example(pair: Pair, criterion: Criterion, encoder: Encoder) -> Example | None:
    seen = windows_between(pair.rejected, pair.chosen, pair.language, encoder)
    sides = [(sign, features_of(view.text)) for w in seen for sign, view in ((1, w.after), (-1, w.before))]
    if not sides:
        return None
    buckets, place = np.unique(np.concatenate([side.buckets for _, side in sides]), return_inverse=True)
    signed = np.concatenate([sign * side.values for sign, side in sides])
    differences = np.bincount(place, signed, len(buckets)).astype(np.float64)
    differs = np.abs(differences) > 1e-12
    return Example(criterion, pair.project, pair.longer, buckets[differs], differences[differs])


def weights_of(examples: Sequence[Example]) -> Floats:
    """Weight per example, ``[n]``, mean 1: large projects are damped, and length tells nothing.

    A project of n pairs weighs √n; then both signs of the length difference get equal totals.
    """
    sizes = Counter(example.project for example in examples)
    damped = np.array([sizes[example.project] ** -0.5 for example in examples])
    weights: Floats = length_neutral(damped, [example.longer for example in examples]) / damped.mean()
    return weights


def _fit(examples: Sequence[Example], ridge: float) -> tuple[npt.NDArray[np.int64], Floats]:
    """Buckets that occur in a difference, and their weights; all others stay zero."""
    rows = np.repeat(np.arange(len(examples)), [len(example.buckets) for example in examples])
    buckets, columns = np.unique(np.concatenate([example.buckets for example in examples]), return_inverse=True)
    values = np.concatenate([example.differences for example in examples])
    share = weights_of(examples) / len(examples)

    def loss(theta: Floats) -> tuple[float, Floats]:
        margin = np.bincount(rows, values * theta[columns], len(examples))
        slope = -share * np.exp(-np.logaddexp(0.0, margin))
        gradient = np.bincount(columns, values * slope[rows], len(buckets)) + ridge * theta
        return float(share @ np.logaddexp(0.0, -margin) + ridge / 2 * theta @ theta), gradient

    return buckets, minimum(loss, len(buckets))


def minimum(loss: Callable[[Floats], tuple[float, Floats]], size: int) -> Floats:
    """Where a smooth convex function is smallest: L-BFGS from zero (Nocedal and Wright 2006, algorithm 7.4).

    Args:
        loss: gives value and gradient, ``[size]``.
        size: number of parameters.
    """
    at = np.zeros(size)
    value, gradient = loss(at)
    steps: list[tuple[Floats, Floats]] = []
    for _ in range(_STEPS):
        if np.abs(gradient).max(initial=0.0) < _FLAT:
            break
        direction = _descent(gradient, steps)
        slope = float(gradient @ direction)
        length = 1.0 if steps else min(1.0, 1.0 / float(np.abs(gradient).sum()))
        while (tried := loss(at + length * direction))[0] > value + 1e-4 * length * slope and length > 1e-10:
            length /= 2
        moved, turned = length * direction, tried[1] - gradient
        if moved @ turned > 1e-12:
            steps = [*steps[1 - _MEMORY :], (moved, turned)]
        at, value, gradient = at + moved, tried[0], tried[1]
    return at


def _descent(gradient: Floats, steps: Sequence[tuple[Floats, Floats]]) -> Floats:
    direction = -gradient
    used = []
    for moved, turned in reversed(steps):
        share = float(moved @ direction) / float(moved @ turned)
        direction = direction - share * turned
        used.append(share)
    if steps:
        moved, turned = steps[-1]
        direction = direction * (float(moved @ turned) / float(turned @ turned))
    for (moved, turned), share in zip(steps, reversed(used), strict=True):
        direction = direction + (share - float(turned @ direction) / float(moved @ turned)) * moved
    return direction
