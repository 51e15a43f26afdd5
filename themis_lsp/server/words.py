"""What is said of an edit, in as few words as editors have room for."""

from collections.abc import Iterator, Sequence

from themis_lsp.attribute import certainty, percent
from themis_lsp.finding import Finding
from themis_lsp.server.judgement import Judged, Judgement, improvements
from themis_lsp.verdict import Direction, Verdict
from themis_model.reason import reason


def headline(verdict: Verdict) -> str:
    """One verdict, as ``likely worse for security (87 %)``; an improvement with the name of what it mends."""
    p = verdict.p
    if p is None:
        return ""
    share, word = (p.better, "better") if verdict.direction is Direction.BETTER else (p.worse, "worse")
    mended = f", mended: {reason(verdict.mends).title}" if verdict.mends else ""
    return f"{certainty(share)} {word} for {verdict.criterion.short} ({percent(share)}){mended}"


def telling(finding: Finding) -> str:
    """One finding, with the name of its defect if it has one."""
    said = headline(finding.verdict)
    return f"{said}: {reason(finding.defect).title}" if finding.defect else said


def summary(judged: Judged) -> str:
    """Everything that is said of a unit, on one line; empty if nothing is."""
    worse = map(telling, judged.review.findings)
    better = (headline(verdict) for verdict in improvements(judged))
    return " · ".join((*worse, *better))


def trade_off(verdicts: Sequence[Verdict]) -> str:
    """What an edit bought and paid with, if criteria disagree; else empty."""
    worse, better = (
        [v.criterion.short for v in verdicts if (v.direction is Direction.BETTER) is is_better]
        for is_better in (False, True)
    )
    if not worse or not better:
        return ""
    return f"A trade-off: better for {' and '.join(better)}, worse for {' and '.join(worse)}."


def hints(judgement: Judgement) -> Iterator[tuple[int, str]]:
    """What is said at the end of lines: 0-based row, and a few words."""
    for judged in judgement.units:
        for verdict in improvements(judged):
            yield next(judged.changed_rows())[1], headline(verdict)
    for _, finding in judgement.findings():
        yield finding.lines[0].last - 1, telling(finding)
