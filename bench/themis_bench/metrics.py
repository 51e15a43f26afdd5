"""Numbers about reward differences: accuracy with and without the length shortcut, calibration error, intervals.

Every Δ here is ``reward(chosen) − reward(rejected)``, so a positive one is right. Metrics take one weight per
item, which is how the bootstrap resamples them. What may be spoken of, and how precisely, is in ``precision``.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_RESAMPLES = 1000


class Estimate(NamedTuple):
    """A measured value with its 95 % bounds; NaN where there is nothing to measure."""

    value: float
    lower: float
    upper: float


def accuracy(deltas: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Share of pairs whose chosen side scores strictly higher: ``Σw·[Δ > 0] / Σw``; ties are wrong.

    The rule of Themis-CodeRewardBench (arXiv 2605.00754, section 5); NaN without weight.
    """
    return _mean(np.asarray(deltas, np.float64) > 0, _weights(deltas, weights))


def balanced_accuracy(deltas: npt.ArrayLike, longer: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Mean of the accuracy where the chosen side is longer and the accuracy where it is shorter.

    "Longer is better" gets exactly 0.5. Pairs of equal length offer no shortcut and are left out: as a third
    stratum a handful of them would weigh as much as all others. After Brodersen et al. 2010, with the sign
    of the length difference as the class.

    Args:
        deltas: reward differences, ``[n]``.
        longer: sign of the difference in characters, chosen minus rejected, ``[n]``.
        weights: ``[n]``, by default all equal.

    Returns:
        NaN unless both strata hold weight.
    """
    delta, sign, weight = np.asarray(deltas, np.float64), np.asarray(longer), _weights(deltas, weights)
    strata = [_mean(delta[sign == side] > 0, weight[sign == side]) for side in (1, -1)]
    return sum(strata) / 2


def longer_is_better(longer: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Accuracy of always preferring the text with more characters; equal lengths are ties, hence wrong."""
    return accuracy(longer, weights)


def macro_average(values: Iterable[float]) -> float:
    """Mean over groups that counts each group once, however large; groups without a value (NaN) are left out."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def expected_calibration_error(
    confidences: npt.ArrayLike, happened: npt.ArrayLike, weights: npt.ArrayLike | None = None, bins: int = 10
) -> float:
    """``Σ_b mass_b · |mean confidence_b − share that happened_b|`` over bins of equal mass.

    Naeini et al. 2015, with adaptive bins (Nguyen and O'Connor 2015). Equal confidences always share a bin, so
    the order of the items does not matter.

    Args:
        confidences: stated probabilities of an event, ``[n]``.
        happened: whether it happened, ``[n]``.
        weights: mass of each item, ``[n]``, by default all equal.
        bins: number of bins.
    """
    said, was, weight = np.asarray(confidences, np.float64), np.asarray(happened), _weights(confidences, weights)
    total = weight.sum()
    if not total:
        return math.nan
    values, group = np.unique(said, return_inverse=True)
    mass = np.bincount(group, weight, len(values))
    middle = np.cumsum(mass) - mass / 2
    bin_of = np.minimum((middle / total * bins).astype(np.int64), bins - 1)[group]
    return float(np.abs(np.bincount(bin_of, weight * (said - was), bins)).sum() / total)


def interval(
    statistic: Callable[[Floats], float],
    clusters: Sequence[str],
    seed: int = 0,
    resamples: int = _RESAMPLES,
) -> Estimate:
    """A statistic with its 95 % percentile bootstrap interval, resampling whole clusters.

    Pairs of one project resemble each other, so projects are drawn, not pairs (Davison and Hinkley 1997, section
    3.8). Resamples in which the statistic is undefined are left out; fewer than two clusters have no interval.

    Args:
        statistic: takes one weight per item, ``[n]``, and gives a value or NaN.
        clusters: cluster of each item, ``[n]``.
        seed: of the draws; equal seeds give equal intervals, and compare models on equal draws.
        resamples: number of draws.
    """
    names, member = np.unique(np.array(clusters, dtype=np.str_), return_inverse=True)
    value = statistic(np.ones(len(clusters)))
    if len(names) < 2:
        return Estimate(value, math.nan, math.nan)
    draw = np.random.default_rng(seed)
    even = np.full(len(names), 1 / len(names))
    drawn = (draw.multinomial(len(names), even)[member].astype(np.float64) for _ in range(resamples))
    found = np.array([statistic(weights) for weights in drawn])
    found = found[~np.isnan(found)]
    if not len(found):
        return Estimate(value, math.nan, math.nan)
    lower, upper = np.quantile(found, [0.025, 0.975])
    return Estimate(value, float(lower), float(upper))


def sign_of_length(chosen: str, rejected: str) -> int:
    """1 if the chosen text has more characters, -1 if it has fewer, 0 if both have the same number."""
    return (len(chosen) > len(rejected)) - (len(chosen) < len(rejected))


def length_neutral(weights: Floats, longer: npt.ArrayLike) -> Floats:
    """Scale weights so that pairs whose chosen side is longer and those whose is shorter have equal totals.

    Preferring either length then gains nothing. The sum stays what it was; pairs of equal length keep their weight,
    and so do all if one of the two kinds is missing.
    """
    signs = np.asarray(longer)
    scaled = weights.astype(np.float64)
    totals = {sign: float(weights[signs == sign].sum()) for sign in (1, -1)}
    if all(totals.values()):
        for sign, total in totals.items():
            scaled[signs == sign] *= sum(totals.values()) / 2 / total
    return scaled


def _weights(items: npt.ArrayLike, weights: npt.ArrayLike | None) -> Floats:
    return np.ones(np.shape(items)) if weights is None else np.asarray(weights, np.float64)


def _mean(right: npt.NDArray[np.bool_], weights: Floats) -> float:
    total = float(weights.sum())
    return float(weights @ right) / total if total else math.nan
