"""Precision as users meet it: under the stated mix of worse, neutral and better edits.

A finding is right if the edit made the code worse. With ``hit`` the share of worse edits spoken of, and ``slip`` and
``noise`` the shares of better and neutral edits wrongly called worse,
``precision = worse·hit / (worse·hit + better·slip + neutral·noise)``; improvements the other way round.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from themis_bench.metrics import Estimate, Floats, expected_calibration_error
from themis_model.calibrate import Mix, Threshold

NEVER = Threshold(1.01)

_Z = 1.959963984540054  # two-sided 95 % quantile of the normal distribution


@dataclass(frozen=True, slots=True)
class Sample:
    """Probabilities that an edit goes a given direction, for edits whose true direction is known.

    Attributes:
        right: for edits that do go that way.
        opposite: for edits that go the other way: the same pairs turned round.
        neutral: for ordinary and neutral edits.
        weight: of each entry of ``right`` and ``opposite``, summing to 1; neutral edits weigh the same.
    """

    right: Floats
    opposite: Floats
    neutral: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class Standard:
    """What a direction must prove before it may speak.

    Attributes:
        precision: at least, under the mix.
        lower: 95 % lower bound of the precision, at least.
        noise: largest share of neutral edits spoken of.
        least: lowest probability spoken of; what is less likely than not is never said, whatever it proves on average.
    """

    precision: float = 0.8
    lower: float = 0.7
    noise: float = 0.0025
    least: float = 0.5


def wilson(share: float, count: float) -> Estimate:
    """The score interval of a binomial share seen in ``count`` trials (Wilson 1927); [0, 1] without any.

    ``(p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)`` with z = 1.96.
    """
    if count <= 0:
        return Estimate(math.nan, 0.0, 1.0)
    middle = share + _Z**2 / (2 * count)
    reach = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    scale = 1 + _Z**2 / count
    return Estimate(share, max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale))


def spoken_share(probabilities: Floats, threshold: float, weight: Floats | None = None) -> Estimate:
    """Share of edits whose probability reaches the threshold, with Wilson bounds.

    With weights the number of trials is the effective one, ``(Σw)² / Σw²`` (Kish 1965).
    """
    weights = np.ones(len(probabilities)) if weight is None else weight
    total = float(weights.sum())
    if not total:
        return wilson(math.nan, 0)
    share = float(weights[probabilities >= threshold].sum()) / total
    return wilson(min(share, 1.0), total**2 / float(weights @ weights))


def precision_under_mix(hit: Estimate, slip: Estimate, noise: Estimate, shares: Mix) -> Estimate:
    """Share of spoken verdicts that are right, with bounds.

    The bounds combine the Wilson bounds of the three spoken shares by MOVER (Zou and Donner 2008 for the sum, Donner
    and Zou 2012 for the ratio). A Wilson interval over the spoken verdicts alone would forget how few better and
    neutral edits were looked at: one of them can outweigh ten regressions, and none seen does not mean none.

    Args:
        hit: share spoken of among edits of the spoken direction.
        slip: among edits of the other direction.
        noise: among neutral edits.
        shares: the mix, ``worse`` being the spoken direction and ``better`` the other.

    Returns:
        NaN with bounds [0, 1] if nothing is ever spoken, or if one kind of edit was not looked at.
    """
    right = _sum([(shares.worse, hit)])
    wrong = _sum([(shares.better, slip), (shares.neutral, noise)])
    told = right.value + wrong.value
    if math.isnan(told) or told == 0:
        return Estimate(math.nan, 0.0, 1.0)
    lower, turned = _least_odds(right, wrong), _least_odds(wrong, right)
    return Estimate(right.value / told, lower / (1 + lower), 1 / (1 + turned))


def _sum(parts: Sequence[tuple[float, Estimate]]) -> Estimate:
    value = sum(factor * part.value for factor, part in parts)
    below = math.hypot(*(factor * (part.value - part.lower) for factor, part in parts))
    above = math.hypot(*(factor * (part.upper - part.value) for factor, part in parts))
    return Estimate(value, max(0.0, value - below), value + above)


def _least_odds(one: Estimate, other: Estimate) -> float:
    """Lower bound of ``one / other``: the smaller q at which ``one − q·other`` has the lower bound 0."""
    below, above = one.value - one.lower, other.upper - other.value
    rest = one.value**2 - below**2
    if rest <= 0:
        return 0.0
    return rest / (one.value * other.value + math.sqrt(above**2 * rest + below**2 * other.value**2))


def measured(sample: Sample, probability: float, shares: Mix) -> Threshold:
    """What holds when every edit at or above ``probability`` is spoken of.

    Args:
        sample: edits of all three kinds.
        probability: the threshold.
        shares: the mix, ``worse`` being the spoken direction and ``better`` the other.
    """
    hit = spoken_share(sample.right, probability, sample.weight)
    slip = spoken_share(sample.opposite, probability, sample.weight)
    precision = precision_under_mix(hit, slip, spoken_share(sample.neutral, probability), shares)
    judged = sum(int((said >= probability).sum()) for said in (sample.right, sample.opposite, sample.neutral))
    value = 0.0 if math.isnan(precision.value) else precision.value
    return Threshold(probability, value, precision.lower, hit.value, judged)


def choose_threshold(sample: Sample, shares: Mix, standard: Standard) -> Threshold:
    """The lowest probability from which on the standard is met, or ``NEVER``.

    Only probabilities that some edit really got are tried. Choosing flatters the figures measured on the same edits a
    little, so what is published has to be measured again on others.
    """
    for probability in np.unique(sample.right[sample.right >= standard.least]):
        noise = spoken_share(sample.neutral, float(probability)).value  # NaN without neutral edits proves nothing
        found = measured(sample, float(probability), shares)
        if noise <= standard.noise and found.precision >= standard.precision and found.lower >= standard.lower:
            return found
    return NEVER


def calibration_error(sample: Sample, shares: Mix) -> float:
    """Expected calibration error of the spoken direction, each kind of edit weighing what the mix says."""
    neutral = np.full(len(sample.neutral), shares.neutral / max(1, len(sample.neutral)))
    return expected_calibration_error(
        np.concatenate([sample.right, sample.opposite, sample.neutral]),
        np.repeat([True, False, False], [len(sample.right), len(sample.opposite), len(sample.neutral)]),
        np.concatenate([shares.worse * sample.weight, shares.better * sample.weight, neutral]),
    )
