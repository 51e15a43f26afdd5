"""A real client of a real server process: what tests do as if they were an editor."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.uris import from_fs_path
from pytest_lsp import LanguageClient, make_test_lsp_client

FAKE = (sys.executable, str(Path(__file__).with_name("fake_server.py")))
REAL = (sys.executable, "-m", "themis_cli.start", "lsp", "--stdio")
_PATH = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)
_PATIENCE = 60.0  # seconds until a condition that never comes true fails a test


def capabilities(encoding: str = "utf-16", **parts: Any) -> lsp.ClientCapabilities:
    """Those of an editor that pulls diagnostics and can be told to do so again, built by hand."""
    documents = lsp.TextDocumentClientCapabilities(
        hover=lsp.HoverClientCapabilities(content_format=[lsp.MarkupKind.Markdown]),
        publish_diagnostics=lsp.PublishDiagnosticsClientCapabilities(code_description_support=True),
        diagnostic=lsp.DiagnosticClientCapabilities() if parts.get("pulls", True) else None,
    )
    edits = lsp.WorkspaceEditClientCapabilities(snippet_edit_support=parts.get("snippets"))
    workspace = lsp.WorkspaceClientCapabilities(
        configuration=parts.get("configuration", True),
        diagnostics=lsp.DiagnosticWorkspaceClientCapabilities(refresh_support=True),
        workspace_edit=edits,
    )
    return lsp.ClientCapabilities(
        general=lsp.GeneralClientCapabilities(position_encodings=[lsp.PositionEncodingKind(encoding)]),
        text_document=documents,
        workspace=workspace,
        window=lsp.WindowClientCapabilities(work_done_progress=True),
    )


class Editor:
    """An editor with some open documents, whose texts it knows as the server should."""

    def __init__(self, client: LanguageClient, root: Path, encoding: str) -> None:
        self.client = client
        self.root = root
        self.encoding = encoding
        self.offered = lsp.ServerCapabilities()
        self.texts: dict[str, str] = {}
        self.published: dict[str, lsp.PublishDiagnosticsParams] = {}
        self._versions: dict[str, int] = {}
        self._news = asyncio.Condition()

    def uri(self, name: str) -> str:
        return name if ":" in name else str(from_fs_path(str(self.root / name)))

    def open(self, name: str, text: str | None = None, language: str = "python") -> str:
        uri = self.uri(name)
        self.texts[uri] = (self.root / name).read_bytes().decode() if text is None else text
        self._versions[uri] = 1
        item = lsp.TextDocumentItem(uri, language, 1, self.texts[uri])
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return uri

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))

    def save(self, uri: str) -> None:
        self.client.text_document_did_save(lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(uri)))

    def rewrite(self, uri: str, text: str) -> None:
        """All of a document anew."""
        self.texts[uri] = text
        self.send(uri, [lsp.TextDocumentContentChangeWholeDocument(text)])

    def replace(self, uri: str, old: str, new: str) -> None:
        """The first occurrence of ``old``, as an incremental edit in this editor's units."""
        text = self.texts[uri]
        start = text.index(old)
        self.texts[uri] = text[:start] + new + text[start + len(old) :]
        where = lsp.Range(self.position(text, start), self.position(text, start + len(old)))
        self.send(uri, [lsp.TextDocumentContentChangePartial(range=where, text=new)])

    def send(self, uri: str, changes: Sequence[Any]) -> None:
        self._versions[uri] += 1
        document = lsp.VersionedTextDocumentIdentifier(uri=uri, version=self._versions[uri])
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, list(changes)))

    def position(self, text: str, offset: int) -> lsp.Position:
        """A place in a text; written apart from the server's own way, so that each checks the other."""
        before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
        line = before.rpartition("\n")[2]
        width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[self.encoding]
        units = len(line.encode(f"{self.encoding}-le" if width > 1 else "utf-8", "surrogatepass")) // width
        return lsp.Position(before.count("\n"), units)

    async def pull(self, uri: str) -> list[lsp.Diagnostic]:
        report = await self.client.text_document_diagnostic_async(
            lsp.DocumentDiagnosticParams(lsp.TextDocumentIdentifier(uri))
        )
        assert isinstance(report, lsp.RelatedFullDocumentDiagnosticReport)
        return list(report.items)

    async def pull_until(self, uri: str, count: int) -> list[lsp.Diagnostic]:
        """Pull as often as the server says that it is worth while, until there are so many diagnostics."""
        while True:
            told = self.client.diagnostic_refresh_count
            found = await self.pull(uri)
            if len(found) == count:
                return found
            await self.until(partial(self._is_told_more, told))

    def _is_told_more(self, told: int) -> bool:
        return self.client.diagnostic_refresh_count > told

    async def hover(self, uri: str, line: int) -> str:
        found = await self.client.text_document_hover_async(
            lsp.HoverParams(lsp.TextDocumentIdentifier(uri), lsp.Position(line, 0))
        )
        return found.contents.value if found and isinstance(found.contents, lsp.MarkupContent) else ""

    async def lenses(self, uri: str) -> list[tuple[int, str]]:
        found = await self.client.text_document_code_lens_async(lsp.CodeLensParams(lsp.TextDocumentIdentifier(uri)))
        return [(lens.range.start.line, lens.command.title) for lens in found or () if lens.command]

    async def actions(self, uri: str, line: int) -> dict[str, lsp.CodeAction | lsp.Command]:
        place = lsp.Range(lsp.Position(line, 0), lsp.Position(line, 0))
        found = await self.client.text_document_code_action_async(
            lsp.CodeActionParams(lsp.TextDocumentIdentifier(uri), place, lsp.CodeActionContext([]))
        )
        return {action.title: action for action in found or ()}

    async def execute(self, command: str, *arguments: Any) -> Any:
        return await self.client.workspace_execute_command_async(lsp.ExecuteCommandParams(command, list(arguments)))

    async def ask(self, method: str, params: object) -> Any:
        """A request that is Themis's own."""
        request: Any = self.client.protocol.send_request_async
        return await request(method, params)

    async def server_text(self, uri: str) -> str:
        return str(_plain(await self.ask("themis/text", {"uri": uri}))["text"])

    async def verdicts(self, uri: str) -> Any:
        return _plain(await self.ask("themis/verdicts", {"uri": uri}))

    def apply(self, action: lsp.CodeAction | lsp.Command) -> str:
        """Do what a code action says, here and in the server's document; gives the new text."""
        assert isinstance(action, lsp.CodeAction)
        assert action.edit
        assert action.edit.document_changes
        (change,) = action.edit.document_changes
        assert isinstance(change, lsp.TextDocumentEdit)
        uri = change.text_document.uri
        for edit in sorted(change.edits, key=lambda one: one.range.start.line, reverse=True):
            assert isinstance(edit, lsp.TextEdit)
            text = self.texts[uri]
            start, end = (self._offset(text, at) for at in (edit.range.start, edit.range.end))
            self.texts[uri] = text[:start] + edit.new_text + text[end:]
            self.send(uri, [lsp.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text)])
        return self.texts[uri]

    def _offset(self, text: str, position: lsp.Position) -> int:
        return max(at for at in range(len(text) + 1) if self.position(text, at) == position)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for news from the server until a condition holds."""
        async with asyncio.timeout(_PATIENCE), self._news:
            await self._news.wait_for(condition)

    async def heard(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def pushed(self, uri: str) -> list[lsp.Diagnostic]:
        """What is pushed for the newest version of a document."""
        await self.until(lambda: uri in self.published and self.published[uri].version == self._versions[uri])
        return list(self.published[uri].diagnostics)


def _plain(value: Any) -> Any:
    """JSON as it came: pygls makes named tuples of objects it does not know."""
    if hasattr(value, "_fields"):
        return {name: _plain(getattr(value, name)) for name in value._fields}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


@asynccontextmanager
async def editing(
    root: Path,
    command: Sequence[str] = FAKE,
    encoding: str = "utf-16",
    settings: Mapping[str, Any] | None = None,
    folders: Sequence[str] = (".",),
    environment: Mapping[str, str] | None = None,
    **parts: Any,
) -> AsyncIterator[Editor]:
    """An editor connected to a fresh server; the server has to say goodbye properly."""
    client = make_test_lsp_client()
    editor = Editor(client, root, encoding)
    _listen(editor)
    found: dict[str, Any] = {"debounce": 10, **(settings or {})}
    client.set_configuration({"themis": found})
    home = {"XDG_CONFIG_HOME": str(root), "APPDATA": str(root)}
    environ = {**os.environ, "PYTHONPATH": _PATH, **home, **(environment or {})}
    await client.start_io(*command, env=environ, cwd=str(root))
    uris = [str(from_fs_path(str((root / name).resolve()))) for name in folders]
    begun = await client.initialize_session(
        lsp.InitializeParams(
            capabilities=capabilities(encoding, **parts),
            workspace_folders=[lsp.WorkspaceFolder(uri, "folder") for uri in uris],
            initialization_options=found,
        )
    )
    editor.offered = begun.capabilities
    try:
        yield editor
    finally:
        await client.shutdown_session()
        stop: Any = client.stop
        await stop()


def _listen(editor: Editor) -> None:
    """Remember what the server says unasked, and wake up who waits for it."""

    def hearing(method: str, note: Callable[[Any], None]) -> None:
        known = editor.client.protocol.fm.features.pop(method, None)

        async def hear(params: Any) -> Any:
            note(params)
            answer = known(params) if known else None
            await editor.heard()
            return await answer if isinstance(answer, Awaitable) else answer

        editor.client.feature(method)(hear)

    def published(params: lsp.PublishDiagnosticsParams) -> None:
        editor.published[params.uri] = params

    hearing(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, published)
    for method in (
        lsp.WINDOW_SHOW_MESSAGE, lsp.WINDOW_LOG_MESSAGE, lsp.WORKSPACE_DIAGNOSTIC_REFRESH, lsp.PROGRESS
    ):  # fmt: skip
        hearing(method, lambda _: None)
