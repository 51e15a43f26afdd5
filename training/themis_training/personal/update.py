"""The correction itself: reward differences of a bundle, moved along a few directions of hashed n-grams."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from themis_model.calibrate import Calibration
from themis_model.criterion import CRITERIA, Criterion
from themis_model.scorer import FloatArray
from themis_training.mined import Kind
from themis_training.network import ranking_loss
from themis_training.personal.scored import ScoredEdit, balanced
from themis_training.wide import Difference

FEWEST = 30  # labelled edits of a criterion; fewer move nothing
_TIES = 0.5  # weight of all edits nobody spoke of, beside all labelled ones
_TRUST = 5.0  # strength of the belief that the bundle's own reward differences mean what they say
_LEAST_GAIN = 0.1  # however little a bundle's reward differences say, the correction is at most ten times as loud


@dataclass(frozen=True, slots=True)
class Strength:
    """How far a correction may go.

    Attributes:
        ridge: squared penalty of each n-gram's weight.
        rank: directions that all criteria share; 0 for no correction.
    """

    ridge: float
    rank: int


@dataclass(frozen=True, slots=True)
class Update:
    """A low-rank table of n-grams, added to a bundle's rewards: ``rewards += bag(ids) @ table @ mix``.

    Attributes:
        buckets: rows that are not zero, ascending, ``[n]``.
        table: their weights, ``[n, rank]``.
        mix: what each direction does to each criterion, ``[rank, 5]``.
    """

    buckets: npt.NDArray[np.int64]
    table: FloatArray
    mix: FloatArray

    @property
    def rank(self) -> int:
        """Number of directions; 0 changes nothing."""
        return len(self.mix)

    def without(self, columns: Sequence[int]) -> "Update":
        """The same for the other criteria, and nothing for these."""
        mix = self.mix.copy()
        mix[:, list(columns)] = 0
        return replace(self, mix=mix) if mix.any() else NO_UPDATE

    def deltas(self, edit: ScoredEdit) -> FloatArray:
        """Corrected reward differences of an edit, after minus before, ``[windows, 5]``."""
        return edit.deltas + np.stack([self._correction(window) for window in edit.features])

    def _correction(self, window: Difference) -> FloatArray:
        if not len(self.buckets):
            return np.zeros(len(CRITERIA), np.float32)
        place = np.minimum(np.searchsorted(self.buckets, window.buckets), len(self.buckets) - 1)
        known = self.buckets[place] == window.buckets
        moved = window.values[known] @ self.table[place[known]] @ self.mix
        return np.asarray(moved, np.float32)


NO_UPDATE = Update(np.zeros(0, np.int64), np.zeros((0, 0), np.float32), np.zeros((0, len(CRITERIA)), np.float32))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A table before it is cut down to a few directions.

    Attributes:
        buckets: n-grams of the edits, ascending, ``[n]``.
        weights: in log-odds of better against worse, ``[n, 5]``.
        units: log-odds per unit of the bundle's reward differences, ``[5]``.
    """

    buckets: npt.NDArray[np.int64]
    weights: FloatArray
    units: FloatArray

    def cut(self, rank: int) -> Update:
        """The strongest directions."""
        left, sizes, right = np.linalg.svd(self.weights, full_matrices=False)
        kept = min(rank, int((sizes > 1e-6).sum()))
        if not kept:
            return NO_UPDATE
        scale = np.sqrt(sizes[:kept])
        mix = scale[:, None] * right[:kept] / self.units
        return Update(self.buckets, (left[:, :kept] * scale).astype(np.float32), mix.astype(np.float32))


