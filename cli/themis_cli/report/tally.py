"""What a review comes to, in counts and short phrases: shared by every report for people."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from themis_cli.escape import visible
from themis_cli.report.look import Symbols
from themis_cli.report.record import Report
from themis_lsp.edits import INCOMPLETE, NEW, UNSUPPORTED, WHITE_SPACE
from themis_lsp.review import TOO_LARGE, Coverage, Review
from themis_lsp.silence import By
from themis_lsp.verdict import Direction, Verdict
from themis_model.calibrate import Calibration, State
from themis_model.criterion import CRITERIA, Criterion

#: What got better, surest first, by path and unit.
Credits = Mapping[tuple[str, str], list[tuple[float, Criterion]]]

_MOST_REASONS: Final = 4

#: The most common reasons, short enough for one line; --verbose has them in full.
_BRIEFLY: Final = {
    NEW: "new code",
    UNSUPPORTED: "other languages",
    WHITE_SPACE: "white space",
    INCOMPLETE: "incomplete",
    TOO_LARGE: "too large",
}


def credits_of(review: Review) -> Credits:
    """What got better in a review."""
    credited: dict[tuple[str, str], list[tuple[float, Criterion]]] = defaultdict(list)
    for verdict in review.verdicts:
        if verdict.direction is Direction.BETTER and verdict.p:
            credited[verdict.path, verdict.unit].append((verdict.p.better, verdict.criterion))
    return dict(credited)


def spoken(review: Review, direction: Direction) -> list[Verdict]:
    """The verdicts that went one way."""
    return [verdict for verdict in review.verdicts if verdict.direction is direction]


def nothing(coverage: Coverage) -> str:
    """What to say where there is no finding."""
    if coverage.scored + coverage.settled:
        return "Nothing to report: no edit is surely enough a regression."
    return "Nothing was judged." if coverage.skipped else "Nothing changed."


def closing(report: Report, symbols: Symbols) -> Iterator[tuple[str, str]]:
    """What the whole review rests on, as labelled lines."""
    review, model = report.review, report.model
    dot = f" {symbols.dot} "
    worse, better = (len(spoken(review, direction)) for direction in (Direction.WORSE, Direction.BETTER))
    if worse + better:
        shown = f" ({len(review.findings)} shown)" if len(review.findings) < worse else ""
        yield "found", dot.join((count(worse, "regression") + shown, count(better, "improvement")))
    if review.suppressed:
        yield "silenced", dot.join(_silenced(review))
    for note in review.notes:
        yield "comment", f"{visible(note.path)}:{note.line}: {visible(note.message)}"
    yield "coverage", dot.join(_coverage(review.coverage, symbols))
    if silent := dot.join(_silent(model.calibration, review)):
        yield "silent", silent
    device = model.provider.removesuffix("ExecutionProvider")
    compared = f"{short(report.head)} against {short(report.base)}"
    yield "model", dot.join((f"{model.name} {model.digest[:8]}", device, compared))


def _silenced(review: Review) -> Iterator[str]:
    for by, where in ((By.COMMENT, "by comments in the code"), (By.BASELINE, "in the baseline")):
        if number := sum(silence.by is by for silence in review.suppressed):
            yield f"{count(number, 'regression')} {where}"


def _coverage(coverage: Coverage, symbols: Symbols) -> Iterator[str]:
    yield f"{count(coverage.scored, 'edit')} scored"
    if coverage.settled:
        yield f"{coverage.settled} only layout"
    if coverage.skipped:
        reasons = Counter(_BRIEFLY.get(s.because) or visible(s.because) for s in coverage.skipped).most_common()
        told = [f"{because} ({number})" if len(reasons) > 1 else because for because, number in reasons[:_MOST_REASONS]]
        if len(reasons) > _MOST_REASONS:
            told.append(f"{symbols.cut} {len(reasons) - _MOST_REASONS} more reasons")
        yield f"{len(coverage.skipped)} not judged: {', '.join(told)}"


def _silent(calibration: Calibration, review: Review) -> Iterator[str]:
    """The criteria that never speak, grouped by the reason."""
    asked = {verdict.criterion for verdict in review.verdicts} or set(CRITERIA)
    for state in State:
        names = [c.short for c in CRITERIA if c in asked and calibration.curves[c].state is state]
        if names and state is not State.SPEAKS:
            yield f"{', '.join(names)} ({state})"


def short(name: str) -> str:
    """A commit's id cut to what people read; anything else as it is."""
    is_commit = len(name) in (40, 64) and not name.strip("0123456789abcdef")
    return name[:10] if is_commit else visible(name)


def count(number: int, noun: str) -> str:
    """A number and what it counts."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
