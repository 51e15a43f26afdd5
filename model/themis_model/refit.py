"""A curve moved as far as somebody's own judgements ask for, and never made to speak of more than it did.

Judgements are of regressions that were spoken of: whoever disagrees says that an edit was neutral or better, not which.
Two numbers are free, the intercept and the steepness (Platt 1999): of the curve, or of its assent where readers'
judgements decide what is told. What stood there before counts as ``SHIPPED_WORTH`` judgements of the very same edits,
so that a few answers move little.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt

from themis_model.assent import HIGHEST, Assent, likely, log_odds
from themis_model.calibrate import Calibration, Curve, Mix, Probabilities, State, Threshold
from themis_model.criterion import CRITERIA

SHIPPED_WORTH = 100.0  # judgements

_Floats = npt.NDArray[np.float64]

_STEPS = 50
_HALVINGS = 20
_POINTS = 500  # reward differences at which two curves are compared
_STEEPEST = 3.0  # natural logarithm of the largest factor on the steepness, either way
_SPOKEN = np.array([1.0, 0.0, 1.0])[:, None]  # the intercept stands against neutral


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody said of one edit that was called worse.

    Attributes:
        delta: the reward difference, in the model's own unit.
        is_worse: whether they agreed.
        defect: what it was called, if anything.
        said: the probability that was told; only an assent asks for it.
    """

    delta: float
    is_worse: bool
    defect: str | None = None
    said: float = 0.5


def refit(curve: Curve, judgements: Sequence[Judgement], mix: Mix) -> Curve:
    """The most likely curve, with thresholds that are reached at no smaller reward difference than before.

    What was measured at a threshold stays beside it: it held where the curve spoke more easily.
    """
    if not judgements:
        return curve
    if curve.assent is not None:
        return _answered(curve, curve.assent, judgements)
    moved = _fitted(curve, judgements, mix)
    better = _raised(curve, moved, mix, 1)
    return raised_names(curve, replace(moved, worse=_raised(curve, moved, mix, -1), better=better), mix)


def raised_names(shipped: Curve, moved: Curve, mix: Mix) -> Curve:
    """A moved curve that tells each name at no smaller reward difference than the shipped one, whatever else is seen.

    Args:
        shipped: as readers proved it.
        moved: says other probabilities, with the same names.
        mix: of both.
    """
    if shipped.assent is None:
        told = {name: _raised(replace(shipped, worse=one), moved, mix, -1) for name, one in shipped.reasons.items()}
        return replace(moved, reasons=told)
    asks = said_there(replace(shipped, worse=Threshold(shipped.asks)), moved, mix, -1)
    raise_by = shipped.assent.weights["worse"] * _lift(shipped, moved, mix)
    told = {name: _lifted(one, raise_by) for name, one in shipped.reasons.items()}
    assent = replace(shipped.assent, asks=max(shipped.asks, asks))
    return replace(moved, reasons=told, assent=assent, worse=_lifted(shipped.worse, raise_by))


def _lift(shipped: Curve, moved: Curve, mix: Mix) -> float:
    """How far the log-odds of P(worse) rise at most, over all that the shipped curve may ask a name for."""
    ends = [replace(shipped, worse=Threshold(at)) for at in (shipped.asks, HIGHEST)]
    first, last = (_reached(curve, mix, -1) for curve in ends)
    odds = [
        [log_odds(probabilities(curve, -float(delta), mix).worse) for delta in np.linspace(first, last, _POINTS)]
        for curve in (shipped, moved)
    ]
    return max(0.0, *(float(after - before) for before, after in zip(*odds, strict=True)))


def _lifted(threshold: Threshold, log_odds_more: float) -> Threshold:
    if threshold.probability >= 1:
        return threshold
    return replace(threshold, probability=likely(log_odds(threshold.probability) + log_odds_more))


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
    return probabilities(moved, sign * _reached(shipped, mix, sign), mix)[1 + sign]


def _reached(curve: Curve, mix: Mix, sign: int) -> float:
    """The reward difference, without its sign, at which a curve reaches its threshold."""
    threshold = (curve.worse if sign < 0 else curve.better).probability
    low, high = 0.0, 1e3 * curve.scale
    for _ in range(100):
        middle = (low + high) / 2
        if probabilities(curve, sign * middle, mix)[1 + sign] < threshold:
            low = middle
        else:
            high = middle
    return high


def tells(curve: Curve, judged: Judgement, mix: Mix) -> bool:
    """Whether a curve still tells what was told."""
    at = curve.reasons.get(judged.defect or "", curve.worse)
    is_named = not curve.reasons or judged.defect in curve.reasons
    return is_named and _said(curve, judged, mix) >= max(at.probability, curve.worse.probability)


def _said(curve: Curve, judged: Judgement, mix: Mix) -> float:
    if curve.assent is not None:
        return curve.assent.answered(log_odds(judged.said))
    return probabilities(curve, judged.delta, mix).worse


def loss(curve: Curve, judgements: Sequence[Judgement], mix: Mix) -> float:
    """Mean cross-entropy of judgements, in nats."""
    told = [(_said(curve, judged, mix), judged.is_worse) for judged in judgements]
    return -sum(math.log(max(p if is_worse else 1 - p, 1e-12)) for p, is_worse in told) / len(told)


def _raised(curve: Curve, moved: Curve, mix: Mix, sign: int) -> Threshold:
    threshold = curve.worse if sign < 0 else curve.better
    if threshold.probability > 1:
        return threshold
    return replace(threshold, probability=max(threshold.probability, said_there(curve, moved, mix, sign)))


def _answered(curve: Curve, assent: Assent, judgements: Sequence[Judgement]) -> Curve:
    """The most likely shift and factor of an assent; what it told less surely than before it tells no more."""
    odds = np.array([log_odds(judged.said) for judged in judgements])
    shipped, wanted = 1 / (1 + np.exp(-odds)), np.array([float(judged.is_worse) for judged in judgements])
    trust = SHIPPED_WORTH / len(judgements)
    features = np.stack([np.ones_like(odds), odds])
    free = np.array([0.0, 1.0])
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-free @ features))
        slope = features @ (wanted - said + trust * (shipped - said))
        curvature = (features * (said * (1 - said) * (1 + trust))) @ features.T
        free = free + np.linalg.solve(curvature + 1e-9 * np.eye(2), slope)
        free[1] = free[1].clip(math.exp(-_STEEPEST), math.exp(_STEEPEST))
    moved = replace(assent, shift=float(free[0]), factor=float(free[1]))

    def kept(at: Threshold) -> Threshold:
        if at.probability >= 1:
            return at
        return replace(at, probability=max(at.probability, moved.answered(log_odds(at.probability))))

    told = {name: kept(at) for name, at in curve.reasons.items()}
    return replace(curve, assent=moved, reasons=told, worse=kept(curve.worse))


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
