"""Markdown for a comment on a pull request: one comment that is found again by its marker, and updated.

It fits a comment of GitHub's: at most 65,536 characters.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, TextIO

from themis_cli.escape import visible
from themis_cli.report.excerpt import MOST_LINES, common_indent, heaviest
from themis_cli.report.look import UNICODE
from themis_cli.report.record import Detail, Report
from themis_cli.report.rules import advice, rule, rule_id
from themis_cli.report.tally import (
    Credits,
    asides,
    by_criterion,
    closing,
    count,
    credits_of,
    headline,
    nothing,
    ranked,
    sentence,
    told_by_itself,
    trade_offs,
)
from themis_lsp.attribute import certainty, percent
from themis_lsp.finding import Excerpt, Finding
from themis_lsp.review import Review
from themis_model.criterion import CRITERIA

MARKER: Final = "<!-- themis-review -->"

_LONGEST: Final = 60_000  # characters of findings; the rest of a comment is for what comes after them
_LONGEST_LINE: Final = 200
_MOST_CREDITS: Final = 5
_BACKTICKS: Final = re.compile(r"`+")


def write(report: Report, out: TextIO, detail: Detail) -> None:
    """Write the comment."""
    review = report.review
    out.write(f"{MARKER}\n### Themis: {headline(review) or nothing(review)}\n\n")
    if review.findings:
        _write_blocks([_criteria(review), _trade_offs(review), *_files(review)], review, out)
    out.write(_improvements(credits_of(review), detail))
    if detail > Detail.QUIET:
        out.write(_closing(report))


def _write_blocks(blocks: Iterable[str], review: Review, out: TextIO) -> None:
    """What fits; a comment that is too long would not be accepted at all."""
    room = _LONGEST
    told = 0
    for block in blocks:
        if (room := room - len(block)) < 0:
            break
        told += block.count("<!-- themis-finding ")
        out.write(block)
    if left := len(review.findings) - told:
        out.write(f"{count(left, 'more finding')} did not fit here; `--output-format html` has room for all.\n\n")


def _criteria(review: Review) -> str:
    rows = []
    better = by_criterion(credits_of(review))
    for criterion in CRITERIA:
        worse = sum(finding.verdict.criterion is criterion for finding in told_by_itself(review))
        if worse + better[criterion]:
            rows.append((criterion.short, str(worse or ""), str(better[criterion] or "")))
    return _table(("", "worse", "better"), rows) if len(rows) > 1 else ""  # the headline has said it


def _trade_offs(review: Review) -> str:
    """Where one edit made one thing worse and another better: for people to weigh."""
    mixed = trade_offs(review)
    rows = []
    for finding in review.findings:
        verdict = finding.verdict
        if better := mixed.get((verdict.path, verdict.unit)):
            gained = ", ".join(f"{gain.criterion.short} {percent(gain.share)}" for gain in better)
            edit = f"{_code(verdict.unit)} in {_code(verdict.path)}"
            rows.append((edit, f"{verdict.criterion.short} {_chance(finding)}", gained))
    head = "**Trade-offs**: the same edit, worse for one thing and rated better for another."
    return f"{head}\n\n{_table(_TRADED, rows, ':--')}" if rows else ""


_TRADED: Final = ("edit", "worse for", "rated better for")


def _files(review: Review) -> Iterator[str]:
    mixed = trade_offs(review)
    by_path = sorted(review.findings, key=lambda finding: finding.verdict.path)  # the surest first within each
    for path, group in groupby(by_path, key=lambda finding: finding.verdict.path):
        heading = f"#### {_code(path)}\n\n"
        for finding in group:
            yield heading + _finding(finding, mixed)
            heading = ""


def _finding(finding: Finding, mixed: Credits) -> str:
    verdict = finding.verdict
    kind = rule(rule_id(finding))
    line = f"line {finding.lines[0].first}"
    chance = verdict.p.worse if verdict.p else 0.0
    words = f"{certainty(chance)} worse for {verdict.criterion.short}"
    said = f"**{kind.title}**, {words}" if finding.defect else f"**{words.capitalize()}**"
    beside = "".join(f"<br>{_plain(sentence(aside))}\n" for aside in asides(finding, mixed))
    told = "\n\n".join(advice(finding))
    return (
        f"<!-- themis-finding {finding.fingerprint} -->\n{said} ({percent(chance)}), {line} in {_code(verdict.unit)}\n"
        f"{beside}\n{_diff(finding.excerpts)}\n\n"
        f"<details><summary>{'Why, and what instead' if finding.defect else 'What this means'}</summary>\n\n"
        f"{told}\n\n</details>\n\n"
    )


def _diff(excerpts: Sequence[Excerpt]) -> str:
    chosen = heaviest(excerpts)
    indent = common_indent([line for excerpt in chosen for line in (*excerpt.removed, *excerpt.added)])
    rows: list[str] = []
    last = chosen[0].lines.first
    for excerpt in chosen:
        if excerpt.lines.first > last + 1:
            rows.append(f"@@ line {excerpt.lines.first} @@")
        rows += [*_side("-", excerpt.removed, indent), *_side("+", excerpt.added, indent)]
        last = excerpt.lines.last
    if rest := len(excerpts) - len(chosen):
        rows.append(f"@@ {count(rest, 'lighter change')} @@")
    fence = _fence("\n".join(rows), 3)
    return "\n".join((f"{fence}diff", *rows, fence))


def _side(sign: str, lines: Sequence[str], indent: int) -> Iterator[str]:
    for line in lines[:MOST_LINES]:
        yield f"{sign} {visible(line[:_LONGEST_LINE].expandtabs(4)[indent:].rstrip())}".rstrip()
    if len(lines) > MOST_LINES:
        yield f"{sign} … {count(len(lines) - MOST_LINES, 'more line')}"


def _improvements(credited: Credits, detail: Detail) -> str:
    flat = ranked(credited)
    if not flat or detail is Detail.QUIET:
        return ""
    rows = [
        f"- {gain.criterion.short} {percent(gain.share)}: {_code(gain.unit)} in {_code(gain.path)}"
        + (f", mended: {rule(gain.mends).title}" if gain.mends else "")
        for gain in flat
    ]
    most = len(rows) if detail is Detail.VERBOSE else _MOST_CREDITS
    told = "\n".join(rows[:most])
    more = f"\n- and {len(rows) - most} more" if len(rows) > most else ""
    return f"#### Better now\n\n{told}{more}\n\n"


def _closing(report: Report) -> str:
    told = [f"{label}: {value}" for label, value in closing(report, UNICODE) if label not in ("found", "comment")]
    notes = [f"- {_code(f'{note.path}:{note.line}')} {_code(note.message)}" for note in report.review.notes]
    heard = "#### Suppressions\n\n" + "\n".join(notes) + "\n\n" if notes else ""
    return f"{heard}<sub>{'<br>'.join(_plain(line) for line in told)}</sub>\n"


def _chance(finding: Finding) -> str:
    return percent(finding.verdict.p.worse) if finding.verdict.p else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], side: str = "--:") -> str:
    lines = [head, [":--", *[side] * (len(head) - 1)], *rows]
    told = "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)
    return f"{told}\n\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace(" %", "\N{NO-BREAK SPACE}%")  # a number stays with its sign on a phone


def _code(text: str) -> str:
    """Foreign text as code, in which nothing is markup, no name is notified and no tag is read."""
    plain = visible(text)
    fence = _fence(plain, 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def _plain(text: str) -> str:
    """Text as it is, for what holds no names from a repository but may hold marks of Markdown's or HTML's."""
    return re.sub(r"([\\`*_{}\[\]<>#|@~])", r"\\\1", text)


def _fence(text: str, shortest: int) -> str:
    return "`" * max(shortest, 1 + max((len(run) for run in _BACKTICKS.findall(text)), default=0))
