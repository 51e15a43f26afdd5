"""Several candidates for one thing, against each other: per criterion the order, the margins, and the Pareto front.

A reward compares versions of one text and nothing else, so every pair of candidates is reviewed as if one were an edit
of the other.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from themis_lsp.change import FileChange, Skip
from themis_lsp.edits import edits_of
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.calibrate import Calibration, State
from themis_model.criterion import CRITERIA, Criterion
from themis_model.scorer import Scorer

#: For one criterion: ``table[i][j]`` is how much better candidate ``i`` is than candidate ``j``; antisymmetric.
Table = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to do it.

    Attributes:
        name: what it is called in results.
        files: text by path; None for a file it deletes. What only others have is taken from the base.
    """

    name: str
    files: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Ranking:
    """How candidates compare.

    Attributes:
        names: the candidates, in the order given.
        tables: for each criterion the model has data for, the sum of Δ over the units that differ, of every pair.
        margins: for each criterion that speaks, the calibrated probability that the first of two named candidates is
            the better one, given that one of them is; only where they differ in a single unit, as sums are not
            calibrated.
        skipped: what could not be compared.
    """

    names: tuple[str, ...]
    tables: Mapping[Criterion, Table]
    margins: Mapping[Criterion, Mapping[tuple[str, str], float]]
    skipped: tuple[Skip, ...]

    def means(self, criterion: Criterion) -> list[float]:
        """How much better each candidate is than the others, on average."""
        return means(self.tables[criterion])

    def order(self, criterion: Criterion) -> list[str]:
        """The candidates, best first."""
        values = self.means(criterion)
        return [self.names[n] for n in sorted(range(len(values)), key=lambda n: -values[n])]

    @property
    def front(self) -> list[str]:
        """The candidates that no other beats: at least as good on every criterion, and better on one."""
        return [self.names[n] for n in pareto_front(self._scores)]

    @property
    def beaten(self) -> dict[str, str]:
        """The other candidates, each with one of the front that beats it."""
        scores = self._scores
        front = pareto_front(scores)
        others = [n for n in range(len(scores)) if n not in front]
        return {self.names[n]: self.names[next(m for m in front if beats(scores[m], scores[n]))] for n in others}

    @property
    def _scores(self) -> list[tuple[float, ...]]:
        return list(zip(*(self.means(criterion) for criterion in self.tables), strict=True))


def rank(
    candidates: Sequence[Candidate],
    scorer: Scorer,
    settings: Settings | None = None,
    base: Mapping[str, str | None] | None = None,
) -> Ranking:
    """Compare every pair of candidates.

    Args:
        candidates: what to compare.
        scorer: the model.
        settings: which criteria; by default all that the model has data for.
        base: text by path of what candidates do not bring themselves, for patches.
    """
    asked = settings or Settings()
    calibration = scorer.info.calibration
    criteria = tuple(c for c in asked.criteria if c in ranked_criteria(calibration))
    tables = {criterion: [[0.0] * len(candidates) for _ in candidates] for criterion in criteria}
    margins: dict[Criterion, dict[tuple[str, str], float]] = {c: {} for c in criteria if _speaks(calibration, c)}
    skipped: dict[Skip, None] = {}
    narrowed = Settings(criteria, threads=asked.threads, intent=asked.intent)
    for (i, one), (j, other) in combinations(enumerate(candidates), 2) if criteria else ():
        outcome = review(edits_of(_changes(one, other, base or {})), scorer, narrowed)
        for verdict in outcome.verdicts:
            tables[verdict.criterion][j][i] += verdict.delta
            tables[verdict.criterion][i][j] -= verdict.delta
        if outcome.coverage.edits == 1 and not outcome.coverage.skipped:
            for criterion, found in margins.items():
                found[other.name, one.name] = margin(calibration, criterion, tables[criterion][j][i])
                found[one.name, other.name] = margin(calibration, criterion, tables[criterion][i][j])
        skipped.update(dict.fromkeys(outcome.coverage.skipped))
    return Ranking(tuple(candidate.name for candidate in candidates), tables, margins, tuple(skipped))


def margin(calibration: Calibration, criterion: Criterion, delta: float) -> float:
    """P(better) of one edit, given that it is either better or worse, both being as frequent.

    Whoever ranks candidates has no reason to expect more good ones than bad ones, so the mix does not come in.
    """
    curve = calibration.curves[criterion]
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, 2 * curve.slope * delta / curve.scale))))


def ranked_criteria(calibration: Calibration) -> tuple[Criterion, ...]:
    """The criteria the model has data for."""
    return tuple(c for c in CRITERIA if calibration.curves[c].state is not State.NO_DATA)


def means(table: Table) -> list[float]:
    """How much better each candidate is than the others, on average."""
    return [sum(row) / max(1, len(row) - 1) for row in table]


def pareto_front(scores: Sequence[Sequence[float]]) -> list[int]:
    """Indexes of the rows that no other row beats."""
    return [n for n, row in enumerate(scores) if not any(beats(other, row) for other in scores)]


def beats(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether a row is at least as good as another everywhere, and better somewhere."""
    return one != other and all(a >= b for a, b in zip(one, other, strict=True))


def _speaks(calibration: Calibration, criterion: Criterion) -> bool:
    return calibration.curves[criterion].state is State.SPEAKS


def _changes(one: Candidate, other: Candidate, base: Mapping[str, str | None]) -> list[FileChange]:
    paths = dict.fromkeys((*one.files, *other.files))
    texts = [(path, one.files.get(path, base.get(path)), other.files.get(path, base.get(path))) for path in paths]
    return [FileChange(path, before, after) for path, before, after in texts if before != after]
