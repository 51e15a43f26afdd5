"""Changed files cut into edits by processes beside this one: the same edits in the same order, sooner.

Python runs one thread at a time and most of a large review is parsing, so threads would not help. A helper process is
this interpreter with this module and nothing of the model; it gets texts and gives edits. Whatever happens to a helper,
its share is done here instead.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import chain
from queue import SimpleQueue
from threading import Lock, Thread
from typing import IO, Final, cast

from themis_lsp.change import Edit, FileChange, Skip
from themis_lsp.edits import Outcome, edits_of, gathered, outcomes_of

WORTH: Final = 40  # changed files; fewer are done before a helper is up
_MOST: Final = 3  # helpers
_BATCH: Final = 50_000  # characters
_ENTRY: Final = 500  # characters that every file counts for besides its text
_AHEAD: Final = 6  # batches that a helper has before it
_KEPT: Final = 48  # batches done and not asked for yet
_START: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from themis_lsp.apart import help_out; help_out()"
)

_Batch = Sequence[FileChange | Skip]
_Cut = list[Outcome]
_Answer = Future[_Cut | None]  # None: not from this helper any more
_Waiting = deque[tuple[_Batch, _Answer]]

#: What changed, as edits and skips.
Edits = Callable[[Iterable[FileChange | Skip]], Iterator[Edit | Skip]]


@contextmanager
def cutting(total: int, threads: int) -> Iterator[Edits]:
    """``edits_of``, with as many helpers as the work is worth; they start at once, and end with the context.

    Args:
        total: number of changed files.
        threads: that may be busy at the same time, this one included.
    """
    count = min(_MOST, threads - 1, (os.cpu_count() or 1) - 1) if total >= WORTH and sys.executable else 0
    with ExitStack() as stack:
        processes = [process for _ in range(count) if (process := _started())]
        helpers = [stack.enter_context(closing(_Helper(process))) for process in processes]
        yield (lambda changes: _shared(changes, helpers)) if helpers else edits_of


def _shared(changes: Iterable[FileChange | Skip], helpers: "Sequence[_Helper]") -> Iterator[Edit | Skip]:
    """Begins at once, so that the helpers work while this process still gets ready."""
    batches = _batched(changes)
    waiting: _Waiting = deque()
    _feed(helpers, batches, waiting)
    return gathered(_outcomes(batches, waiting, helpers))


def _feed(helpers: "Iterable[_Helper]", batches: Iterator[_Batch], waiting: _Waiting) -> None:
    for helper in helpers:
        while helper.is_free and len(waiting) < _KEPT and (batch := next(batches, None)):
            waiting.append((batch, helper.ask(batch)))


def _outcomes(batches: Iterator[_Batch], waiting: _Waiting, helpers: "Sequence[_Helper]") -> Iterator[Outcome]:
    while True:
        _feed(helpers, batches, waiting)
        is_ready = bool(waiting) and waiting[0][1].done()
        if not is_ready and len(waiting) < _KEPT and (batch := next(batches, None)):
            done: _Answer = Future()
            done.set_result(_cut(batch))
            waiting.append((batch, done))
        elif waiting:
            batch, answer = waiting.popleft()
            cut = answer.result()
            yield from _cut(batch) if cut is None else cut
        else:
            return


def _batched(changes: Iterable[FileChange | Skip]) -> Iterator[_Batch]:
    batch: list[FileChange | Skip] = []
    size = 0
    for change in changes:
        batch.append(change)
        size += _ENTRY
        if isinstance(change, FileChange):
            size += len(change.before or "") + len(change.after or "")
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _cut(batch: _Batch) -> _Cut:
    return list(chain.from_iterable(map(outcomes_of, batch)))


class _Helper:
    """One process, the batches it was given, and the two threads that talk with it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._asked: SimpleQueue[_Batch | None] = SimpleQueue()
        self._open: deque[_Answer] = deque()
        self._lock = Lock()
        self._is_lost = False
        self._threads = (
            Thread(target=self._send, args=(process.stdin,), name="themis-apart-send", daemon=True),
            Thread(target=self._receive, args=(process.stdout,), name="themis-apart-receive", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    @property
    def is_free(self) -> bool:
        """Whether it should have more to do."""
        return not self._is_lost and len(self._open) < _AHEAD

    def ask(self, batch: _Batch) -> _Answer:
        """What comes of a batch, in time; None if the helper is lost."""
        answer: _Answer = Future()
        with self._lock:
            if self._is_lost:
                answer.set_result(None)
                return answer
            self._open.append(answer)
        self._asked.put(batch)
        return answer

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        self._process.wait()
        self._asked.put(None)
        for thread in self._threads:
            thread.join()

    def _send(self, stream: IO[bytes]) -> None:
        with suppress(OSError), stream:  # the other thread hears of it
            while batch := self._asked.get():
                stream.write(pickle.dumps(batch))
                stream.flush()

    def _receive(self, stream: IO[bytes]) -> None:
        with suppress(OSError, EOFError, pickle.UnpicklingError), stream:
            while True:
                cut = pickle.load(stream)  # noqa: S301  (from our own process)
                self._open.popleft().set_result(cut)
        with self._lock:
            self._is_lost = True
        for answer in self._open:
            answer.set_result(None)


def _started() -> "subprocess.Popen[bytes] | None":
    """A helper that finds the same packages, whatever the folder or the environment says; None if none may start."""
    command = [sys.executable, "-I", "-S", "-c", _START, json.dumps(sys.path)]
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None


def help_out() -> None:
    """Be a helper: cut what comes on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked is interrupted, and then ends this process
    answers: SimpleQueue[_Cut | None] = SimpleQueue()
    writer = Thread(target=_answer, args=(answers,))
    writer.start()
    try:
        while True:
            answers.put(_cut(cast("_Batch", pickle.load(sys.stdin.buffer))))  # noqa: S301  (from our own process)
    except EOFError:
        answers.put(None)


def _answer(answers: "SimpleQueue[_Cut | None]") -> None:
    """Besides, so that the next batch is under way while the last is being taken."""
    while (cut := answers.get()) is not None:
        sys.stdout.buffer.write(pickle.dumps(cut))
        sys.stdout.buffer.flush()
