"""Fits the wide path: one length-neutral logistic model per criterion on n-gram differences."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from themis_model.criterion import CRITERIA
from themis_model.tokens import EDIT, END_EDIT
from themis_training.mixture import Weights
from themis_training.network import FACTOR, HASH_SPACE, MULTIPLIER, SHIFT, Wide, ranking_loss
from themis_training.pairs import Example, Ids


class Difference(NamedTuple):
    """Features of one example, chosen minus rejected.

    Attributes:
        buckets: rows of the table, ascending, ``[n]`` int64.
        values: damped counts, ``[n]`` float32.
    """

    buckets: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]


def fit_wide(
    wide: Wide,
    examples: Sequence[Example],
    differences: Sequence[Difference],
    weights: Weights,
    columns: Sequence[int],
    ridge: float,
) -> None:
    """Fill the table in place, for the criteria in ``columns``; the others become zero.

    Bradley-Terry on reward differences is logistic regression without intercept; the full batch and L-BFGS make it
    deterministic. Only buckets seen in a difference can move, so only those are optimised.

    Args:
        wide: the path whose hashing and damping define the features.
        examples: training examples of all criteria.
        differences: their features, from ``differences_of``.
        weights: ``[len(examples), 5]``, from ``mixture``.
        columns: which criteria to fit.
        ridge: strength of the squared penalty.
    """
    with torch.no_grad():
        wide.table.weight.zero_()
    for column in columns:
        rows = np.flatnonzero(weights[:, column]).tolist()
        if not rows:  # no data: the column stays zero
            continue
        matrix, buckets = _stacked([differences[n] for n in rows])
        weight = torch.tensor(weights[rows, column], dtype=torch.float32)
        tie = torch.tensor([bool(examples[n].tied) for n in rows])
        theta = _logistic(matrix, weight, tie, ridge)
        with torch.no_grad():
            wide.table.weight[buckets, column] = theta
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
        found.append(Difference(unique[moved], values[moved].astype(np.float32)))
    return found


def margins_of(wide: Wide, differences: Sequence[Difference]) -> npt.NDArray[np.float32]:
    """Reward differences ``[examples, 5]``, chosen minus rejected."""
    table = wide.table.weight.detach().numpy()
    return np.stack([d.values @ table[d.buckets] for d in differences]) if differences else np.zeros((0, 5), np.float32)


def _logistic(matrix: Tensor, weight: Tensor, tie: Tensor, ridge: float) -> Tensor:
    theta = torch.zeros(matrix.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([theta], max_iter=200, tolerance_grad=1e-5, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        margin = torch.mv(matrix, theta)
        value = (weight * ranking_loss(margin, tie)).sum() + ridge / 2 * theta.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return theta.detach()


def _stacked(differences: Sequence[Difference]) -> tuple[Tensor, Tensor]:
    """Sparse ``[examples, features]`` and the bucket of each feature."""
    rows = np.repeat(np.arange(len(differences)), [len(d.buckets) for d in differences])
    seen, features = np.unique(np.concatenate([d.buckets for d in differences]), return_inverse=True)
    values = np.concatenate([d.values for d in differences])
    indices = torch.from_numpy(np.stack([rows, features]))
    size = (len(differences), len(seen))
    matrix = torch.sparse_coo_tensor(indices, torch.from_numpy(values), size, check_invariants=True)
    return matrix.coalesce(), torch.from_numpy(seen)


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
