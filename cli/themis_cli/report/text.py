"""The report for people: what got worse and where, what got better, what was not judged, and by which model."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from themis_cli.escape import visible
from themis_cli.report.excerpt import diff_of
from themis_cli.report.look import BETTER, QUIET, WORSE, Look, Screen
from themis_cli.report.record import Detail, Report
from themis_cli.report.rules import rule
from themis_cli.report.tally import (
    Credits,
    asides,
    closing,
    count,
    credits_of,
    looked_worse,
    nothing,
    ranked,
    trade_offs,
)
from themis_cli.report.units import units_of
from themis_lsp.attribute import certainty, percent
from themis_lsp.finding import Finding

_MOST_CREDITS = 8
_MOST_PAGES = 3
_LABEL = 10  # columns
_UNSAID = "looked worse, but not surely enough, or for no reason that Themis may name: --min-confidence 0.5 shows them"


def write(report: Report, out: TextIO, detail: Detail) -> None:
    """Print the report; colours and widths follow what ``out`` is."""
    show(report, Screen(out), detail)


def show(report: Report, console: Console, detail: Detail) -> None:
    """Print the report on a console."""
    look = Look.of(console)
    for text in _texts(report, look, detail):
        console.print(text, soft_wrap=look.width is None)
    if detail is not Detail.QUIET:
        for label, value in closing(report, look.symbols):
            _print_labelled(label, value, console, look)
        if detail is Detail.NORMAL and (doubtful := looked_worse(report)):
            _print_labelled("unsaid", f"{count(doubtful, 'edit')} {_UNSAID}", console, look)
        if defects := dict.fromkeys(finding.defect for finding in report.review.findings if finding.defect):
            _print_labelled("more", _pages(list(defects), look), console, look)


def _texts(report: Report, look: Look, detail: Detail) -> Iterator[Text]:
    review = report.review
    mixed = trade_offs(review)
    for finding in review.findings:
        yield from _finding(finding, mixed, look)
        yield Text()
    if detail is Detail.QUIET:
        return
    if not review.findings:
        yield Text(nothing(review), "bold")
        yield Text()
    yield from _improvements(credits_of(review), look, detail)
    if detail is Detail.VERBOSE:
        yield from units_of(report, look)
        if review.verdicts or review.coverage.skipped:
            yield Text()


def _pages(defects: Sequence[str], look: Look) -> str:
    """The commands that explain what was found."""
    told = [f"themis explain {defect}" for defect in defects[:_MOST_PAGES]]
    told += [f"{look.symbols.cut} {len(defects) - _MOST_PAGES} more"] * (len(defects) > _MOST_PAGES)
    return f" {look.symbols.dot} ".join(told)


def _print_labelled(label: str, value: str, console: Console, look: Look) -> None:
    lines = Text(value).wrap(console, look.width - _LABEL) if look.width else [Text(value)]
    for number, line in enumerate(lines):
        row = Text.assemble((f"{'' if number else label:<{_LABEL}}", QUIET), line)
        row.rstrip()
        console.print(row, soft_wrap=True)


def _finding(finding: Finding, mixed: Credits, look: Look) -> Iterator[Text]:
    verdict = finding.verdict
    worse = verdict.p.worse if verdict.p else 0.0
    yield _place(verdict.path, verdict.unit, finding.lines[0].first)
    named = f": {rule(finding.defect).title}" if finding.defect else ""
    words = f"{look.symbols.worse} {certainty(worse)} worse for {verdict.criterion.short}{named}"
    yield _with_chance(Text(words, f"bold {WORSE}"), worse, look)
    for aside in asides(finding, mixed):
        yield Text(f"  {aside}", QUIET)
    yield from diff_of(finding.excerpts, verdict.path, look)


def _place(path: str, unit: str, line: int | None = None) -> Text:
    where = (visible(path), "") if line is None else (f"{visible(path)}:{line}", "bold")
    return Text.assemble(where, "  ", (visible(unit), QUIET))


def _with_chance(text: Text, chance: float, look: Look) -> Text:
    """Put a probability behind a text: as a bar at the right edge of a terminal, in brackets in a pipe."""
    if look.width is None:
        return text.append(f" ({percent(chance)})")
    number = Text(f"{percent(chance):>6}", text.style)
    right = Text.assemble(look.bar(chance, WORSE), number)
    room = look.edge - text.cell_len
    if room <= right.cell_len:  # a bar that touches the words is worse than none
        right = number
    text.pad_right(max(0, room - right.cell_len))
    return text.append_text(right)


def _improvements(credited: Credits, look: Look, detail: Detail) -> Iterator[Text]:
    flat = ranked(credited)
    most = len(flat) if detail is Detail.VERBOSE else _MOST_CREDITS
    columns = max((len(gain.criterion.short) for gain in flat[:most]), default=0)
    for gain in flat[:most]:
        words = f"{look.symbols.better} better for {gain.criterion.short:<{columns}} {percent(gain.share):>6}"
        line = Text.assemble((words, BETTER), "  ", _place(gain.path, gain.unit))
        if gain.mends:
            line.append(f"  mended: {rule(gain.mends).title}", QUIET)
        if look.width:
            line.truncate(look.width, overflow="ellipsis")
        yield line
    if len(flat) > most:
        yield Text(f"{look.symbols.cut} {count(len(flat) - most, 'more improvement')}: see --verbose", QUIET)
    if flat:
        yield Text()
