"""The server object: pygls, a session, and the few ways to speak to the client unasked."""

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from themis_lsp.error import ThemisError
from themis_lsp.server.judgement import Judgement
from themis_lsp.server.protocol import ThemisProtocol
from themis_lsp.server.session import Session

if TYPE_CHECKING:
    from themis_lsp.server.judge import Load

_log = logging.getLogger(__name__)
STATUS = "themis/status"


class ThemisServer(LanguageServer):
    """A language server for one client.

    Attributes:
        session: what is known of the client.
        exit_status: 0 if the client said goodbye before it left.
        reviewed: files that have diagnostics from a review of the whole branch.
    """

    def __init__(self, load: "Load", version: str) -> None:
        super().__init__("themis", version, protocol_cls=ThemisProtocol)
        self.session = Session(load, self._judged, self._troubled)
        self.exit_status = 1
        self.reviewed: dict[str, int] = {}
        self._trouble = ""
        self._told: set[str] = set()

    def tell(self, message: str, kind: lsp.MessageType = lsp.MessageType.Error) -> None:
        """Show a message to the user, once until it is forgotten."""
        if message not in self._told:
            self._told.add(message)
            self.window_show_message(lsp.ShowMessageParams(kind, f"Themis: {message}"))

    def log(self, message: str) -> None:
        """Leave a line for whoever looks for the reason."""
        self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Warning, message))

    def forget_troubles(self) -> None:
        """What was wrong may be put right: tell it again if not."""
        self._told.clear()
        self._trouble = ""

    def publish(self, judgement: Judgement) -> None:
        """Push what is said of a document to a client that does not ask itself."""
        from themis_lsp.server.diagnostics import diagnostics_of

        session, snapshot = self.session, judgement.snapshot
        found = diagnostics_of(judgement, session.columns, linked=session.client.links_codes)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(snapshot.uri, found, snapshot.version))

    def refresh(self) -> None:
        """Have the client ask again for what it shows, as it changed without an edit."""
        client = self.session.client
        if client.pulls and client.refreshes_diagnostics:
            self.workspace_diagnostic_refresh(None)
        if client.refreshes_lenses:
            self.workspace_code_lens_refresh(None)
        if client.refreshes_hints:
            self.workspace_inlay_hint_refresh(None)

    def status(self) -> dict[str, Any]:
        """How things stand, for a status bar."""
        judgements = list(self.session.judgements.values())
        info = judgements[-1].info if judgements else None
        return {
            "state": "error" if self._trouble else "ready" if info else "starting",
            "message": self._trouble,
            "model": {"name": info.name, "digest": info.digest, "provider": info.provider} if info else None,
            "documents": {uri: coverage(judgement) for uri, judgement in self.session.judgements.items()},
            "reviewedAgainst": self.session.base_under_review,
        }

    def report_server_error(self, error: Exception, source: Any) -> None:
        """What went wrong inside, or came in malformed: a line in the log, and the server lives on."""
        _log.warning("%s: %s", getattr(source, "__name__", source), error)
        if self.protocol.writer is not None and not isinstance(error, JsonRpcException):
            self.log(f"{type(error).__name__}: {error}")

    def shutdown(self) -> None:
        """The connection is over: end the worker and what it started."""
        self.session.close()
        super().shutdown()  # type: ignore[no-untyped-call]  # pygls gives it no types

    def _judged(self, judgement: Judgement, last: Judgement | None) -> None:
        self._trouble = ""
        if not self.session.client.pulls:
            self.publish(judgement)
        if last and last.snapshot.revision == judgement.snapshot.revision:
            self.refresh()
        self._show_status()

    def _troubled(self, problem: Exception) -> None:
        known = isinstance(problem, ThemisError)
        self._trouble = str(problem) if known else f"{type(problem).__name__}: {problem}"
        self.tell(self._trouble if known else f"this is a bug, please report it: {self._trouble}")
        self._show_status()

    def _show_status(self) -> None:
        if self.session.client.shows_status:
            self.protocol.notify(STATUS, self.status())


def coverage(judgement: Judgement) -> dict[str, Any]:
    """What was judged of a document and what was not."""
    skipped = [{"unit": skip.unit, "because": skip.because} for skip in judgement.skipped]
    found = sum(len(unit.review.findings) for unit in judgement.units)
    return {"base": judgement.base, "judged": len(judgement.units), "findings": found, "skipped": skipped}
