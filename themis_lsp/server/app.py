"""The language server: what it answers to, and how it is started."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types as lsp

from themis_lsp import __version__
from themis_lsp.server import commands, documents, lifecycle, requests
from themis_lsp.server.server import ThemisServer
from themis_lsp.server.transport import over_stdio, over_tcp

if TYPE_CHECKING:
    from themis_lsp.server.judge import Load

_TURN: Final = 0.0005  # seconds a thread may compute while another waits: reading a message takes several turns

#: Everything a client may send, and who answers.
FEATURES: Final[Mapping[str, tuple[Callable[..., Any], Any]]] = {
    lsp.INITIALIZE: (lifecycle.initialize, None),
    lsp.INITIALIZED: (lifecycle.initialized, None),
    lsp.SHUTDOWN: (lifecycle.shutdown, None),
    lsp.WORKSPACE_DID_CHANGE_CONFIGURATION: (lifecycle.configuration_changed, None),
    lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (lifecycle.folders_changed, None),
    lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES: (lifecycle.files_changed, None),
    lsp.TEXT_DOCUMENT_DID_OPEN: (documents.opened, None),
    lsp.TEXT_DOCUMENT_DID_CHANGE: (documents.changed, None),
    lsp.TEXT_DOCUMENT_DID_SAVE: (documents.saved, None),
    lsp.TEXT_DOCUMENT_DID_CLOSE: (documents.closed, None),
    lsp.TEXT_DOCUMENT_DIAGNOSTIC: (
        requests.diagnostics,
        lsp.DiagnosticOptions(identifier="themis", inter_file_dependencies=False, workspace_diagnostics=False),
    ),
    lsp.TEXT_DOCUMENT_HOVER: (requests.hover, None),
    lsp.TEXT_DOCUMENT_CODE_LENS: (requests.code_lenses, None),
    lsp.TEXT_DOCUMENT_CODE_ACTION: (
        requests.code_actions,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix]),
    ),
    lsp.TEXT_DOCUMENT_INLAY_HINT: (requests.inlay_hints, None),
    "themis/status": (requests.status, None),
    "themis/verdicts": (requests.verdicts, None),
    "themis/text": (requests.text, None),
}

#: What a client may have executed.
COMMANDS: Final[Mapping[str, Callable[..., Any]]] = {
    "themis.explain": commands.explain,
    "themis.copyVerdict": commands.copy_verdict,
    "themis.reviewWorkspace": commands.review_workspace,
    "themis.clearReview": commands.clear_review,
}


def create(load: "Load") -> ThemisServer:
    """A server, ready to be started.

    Args:
        load: gives the model a configuration asks for; called on the worker's thread.
    """
    server = ThemisServer(load, __version__)
    for method, (handler, options) in FEATURES.items():
        server.feature(method, options)(handler)
    for name, command in COMMANDS.items():
        server.command(name)(command)
    return server


def serve_stdio(load: "Load") -> int:
    """Serve one client over standard input and output, until it leaves; returns the exit status."""
    _prepare()
    server = create(load)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed, by whatever library, must not end up among the messages
    with open(0, "rb", buffering=0, closefd=False) as source:
        asyncio.run(over_stdio(server, source, out))
    return server.exit_status


def serve_tcp(load: "Load", host: str, port: int) -> int:
    """Serve one client over TCP, for debugging; returns the exit status.

    Raises:
        OSError: nobody can listen there.
    """
    _prepare()
    server = create(load)
    asyncio.run(over_tcp(server, host, port, lambda: _say(f"waiting for a client on {host}:{port}")))
    return server.exit_status


def _say(line: str) -> None:
    sys.stderr.write(f"themis: {line}\n")
    sys.stderr.flush()


def _prepare() -> None:
    """Let messages be read while judging goes on, and log to standard error, as standard output is the protocol's."""
    sys.setswitchinterval(_TURN)
    logging.basicConfig(format="themis: %(levelname)s: %(message)s", level=logging.WARNING)
