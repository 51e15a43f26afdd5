"""What the client at the other end can do, as far as it matters here."""

from dataclasses import dataclass
from typing import Any, Self

from lsprotocol import types as lsp


@dataclass(frozen=True, slots=True)
class Client:
    """Capabilities of one client; without any, the least is assumed.

    Attributes:
        pulls: asks for diagnostics itself, so none are pushed for open documents.
        refreshes_diagnostics: can be told to ask for diagnostics again.
        refreshes_lenses: can be told to ask for code lenses again.
        refreshes_hints: can be told to ask for inlay hints again.
        has_configuration: can be asked for its settings.
        has_progress: shows the progress of work the server begins.
        reads_markdown: shows Markdown in hovers.
        takes_snippets: takes edits with places to fill in.
        links_codes: shows a link with the code of a diagnostic.
        watches_files: can be asked to tell when files change on disk.
        shows_status: wants ``themis/status`` notifications.
        shows_text: shows the Markdown that commands return, so no message box is needed.
    """

    pulls: bool = False
    refreshes_diagnostics: bool = False
    refreshes_lenses: bool = False
    refreshes_hints: bool = False
    has_configuration: bool = False
    has_progress: bool = False
    reads_markdown: bool = False
    takes_snippets: bool = False
    links_codes: bool = False
    watches_files: bool = False
    shows_status: bool = False
    shows_text: bool = False

    @classmethod
    def of(cls, capabilities: lsp.ClientCapabilities) -> Self:
        """What a client declared."""
        formats = _at(capabilities, "text_document.hover.content_format") or ()
        own = capabilities.experimental
        own = own.get("themis") if isinstance(own, dict) else getattr(own, "themis", None)
        return cls(
            pulls=_at(capabilities, "text_document.diagnostic") is not None,
            refreshes_diagnostics=bool(_at(capabilities, "workspace.diagnostics.refresh_support")),
            refreshes_lenses=bool(_at(capabilities, "workspace.code_lens.refresh_support")),
            refreshes_hints=bool(_at(capabilities, "workspace.inlay_hint.refresh_support")),
            has_configuration=bool(_at(capabilities, "workspace.configuration")),
            has_progress=bool(_at(capabilities, "window.work_done_progress")),
            reads_markdown=lsp.MarkupKind.Markdown in formats,
            takes_snippets=bool(_at(capabilities, "workspace.workspace_edit.snippet_edit_support")),
            links_codes=bool(_at(capabilities, "text_document.publish_diagnostics.code_description_support"))
            or bool(_at(capabilities, "text_document.diagnostic.code_description_support")),
            watches_files=bool(_at(capabilities, "workspace.did_change_watched_files.dynamic_registration")),
            shows_status=_flag(own, "status"),
            shows_text=_flag(own, "text"),
        )


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = getattr(value, name, None)
    return value


def _flag(own: Any, name: str) -> bool:
    return bool(own.get(name) if isinstance(own, dict) else getattr(own, name, False))
