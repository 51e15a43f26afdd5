"""Findings as diagnostics."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from lsprotocol import types as lsp

from themis_lsp.finding import Finding
from themis_lsp.server.convert import Columns, uri_of
from themis_lsp.server.judgement import Judged, Judgement, spoken
from themis_lsp.server.words import headline
from themis_lsp.verdict import Direction, Verdict
from themis_model.reason import PAGES

SOURCE: Final = "Themis"

_CRITERIA: Final = Path(__file__).parent / "criteria.md"


def diagnostics_of(judgement: Judgement, columns: Columns, *, linked: bool) -> list[lsp.Diagnostic]:
    """The findings of one document, the surest first; ``linked`` for clients that show links."""
    return [
        diagnostic(finding, list(_improvements(judged)), judgement.lines, columns, linked=linked)
        for judged, finding in judgement.findings()
    ]


def diagnostic(
    finding: Finding, improvements: Sequence[Verdict], lines: Sequence[str], columns: Columns, *, linked: bool
) -> lsp.Diagnostic:
    """One finding, on the lines that weigh most.

    Args:
        finding: what to show.
        improvements: what the same edit made better: a trade-off is told with its price.
        lines: of the document.
        columns: as the client counts them.
        linked: the client shows a link to what a finding means.
    """
    heaviest = finding.lines[0]
    criterion = finding.verdict.criterion
    said = ", ".join([headline(finding.verdict), *(f"but {headline(verdict)}" for verdict in improvements)])
    return lsp.Diagnostic(
        range=columns.rows(heaviest.first - 1, heaviest.last - 1, lines),
        message=said[:1].upper() + said[1:],
        severity=lsp.DiagnosticSeverity.Information,
        code=criterion.value,
        code_description=lsp.CodeDescription(uri_of(page_of(finding))) if linked else None,
        source=SOURCE,
        data={"fingerprint": finding.fingerprint, "unit": finding.verdict.unit},
    )


def page_of(finding: Finding) -> Path:
    """The page that says what a finding means: that of its defect, or else of the criteria."""
    page = PAGES / f"{finding.defect}.md"
    return page if finding.defect and page.is_file() else _CRITERIA


def _improvements(judged: Judged) -> Iterator[Verdict]:
    return (verdict for verdict in spoken(judged) if verdict.direction is Direction.BETTER)
