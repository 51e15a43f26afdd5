"""How often a bundle speaks of real edits that nobody labelled: the false alarms of daily work."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from themis_bench.mix import wilson
from themis_lsp.change import Edit, FileChange
from themis_lsp.edits import edits_of
from themis_lsp.finding import Finding
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_lsp.verdict import Direction
from themis_model.scorer import Scorer
from themis_training.mined import MinedEdit

_BATCH = 256


@dataclass(frozen=True, slots=True)
class Silence:
    """One kind of edits.

    Attributes:
        kind: e.g. ``neutral, rename``.
        edits: how many there are.
        scored: how many of them the model saw; the others are proven neutral by their tokens.
        findings: how many of them get a finding.
        improvements: how many are called better.
        by_criterion: findings of each criterion; an edit may have several.
        share: edits with a finding.
        upper: Wilson 95 % upper bound of ``share``.
    """

    kind: str
    edits: int
    scored: int
    findings: int
    improvements: int
    by_criterion: dict[str, int]
    share: float
    upper: float


def silence(edits: Sequence[MinedEdit], scorer: Scorer) -> tuple[tuple[Silence, ...], list[tuple[MinedEdit, Finding]]]:
    """Review each edit by itself, as a user would see it; also the findings with what they are about."""
    counts: Counter[str] = Counter()
    scored: Counter[str] = Counter()
    spoken: Counter[str] = Counter()
    praised: Counter[str] = Counter()
    about: dict[str, Counter[str]] = defaultdict(Counter)
    told: list[tuple[MinedEdit, Finding]] = []
    for batch in _batches(edits):
        # The path carries the number, so that one review serves many edits.
        changes = [FileChange(f"{n}/{e.path}", e.before, e.after) for n, e in enumerate(batch)]
        found = review((edit for edit in edits_of(changes) if isinstance(edit, Edit)), scorer, Settings())
        seen = {v.path for v in found.verdicts if v.p is not None}
        better = {v.path for v in found.verdicts if v.direction is Direction.BETTER}
        for finding in found.findings:
            edit = batch[int(finding.verdict.path.partition("/")[0])]
            about[_kind(edit)][finding.verdict.criterion.value] += 1
        first = {finding.verdict.path: finding for finding in reversed(found.findings)}
        for n, edit in enumerate(batch):
            path, kind = f"{n}/{edit.path}", _kind(edit)
            counts[kind] += 1
            scored[kind] += path in seen
            praised[kind] += path in better
            if path in first:
                spoken[kind] += 1
                told.append((edit, first[path]))
    rows = tuple(
        Silence(
            kind, n, scored[kind], spoken[kind], praised[kind], dict(about[kind]), spoken[kind] / n,
            wilson(spoken[kind] / n, n).upper,
        )
        for kind, n in sorted(counts.items())
    )  # fmt: skip
    return rows, told


def _kind(edit: MinedEdit) -> str:
    return f"{edit.kind}, {edit.evidence or edit.nature}"


def _batches(edits: Sequence[MinedEdit]) -> Iterator[Sequence[MinedEdit]]:
    for start in range(0, len(edits), _BATCH):
        yield edits[start : start + _BATCH]


def as_result(rows: Iterable[Silence]) -> dict[str, object]:
    """The ``silence`` object of a manifest's results."""
    return {"rows": [asdict(row) for row in rows]}
