"""Learning curves: how accuracy on held-out sources and operators grows with pairs, named defects and parameters."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from themis_bench.metrics import balanced_accuracy
from themis_model.criterion import CRITERIA, Criterion
from themis_training.data import Pair, Split
from themis_training.fit import Data
from themis_training.mixture import mixture
from themis_training.network import Wide
from themis_training.pairs import Example
from themis_training.recipe import Recipe
from themis_training.wide import Difference, fit_wide, margins_of

SHARES = (1 / 64, 1 / 16, 1 / 4, 1.0)
BUCKETS = (1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18)
PAIRS, DEFECTS, PARAMETERS = "training pairs", "named defects", "parameters"
_FEWEST = 40  # test pairs of one world


@dataclass(frozen=True, slots=True)
class Point:
    """One fit.

    Attributes:
        axis: what varies: ``training pairs``, ``named defects`` or ``parameters``.
        amount: how many of it.
        criterion: key.
        world: what was tested on: ``sources`` held out whole, or ``operators`` held out.
        pairs: tested.
        balanced: length-balanced accuracy.
    """

    axis: str
    amount: int
    criterion: str
    world: str
    pairs: int
    balanced: float


def curve(
    recipe: Recipe,
    data: Data,
    examples: Sequence[Example],
    differences: Sequence[Difference],
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Point]:
    """Fit the wide path again and again on less, and test each fit on what no fit has seen.

    Args:
        recipe: of the full model; its mixture and ridge stay the same.
        data: pairs with their split.
        examples: of all pairs and ties.
        differences: their features, with as many buckets as the recipe has.
        tell: told of each fit.
    """
    pair_of = {pair.id: pair for pair in data.pairs}
    rules = sorted({pair.rule or pair.reason for pair in data.pairs if pair.rule or pair.reason})
    for column, criterion in enumerate(CRITERIA):
        worlds = _worlds(examples, pair_of, data, recipe, criterion)
        ties = [n for n, e in enumerate(examples) if column in e.tied]
        own = [n for n, e in enumerate(examples) if e.criterion == column and data.split[e.pair] is not Split.TEST]
        for axis, amount, rows, buckets in _variants(own, examples, pair_of, rules, recipe):
            tell(f"{criterion.value}: {amount} {axis}")
            wide = Wide(buckets, recipe.shape.longest_gram, power=recipe.shape.power)
            folded = [_folded(differences[n], buckets) for n in (*rows, *ties)]
            some = [examples[n] for n in (*rows, *ties)]
            weights = mixture(some, recipe.caps, recipe.per_project, recipe.ties)
            fit_wide(wide, some, folded, weights, [column], recipe.ridge_of)
            for world, tested in worlds.items():
                margins = margins_of(wide, [_folded(differences[n], buckets) for n in tested])[:, column]
                longer = np.array([examples[n].longer for n in tested])
                right = balanced_accuracy(margins.astype(np.float64), longer, np.ones(len(tested)))
                yield Point(axis, amount, criterion.value, world, len(tested), round(float(right), 4))


def _worlds(
    examples: Sequence[Example], pair_of: dict[str, Pair], data: Data, recipe: Recipe, criterion: Criterion
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for n, example in enumerate(examples):
        if example.tied or CRITERIA[example.criterion] is not criterion or data.split[example.pair] is not Split.TEST:
            continue
        source = pair_of[example.pair].source
        if source == "degrade/held-out":
            found["operators"].append(n)
        elif source in recipe.held_out or not source.startswith(("degrade", "rules/")):
            found["sources"].append(n)
    return {world: rows for world, rows in found.items() if len(rows) >= _FEWEST}


def _variants(
    own: Sequence[int], examples: Sequence[Example], pair_of: dict[str, Pair], rules: Sequence[str], recipe: Recipe
) -> Iterator[tuple[str, int, list[int], int]]:
    """What varies, how much of it there is, the training rows, and the buckets."""
    draw = random.Random(recipe.seed)  # noqa: S311  (sampling)
    order = draw.sample(list(own), len(own))
    kinds = {n: pair_of[examples[n].pair].rule or pair_of[examples[n].pair].reason for n in own}
    here = [rule for rule in draw.sample(list(rules), len(rules)) if rule in set(kinds.values())]
    for share in SHARES:
        rows = sorted(order[: max(1, round(share * len(order)))])
        yield PAIRS, len(rows), rows, recipe.shape.buckets
        allowed = {*here[: max(1, round(share * len(here)))], ""}
        if share < 1:
            some = [n for n in own if kinds[n] in allowed]
            yield DEFECTS, len(allowed) - 1, some, recipe.shape.buckets
    for buckets in BUCKETS:
        if buckets < recipe.shape.buckets:
            yield PARAMETERS, buckets, list(own), buckets


def _folded(difference: Difference, buckets: int) -> Difference:
    """The same features in fewer buckets; sizes are powers of two, so hashes fold by their remainder."""
    unique, place = np.unique(difference.buckets % buckets, return_inverse=True)
    return Difference(unique, np.bincount(place, difference.values, len(unique)).astype(np.float32))


def as_result(recipe: Recipe, points: Sequence[Point], digest: str) -> dict[str, object]:
    """The content of ``training/curve.json``."""
    return {"schema": "themis-curve/1", "recipe": recipe.name, "data": digest, "points": [asdict(p) for p in points]}
