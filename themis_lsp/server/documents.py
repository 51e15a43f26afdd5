"""What clients tell of their documents; each handler is done at once."""

import logging

from lsprotocol import types as lsp

from themis_lsp.server.convert import file_of, is_untitled
from themis_lsp.server.server import ThemisServer
from themis_lsp.server.session import Document
from themis_lsp.server.text import Text

_log = logging.getLogger(__name__)


def opened(ls: ThemisServer, params: lsp.DidOpenTextDocumentParams) -> None:
    """A document to follow: a file, or one that was never saved."""
    item, session = params.text_document, ls.session
    if file_of(item.uri) is None and not is_untitled(item.uri):
        return
    unreview(ls, item.uri)
    session.documents[item.uri] = Document(
        item.uri, str(item.language_id), item.version, Text(item.text), item.text, session.next_revision()
    )
    session.touch(item.uri)


def changed(ls: ThemisServer, params: lsp.DidChangeTextDocumentParams) -> None:
    """Edits, in the order they were made."""
    document = ls.session.documents.get(params.text_document.uri)
    if document is None:
        _log.info("an edit of a document that is not open: %s", params.text_document.uri)
        return
    version = params.text_document.version
    if document.version is not None and version <= document.version:
        ls.log(f"{document.uri}: version {version} came after {document.version}; taken as the newest")
    document.version = version
    for change in params.content_changes:
        if isinstance(change, lsp.TextDocumentContentChangePartial):
            ends = change.range.start, change.range.end
            start, stop = (ls.session.columns.point(end, document.text.line) for end in ends)
            document.text.replace(start, stop, change.text)
        else:
            document.text = Text(change.text)
    ls.session.edited(document)


def saved(ls: ThemisServer, _: lsp.DidSaveTextDocumentParams) -> None:
    """Whatever else happened on disk meanwhile is noticed now."""
    ls.session.touch_all()


def closed(ls: ThemisServer, params: lsp.DidCloseTextDocumentParams) -> None:
    """What was pushed for it goes away."""
    uri = params.text_document.uri
    is_pushed = uri in ls.session.judgements and not ls.session.client.pulls
    ls.session.forget(uri)
    if is_pushed:
        ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))


def unreview(ls: ThemisServer, uri: str) -> None:
    """Take back what a review of the whole branch said of one file."""
    if ls.reviewed.pop(uri, None) is not None:
        ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
