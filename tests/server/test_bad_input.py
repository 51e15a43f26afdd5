"""Whatever comes in gets a line in the log or one message, and the server lives on and still judges."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp

from tests.repo import Repo
from tests.server.editor import REAL, Editor, editing
from themis_model.bundle import DEFAULT

pytestmark = pytest.mark.asyncio

BEFORE = "def f(rows):\n    return plain(rows)\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py=BEFORE)
    return repo


def raw(body: str | bytes) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return b"Content-Length: %d\r\n\r\n" % len(data) + data


def message(method: str, params: Any, **more: Any) -> bytes:
    return raw(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}))


PLACE = {"textDocument": {"uri": "file:///nowhere.py"}, "position": {"line": 0, "character": 0}}
MALFORMED = {
    "no JSON": raw("{{{"),
    "no UTF-8": raw(b"\xff\xfe"),
    "an array": raw("[]"),
    "a number": raw("7"),
    "no version": raw('{"id": 1, "method": "initialize"}'),
    "a wrong version": raw('{"jsonrpc": "1.0", "method": "exit"}'),
    "nothing but a version": raw('{"jsonrpc": "2.0"}'),
    "nested without end": raw("[" * 50_000),
    "an unknown header": b"X-Header: 1\r\n" + raw("{}"),
    "a length that is none": b"Content-Length: many\r\n\r\n",
    "an answer nobody asked for": raw('{"jsonrpc": "2.0", "id": "x", "result": null}'),
    "an unknown notification": message("themis/nothing", {}),
    "an unknown request": message("themis/nothing", {}, id=1001),
    "a hover without a place": message("textDocument/hover", {}, id=1002),
    "a hover nowhere": message("textDocument/hover", PLACE, id=1003),
    "a line below zero": message("textDocument/hover", PLACE | {"position": {"line": -1, "character": 0}}, id=1004),
    "a line beyond numbers": message("textDocument/hover", PLACE | {"position": {"line": 2**70, "character": 0}}, id=1),
    "no address": message("textDocument/didOpen", {"textDocument": {"uri": 5}}),
    "an odd address": message(
        "textDocument/didOpen",
        {"textDocument": {"uri": "file://%00/\x00", "languageId": "python", "version": 1, "text": "x"}},
    ),
    "an edit of what is not open": message(
        "textDocument/didChange",
        {"textDocument": {"uri": "file:///nowhere.py", "version": 2}, "contentChanges": [{"text": ""}]},
    ),
    "a cancelled nothing": message("$/cancelRequest", {"id": 77}),
    "progress of nothing": message("window/workDoneProgress/cancel", {"token": "x"}),
    "settings that are none": message("workspace/didChangeConfiguration", {"settings": 5}),
    "a command without what it needs": message(
        "workspace/executeCommand", {"command": "themis.explain", "arguments": [7]}, id=1005
    ),
    "an unknown command": message("workspace/executeCommand", {"command": "x"}, id=1006),
    "a second beginning": message("initialized", {}),
}


async def still_judges(editor: Editor, uri: str) -> None:
    """One more edit, judged; the texts are the same at both ends."""
    editor.replace(uri, "plain", "bad")
    assert len(await editor.pull(uri)) == 1
    editor.replace(uri, "bad", "plain")
    assert await editor.pull(uri) == []
    assert await editor.server_text(uri) == editor.texts[uri]


async def test_malformed_messages(repo: Repo) -> None:
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        writer: Any = editor.client.protocol.writer
        for data in MALFORMED.values():
            writer.write(data)
            await still_judges(editor, uri)
        assert editor.client.messages == []


async def test_edits_that_do_not_fit(repo: Repo) -> None:
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")

        def change(version: int, first: tuple[int, int], last: tuple[int, int], text: str) -> None:
            where = lsp.Range(lsp.Position(*first), lsp.Position(*last))
            part = lsp.TextDocumentContentChangePartial(range=where, text=text)
            identifier = lsp.VersionedTextDocumentIdentifier(uri=uri, version=version)
            editor.client.text_document_did_change(lsp.DidChangeTextDocumentParams(identifier, [part]))

        change(9, (0, 99), (0, 99), "  # far right")
        change(8, (99, 0), (99, 9), "# far down\n")  # an older version
        change(8, (2, 0), (1, 4), "x = ")  # from right to left
        editor.texts[uri] = "def f(rows):  # far right\n    x = # far down\n"
        assert await editor.server_text(uri) == editor.texts[uri]
        assert [m.message for m in editor.client.log_messages if "version 8 came after 9" in m.message]
        editor.rewrite(uri, BEFORE)
        await still_judges(editor, uri)


def _remove_file(repo: Repo) -> None:
    repo.remove("a.py")


def _remove_folder(repo: Repo) -> None:
    shutil.rmtree(repo.root)


def _remove_git(repo: Repo) -> None:
    shutil.rmtree(repo.root / ".git")


def _start_rebase(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit(a_py=BEFORE + "# topic\n")
    repo.git("checkout", "--quiet", "main")
    repo.commit(b_py="x = 1\n")
    repo.git("rebase", "--quiet", "--exec", "exit 1", "main", "topic", fails=True)


def _lock(repo: Repo) -> None:
    repo.write(".git/index.lock", "")


@pytest.mark.parametrize("happens", [_remove_file, _remove_folder, _remove_git, _start_rebase, _lock])
async def test_what_happens_on_disk_meanwhile(happens: Callable[[Repo], None], repo: Repo) -> None:
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        await still_judges(editor, uri)
        happens(repo)
        await still_judges(editor, uri)


async def test_a_broken_repository_is_said_once(repo: Repo) -> None:
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        head = (repo.root / ".git" / "HEAD").read_text()
        repo.write(".git/HEAD", "neither a commit nor a branch\n")
        for _ in range(3):
            editor.replace(uri, "plain", "plain, bad")
            assert await editor.pull(uri) == []
        assert len(editor.client.messages) == 1
        repo.write(".git/HEAD", head)
        assert len(await editor.pull(uri)) == 1


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("criteria = [", "themis.toml is not valid TOML"),
        ('criteria = ["securty"]', "did you mean security?"),
        ('model = "evil"', "a repository must not choose what runs"),
    ],
)
async def test_a_broken_configuration_is_said_once(config: str, words: str, repo: Repo) -> None:
    repo.write("themis.toml", config)
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        editor.replace(uri, "plain", "bad")
        assert await editor.pull(uri) == []
        editor.replace(uri, "bad", "bad, bad")
        assert await editor.pull(uri) == []
        (message,) = editor.client.messages
        assert words in message.message
        repo.write("themis.toml", "")
        assert len(await editor.pull(uri)) == 1


async def test_unknown_settings_are_said_and_the_rest_stands(repo: Repo) -> None:
    async with editing(repo.root, settings={"minConfidense": 1}) as editor:
        uri = editor.open("a.py")
        await still_judges(editor, uri)
        (message,) = editor.client.messages
        assert "unknown setting themis.minConfidense, did you mean min-confidence?" in message.message


async def test_a_model_that_cannot_be_used_is_said_once(repo: Repo, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(DEFAULT, bundle)
    graph = bundle / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"\0\1")
    async with editing(repo.root, REAL, settings={"model": str(bundle)}) as editor:
        uri = editor.open("a.py")
        editor.replace(uri, "plain", "bad")
        assert await editor.pull(uri) == []
        editor.replace(uri, "bad", "worse")
        assert await editor.pull(uri) == []
        (message,) = editor.client.messages
        assert "model.onnx" in message.message
        editor.client.set_configuration({"themis": {"debounce": 10}})
        editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(None))
        await editor.until(lambda: editor.client.diagnostic_refresh_count)
        assert "`f` compared with HEAD" in await editor.hover(uri, 1)
