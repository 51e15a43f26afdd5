"""Ranking without verdicts: versions of one thing against each other, units within their repository."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import combinations

from themis_lsp.change import FileChange, Skip
from themis_lsp.edits import edits_of
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.calibrate import Calibration, State
from themis_model.criterion import CRITERIA, Criterion
from themis_model.scorer import Scorer

#: For one criterion: ``table[i][j]`` is how much better version ``i`` is than version ``j``; antisymmetric.
Table = Sequence[Sequence[float]]


def ranked_criteria(calibration: Calibration) -> tuple[Criterion, ...]:
    """The criteria the model has data for."""
    return tuple(c for c in CRITERIA if calibration.curves[c].state is not State.NO_DATA)


def compared(
    path: str, texts: Sequence[str], criteria: Sequence[Criterion], scorer: Scorer
) -> tuple[Mapping[Criterion, Table], Sequence[Skip]]:
    """Compare every pair of versions, and say what could not be compared.

    Args:
        path: names the language.
        texts: the versions.
        criteria: what to compare them on.
        scorer: the model.

    Returns:
        For each criterion the sum of Δ over the units that differ, of every pair; and what was left out.
    """
    tables = {criterion: [[0.0] * len(texts) for _ in texts] for criterion in criteria}
    skipped: list[Skip] = []
    for i, j in combinations(range(len(texts)), 2):
        outcome = review(edits_of([FileChange(path, texts[i], texts[j])]), scorer, Settings(tuple(criteria)))
        for verdict in outcome.verdicts:
            tables[verdict.criterion][j][i] += verdict.delta
            tables[verdict.criterion][i][j] -= verdict.delta
        skipped += outcome.coverage.skipped
    return tables, skipped


def means(table: Table) -> list[float]:
    """How much better each version is than the others, on average."""
    return [sum(row) / max(1, len(row) - 1) for row in table]


def pareto_front(scores: Sequence[Sequence[float]]) -> list[int]:
    """Indexes of the rows that no other row beats: at least as good everywhere and better somewhere."""

    def beats(one: Sequence[float], other: Sequence[float]) -> bool:
        return one != other and all(a >= b for a, b in zip(one, other, strict=True))

    return [n for n, row in enumerate(scores) if not any(beats(other, row) for other in scores)]


def share_below(value: float, population: Sequence[float]) -> float:
    """Share of a sorted population that is smaller, in [0, 1]; what is equal counts half."""
    return (bisect_left(population, value) + bisect_right(population, value)) / (2 * len(population))
