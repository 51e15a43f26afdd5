"""What a person reads who rests on a changed line: all five verdicts, what weighs most, and what is not known."""

from collections.abc import Iterator
from textwrap import dedent

from themis_lsp.attribute import certainty, percent
from themis_lsp.finding import Excerpt
from themis_lsp.meaning import of_probability
from themis_lsp.server.judgement import Judged, Judgement, spoken
from themis_lsp.server.words import summary, trade_off
from themis_lsp.silence import By
from themis_lsp.verdict import Direction, Verdict
from themis_model.reason import reason

_MOST_LINES = 6  # of each side of a hunk
_MOST_SKIPS = 5
_SILENCED = {By.COMMENT: "A comment silences", By.BASELINE: "The baseline accepts what is said of"}


def is_told_at(judged: Judged, row: int) -> bool:
    """Whether a unit is told about on a row: where it begins and where it changed, and not all over it."""
    return row == judged.first_row or any(first <= row <= last for first, last in judged.changed_rows())


def markdown(judgement: Judgement, judged: Judged) -> str:
    """One changed unit in Markdown, what matters most first: editors cut off what is long."""
    said = summary(judged)
    parts = [
        f"**{said[:1].upper()}{said[1:]}**" if said else "",
        *_defects(judged),
        *_weights(judged),
        trade_off(spoken(judged)),
        "\n".join(_table(judged.review.verdicts)),
        f"**Themis** · {_code(judged.edit.unit)} compared with {judgement.base}",
        *(
            of_probability(f.verdict.criterion, f.verdict.p.worse, f.defect, judgement.info.calibration)
            for f in judged.review.findings[:1]
            if f.verdict.p
        ),
        *_remarks(judgement, judged),
    ]
    return "\n\n".join(part for part in parts if part)


def plain(judgement: Judgement, judged: Judged) -> str:
    """The same for clients that show plain text only."""
    rows = [f"{v.criterion.short}: {_word(v)}{_shares(v)}" for v in judged.review.verdicts]
    heaviest = [f.message for f in judged.review.findings[:1]]
    title = f"Themis: {judged.edit.unit} compared with {judgement.base}"
    parts = *heaviest, trade_off(spoken(judged)), *rows, title, *_remarks(judgement, judged)
    return "\n".join(part for part in parts if part)


def skipped(judgement: Judgement, unit: str | None) -> str:
    """Why a changed unit, or the whole document, has no verdict; empty if it has one or did not change."""
    reasons = [skip.because for skip in judgement.skipped if skip.unit == unit]
    what = _code(unit) if unit else "this file"
    return f"**Themis** · {what} is not judged: {reasons[0]}" if reasons else ""


def _table(verdicts: tuple[Verdict, ...]) -> Iterator[str]:
    yield "| | worse | neither | better | |"
    yield "|:--|--:|--:|--:|:--|"
    for verdict in sorted(verdicts, key=lambda v: v.direction is Direction.NONE):
        strong = "**" if verdict.direction is not Direction.NONE else ""
        shares = [percent(share) for share in verdict.p] if verdict.p else ["–"] * 3
        cells = [f"{strong}{verdict.criterion.short}{strong}", *shares, f"{strong}{_word(verdict)}{strong}"]
        yield f"| {' | '.join(cells)} |"


def _word(verdict: Verdict) -> str:
    if verdict.p and verdict.direction is Direction.WORSE:
        return f"{certainty(verdict.p.worse)} worse"
    if verdict.p and verdict.direction is Direction.BETTER:
        return f"{certainty(verdict.p.better)} better"
    return verdict.because


def _shares(verdict: Verdict) -> str:
    if not verdict.p:
        return ""
    worse, neither, better = map(percent, verdict.p)
    return f" (worse {worse}, neither {neither}, better {better})"


def _defects(judged: Judged) -> Iterator[str]:
    """The named defects, each with why it matters."""
    for name in dict.fromkeys(finding.defect for finding in judged.review.findings if finding.defect):
        found = reason(name)
        cwe = f" (CWE-{found.cwe})" if found.cwe else ""
        yield f"**{found.title}**{cwe}: {found.summary}"


def _weights(judged: Judged) -> Iterator[str]:
    for finding in judged.review.findings[:1]:
        heaviest = finding.excerpts[0]
        first, last, weight = heaviest.lines
        where = f"Line {first} weighs" if first == last else f"Lines {first}–{last} weigh"
        share = f" ({percent(weight)} of it)" if weight < 1 else ""
        yield f"{where} most for {finding.verdict.criterion.short}{share}:\n\n{_diff(heaviest)}"


def _diff(excerpt: Excerpt) -> str:
    lines: list[str] = []
    bare = dedent("\n".join((*excerpt.removed, *excerpt.added))).split("\n")
    removed = len(excerpt.removed)
    for sign, texts in (("-", bare[:removed]), ("+", bare[removed:] if excerpt.added else [])):
        lines += [f"{sign} {text}" for text in texts[:_MOST_LINES]]
        lines += [f"{sign} …"] * (len(texts) > _MOST_LINES)
    fence = "`" * max(3, 1 + max((_backticks(line) for line in lines), default=0))
    return "\n".join([f"{fence}diff", *lines, fence])


def _backticks(line: str) -> int:
    longest = run = 0
    for character in line:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _remarks(judgement: Judgement, judged: Judged) -> Iterator[str]:
    if judged.is_kept:
        yield "This unit does not parse just now; this is what was said when it last did."
    for silence in judged.review.suppressed:
        criterion = silence.verdict.criterion.short
        yield f"{_SILENCED[silence.by]} {criterion} here."
    yield from (note.message.capitalize() for note in judged.review.notes)
    others = [skip for skip in judgement.skipped if skip.unit != judged.edit.unit]
    if others:
        told = [f"{_code(skip.unit) if skip.unit else 'this file'} ({skip.because})" for skip in others[:_MOST_SKIPS]]
        more = f", and {len(others) - _MOST_SKIPS} more" if len(others) > _MOST_SKIPS else ""
        yield f"Not judged in this file: {', '.join(told)}{more}."


def _code(name: str) -> str:
    """A name from foreign code, which may hold anything, as code in Markdown."""
    plain = name.replace("`", "'")
    return f"`{plain}`"
