"""Hunks: they turn one text into the other, touch nothing else, and mirror when the texts are swapped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis_lsp.diff import hunks_between
from themis_model.encode import Hunk

# before, after, hunks; one character per line
ROWS = [
    ("abc", "abc", []),
    ("abc", "axc", [(1, 2, 1, 2)]),
    ("abc", "abxc", [(2, 2, 2, 3)]),
    ("abc", "ac", [(1, 2, 1, 1)]),
    ("", "ab", [(0, 0, 0, 2)]),
    ("abcd", "xbcy", [(0, 1, 0, 1), (3, 4, 3, 4)]),
]


@pytest.mark.parametrize(("before", "after", "hunks"), ROWS)
def test_hunks(before: str, after: str, hunks: list[tuple[int, ...]]) -> None:
    assert [tuple(h) for h in hunks_between(list(before), list(after))] == hunks


def test_long_blocks_are_split_where_lines_correspond() -> None:
    before = ["total = price * count", "log(total)", "save(total, path)"]
    after = ["total = price * count * rate", "save(total, path, True)"]
    assert hunks_between(before, after) == (Hunk(0, 2, 0, 1), Hunk(2, 3, 1, 2))


def test_white_space_at_line_ends_does_not_count() -> None:
    assert hunks_between(["a ", "b"], ["a", "b\t"]) == ()


lines = st.lists(st.sampled_from(["a b", "a c", "b", "", "}", "x y z", "x y"]), max_size=12)


@given(lines, lines)
def test_hunks_rebuild_the_other_side_and_mirror(before: list[str], after: list[str]) -> None:
    hunks = hunks_between(before, after)
    rebuilt: list[str] = []
    at = 0
    for hunk in hunks:
        rebuilt += before[at : hunk.before_start] + after[hunk.after_start : hunk.after_end]
        at = hunk.before_end
    assert rebuilt + before[at:] == after
    assert hunks_between(after, before) == tuple(hunk.swapped() for hunk in hunks)
