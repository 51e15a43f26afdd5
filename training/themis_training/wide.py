"""Fits the wide path: one length-neutral logistic model per criterion on n-gram differences."""

import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from themis_model.criterion import CRITERIA
from themis_model.tokens import EDIT, END_EDIT
from themis_training.mixture import Weights
from themis_training.network import FACTOR, HASH_SPACE, MULTIPLIER, SHIFT, Wide, changed_region, ranking_loss
from themis_training.pairs import Example, Ids

_SPREAD: Final = 0.3  # root mean square of each count beside n-grams, whose values are smaller still


class Difference(NamedTuple):
    """Features of one example, chosen minus rejected.

    Attributes:
        buckets: rows of the table, ascending, ``[n]`` int64.
        values: damped counts, ``[n]`` float32.
        counts: of token classes, ``[features]`` float32 of ``network.Counts``; empty if the path counts none.
    """

    buckets: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    counts: npt.NDArray[np.float32] = np.zeros(0, np.float32)


def fit_wide(
    wide: Wide,
    examples: Sequence[Example],
    differences: Sequence[Difference],
    weights: Weights,
    columns: Sequence[int],
    ridge: Mapping[int, float],
    counted: Collection[int] = (),
) -> None:
    """Fill the table and the weights of the counts in place, for the criteria in ``columns``; the others become zero.

    Bradley-Terry on reward differences is logistic regression without intercept; the full batch and L-BFGS make it
    deterministic. Only buckets seen in a difference can move, so only those are optimised.

    Args:
        wide: the path whose hashing and damping define the features.
        examples: training examples of all criteria.
        differences: their features, from ``differences_of``.
        weights: ``[len(examples), 5]``, from ``mixture``.
        columns: which criteria to fit.
        ridge: strength of the squared penalty, by column.
        counted: columns that may use the counts of token classes.
    """
    with torch.no_grad():
        wide.table.weight.zero_()
        if wide.counts is not None:
            wide.counts.head.weight.zero_()
    for column in columns:
        rows = np.flatnonzero(weights[:, column]).tolist()
        if not rows:  # no data: the column stays zero
            continue
        matrix = stacked([differences[n] for n in rows], wide.buckets, with_counts=column in counted)
        weight = torch.tensor(weights[rows, column], dtype=torch.float32)
        wins = torch.tensor([examples[n].wins for n in rows], dtype=torch.float32)
        theta = _logistic(matrix, weight, wins, ridge[column])
        with torch.no_grad():
            wide.table.weight[matrix.buckets, column] = theta[: len(matrix.buckets)]
            if wide.counts is not None and column in counted:
                wide.counts.head.weight[column] = theta[len(matrix.buckets) :] * matrix.unit
    assert set(columns) <= set(range(len(CRITERIA)))  # noqa: S101


def differences_of(wide: Wide, examples: Iterable[Example]) -> list[Difference]:
    """Features of every example; the same for every fit with this hashing and damping."""
    found = []
    for example in examples:
        sides = []
        for ids, sign in ((example.chosen, 1.0), (example.rejected, -1.0)):
            buckets = wide_features(wide, ids)
            sides.append((buckets, np.full(len(buckets), sign / (len(buckets) + wide.damping) ** wide.power)))
        both = np.concatenate([buckets for buckets, _ in sides])
        unique, place = np.unique(both, return_inverse=True)
        values = np.bincount(place, np.concatenate([v for _, v in sides]), len(unique))
        moved = np.abs(values) > 1e-9
        counts = [_counts(wide, ids) for ids in (example.chosen, example.rejected)]
        found.append(Difference(unique[moved], values[moved].astype(np.float32), counts[0] - counts[1]))
    return found


def _counts(wide: Wide, ids: Ids) -> npt.NDArray[np.float32]:
    if wide.counts is None:
        return np.zeros(0, np.float32)
    tokens = torch.from_numpy(ids.astype(np.int64)).unsqueeze(0)
    with torch.no_grad():
        return cast("npt.NDArray[np.float32]", wide.counts.features(tokens, changed_region(tokens))[0].numpy())


