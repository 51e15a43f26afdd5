"""What the corrected reward differences mean to this team: the bundle's curves, moved as far as its edits ask for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from themis_bench.mix import NEVER, Sample, Standard, calibration_error
from themis_model.calibrate import Calibration, Curve, Mix, State, Threshold
from themis_model.criterion import CRITERIA
from themis_model.refit import raised_names, said_there
from themis_model.scorer import FloatArray
from themis_training.calibration import (
    FEWEST_PAIRS,
    NOISE_OF_PRAISE,
    Evidence,
    balanced_weights,
    fit_curve,
    with_thresholds,
)
from themis_training.personal.choose import margins_of
from themis_training.personal.scored import Floats, ScoredEdit, largest

SHIPPED_WORTH = 400.0  # labelled edits of the team that outweigh the evidence behind a bundle's own curve
NOISE = Standard().noise  # largest share of the team's ordinary edits that may be called worse


@dataclass(frozen=True, slots=True)
class Own:
    """What one criterion is calibrated on.

    Attributes:
        evidence: of the team, from fits that had not seen it.
        shipped: the same edits in the same order, as the bundle itself scores them.
    """

    evidence: Evidence
    shipped: Evidence


def recalibrate(shipped: Calibration, edits: Sequence[ScoredEdit], unseen: Sequence[FloatArray]) -> Calibration:
    """Curves and thresholds for corrected rewards.

    Names are not asked for here: an edit counts as told from its criterion's threshold on, also where that tells only
    what it can name. Fewer ordinary edits are told of than are counted, never more, and names keep thresholds of their
    own; the precision that a team proves is that of findings with and without a name. ``tail`` asks for the name.

    Args:
        shipped: the bundle's calibration: sums up the evidence behind it.
        edits: of the team.
        unseen: their corrected reward differences, each from a fit that had not seen the edit.
    """
    curves = {}
    for column, criterion in enumerate(CRITERIA):
        curve, own = shipped.curves[criterion], own_evidence(edits, unseen, column)
        count = len(own.evidence.deltas)
        if curve.state is State.NO_DATA:
            curves[criterion] = curve
            if count >= FEWEST_PAIRS and own.evidence.deltas.any():
                fitted = fit_curve(own.evidence, shipped.mix)
                curves[criterion] = with_thresholds(fitted, criterion, own.evidence, shipped.mix, Standard())
        elif count and len(own.evidence.neutral):
            moved = fit_moved(curve, own, shipped.mix)
            proven = _proven(moved, own, shipped.mix)
            curves[criterion] = proven if proven.state is State.SPEAKS else _kept(moved, curve, own, shipped.mix)
        else:
            curves[criterion] = curve
    return Calibration(shipped.mix, curves)


def own_evidence(edits: Sequence[ScoredEdit], unseen: Sequence[FloatArray], column: int) -> Own:
    """What the edits say about one criterion, with corrected reward differences and with those of the bundle."""
    told = [(edit, delta) for edit, delta in zip(edits, unseen, strict=True) if edit.criterion == column]
    quiet = [(edit, delta) for edit, delta in zip(edits, unseen, strict=True) if edit.is_daily]
    pairs = [edit for edit, _ in told]
    longer = np.array([edit.longer for edit in pairs], np.float64)
    return Own(
        Evidence(
            margins_of([delta for _, delta in told], pairs, column), longer, _column([d for _, d in quiet], column)
        ),
        Evidence(
            margins_of([edit.deltas for edit in pairs], pairs, column), longer,
            _column([edit.deltas for edit, _ in quiet], column),
        ),
    )  # fmt: skip


def _column(deltas: Sequence[FloatArray], column: int) -> Floats:
    return np.array([float(largest(delta)[column]) for delta in deltas], np.float64)


def fit_moved(curve: Curve, own: Own, mix: Mix) -> Curve:
    """The most likely curve of the team's edits, held to the bundle's own as if that were ``SHIPPED_WORTH`` more edits.

    The evidence behind a bundle is not in it; what is left of it is the curve. So beside the likelihood of the team's
    labels stands the cross-entropy to what the bundle says of the very same edits.
    """
    trust = SHIPPED_WORTH / (SHIPPED_WORTH + len(own.evidence.deltas))
    at = Calibration(mix, dict.fromkeys(CRITERIA, replace(curve, state=State.SPEAKS)))
    weight = torch.tensor(balanced_weights(own.evidence.longer))
    better, before = (torch.tensor(e.deltas) for e in (own.evidence, own.shipped))
    neutral, before_neutral = (torch.tensor(e.neutral) for e in (own.evidence, own.shipped))
    told = [_shares(at, values) for values in (before, -before, before_neutral)]
    ratio = math.log(mix.worse / mix.better)
    slope = max(curve.slope, 1e-3)
    tilt = math.atanh(min(max(curve.spread / slope, -0.999), 0.999))
    free = torch.tensor([curve.bias, math.log(math.expm1(slope)), tilt], dtype=torch.float64, requires_grad=True)

    def parameters() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        rise = torch.nn.functional.softplus(free[1])
        return free[0], rise, rise * torch.tanh(free[2])  # |spread| <= slope keeps P monotone

    def log_shares(deltas: torch.Tensor) -> torch.Tensor:
        bias, rise, spread = parameters()
        z = deltas / curve.scale
        common = bias + spread * z.abs()
        logits = torch.stack([common - rise * z + ratio, torch.zeros_like(z), common + rise * z], dim=1)
        return torch.log_softmax(logits, dim=1)

    optimizer = torch.optim.LBFGS([free], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        up, down, still = (log_shares(values) for values in (better, -better, neutral))
        labels = (
            mix.better * (weight * up[:, 2]).sum()
            + mix.worse * (weight * down[:, 0]).sum()
            + mix.neutral * still[:, 1].mean()
        )
        kept = (
            mix.better * (weight * (told[0] * up).sum(dim=1)).sum()
            + mix.worse * (weight * (told[1] * down).sum(dim=1)).sum()
            + mix.neutral * (told[2] * still).sum(dim=1).mean()
        )
        value = -(1 - trust) * labels - trust * kept
        value.backward()
        return value

    optimizer.step(loss)
    bias, rise, spread = (value.item() for value in parameters())
    return raised_names(curve, replace(curve, bias=bias, slope=rise, spread=spread), mix)


def samples(curve: Curve, evidence: Evidence, mix: Mix) -> tuple[Sample, Sample]:
    """What a curve says of edits whose direction is known: P(worse), and P(better)."""
    at = Calibration(mix, dict.fromkeys(CRITERIA, replace(curve, state=State.SPEAKS)))
    better, worse, neutral = (_shares(at, torch.tensor(d)).numpy() for d in (
        evidence.deltas, -evidence.deltas, evidence.neutral
    ))  # fmt: skip
    weight = balanced_weights(evidence.longer) if len(evidence.deltas) else np.zeros(0)
    return (
        Sample(worse[:, 0], better[:, 0], neutral[:, 0], weight),
        Sample(better[:, 2], worse[:, 2], neutral[:, 2], weight),
    )


def _shares(at: Calibration, deltas: torch.Tensor) -> torch.Tensor:
    """``[edits, 3]``."""
    rows = [at.probabilities(CRITERIA[0], delta) for delta in deltas.tolist()]
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)


def unproven(shipped: Calibration, edits: Sequence[ScoredEdit], unseen: Sequence[FloatArray]) -> list[int]:
    """Columns that speak, and whose corrected rewards the team's edits are too few to prove: those stay as they were.

    What a bundle has proven holds for its own rewards alone.
    """
    found = []
    for column, criterion in enumerate(CRITERIA):
        curve = shipped.curves[criterion]
        if curve.state is State.SPEAKS:
            own = own_evidence(edits, unseen, column)
            enough = len(own.evidence.deltas) and len(own.evidence.neutral)
            if not enough or _proven(fit_moved(curve, own, shipped.mix), own, shipped.mix).state is not State.SPEAKS:
                found.append(column)
    return found


def _proven(moved: Curve, own: Own, mix: Mix) -> Curve:
    """Thresholds that the team's edits prove by themselves, if they do."""
    # A curve is read alike for all criteria.
    proven = with_thresholds(moved, CRITERIA[0], own.evidence, mix, Standard())
    if moved.assent is None or proven.state is not State.SPEAKS:
        return proven
    # What the team proves is from which P(worse) on a name may be asked for; readers proved the rest.
    asks = max(moved.asks, proven.worse.probability)
    return replace(proven, worse=moved.worse, assent=replace(moved.assent, asks=asks))


