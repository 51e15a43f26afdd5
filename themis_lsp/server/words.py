"""What is said of an edit, in as few words as editors have room for."""

from collections.abc import Iterator, Sequence

from themis_lsp.attribute import certainty, percent
from themis_lsp.server.judgement import Judged, Judgement, spoken
from themis_lsp.verdict import Direction, Verdict


def headline(verdict: Verdict) -> str:
    """One verdict, as ``likely worse for security (87 %)``."""
    p = verdict.p
    if p is None:
        return ""
    share, word = (p.better, "better") if verdict.direction is Direction.BETTER else (p.worse, "worse")
    return f"{certainty(share)} {word} for {verdict.criterion.short} ({percent(share)})"


def summary(judged: Judged) -> str:
    """Everything that is said of a unit, on one line; empty if nothing is."""
    return " · ".join(map(headline, spoken(judged)))


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
        for verdict in spoken(judged):
            if verdict.direction is Direction.BETTER:
                yield next(judged.changed_rows())[1], headline(verdict)
    for _, finding in judgement.findings():
        yield finding.lines[0].last - 1, headline(finding.verdict)
