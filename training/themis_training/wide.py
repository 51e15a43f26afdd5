"""Fits the wide path: one length-neutral logistic model per criterion on n-gram differences."""

from collections.abc import Sequence

import torch
from torch import Tensor

from themis_model.criterion import CRITERIA
from themis_training.network import Wide, changed_region, ranking_loss
from themis_training.pairs import Example, Weights


def fit_wide(wide: Wide, examples: Sequence[Example], weights: Weights, columns: Sequence[int], ridge: float) -> None:
    """Fill the table in place, for the criteria in ``columns``; the others stay zero.

    Bradley-Terry on reward differences is logistic regression without intercept; the full batch and L-BFGS make it
    deterministic. Only buckets seen in a difference can move, so only those are optimised.

    Args:
        wide: the path whose hashing and damping define the features.
        examples: training examples of all criteria.
        weights: ``[len(examples)]``.
        columns: which criteria to fit.
        ridge: strength of the squared penalty.
    """
    for column in columns:
        rows = [n for n, example in enumerate(examples) if example.criterion == column]
        if not rows:  # no data: the column stays zero
            continue
        differences, buckets = _differences(wide, [examples[n] for n in rows])
        weight = torch.tensor(weights[rows], dtype=torch.float32)
        tie = torch.tensor([examples[n].tie for n in rows])
        theta = _logistic(differences, weight, tie, ridge)
        with torch.no_grad():
            wide.table.weight[buckets, column] = theta
    assert set(columns) <= set(range(len(CRITERIA)))  # noqa: S101


def _logistic(differences: Tensor, weight: Tensor, tie: Tensor, ridge: float) -> Tensor:
    theta = torch.zeros(differences.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([theta], max_iter=200, tolerance_grad=1e-5, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        margin = torch.mv(differences, theta)
        value = (weight * ranking_loss(margin, tie)).sum() + ridge / 2 * theta.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return theta.detach()


def _differences(wide: Wide, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """Sparse ``[pairs, features]`` of chosen minus rejected features, and the bucket of each feature."""
    sides = [(e.chosen, 1.0, n) for n, e in enumerate(examples)] + [
        (e.rejected, -1.0, n) for n, e in enumerate(examples)
    ]
    where, what, how_much = [], [], []
    for ids, sign, row in sides:
        buckets = wide_features(wide, ids)
        where.append(torch.full_like(buckets, row))
        what.append(buckets)
        how_much.append(torch.full((len(buckets),), sign / (len(buckets) + wide.damping) ** 0.5))
    seen, features = torch.unique(torch.cat(what), return_inverse=True)
    indices = torch.stack([torch.cat(where), features])
    size = (len(examples), len(seen))
    matrix = torch.sparse_coo_tensor(indices, torch.cat(how_much), size, check_invariants=True)
    return matrix.coalesce(), seen


def wide_features(wide: Wide, ids: Sequence[int]) -> Tensor:
    """Buckets of the n-grams of one view that touch its changed region."""
    row = torch.tensor([ids])
    region = changed_region(row)
    found = []
    for length in range(1, wide.longest_gram + 1):
        buckets, touch = wide.grams(row, region, torch.ones_like(row), length)
        found.append(buckets[touch > 0])
    return torch.cat(found)
