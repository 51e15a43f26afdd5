"""What the main thread knows of one client: its documents, folders and settings, and what was last said of each."""

import asyncio
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from themis_lsp.error import ThemisError
from themis_lsp.server.client import Client
from themis_lsp.server.convert import Columns, file_of, name_of
from themis_lsp.server.judgement import Judgement, Snapshot
from themis_lsp.server.options import Options
from themis_lsp.server.text import Text
from themis_lsp.server.worker import Cancelled, Ticket, Worker

if TYPE_CHECKING:
    from themis_lsp.server.judge import Judge, Load

Outcome = Judgement | Exception
_T = TypeVar("_T")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Document:
    """One open document.

    Attributes:
        uri: as the client writes it.
        language: the client's name for its language.
        version: the client's own number for what it holds.
        text: what it holds.
        opened: what it held when it was opened.
        revision: grows with every edit of any document, so that none is ever taken for another.
    """

    uri: str
    language: str
    version: int | None
    text: Text
    opened: str
    revision: int


@dataclass(slots=True)
class _Waiting:
    """What is under way for one document."""

    timer: asyncio.TimerHandle | None = None
    judged_revision: int | None = None  # of the job that was handed to the worker
    askers: list[asyncio.Future[Judgement | None]] = field(default_factory=list)


