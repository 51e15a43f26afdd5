"""Fits what a reward difference means, on pairs and edits that were not trained on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from themis_bench.mix import NEVER, Sample, Standard, calibration_error, choose_threshold
from themis_model.calibrate import Calibration, Curve, Mix, State
from themis_model.criterion import CRITERIA, Criterion

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one criterion is calibrated on.

    Attributes:
        deltas: reward differences of labelled pairs, chosen minus rejected.
        longer: sign of the length difference of each pair; both signs get equal total weight.
        neutral: reward differences of ordinary and neutral real edits, after minus before.
    """

    deltas: Array
    longer: Array
    neutral: Array


NOISE_OF_PRAISE = 0.0025  # largest share of ordinary edits called better; praise costs less than alarm, but not nothing
FEWEST_PAIRS = 100  # of calibration; fewer say nothing about a tail


def calibrate(
    evidence: dict[Criterion, Evidence],
    trained: Sequence[Criterion],
    mix: Mix,
    standard: Standard,
) -> Calibration:
    """Curves and thresholds of all criteria; one without proof keeps silent, with the reason as its state."""
    curves = {}
    for criterion in CRITERIA:
        found = evidence.get(criterion)
        if criterion not in trained or found is None or len(found.deltas) < FEWEST_PAIRS:
            curves[criterion] = Curve(State.NO_DATA)
        else:
            curves[criterion] = with_thresholds(fit_curve(found, mix), criterion, found, mix, standard)
    return Calibration(mix, curves)


def with_thresholds(curve: Curve, criterion: Criterion, evidence: Evidence, mix: Mix, standard: Standard) -> Curve:
    """Choose when each direction speaks; a criterion that may not tell of regressions keeps silent altogether."""
    at = Calibration(mix, dict.fromkeys(CRITERIA, replace(curve, state=State.SPEAKS)))

    def shares(deltas: Array) -> Array:
        """``[edits, 3]``."""
        return np.array([at.probabilities(criterion, float(delta)) for delta in deltas]).reshape(-1, 3)

    better, worse = shares(evidence.deltas), shares(-evidence.deltas)
    neutral = shares(evidence.neutral)  # as they happened: turned round, an ordinary edit is not an ordinary edit
    weight = balanced_weights(evidence.longer)
    down = Sample(worse[:, 0], better[:, 0], neutral[:, 0], weight)
    up = Sample(better[:, 2], worse[:, 2], neutral[:, 2], weight)
    regressions = choose_threshold(down, mix, standard)
    improvements = choose_threshold(
        up, Mix(mix.better, mix.neutral, mix.worse), replace(standard, noise=NOISE_OF_PRAISE)
    )
    ece = calibration_error(down, mix)
    if regressions == NEVER:
        return replace(curve, state=State.NOT_PRECISE, ece=ece)
    return replace(curve, state=State.SPEAKS, worse=regressions, better=improvements, ece=ece)


def fit_curve(evidence: Evidence, mix: Mix) -> Curve:
    """Maximum likelihood of the three-way curve under the mix; see ``themis_model.calibrate.Curve``."""
    better = torch.tensor(evidence.deltas, dtype=torch.float64)
    weight = torch.tensor(balanced_weights(evidence.longer), dtype=torch.float64)
    # An edit that is neutral one way is neutral the other way.
    neutral = torch.tensor(np.concatenate([evidence.neutral, -evidence.neutral]), dtype=torch.float64)
    scale = float(torch.cat([better, neutral]).std())
    ratio = math.log(mix.worse / mix.better)
    free = torch.zeros(3, dtype=torch.float64, requires_grad=True)

    def parameters() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        slope = torch.nn.functional.softplus(free[1])
        return free[0], slope, slope * torch.tanh(free[2])  # |spread| <= slope keeps P monotone

    def log_shares(deltas: torch.Tensor) -> torch.Tensor:
        bias, slope, spread = parameters()
        z = deltas / scale
        common = bias + spread * z.abs()
        logits = torch.stack([common - slope * z + ratio, torch.zeros_like(z), common + slope * z], dim=1)
        return torch.log_softmax(logits, dim=1)

    optimizer = torch.optim.LBFGS([free], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = -(
            mix.better * (weight * log_shares(better)[:, 2]).sum()
            + mix.worse * (weight * log_shares(-better)[:, 0]).sum()
            + mix.neutral * log_shares(neutral)[:, 1].mean()
        )
        value.backward()
        return value

    optimizer.step(loss)
    bias, slope, spread = (value.item() for value in parameters())
    return Curve(State.NOT_PRECISE, scale, bias, slope, spread)


def balanced_weights(longer: Array) -> Array:
    """Weights that sum to 1, in which longer and shorter chosen sides count the same."""
    weights = np.ones(len(longer))
    for sign in (-1, 1):
        rows = longer == sign
        if rows.any() and (longer == -sign).any():
            weights[rows] *= (np.abs(longer) == 1).sum() / 2 / rows.sum()
    normal: Array = weights / weights.sum()
    return normal
