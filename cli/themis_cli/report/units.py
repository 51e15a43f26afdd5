"""Every unit that changed, a line for each below its file: what was said of it, or why nothing was."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.text import Text

from themis_cli.escape import visible
from themis_cli.report.look import BETTER, QUIET, WORSE, Look
from themis_cli.report.record import Report
from themis_lsp.attribute import percent
from themis_lsp.verdict import Direction, Verdict
from themis_model.calibrate import State

_WIDEST_UNIT = 32  # columns that longer names do not push the rest beyond
_STATES = {state.value for state in State}


class _Unit(NamedTuple):
    name: str
    line: int | None
    said: Text


def units_of(report: Report, look: Look) -> Iterator[Text]:
    """The lines; on a terminal none is wider than it."""
    files, whole = _by_file(report)
    columns = min(_WIDEST_UNIT, max((len(visible(u.name)) for units in files.values() for u in units), default=0))
    for path, units in files.items():
        yield Text(visible(path), "bold")
        for unit in units:
            number = "" if unit.line is None else str(unit.line)
            line = Text.assemble((f"{number:>6}  ", QUIET), f"{visible(unit.name):<{columns}}  ", unit.said)
            yield _cut(line, look)
    for path, because in whole:
        yield _cut(Text.assemble((visible(path), "bold"), f"  not judged: {visible(because)}"), look)


def _by_file(report: Report) -> tuple[dict[str, list[_Unit]], list[tuple[str, str]]]:
    """Units by path, in the order of the review, and the files that were not judged at all."""
    files: dict[str, list[_Unit]] = defaultdict(list)
    for verdicts in _edits(report.review.verdicts):
        first = verdicts[0]
        files[first.path].append(_Unit(first.unit, first.line, _said(verdicts)))
    whole = []
    for skip in report.review.coverage.skipped:
        if skip.unit is None:
            whole.append((skip.path, skip.because))
        else:
            files[skip.path].append(_Unit(skip.unit, skip.line, Text(f"not judged: {visible(skip.because)}", QUIET)))
    for units in files.values():
        units.sort(key=lambda unit: (unit.line is None, unit.line))
    return files, whole


def _edits(verdicts: Iterable[Verdict]) -> Iterator[list[Verdict]]:
    """The verdicts of one edit after the other: they come together, each about another criterion."""
    edit: list[Verdict] = []
    for verdict in verdicts:
        if edit and (
            (verdict.path, verdict.unit, verdict.line) != (edit[0].path, edit[0].unit, edit[0].line)
            or any(verdict.criterion is one.criterion for one in edit)
        ):
            yield edit
            edit = []
        edit.append(verdict)
    if edit:
        yield edit


def _said(verdicts: Sequence[Verdict]) -> Text:
    """What was told first, then the reasons for silence; criteria that never speak have a line of their own below."""
    said = [
        Text(f"{verdict.direction} for {verdict.criterion.short} ({_chance(verdict)})", _COLOURS[verdict.direction])
        for verdict in verdicts
        if verdict.direction is not Direction.NONE
    ]
    silent: dict[str, list[str]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.because and verdict.because not in _STATES:
            chance = _chance(verdict)
            silent[verdict.because].append(f"{verdict.criterion.short} {chance}" if chance else "")
    said += [Text(_folded(because, told), QUIET) for because, told in silent.items()]
    return Text("; ").join(said) if said else Text("nothing told", QUIET)


_COLOURS = {Direction.WORSE: WORSE, Direction.BETTER: BETTER}


def _folded(because: str, told: Sequence[str]) -> str:
    names = ", ".join(filter(None, told))
    return f"{visible(because)} ({names})" if names else visible(because)


def _chance(verdict: Verdict) -> str:
    """The likelier of the two ways."""
    if verdict.p is None:
        return ""
    if verdict.direction is not Direction.NONE:
        return percent(max(verdict.p.worse, verdict.p.better))
    way = "worse" if verdict.p.worse >= verdict.p.better else "better"
    return f"{percent(max(verdict.p.worse, verdict.p.better))} {way}"


def _cut(line: Text, look: Look) -> Text:
    if look.width:
        line.truncate(look.width, overflow="ellipsis")
    return line
