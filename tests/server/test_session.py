"""Nothing stale is ever told: what was judged before the last edit is dropped, whoever finished first."""

import asyncio
from collections.abc import Sequence
from threading import Event

import pytest

from themis_lsp.server.judge import Judge
from themis_lsp.server.judgement import Judgement, Snapshot
from themis_lsp.server.options import Options
from themis_lsp.server.session import Document, Session
from themis_lsp.server.text import Point, Text
from themis_lsp.server.worker import Cancelled, Ticket
from themis_model.encode import View
from themis_model.fake import FakeScorer
from themis_model.scorer import FloatArray

URI = "untitled:a"
BEFORE = "def f():\n    return plain\n"


class Held(FakeScorer):
    """A fake that scores once it is let go."""

    def __init__(self, begun: Event, let_go: Event) -> None:
        super().__init__()
        self._begun = begun
        self._let_go = let_go

    def score(self, views: Sequence[View]) -> FloatArray:
        self._begun.set()
        self._let_go.wait(30)
        return super().score(views)


def test_what_was_given_up_is_not_remembered() -> None:
    judge, given_up = Judge(lambda _: FakeScorer(), {}), Ticket()
    given_up.is_cancelled = True
    long = BEFORE + "x = 1\n" * 5000  # the parser asks only now and then
    snapshot = Snapshot(URI, None, "a.py", 1, 1, long.replace("plain", "bad"), long, None, Options())
    with pytest.raises(Cancelled):
        judge.judge(snapshot, given_up)
    judgement = judge.judge(snapshot, Ticket())
    assert [unit.edit.unit for unit in judgement.units] == ["f"]
    assert judgement.skipped == ()


@pytest.mark.asyncio
async def test_what_an_edit_overtook_is_dropped() -> None:
    begun, let_go = Event(), Event()
    told: list[Judgement] = []
    session = Session(lambda _: Held(begun, let_go), lambda now, _: told.append(now), lambda _: None)
    session.begin()
    session.worker.start()
    text = BEFORE.replace("plain", "bad")
    document = Document(URI, "python", 1, Text(text), BEFORE, session.next_revision())
    session.documents[URI] = document
    session.touch(URI)
    assert await asyncio.to_thread(begun.wait, 30)
    document.text.replace(Point(1, 11), Point(1, 14), "good")
    session.edited(document)
    let_go.set()
    newest = await session.judged(URI)
    session.close()
    assert newest
    assert [judgement.snapshot.text for judgement in told] == [BEFORE.replace("plain", "good")]
    assert not any(unit.review.findings for unit in newest.units)
