"""A scorer that remembers gives the same bits, asks only for what it has not seen lately, and can be stopped."""

from collections.abc import Sequence

import numpy as np
import pytest

from themis_model.cache import RememberingScorer
from themis_model.encode import Hunk, Lines, View
from themis_model.fake import FakeScorer
from themis_model.scorer import FloatArray


class Counting(FakeScorer):
    """A fake that notes what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, ...]] = []

    def score(self, views: Sequence[View]) -> FloatArray:
        self.asked += [view.ids for view in views]
        return super().score(views)


def views_of(scorer: FakeScorer, *words: str) -> list[View]:
    x = Lines.plain(["x"])
    windows = [scorer.encoder.windows(x, Lines.plain([word]), [Hunk(0, 1, 0, 1)], "python") for word in words]
    return [found.windows[0].after for found in windows]


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        (["bad", "good"], 2),
        (["bad", "bad"], 1),
        (["bad", "good", "bad", "good"], 2),
        (["a", "b", "c", "d", "a"], 5),  # three are remembered
        (["a", "b", "c", "a", "d", "a"], 4),
        ([], 0),
    ],
)
def test_only_what_was_not_seen_lately_is_scored(asked: list[str], seen: int) -> None:
    plain, counting = FakeScorer(), Counting()
    scorer = RememberingScorer(counting, 3, lambda: None)
    views = views_of(plain, *asked)
    one_by_one = [scorer.score([view]) for view in views]
    assert len(counting.asked) == seen
    assert np.array_equal(np.concatenate([np.zeros((0, 5), np.float32), *one_by_one]), plain.score(views))
    assert np.array_equal(scorer.score(views), plain.score(views))


def test_the_caller_can_end_the_work_and_go_on_later() -> None:
    counting = Counting()
    left = iter([None, None])

    def before_each() -> None:
        if next(left, "over") == "over":
            raise TimeoutError

    scorer = RememberingScorer(counting, 100, before_each)
    views = views_of(counting, *(f"word{n}" for n in range(40)))
    with pytest.raises(TimeoutError):
        scorer.score(views)
    assert 0 < len(counting.asked) < 40
