"""Findings as diagnostics."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lsprotocol import types as lsp

from themis_lsp.finding import Finding
from themis_lsp.server.convert import Columns, uri_of
from themis_lsp.server.judgement import Judgement, improvements
from themis_lsp.server.words import headline, telling
from themis_lsp.verdict import Verdict
from themis_model.reason import PAGES

SOURCE: Final = "Themis"

_CRITERIA: Final = Path(__file__).parent / "criteria.md"


def diagnostics_of(judgement: Judgement, columns: Columns, *, linked: bool) -> list[lsp.Diagnostic]:
    """The findings of one document, the surest first; ``linked`` for clients that show links."""
    return [
        diagnostic(finding, improvements(judged), judgement.lines, columns, linked=linked)
        for judged, finding in judgement.findings()
    ]


def diagnostic(
    finding: Finding, better: Sequence[Verdict], lines: Sequence[str], columns: Columns, *, linked: bool
) -> lsp.Diagnostic:
    """One finding, on the lines that weigh most.

    Args:
        finding: what to show.
        better: what the same edit made better: a trade-off is told with its price.
        lines: of the document.
        columns: as the client counts them.
        linked: the client shows a link to what a finding means.
    """
    heaviest = finding.lines[0]
    criterion = finding.verdict.criterion
    said = ", ".join([telling(finding), *(f"but {headline(verdict)}" for verdict in better)])
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
