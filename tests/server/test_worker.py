"""One thread: the newest job of each kind, urgent ones first, and an end to what nobody waits for."""

from collections.abc import Iterator
from threading import Event

import pytest

from themis_lsp.server.worker import Ticket, Worker

PATIENCE = 30.0


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


def test_the_newest_of_each_key_runs_and_steps_come_last(worker: Worker) -> None:
    done: list[str] = []
    end = Event()
    worker.later("step", lambda _: done.append("step"))
    worker.later("end", lambda _: end.set())
    worker.submit("a", lambda _: done.append("old a"))
    worker.submit("b", lambda _: done.append("b"))
    worker.submit("a", lambda _: done.append("new a"))
    worker.submit("c", lambda _: done.append("c"))
    worker.cancel("c")
    worker.start()
    assert end.wait(PATIENCE)
    assert done == ["b", "new a", "step"]


def test_a_running_job_notices_that_it_was_overtaken(worker: Worker) -> None:
    begun, over, end = Event(), Event(), Event()
    done: list[str] = []

    def long(ticket: Ticket) -> None:
        begun.set()
        over.wait(PATIENCE)
        ticket.check()
        done.append("overtaken")

    worker.start()
    worker.submit("a", long)
    assert begun.wait(PATIENCE)
    worker.submit("a", lambda _: end.set())
    over.set()
    assert end.wait(PATIENCE)
    assert done == []
