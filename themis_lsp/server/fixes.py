"""Code actions: what can be done about findings, as edits and commands."""

from collections.abc import Iterator, Sequence

from lsprotocol import types as lsp

from themis_lsp.finding import Finding
from themis_lsp.server.actions import Rewrite, restorings, silencing
from themis_lsp.server.client import Client
from themis_lsp.server.convert import Columns
from themis_lsp.server.diagnostics import diagnostic
from themis_lsp.server.judgement import Judged, Judgement
from themis_lsp.server.text import Point, Text
from themis_lsp.suppress import PLACEHOLDER


def fixes(
    judgement: Judgement,
    concerned: Sequence[tuple[Judged, Finding]],
    first: int,
    last: int,
    columns: Columns,
    client: Client,
) -> list[lsp.CodeAction]:
    """What can be done about the findings that touch the rows ``first``..``last``; called on the worker."""
    found: dict[str, lsp.CodeAction] = {}
    for judged, finding in concerned:
        shown = diagnostic(finding, [], judgement.lines, columns, linked=client.links_codes)
        for action in _fixes(judgement, judged, finding, first, last, columns, client):
            known = found.setdefault(action.title, action)
            known.diagnostics = [*(known.diagnostics or ()), shown]
    return list(found.values())


def _fixes(
    judgement: Judgement, judged: Judged, finding: Finding, first: int, last: int, columns: Columns, client: Client
) -> Iterator[lsp.CodeAction]:
    document = judgement.snapshot.uri, judgement.snapshot.version
    if not judged.is_kept:
        for number, restoring in enumerate(restorings(judged, finding, first, last)):
            edits = [_edit(rewrite, judgement, columns) for rewrite in restoring.rewrites]
            yield lsp.CodeAction(
                restoring.title,
                lsp.CodeActionKind.QuickFix,
                edit=_workspace_edit(document, edits),
                is_preferred=not number,
            )
    short = finding.verdict.criterion.short
    row = max(first, finding.lines[0].first - 1) if first < finding.lines[0].last else finding.lines[0].first - 1
    if silence := silencing(judgement, row, finding.verdict.criterion):
        edit = _edit(silence[0], judgement, columns)
        shown = _snippet(edit) if client.takes_snippets else edit
        yield lsp.CodeAction(
            f"Ignore {short} here, and say why", lsp.CodeActionKind.QuickFix, edit=_workspace_edit(document, [shown])
        )
    argument = {"uri": document[0], "line": finding.lines[0].first - 1, "fingerprint": finding.fingerprint}
    for title, command in (
        (f"Explain {short}", "themis.explain"),
        (f"Copy the verdict on {short}", "themis.copyVerdict"),
    ):
        yield lsp.CodeAction(
            title, lsp.CodeActionKind.QuickFix, command=lsp.Command(title, command, arguments=[argument])
        )


def _workspace_edit(
    document: tuple[str, int | None], edits: Sequence[lsp.TextEdit | lsp.SnippetTextEdit]
) -> lsp.WorkspaceEdit:
    """Edits of one version of a document; an editor refuses them if it has moved on."""
    identifier = lsp.OptionalVersionedTextDocumentIdentifier(*document)
    return lsp.WorkspaceEdit(document_changes=[lsp.TextDocumentEdit(identifier, list(edits))])


def _edit(rewrite: Rewrite, judgement: Judgement, columns: Columns) -> lsp.TextEdit:
    lines = judgement.lines
    ending = Text(judgement.snapshot.text).end
    new = "".join(line + ending for line in rewrite.lines)
    start, end = Point(rewrite.first, 0), Point(rewrite.end, 0)
    if rewrite.end >= len(lines):  # the last line has no end: what replaces it has none, and takes the one before away
        end = Point(len(lines) - 1, len(lines[-1]))
        new = new.removesuffix(ending)
        if rewrite.first >= len(lines):
            start, new = end, ending + new
        elif not rewrite.lines and rewrite.first:
            start = Point(rewrite.first - 1, len(lines[rewrite.first - 1]))
    return lsp.TextEdit(columns.between(start, end, lines), new)


def _snippet(edit: lsp.TextEdit) -> lsp.SnippetTextEdit:
    escaped = edit.new_text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")
    filled = escaped.replace(PLACEHOLDER, f"${{1:{PLACEHOLDER}}}")
    return lsp.SnippetTextEdit(edit.range, lsp.StringValue(filled))
