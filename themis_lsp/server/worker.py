"""The one thread that judges: the newest of what is asked about the same thing, and nothing that was overtaken."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Final

_log = logging.getLogger(__name__)
_PATIENCE: Final = 5.0  # seconds that the job under way gets to notice the end


class Cancelled(Exception):  # noqa: N818  (it is no error)
    """Nobody waits for this work any more."""


class Ticket:
    """What a running job asks whether anybody still waits for it."""

    def __init__(self) -> None:
        self.is_cancelled = False

    def check(self) -> None:
        """Go on, or end the work by raising.

        Raises:
            Cancelled: nobody waits any more.
        """
        if self.is_cancelled:
            raise Cancelled


@dataclass(frozen=True, slots=True)
class _Job:
    key: str
    run: Callable[[Ticket], None]
    ticket: Ticket


class Worker:
    """Runs one job at a time on a thread of its own, which sleeps while there is none.

    Jobs of documents go before what runs in the background, step by step.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._urgent: dict[str, _Job] = {}
        self._steps: deque[_Job] = deque()
        self._running: _Job | None = None
        self._is_over = False
        self._thread = Thread(target=self._work, name="themis-worker", daemon=True)

    def start(self) -> None:
        """Begin to work, unless it has begun."""
        if not self._thread.is_alive():
            self._thread.start()

    def submit(self, key: str, run: Callable[[Ticket], None]) -> None:
        """Have a job run soon, in place of every other with this key, even one that is running."""
        with self._changed:
            self._cancel(key)
            self._urgent[key] = _Job(key, run, Ticket())
            self._changed.notify()

    def later(self, key: str, run: Callable[[Ticket], None]) -> None:
        """Have a step of longer work run once nothing urgent is left."""
        with self._changed:
            self._steps.append(_Job(key, run, Ticket()))
            self._changed.notify()

    def cancel(self, key: str) -> None:
        """Drop what is waiting or running under a key."""
        with self._changed:
            self._cancel(key)

    def stop(self) -> None:
        """End the thread, and wait a little until it has ended."""
        with self._changed:
            self._is_over = True
            if self._running:
                self._running.ticket.is_cancelled = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)

    def _cancel(self, key: str) -> None:
        self._urgent.pop(key, None)
        self._steps = deque(job for job in self._steps if job.key != key)
        if self._running and self._running.key == key:
            self._running.ticket.is_cancelled = True

    def _work(self) -> None:
        while job := self._next():
            try:
                job.run(job.ticket)
            except Cancelled:
                continue
            except Exception:  # without its one thread the server would be mute
                _log.exception("a job of the worker failed: %s", job.key)

    def _next(self) -> _Job | None:
        with self._changed:
            self._running = None
            while not (self._urgent or self._steps or self._is_over):
                self._changed.wait()
            if self._is_over:
                return None
            self._running = self._urgent.pop(next(iter(self._urgent))) if self._urgent else self._steps.popleft()
            return self._running
