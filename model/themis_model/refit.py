"""A curve moved as far as somebody's own judgements ask for, and never made to speak of more than it did.

Judgements are of regressions that were spoken of: whoever disagrees says that an edit was neutral or better, not which.
Two numbers of the curve are free, the intercept and the steepness (Platt 1999), and the curve as it was counts as
``SHIPPED_WORTH`` judgements of the very same edits, either way round, so that a few answers move little.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt

from themis_model.calibrate import Calibration, Curve, Mix, Probabilities, State, Threshold
from themis_model.criterion import CRITERIA

SHIPPED_WORTH = 100.0  # judgements

_Floats = npt.NDArray[np.float64]

_STEPS = 50
_HALVINGS = 20
_STEEPEST = 3.0  # natural logarithm of the largest factor on the steepness, either way
_SPOKEN = np.array([1.0, 0.0, 1.0])[:, None]  # the intercept stands against neutral


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody said of one edit that was called worse.

    Attributes:
        delta: the reward difference, in the model's own unit.
        is_worse: whether they agreed.
        defect: what it was called, if anything.
    """

    delta: float
    is_worse: bool
    defect: str | None = None


def refit(curve: Curve, judgements: Sequence[Judgement], mix: Mix) -> Curve:
    """The most likely curve, with thresholds that are reached at no smaller reward difference than before.

    What was measured at a threshold stays beside it: it held where the curve spoke more easily.
    """
    if not judgements:
        return curve
    moved = _fitted(curve, judgements, mix)
    worse, better = (_raised(curve, moved, mix, sign) for sign in (-1, 1))
    return replace(moved, worse=worse, better=better, reasons=raised_reasons(curve, moved, mix))


def raised_reasons(shipped: Curve, moved: Curve, mix: Mix) -> dict[str, Threshold]:
    """Thresholds of a moved curve's names, which it reaches at no smaller reward difference than the shipped one."""
    return {name: _raised(replace(shipped, worse=one), moved, mix, -1) for name, one in shipped.reasons.items()}


def probabilities(curve: Curve, delta: float, mix: Mix) -> Probabilities:
    """What a curve says of a reward difference, whether or not it may speak."""
    at = Calibration(mix, dict.fromkeys(CRITERIA, replace(curve, state=State.SPEAKS)))
    return cast("Probabilities", at.probabilities(CRITERIA[0], delta))  # None is for criteria that may not speak


def said_there(shipped: Curve, moved: Curve, mix: Mix, sign: int) -> float:
    """What one curve says at the reward difference from which on another speaks.

    Args:
        shipped: has the threshold.
        moved: is asked.
        mix: of both.
        sign: -1 for regressions, 1 for improvements.
    """
    threshold = (shipped.worse if sign < 0 else shipped.better).probability
    low, high = 0.0, 1e3 * shipped.scale
    for _ in range(100):
        middle = (low + high) / 2
        if probabilities(shipped, sign * middle, mix)[1 + sign] < threshold:
            low = middle
        else:
            high = middle
    return probabilities(moved, sign * high, mix)[1 + sign]


def loss(curve: Curve, judgements: Sequence[Judgement], mix: Mix) -> float:
    """Mean cross-entropy of judgements, in nats."""
    told = [(probabilities(curve, judged.delta, mix).worse, judged.is_worse) for judged in judgements]
    return -sum(math.log(max(p if is_worse else 1 - p, 1e-12)) for p, is_worse in told) / len(told)


def _raised(curve: Curve, moved: Curve, mix: Mix, sign: int) -> Threshold:
    threshold = curve.worse if sign < 0 else curve.better
    if threshold.probability > 1:
        return threshold
    return replace(threshold, probability=max(threshold.probability, said_there(curve, moved, mix, sign)))


def _fitted(curve: Curve, judgements: Sequence[Judgement], mix: Mix) -> Curve:
    fit = _Fit(curve, judgements, mix)
    free = np.array([curve.bias, 0.0])
    value, slope, curvature = fit.at(free)
    for _ in range(_STEPS):
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), slope)
        tried = [_bounded(free + step / 2**n) for n in range(_HALVINGS)]  # half as far until it is better
        better = next(((one, found) for one in tried if (found := fit.at(one))[0] > value), None)
        if better is None:
            break
        free, (value, slope, curvature) = better
    factor = math.exp(free[1])
    return replace(curve, bias=float(free[0]), slope=curve.slope * factor, spread=curve.spread * factor)


def _bounded(free: _Floats) -> _Floats:
    return np.array([free[0], free[1].clip(-_STEEPEST, _STEEPEST)])


class _Fit:
    """What is to be explained: the answers, and what the curve as it is says of the same edits both ways round."""

    def __init__(self, curve: Curve, judgements: Sequence[Judgement], mix: Mix) -> None:
        deltas = np.array([judged.delta for judged in judgements])
        z = np.concatenate([deltas, deltas, -deltas]) / curve.scale
        common, rise = curve.spread * np.abs(z), curve.slope * z
        self._towards = np.stack([common - rise, np.zeros_like(z), common + rise])  # [worse, neutral, better; edits]
        self._mix = np.array([math.log(mix.worse / mix.better), 0.0, 0.0])[:, None]
        self._is_worse = np.array([judged.is_worse for judged in judgements])
        self._count = len(deltas)
        self._trust = SHIPPED_WORTH / self._count
        self._shipped = self._shares(np.array([curve.bias, 0.0]))[:, self._count :]

    def at(self, free: _Floats) -> tuple[float, _Floats, _Floats]:
        """Log-likelihood, its gradient, and Fisher's information, in intercept and logarithm of the steepness."""
        shares = self._shares(free)
        worse, *others = own = shares[:, : self._count]
        told = np.where(self._is_worse, worse, 1 - worse)
        value = np.log(told).sum() + self._trust * (self._shipped * np.log(shares[:, self._count :])).sum()
        # Who disagrees says that it is one of the other two, not which.
        other = np.stack([np.zeros_like(worse), *others]) / (1 - worse)
        meant = np.where(self._is_worse, np.array([1.0, 0.0, 0.0])[:, None], other)
        weight = np.concatenate([np.ones(self._count), np.full(2 * self._count, self._trust)])
        missing = np.concatenate([meant - own, self._shipped - shares[:, self._count :]], axis=1) * weight
        rises = np.stack([np.broadcast_to(_SPOKEN, shares.shape), math.exp(free[1]) * self._towards])
        means = (rises * shares).sum(axis=1)
        squares = np.einsum("ike,jke,ke->ij", rises, rises, shares * weight)
        curvature = squares - np.einsum("ie,je,e->ij", means, means, weight)
        return float(value), (rises * missing).sum(axis=(1, 2)), curvature

    def _shares(self, free: _Floats) -> _Floats:
        logits = free[0] * _SPOKEN + math.exp(free[1]) * self._towards + self._mix
        shares: _Floats = np.exp(logits - logits.max(axis=0))
        shares /= shares.sum(axis=0)
        return shares.clip(1e-12, 1 - 1e-12)
