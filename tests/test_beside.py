"""Other language servers are measured as what they are: those that only look at saved files say nothing before."""

import sys

import pytest

from themis_bench.beside import Server, measured, row, server
from themis_lsp.error import UsageError

#: A server of pygls that tells of a document when it is opened, and at the moments put in.
TELLING = """
from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("telling", "1")

def tell(params):
    found = types.PublishDiagnosticsParams(uri=params.text_document.uri, diagnostics=[])
    server.text_document_publish_diagnostics(found)

for moment in ("textDocument/didOpen", {moments}):
    server.feature(moment)(lambda ls, params: tell(params))

server.start_io()
"""
CHANGED, SAVED = '"textDocument/didChange"', '"textDocument/didSave"'

# when it speaks besides at the start; whether edits have an answer, unsaved and saved
SERVERS = [(f"{CHANGED},", True, True), (f"{SAVED},", False, True), ("", False, False)]


@pytest.mark.parametrize(("moments", "edit", "save"), SERVERS)
def test_what_a_server_says_nothing_about_has_no_figure(moments: str, edit: bool, save: bool) -> None:
    telling = Server("telling", (sys.executable, "-c", TELLING.format(moments=moments)))
    found = measured(telling, runs=1, edits=2, patience=1.0)
    assert (found.edit is not None, found.save is not None) == (edit, save)
    assert 0 < found.initialize < found.first
    assert found.memory > 1
    assert row(found).count("says nothing") == (not edit) + (not save)


# what is asked for; the command that runs, and a setting it is given
COMMANDS = [
    ("ruff", ("ruff", "server"), None),
    ("semgrep=tools/semgrep lsp", ("tools/semgrep", "lsp"), "scan"),
    ("pylsp=tools/pylsp", ("tools/pylsp",), "pylsp"),
    ("own=node server.js --stdio", ("node", "server.js", "--stdio"), None),
]


@pytest.mark.parametrize(("spec", "command", "setting"), COMMANDS)
def test_known_servers_keep_their_settings_with_another_command(
    spec: str, command: tuple[str, ...], setting: str | None
) -> None:
    found = server(spec)
    assert found.command == command
    assert list(found.settings)[:1] == ([setting] if setting else [])


def test_an_unknown_server_needs_a_command() -> None:
    with pytest.raises(UsageError, match="NAME=COMMAND"):
        server("clangd")
