"""How often judges prefer the better version, per criterion and language, beside how far mere length gets."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from themis_bench.judge import Bools, Judge, knows
from themis_bench.metrics import (
    Estimate,
    Floats,
    accuracy,
    balanced_accuracy,
    interval,
    longer_is_better,
)
from themis_bench.pairs import Pair
from themis_model.criterion import CRITERIA, Criterion

FEWEST = 30  # pairs a language or source needs to be shown
_ROWS_AT_ONCE = 32
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Scored:
    """One edit and what the judges make of it; the texts are gone.

    Attributes:
        source: dataset.
        language: key.
        criterion: what the chosen side is better at; None for a neutral edit.
        project: where it comes from.
        longer: sign of the length difference, chosen minus rejected.
        deltas: reward differences per judge, ``[5]`` each; None where the change fits no window.
        told: per judge, whether a regression that is likely enough would be told, ``[2, 5]``: from chosen to rejected,
            and the other way.
    """

    source: str
    language: str
    criterion: Criterion | None
    project: str
    longer: int
    deltas: tuple[Floats | None, ...]
    told: tuple[Bools, ...]


def scored(pairs: Iterable[Pair], judges: Sequence[Judge]) -> Iterator[Scored]:
    """Show each pair to every judge, a few at a time."""
    remaining = iter(pairs)
    while batch := list(islice(remaining, _ROWS_AT_ONCE)):
        said = zip(*(judge.deltas(batch) for judge in judges), strict=True)
        for pair, deltas in zip(batch, said, strict=True):
            told = tuple(judge.told(pair, own) for judge, own in zip(judges, deltas, strict=True))
            yield Scored(pair.source, pair.language, pair.criterion, pair.project, pair.longer, deltas, told)


class Right(NamedTuple):
    """How one judge does on a group of pairs.

    Attributes:
        plain: accuracy; a change that fits no window counts as wrong.
        balanced: mean of the accuracies where the chosen side is longer and where it is shorter.
        unseen: pairs whose change fits no window.
        lead: balanced accuracy of the first judge minus this one's, on the same resamples.
    """

    plain: Estimate
    balanced: Estimate
    unseen: int
    lead: Estimate


@dataclass(frozen=True, slots=True)
class Group:
    """Pairs that belong together.

    Attributes:
        criterion: what is judged.
        language: key, or ``all``.
        source: dataset, or ``all``.
        pairs: how many.
        projects: from how many projects.
        equal: pairs whose sides are equally long, which no balanced figure counts.
        longer: accuracy of "longer is better"; balanced, that is 0.5 by definition.
        judges: one per judge; None where it was not taught the criterion.
    """

    criterion: Criterion
    language: str
    source: str
    pairs: int
    projects: int
    equal: int
    longer: float
    judges: tuple[Right | None, ...]


def groups(rows: Iterable[Scored], judges: Sequence[Judge], fewest: int = FEWEST) -> Iterator[Group]:
    """Per criterion: all its pairs, then by language and by source where there are at least ``fewest`` pairs."""
    members: dict[tuple[Criterion, str, str], list[Scored]] = defaultdict(list)
    for row in rows:
        if row.criterion is not None:
            keys = {(_ALL, _ALL), (row.language, _ALL), (_ALL, row.source)}
            for language, source in keys:
                members[row.criterion, language, source].append(row)
    for key in sorted(members, key=_place):
        if key[1:] == (_ALL, _ALL) or len(members[key]) >= fewest:
            yield _group(key, members[key], judges)


def _place(key: tuple[Criterion, str, str]) -> tuple[int, bool, str, str]:
    criterion, language, source = key
    return CRITERIA.index(criterion), source != _ALL, source, "" if language == _ALL else language


def _group(key: tuple[Criterion, str, str], rows: Sequence[Scored], judges: Sequence[Judge]) -> Group:
    criterion = key[0]
    longer = np.array([row.longer for row in rows])
    projects = [row.project for row in rows]
    deltas = [column_of(rows, n, criterion) for n in range(len(judges))]

    def balanced(number: int) -> Callable[[Floats], float]:
        return lambda weights: balanced_accuracy(deltas[number], longer, weights)

    def right(number: int) -> Right | None:
        if not knows(judges[number], criterion):
            return None
        first, this = balanced(0), balanced(number)
        return Right(
            interval(lambda weights: accuracy(deltas[number], weights), projects),
            interval(this, projects),
            sum(row.deltas[number] is None for row in rows),
            interval(lambda weights: first(weights) - this(weights), projects),
        )

    found = tuple(right(number) for number in range(len(judges)))
    return Group(*key, len(rows), len(set(projects)), int((longer == 0).sum()), longer_is_better(longer), found)


def column_of(rows: Iterable[Scored], judge: int, criterion: Criterion) -> Floats:
    """A judge's Δ of each row for one criterion; what it did not see counts as a tie, hence as wrong."""
    column = CRITERIA.index(criterion)
    said = (row.deltas[judge] for row in rows)
    return np.array([0.0 if delta is None else delta[column] for delta in said])


def group_json(group: Group, names: Sequence[str]) -> dict[str, Any]:
    """One row of the result file."""
    facts = {name: getattr(group, name) for name in Group.__slots__ if name != "judges"}
    judges = {name: right and right._asdict() for name, right in zip(names, group.judges, strict=True)}
    return {**facts, "judges": judges}