def _kept(moved: Curve, shipped: Curve, own: Own, mix: Mix) -> Curve:
    """The bundle's own thresholds, raised to where it would have spoken itself and ordinary edits are left alone.

    Precision and coverage stay what the bundle proved: the team's edits are too few to measure them again.
    """
    if shipped.state is not State.SPEAKS:
        return moved
    down, up = samples(moved, own.evidence, mix)
    if shipped.assent:
        better = _raised(shipped.better, said_there(shipped, moved, mix, 1), up.neutral, NOISE_OF_PRAISE)
        return replace(moved, better=better, ece=calibration_error(down, mix))
    worse = _raised(shipped.worse, said_there(shipped, moved, mix, -1), down.neutral, NOISE)
    if worse == NEVER:
        return replace(moved, state=State.NOT_PRECISE, worse=NEVER, better=NEVER)
    better = _raised(shipped.better, said_there(shipped, moved, mix, 1), up.neutral, NOISE_OF_PRAISE)
    return replace(moved, worse=worse, better=better, ece=calibration_error(down, mix))


def _raised(threshold: Threshold, there: float, neutral: Floats, noise: float) -> Threshold:
    """The threshold, at least ``there``, and where at most the share ``noise`` is spoken of; ``NEVER`` if nowhere."""
    if threshold.probability > 1:
        return NEVER
    allowed = int(noise * len(neutral))
    loudest = np.sort(neutral)[::-1][allowed] if len(neutral) > allowed else 0.0
    at = max(threshold.probability, there, float(np.nextafter(loudest, 2.0)))
    return replace(threshold, probability=at) if at < 1 else NEVER