def fit_table(edits: Sequence[ScoredEdit], shipped: Calibration, ridge: float) -> Fitted:
    """Fit a table to labelled edits and to ties.

    Per criterion it is the logistic regression of ``wide.fit_wide``, except that it starts from the bundle's reward
    differences, which enter with a gain of their own: what they mean to this team is part of the fit.

    Args:
        edits: what to learn from.
        shipped: the bundle's calibration: says in which unit its reward differences are.
        ridge: squared penalty of each n-gram's weight.
    """
    buckets = np.unique(np.concatenate([window.buckets for edit in edits for window in edit.features]))
    weights = np.zeros((len(buckets), len(CRITERIA)), np.float32)
    units = np.ones(len(CRITERIA), np.float32)
    for column in learned(edits):
        unit = unit_of(shipped, column)
        weights[:, column], gain = _fit_column(edits, column, buckets, unit, ridge)
        units[column] = unit * max(gain, _LEAST_GAIN)
    return Fitted(buckets, weights, units)


def fit_update(edits: Sequence[ScoredEdit], shipped: Calibration, strength: Strength) -> Update:
    """A table of limited strength fitted to edits, or no update if the strength or the labels allow none."""
    if not strength.rank or not learned(edits):
        return NO_UPDATE
    return fit_table(edits, shipped, strength.ridge).cut(strength.rank)


def learned(edits: Sequence[ScoredEdit]) -> list[int]:
    """Columns about which people said enough."""
    return [c for c in range(len(CRITERIA)) if sum(edit.criterion == c for edit in edits) >= FEWEST]


def unit_of(shipped: Calibration, column: int) -> float:
    """Log-odds of better against worse per unit of a bundle's reward difference."""
    curve = shipped.curves[CRITERIA[column]]
    return max(2 * curve.slope / curve.scale, 1e-3)


def is_tie(edit: ScoredEdit, column: int) -> bool:
    """Whether neither side of an edit is better; ordinary edits do fix bugs, so of correctness only neutral ones."""
    if edit.kind == Kind.NEUTRAL:
        return True
    return edit.is_daily and not edit.sign and CRITERIA[column] is not Criterion.FUNCTIONAL_CORRECTNESS


def _fit_column(
    edits: Sequence[ScoredEdit], column: int, buckets: npt.NDArray[np.int64], unit: float, ridge: float
) -> tuple[FloatArray, float]:
    """Weights ``[len(buckets)]`` in log-odds, and the gain of the bundle's own reward differences."""
    pairs = [edit for edit in edits if edit.criterion == column]
    ties = [edit for edit in edits if is_tie(edit, column)]
    total = float(len(pairs))
    shares = [*(balanced(pairs) * total), *(np.full(len(ties), _TIES * total / max(1, len(ties))))]
    rows = [
        (window, edit.sign or 1, float(delta), share / len(edit.features), 1.0 if edit.sign else 0.5)
        for edit, share in zip([*pairs, *ties], shares, strict=True)
        for window, delta in zip(edit.features, edit.deltas[:, column], strict=True)
    ]
    matrix = _matrix([row[0] for row in rows], buckets)
    sign, delta, weight, wins = (torch.tensor([row[n] for row in rows], dtype=torch.float32) for n in (1, 2, 3, 4))
    theta = torch.zeros(len(buckets) + 1, requires_grad=True)  # the last one is the logarithm of the gain
    optimizer = torch.optim.LBFGS([theta], max_iter=100, tolerance_grad=1e-5, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        margin = sign * (torch.mv(matrix, theta[:-1]) + theta[-1].clamp(-10, 3).exp() * unit * delta)
        penalty = ridge / 2 * theta[:-1].square().sum() + _TRUST / 2 * theta[-1].square()
        value = (weight * ranking_loss(margin, wins)).sum() + penalty
        value.backward()
        return value

    optimizer.step(loss)
    fitted = theta.detach().numpy()
    return fitted[:-1], float(np.exp(np.clip(fitted[-1], -10, 3)))


def _matrix(windows: Sequence[Difference], buckets: npt.NDArray[np.int64]) -> Tensor:
    rows = np.repeat(np.arange(len(windows)), [len(window.buckets) for window in windows])
    places = np.searchsorted(buckets, np.concatenate([window.buckets for window in windows]))
    values = torch.from_numpy(np.concatenate([window.values for window in windows]))
    indices = torch.from_numpy(np.stack([rows, places]))
    size = (len(windows), len(buckets))
    return torch.sparse_coo_tensor(indices, values, size, check_invariants=True).coalesce()
