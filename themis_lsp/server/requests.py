"""What clients ask about one document; every answer is about its newest text, as soon as that is judged.

What needs numpy, grammars or the model is imported when first called, so that the server starts quickly.
"""

from functools import partial
from typing import Any

from lsprotocol import types as lsp

from themis_lsp.server.lifecycle import plain
from themis_lsp.server.server import ThemisServer, coverage


async def diagnostics(ls: ThemisServer, params: lsp.DocumentDiagnosticParams) -> lsp.DocumentDiagnosticReport:
    """The findings, for clients that ask for them."""
    judgement = await ls.session.judged(params.text_document.uri)
    if judgement is None:
        return lsp.RelatedFullDocumentDiagnosticReport([])
    name = f"{judgement.snapshot.revision}-{id(judgement):x}"
    if params.previous_result_id == name:
        return lsp.RelatedUnchangedDocumentDiagnosticReport(name)
    from themis_lsp.server.diagnostics import diagnostics_of

    found = diagnostics_of(judgement, ls.session.columns, linked=ls.session.client.links_codes)
    return lsp.RelatedFullDocumentDiagnosticReport(found, result_id=name)


async def hover(ls: ThemisServer, params: lsp.HoverParams) -> lsp.Hover | None:
    """All verdicts on the changed unit under the cursor."""
    judgement = await ls.session.judged(params.text_document.uri)
    if judgement is None:
        return None
    from themis_lsp.server import hover as words
    from themis_lsp.server.units import unit_beginning_at

    row = params.position.line
    judged = judgement.at(row)
    if judged and words.is_told_at(judged, row):
        told = words.markdown if ls.session.client.reads_markdown else words.plain
        text = told(judgement, judged)
    elif judged or not judgement.skipped:
        return None
    else:
        unit = await ls.session.on_worker(partial(unit_beginning_at, judgement, row))
        text = words.skipped(judgement, unit) if unit or row == 0 else ""
    kind = lsp.MarkupKind.Markdown if ls.session.client.reads_markdown else lsp.MarkupKind.PlainText
    return lsp.Hover(lsp.MarkupContent(kind, text)) if text else None


async def code_lenses(ls: ThemisServer, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
    """What is said of each changed unit, above it."""
    uri = params.text_document.uri
    judgement = await ls.session.judged(uri)
    if judgement is None or not ls.session.options_for(uri)[0].code_lens:
        return []
    from themis_lsp.server.words import summary

    found = []
    for judged in judgement.units:
        if title := summary(judged):
            place = ls.session.columns.rows(judged.first_row, judged.first_row, judgement.lines)
            argument = {"uri": uri, "line": judged.first_row}
            found.append(lsp.CodeLens(place, lsp.Command(title, "themis.explain", arguments=[argument])))
    return found


async def inlay_hints(ls: ThemisServer, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
    """What is said of a changed unit, at the end of the line that weighs most; only where it is switched on."""
    uri = params.text_document.uri
    if not ls.session.options_for(uri)[0].inlay_hints:
        return []
    judgement = await ls.session.judged(uri)
    if judgement is None:
        return []
    from themis_lsp.server.words import hints

    columns, lines = ls.session.columns, judgement.lines
    asked = range(params.range.start.line, params.range.end.line + 1)
    return [
        lsp.InlayHint(columns.rows(row, row, lines).end, label, padding_left=True)
        for row, label in hints(judgement)
        if row in asked and row < len(lines)
    ]


async def code_actions(ls: ThemisServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """Take a change back, silence a criterion, have it explained, copy what is said."""
    judgement = await ls.session.judged(params.text_document.uri)
    only = params.context.only
    if judgement is None or (only and lsp.CodeActionKind.QuickFix not in only and "" not in only):
        return []
    first, last = params.range.start.line, params.range.end.line
    concerned = [
        (judged, finding)
        for judged, finding in judgement.findings()
        if any(lines.first - 1 <= last and first <= lines.last - 1 for lines in finding.lines)
    ]
    if not concerned:
        return []
    from themis_lsp.server.fixes import fixes

    build = partial(fixes, judgement, concerned, first, last, ls.session.columns, ls.session.client)
    return await ls.session.on_worker(build)


async def verdicts(ls: ThemisServer, params: Any) -> dict[str, Any] | None:
    """Every verdict on one document, with all digits, as in the JSON report of ``themis review``."""
    judgement = await ls.session.judged(str(plain(params).get("uri")))
    if judgement is None:
        return None
    rows = [
        {
            "path": verdict.path,
            "unit": verdict.unit,
            "criterion": verdict.criterion.value,
            "verdict": verdict.direction.value,
            "delta": verdict.delta,
            "p": list(verdict.p) if verdict.p else None,
            "because": verdict.because,
        }
        for judged in judgement.units
        for verdict in judged.review.verdicts
    ]
    return {"verdicts": rows, "coverage": coverage(judgement)}


def status(ls: ThemisServer, _: Any) -> dict[str, Any]:
    """How things stand, for status bars."""
    return ls.status()


def text(ls: ThemisServer, params: Any) -> dict[str, Any] | None:
    """What the server takes a document to hold, for tests and bug reports."""
    document = ls.session.documents.get(str(plain(params).get("uri")))
    return {"text": str(document.text), "version": document.version} if document else None
