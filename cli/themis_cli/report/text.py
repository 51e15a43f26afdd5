"""The report for people: what got worse and where, what got better, what was not judged, and by which model."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import TextIO

from rich.console import Console
from rich.text import Text

from themis_cli.escape import visible
from themis_cli.report.excerpt import diff_of
from themis_cli.report.look import BETTER, QUIET, WORSE, Look, Screen
from themis_cli.report.record import Detail, Report
from themis_lsp.attribute import certainty, percent
from themis_lsp.edits import INCOMPLETE, NEW, UNSUPPORTED, WHITE_SPACE
from themis_lsp.finding import Finding
from themis_lsp.review import TOO_LARGE, Coverage, Review
from themis_lsp.verdict import Direction
from themis_model.calibrate import Calibration, State
from themis_model.criterion import CRITERIA, Criterion

_MOST_CREDITS = 8
_MOST_REASONS = 4
_LABEL = 10  # columns

#: The most common reasons, short enough for one line; --verbose has them in full.
_BRIEFLY = {
    NEW: "new code",
    UNSUPPORTED: "other languages",
    WHITE_SPACE: "white space",
    INCOMPLETE: "incomplete",
    TOO_LARGE: "too large",
}

_Credits = Mapping[tuple[str, str], list[tuple[float, Criterion]]]


def write(report: Report, out: TextIO, detail: Detail) -> None:
    """Print the report; colours and widths follow what ``out`` is."""
    show(report, Screen(out), detail)


def show(report: Report, console: Console, detail: Detail) -> None:
    """Print the report on a console."""
    look = Look.of(console)
    for text in _texts(report, look, detail):
        console.print(text, soft_wrap=look.width is None)
    if detail is not Detail.QUIET:
        for label, value in _closing(report, look):
            _print_labelled(label, value, console, look)


def _texts(report: Report, look: Look, detail: Detail) -> Iterator[Text]:
    review = report.review
    credited = _credits(review)
    for finding in review.findings:
        yield from _finding(finding, credited, look)
        yield Text()
    if detail is Detail.QUIET:
        return
    if not review.findings:
        yield Text(_nothing(review.coverage), "bold")
        yield Text()
    yield from _improvements(credited, look, detail)
    if detail is Detail.VERBOSE:
        yield from _everything(review)


def _print_labelled(label: str, value: str, console: Console, look: Look) -> None:
    lines = Text(value).wrap(console, look.width - _LABEL) if look.width else [Text(value)]
    for number, line in enumerate(lines):
        console.print(Text.assemble((f"{'' if number else label:<{_LABEL}}", QUIET), line), soft_wrap=True)


def _finding(finding: Finding, credited: _Credits, look: Look) -> Iterator[Text]:
    verdict = finding.verdict
    worse = verdict.p.worse if verdict.p else 0.0
    yield _place(verdict.path, verdict.unit, finding.lines[0].first)
    words = f"{look.symbols.worse} {certainty(worse)} worse for {verdict.criterion.short}"
    yield _with_chance(Text(words, f"bold {WORSE}"), worse, look)
    for better, criterion in credited.get((verdict.path, verdict.unit), ()):
        yield Text(f"{look.symbols.better} but better for {criterion.short} ({percent(better)})", BETTER)
    if finding.below_threshold:
        yield Text("  shown on request: the model by itself would keep silent here", QUIET)
    yield from diff_of(finding.excerpts, verdict.path, look)


def _place(path: str, unit: str, line: int | None = None) -> Text:
    where = (visible(path), "") if line is None else (f"{visible(path)}:{line}", "bold")
    return Text.assemble(where, "  ", (visible(unit), QUIET))


def _with_chance(text: Text, chance: float, look: Look) -> Text:
    """Put a probability behind a text: as a bar at the right edge of a terminal, in brackets in a pipe."""
    if look.width is None:
        return text.append(f" ({percent(chance)})")
    right = Text.assemble(look.bar(chance, WORSE), (f"{percent(chance):>6}", text.style))
    text.pad_right(look.edge - text.cell_len - right.cell_len)
    return text.append_text(right)


def _credits(review: Review) -> _Credits:
    """What got better, by path and unit."""
    credited: dict[tuple[str, str], list[tuple[float, Criterion]]] = defaultdict(list)
    for verdict in review.verdicts:
        if verdict.direction is Direction.BETTER and verdict.p:
            credited[verdict.path, verdict.unit].append((verdict.p.better, verdict.criterion))
    return dict(credited)


def _improvements(credited: _Credits, look: Look, detail: Detail) -> Iterator[Text]:
    flat = [(better, criterion, place) for place, found in credited.items() for better, criterion in found]
    flat.sort(key=lambda credit: -credit[0])
    most = len(flat) if detail is Detail.VERBOSE else _MOST_CREDITS
    columns = max((len(criterion.short) for _, criterion, _ in flat[:most]), default=0)
    for better, criterion, place in flat[:most]:
        words = f"{look.symbols.better} better for {criterion.short:<{columns}} {percent(better):>6}"
        line = Text.assemble((words, BETTER), "  ", _place(*place))
        if look.width:
            line.truncate(look.width, overflow="ellipsis")
        yield line
    if len(flat) > most:
        yield Text(f"{look.symbols.cut} {_count(len(flat) - most, 'more improvement')}: see --verbose", QUIET)
    if flat:
        yield Text()


def _everything(review: Review) -> Iterator[Text]:
    for verdict in review.verdicts:
        chance = f", worse {percent(verdict.p.worse)}, better {percent(verdict.p.better)}" if verdict.p else ""
        said = f"  {verdict.criterion.short}: {visible(verdict.because) or verdict.direction}{chance}"
        yield Text.assemble(_place(verdict.path, verdict.unit), said)
    for skip in review.coverage.skipped:
        yield Text.assemble(_place(skip.path, skip.unit or "file"), f"  not judged: {visible(skip.because)}")
    if review.verdicts or review.coverage.skipped:
        yield Text()


def _nothing(coverage: Coverage) -> str:
    if coverage.scored + coverage.settled:
        return "Nothing to report: no edit is surely enough a regression."
    return "Nothing was judged." if coverage.skipped else "Nothing changed."


def _closing(report: Report, look: Look) -> Iterator[tuple[str, str]]:
    """What the whole review rests on, as labelled lines."""
    review, model = report.review, report.model
    dot = f" {look.symbols.dot} "
    worse = sum(verdict.direction is Direction.WORSE for verdict in review.verdicts)
    better = sum(verdict.direction is Direction.BETTER for verdict in review.verdicts)
    if worse + better:
        shown = f" ({len(review.findings)} shown)" if len(review.findings) < worse else ""
        yield "found", dot.join((_count(worse, "regression") + shown, _count(better, "improvement")))
    if review.suppressed:
        yield "silenced", f"{_count(len(review.suppressed), 'regression')} by comments in the code"
    for note in review.notes:
        yield "comment", f"{visible(note.path)}:{note.line}: {visible(note.message)}"
    yield "coverage", dot.join(_coverage(review.coverage, look))
    if silent := dot.join(_silent(model.calibration, review)):
        yield "silent", silent
    device = model.provider.removesuffix("ExecutionProvider")
    compared = f"{_short(report.head)} against {_short(report.base)}"
    yield "model", dot.join((f"{model.name} {model.digest[:8]}", device, compared))


def _coverage(coverage: Coverage, look: Look) -> Iterator[str]:
    yield f"{_count(coverage.scored, 'edit')} scored"
    if coverage.settled:
        yield f"{coverage.settled} only layout"
    if coverage.skipped:
        reasons = Counter(_BRIEFLY.get(s.because) or visible(s.because) for s in coverage.skipped).most_common()
        told = [f"{because} ({count})" if len(reasons) > 1 else because for because, count in reasons[:_MOST_REASONS]]
        if len(reasons) > _MOST_REASONS:
            told.append(f"{look.symbols.cut} {len(reasons) - _MOST_REASONS} more reasons")
        yield f"{len(coverage.skipped)} not judged: {', '.join(told)}"


def _silent(calibration: Calibration, review: Review) -> Iterator[str]:
    """The criteria that never speak, grouped by the reason."""
    asked = {verdict.criterion for verdict in review.verdicts} or set(CRITERIA)
    for state in State:
        names = [c.short for c in CRITERIA if c in asked and calibration.curves[c].state is state]
        if names and state is not State.SPEAKS:
            yield f"{', '.join(names)} ({state})"


def _short(name: str) -> str:
    is_commit = len(name) in (40, 64) and not name.strip("0123456789abcdef")
    return name[:10] if is_commit else visible(name)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
