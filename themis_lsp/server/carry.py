"""No flicker: what was said of a unit stays on its lines while the code around or in it is half typed."""

from collections.abc import Sequence
from dataclasses import replace

from themis_lsp.diff import hunks_between
from themis_lsp.edits import INCOMPLETE
from themis_lsp.finding import Excerpt, Finding
from themis_lsp.server.judgement import Judged, Judgement


def kept(last: Judgement, now: Judgement) -> Judgement:
    """The newer judgement, with what the last one said of units that do not parse any more.

    Only what stands on lines that did not change since is kept, and only until the unit parses again.
    """
    if last.before != now.before or not any(skip.because == INCOMPLETE for skip in now.skipped):
        return now
    judged = {unit.edit.unit for unit in now.units}
    rows = _moved(last.lines, now.lines)
    waiting = [unit for unit in last.units if unit.edit.unit not in judged]
    found = [unit for unit in (_shifted(unit, rows) for unit in waiting) if unit]
    return replace(now, units=tuple(sorted((*now.units, *found), key=lambda unit: unit.first_row)))


def _moved(old: Sequence[str], new: Sequence[str]) -> list[int | None]:
    """For each old row the new one with the same line, or None where it changed."""
    rows: list[int | None] = []
    shift = 0
    for hunk in hunks_between(old, new):
        rows += [row + shift for row in range(len(rows), hunk.before_start)]
        rows += [None] * (hunk.before_end - hunk.before_start)
        shift = hunk.after_end - hunk.before_end
    return rows + [row + shift for row in range(len(rows), len(old))]


def _shifted(judged: Judged, rows: Sequence[int | None]) -> Judged | None:
    """What is still there of a unit, or None if nothing that was said of it is."""
    edit = judged.edit
    numbers = [rows[number] for number in edit.after.numbers]
    findings = tuple(found for finding in judged.review.findings if (found := _finding(finding, rows)))
    there = [number for number in numbers if number is not None]
    if not there or len(findings) < len(judged.review.findings):
        return None
    # A row that is gone counts as the one before it: nothing is put back in a unit that is only kept.
    last, full = there[0], []
    for number in numbers:
        last = last if number is None else number
        full.append(last)
    after = replace(edit.after, numbers=tuple(full))
    return Judged(replace(edit, after=after), replace(judged.review, findings=findings), is_kept=True)


def _finding(finding: Finding, rows: Sequence[int | None]) -> Finding | None:
    excerpts = [_excerpt(excerpt, rows) for excerpt in finding.excerpts]
    there = tuple(excerpt for excerpt in excerpts if excerpt)
    return replace(finding, excerpts=there) if excerpts[0] else None


def _excerpt(excerpt: Excerpt, rows: Sequence[int | None]) -> Excerpt | None:
    lines = excerpt.lines
    now = [rows[number - 1] for number in range(lines.first, lines.last + 1)]
    if None in now or now[0] is None or now[-1] is None:
        return None
    return replace(excerpt, lines=lines._replace(first=now[0] + 1, last=now[-1] + 1))