class Session:
    """The state of one client's session; only the main thread touches it.

    Args:
        load: gives the model a configuration asks for.
        on_judged: told of every judgement that is not stale, with the one it replaces.
        on_trouble: told why a document could not be judged.
    """

    def __init__(
        self,
        load: "Load",
        on_judged: Callable[[Judgement, Judgement | None], None],
        on_trouble: Callable[[Exception], None],
    ) -> None:
        self.client = Client()
        self.columns = Columns("utf-16")
        self.documents: dict[str, Document] = {}
        self.judgements: dict[str, Judgement] = {}
        self.folders: dict[str, Path] = {}
        self.options = Options()
        self.options_of_folder: dict[str, Options] = {}
        self.base_under_review: str | None = None
        self.worker = Worker()
        self._load = load
        self._on_judged = on_judged
        self._on_trouble = on_trouble
        self._judge: Judge | None = None
        self._revisions = 0
        self._waiting: defaultdict[str, _Waiting] = defaultdict(_Waiting)
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """The client is there: called on the main thread, to which all news will come."""
        self._loop = asyncio.get_running_loop()

    def next_revision(self) -> int:
        """A number no text had before."""
        self._revisions += 1
        return self._revisions

    def edited(self, document: Document) -> None:
        """A document has a new text: judge it once nothing was typed for a while, and nothing older."""
        waiting = self._waiting[document.uri]
        document.revision = self.next_revision()
        if waiting.timer:
            waiting.timer.cancel()
        if waiting.judged_revision is not None:
            waiting.judged_revision = None
            self.worker.cancel(document.uri)
        delay = self.options_for(document.uri)[0].debounce / 1000
        waiting.timer = self._main.call_later(delay, self._submit, document.uri)

    def touch(self, uri: str) -> None:
        """Something happened around a document: see whether what was said of it still holds.

        This is how a commit is noticed without watching for one. While somebody types, the pause decides.
        """
        document = self.documents.get(uri)
        waiting = self._waiting[uri]
        if document and not waiting.timer and waiting.judged_revision != document.revision:
            self._submit(uri)

    def touch_all(self) -> None:
        """The same for every open document."""
        for uri in self.documents:
            self.touch(uri)

    def judge_all_again(self) -> None:
        """Settings or model changed: even what is being judged has to be judged again."""
        for uri in self.documents:
            self._waiting[uri].judged_revision = None
            self.touch(uri)

    async def judged(self, uri: str) -> Judgement | None:
        """What is said of the newest text of a document, as soon as it is known; None if it cannot be judged."""
        if uri not in self.documents:
            return None
        asked: asyncio.Future[Judgement | None] = self._main.create_future()
        self._waiting[uri].askers.append(asked)
        self.touch(uri)
        return await asked

    async def on_worker(self, ask: Callable[[], _T]) -> _T:
        """What a function says that only the worker may call, as grammars belong to its thread.

        Raises:
            Exception: whatever the function raises.
        """
        answer: asyncio.Future[_T] = self._main.create_future()
        self.worker.submit(f"ask {id(answer)}", partial(self._ask, ask, answer))
        return await answer

    async def in_background(self, ask: Callable[[], _T]) -> _T:
        """The same, once nothing more urgent is left to do.

        Raises:
            Exception: whatever the function raises.
        """
        answer: asyncio.Future[_T] = self._main.create_future()
        self.worker.later(f"ask {id(answer)}", partial(self._ask, ask, answer))
        return await answer

    def forget(self, uri: str) -> None:
        """A document was closed."""
        self.documents.pop(uri, None)
        self.judgements.pop(uri, None)
        waiting = self._waiting.pop(uri, _Waiting())
        if waiting.timer:
            waiting.timer.cancel()
        _answer(waiting, None)
        self.worker.submit(uri, lambda _: self.judge().forget(uri))

    def options_for(self, uri: str) -> tuple[Options, Path | None]:
        """The settings for a document, and the innermost workspace folder around it."""
        file = file_of(uri)
        around = [name for name, path in self.folders.items() if file and file.is_relative_to(path)]
        inner = max(around, key=len, default=None)
        if inner is None:
            return self.options, next(iter(self.folders.values()), None) if file is None else None
        return self.options_of_folder.get(inner, self.options), self.folders[inner]

    def judge(self) -> "Judge":
        """The worker's own: made, with all the heavy imports it brings, when the worker first asks."""
        if self._judge is None:
            from themis_lsp.server.judge import Judge

            self._judge = Judge(self._load, _environment())
        return self._judge

    def tell(self, call: Callable[[], None]) -> None:
        """Have the main thread call something, from any thread."""
        self._main.call_soon_threadsafe(call)

    def close(self) -> None:
        """End the worker and every process it started."""
        self.worker.stop()
        if self._judge:
            self._judge.close()

    @property
    def _main(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("no client has come yet")
        return self._loop

    def _submit(self, uri: str) -> None:
        document = self.documents[uri]
        waiting = self._waiting[uri]
        waiting.timer = None
        waiting.judged_revision = document.revision
        self.worker.submit(uri, partial(self._run, self._snapshot(document)))

    def _snapshot(self, document: Document) -> Snapshot:
        options, folder = self.options_for(document.uri)
        if self.base_under_review:
            options = replace(options, base=self.base_under_review)
        file = file_of(document.uri)
        return Snapshot(
            document.uri,
            file,
            file.name if file else name_of(document.uri, document.language),
            document.revision,
            document.version,
            str(document.text),
            document.opened,
            folder,
            options,
        )

    def _run(self, snapshot: Snapshot, ticket: Ticket) -> None:
        """On the worker: judge, and hand the outcome to the main thread."""
        outcome: Outcome
        try:
            outcome = self.judge().judge(snapshot, ticket)
        except Cancelled:
            raise
        except ThemisError as problem:
            outcome = problem
        except Exception as bug:  # one document that cannot be judged must not end the worker
            _log.exception("judging %s failed", snapshot.uri)
            outcome = bug
        self.tell(partial(self._arrived, snapshot, ticket, outcome))

    def _ask(self, ask: Callable[[], _T], answer: "asyncio.Future[_T]", _: Ticket) -> None:
        try:
            found = ask()
        except Exception as problem:  # whoever asked is told
            self.tell(partial(_settle, answer, answer.set_exception, problem))
        else:
            self.tell(partial(_settle, answer, answer.set_result, found))

    def _arrived(self, snapshot: Snapshot, ticket: Ticket, outcome: Outcome) -> None:
        document = self.documents.get(snapshot.uri)
        if document is None or document.revision != snapshot.revision or ticket.is_cancelled:
            return  # the document moved on, and so did its askers
        waiting = self._waiting[snapshot.uri]
        waiting.judged_revision = None
        last = self.judgements.get(snapshot.uri)
        if isinstance(outcome, Judgement):
            self.judgements[snapshot.uri] = outcome
            if outcome is not last:
                self._on_judged(outcome, last)
                if last and last.snapshot.revision == snapshot.revision:  # git moved, not the text: so for the others
                    self.touch_all()
        else:
            self._on_trouble(outcome)
        current = self.judgements.get(snapshot.uri)
        _answer(waiting, current if current and current.snapshot.revision == document.revision else None)


def _settle(answer: "asyncio.Future[_T]", settle: Callable[[Any], None], value: object) -> None:
    if not answer.done():
        settle(value)


def _answer(waiting: _Waiting, judgement: Judgement | None) -> None:
    askers, waiting.askers = waiting.askers, []
    for asker in askers:
        if not asker.done():
            asker.set_result(judgement)


def _environment() -> Mapping[str, str]:
    return os.environ
