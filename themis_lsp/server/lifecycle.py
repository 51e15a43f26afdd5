"""The beginning and the end, and what the client says of itself: settings, folders, files on disk."""

import gc
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from lsprotocol import types as lsp

from themis_lsp.config import FILES
from themis_lsp.error import SettingsError
from themis_lsp.server.client import Client
from themis_lsp.server.convert import Columns, encoding_for, file_of
from themis_lsp.server.options import Options, options_of
from themis_lsp.server.server import ThemisServer
from themis_lsp.server.session import Session

_log = logging.getLogger(__name__)
_SECTION = "themis"


def initialize(ls: ThemisServer, params: lsp.InitializeParams) -> None:
    """Note what the client can do; nothing is loaded yet, so that the answer is quick."""
    session = ls.session
    session.begin()
    session.client = Client.of(params.capabilities)
    session.columns = Columns(encoding_for(params.capabilities))
    folders = params.workspace_folders or ()
    root = params.root_uri if not folders else None
    _add_folders(ls, [root] if root else [folder.uri for folder in folders])
    session.options = _read(ls, _section(params.initialization_options))
    session.options_of_folder = dict.fromkeys(session.folders, session.options)


async def initialized(ls: ThemisServer, _: lsp.InitializedParams) -> None:
    """Load what judging needs, in the background, and ask for settings and news of configuration files."""
    ls.session.worker.start()
    ls.session.worker.submit("warm", lambda _: _warm(ls.session))
    if ls.session.client.watches_files:
        watchers = [lsp.FileSystemWatcher(f"**/{name}") for name in FILES]
        options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers)
        method = lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES
        ls.client_register_capability(lsp.RegistrationParams([lsp.Registration("themis-files", method, options)]))
    await _ask_for_settings(ls)


def _warm(session: Session) -> None:
    """On the worker: load what judging needs, and from then on collect garbage, but nothing of what was loaded."""
    session.judge().warm(session.options)
    gc.freeze()
    gc.enable()


def shutdown(ls: ThemisServer, _: None) -> None:
    """The client is about to leave."""
    ls.exit_status = 0


async def configuration_changed(ls: ThemisServer, params: lsp.DidChangeConfigurationParams) -> None:
    """Settings changed: they come along, or have to be asked for."""
    ls.forget_troubles()
    if ls.session.client.has_configuration:
        await _ask_for_settings(ls)
        return
    _use(ls, _read(ls, _section(params.settings)), {})


async def folders_changed(ls: ThemisServer, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
    """Folders came or went, each with settings of its own."""
    for folder in params.event.removed:
        ls.session.folders.pop(folder.uri, None)
        ls.session.options_of_folder.pop(folder.uri, None)
    _add_folders(ls, [folder.uri for folder in params.event.added])
    await _ask_for_settings(ls)
    ls.session.touch_all()


def files_changed(ls: ThemisServer, _: lsp.DidChangeWatchedFilesParams) -> None:
    """A configuration file changed on disk."""
    ls.forget_troubles()
    ls.session.touch_all()


async def _ask_for_settings(ls: ThemisServer) -> None:
    session = ls.session
    if not session.client.has_configuration:
        return
    scopes = [None, *session.folders]
    items = [lsp.ConfigurationItem(scope_uri=scope, section=_SECTION) for scope in scopes]
    try:
        answers = await ls.workspace_configuration_async(lsp.ConfigurationParams(items))
    except Exception as problem:  # a client that declares what it cannot do must not be left without a server
        _log.warning("the client did not say its settings: %s", problem)
        return
    found = [_read(ls, plain(answer)) for answer in answers]
    for_all, *of_folders = [*found, *[Options()] * (len(scopes) - len(found))]
    _use(ls, for_all, dict(zip(session.folders, of_folders, strict=False)))


def _use(ls: ThemisServer, options: Options, of_folders: dict[str, Options]) -> None:
    session = ls.session
    session.worker.submit("reload", lambda _: session.judge().reload())
    if (options, of_folders) == (session.options, session.options_of_folder):
        session.touch_all()
        return
    session.options, session.options_of_folder = options, of_folders
    session.judge_all_again()
    ls.refresh()


def _read(ls: ThemisServer, settings: object) -> Options:
    try:
        return options_of(settings)
    except SettingsError as problem:
        ls.tell(str(problem))
        return Options()


def _section(settings: object) -> object:
    """Our part of the settings, whether the client sends it alone or under our name."""
    found = plain(settings)
    return found.get(_SECTION, found) if isinstance(found, Mapping) else found


def plain(value: Any) -> Any:
    """JSON as it came: pygls makes named tuples of objects it does not know."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _add_folders(ls: ThemisServer, uris: Iterable[str]) -> None:
    for uri in uris:
        path = file_of(uri)
        if path is not None:
            ls.session.folders[uri] = path