def margins_of(wide: Wide, differences: Sequence[Difference]) -> npt.NDArray[np.float32]:
    """Reward differences ``[examples, 5]``, chosen minus rejected."""
    if not differences:
        return np.zeros((0, 5), np.float32)
    table = wide.table.weight.detach().numpy()
    margins = np.stack([d.values @ table[d.buckets] for d in differences])
    if wide.counts is not None:
        margins += np.stack([d.counts for d in differences]) @ wide.counts.head.weight.detach().numpy().T
    return margins


def _logistic(rows: "Rows", weight: Tensor, wins: Tensor, ridge: float) -> Tensor:
    """Weights of n-grams, then of counts in units of ``rows.unit``."""
    theta = torch.zeros(rows.features + rows.counts.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([theta], max_iter=200, tolerance_grad=1e-5, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        grams, counted = theta.detach().split([rows.features, rows.counts.shape[1]])
        margin = (rows.matrix @ grams + rows.counts @ counted).requires_grad_()
        losses = (weight * ranking_loss(margin, wins)).sum()
        (slope,) = torch.autograd.grad(losses, margin)
        theta.grad = torch.cat([rows.transposed @ slope, rows.counts.T @ slope]) + ridge * theta.detach()
        return losses.detach() + ridge / 2 * theta.detach().square().sum()

    optimizer.step(loss)
    return theta.detach()


class Rows(NamedTuple):
    """Features of examples as compressed sparse rows, both ways round: ten times as fast as autograd through one.

    Attributes:
        matrix: ``[examples, features]``.
        transposed: ``[features, examples]``.
        buckets: of each feature, ``[features]``.
        counts: counts in units of ``unit``, ``[examples, counts]``.
        unit: of each count, ``[counts]``: so that the penalty is as hard on frequent as on rare classes.
    """

    matrix: Tensor
    transposed: Tensor
    buckets: Tensor
    counts: Tensor
    unit: Tensor

    @property
    def features(self) -> int:
        """Number of n-gram features that occur."""
        return len(self.buckets)


def stacked(differences: Sequence[Difference], buckets: int, *, with_counts: bool = False) -> Rows:
    """Rows of the features of examples, folded into so many buckets."""
    rows = np.repeat(np.arange(len(differences)), [len(d.buckets) for d in differences])
    folded = np.concatenate([d.buckets for d in differences]) % buckets
    seen, features = np.unique(folded, return_inverse=True)
    values = torch.from_numpy(np.concatenate([d.values for d in differences]))
    size = (len(differences), len(seen))
    matrix, transposed = _csr(rows, features, values, size), _csr(features, rows, values, size[::-1])
    counts = torch.from_numpy(np.stack([d.counts[: None if with_counts else 0] for d in differences]))
    unit = _SPREAD / (counts.square().mean(dim=0).sqrt() + 1e-6)
    return Rows(matrix, transposed, torch.from_numpy(seen), counts * unit, unit)


def _csr(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], values: Tensor, size: tuple[int, ...]) -> Tensor:
    indices = torch.from_numpy(np.stack([rows, columns]))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state")
        return torch.sparse_coo_tensor(indices, values, size, check_invariants=True).coalesce().to_sparse_csr()


def wide_features(wide: Wide, ids: Ids) -> npt.NDArray[np.int64]:
    """Buckets of the n-grams of one view that touch its changed region: ``Wide.grams`` without a network's overhead."""
    tokens = ids.astype(np.int64)
    closing = tokens == END_EDIT
    region = np.cumsum(tokens == EDIT) - np.cumsum(closing) + closing > 0
    found = []
    for length in range(1, wide.longest_gram + 1):
        count = len(tokens) - length + 1
        code = np.full(max(count, 0), length, np.int64)
        touch = np.zeros(len(code), bool)
        for offset in range(length):
            code = (code * MULTIPLIER + tokens[offset : count + offset] * FACTOR + SHIFT) % HASH_SPACE
            touch |= region[offset : count + offset]
        found.append(code[touch] % wide.buckets)
    return np.concatenate(found)
