"""Edits cut out by helper processes are those cut out here, in the same order, whatever happens to a helper."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import psutil
import pytest

from themis_lsp.apart import WORTH, cutting
from themis_lsp.change import Edit, FileChange, Skip
from themis_lsp.edits import MOVED, edits_of

FILES = 3 * WORTH


def function(name: str, last: str) -> str:
    steps = "".join(f"    total = total * {number} + limit\n" for number in range(200))
    return f"def {name}(limit):\n    total = 0\n{steps}    {last}\n\n\n"


def changes() -> Iterator[FileChange | Skip]:
    """Edits in every file, a function that moves from the first to the last one, and what is skipped."""
    wandering = function("wandering", "return total / 7")
    for number in range(FILES):
        before, after = function(f"kept_{number}", "return total"), function(f"kept_{number}", "return total + 1")
        if number == 0:
            before += wandering
        if number == FILES - 1:
            after += wandering
        yield FileChange(f"src/{number}.py", before, after)
        if number % 9 == 0:
            yield Skip(f"data/{number}.bin", None, "binary")


def helpers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "themis_lsp.apart" in " ".join(child.cmdline())]


def no_harm() -> None:
    """Nothing happens."""


def kill() -> None:
    for helper in helpers():
        helper.kill()


def interrupt() -> None:
    for helper in helpers():
        os.kill(helper.pid, signal.SIGINT)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="no processor for a helper")
@pytest.mark.parametrize("harm", [no_harm, kill, interrupt])
def test_helpers_give_the_same_edits_in_the_same_order(harm: Callable[[], None]) -> None:
    expected = list(edits_of(changes()))
    assert sum(isinstance(item, Edit) for item in expected) == FILES
    assert any(isinstance(item, Skip) and item.because == MOVED for item in expected)
    with cutting(FILES, threads=2) as cut:
        assert len(helpers()) == 1
        edits = cut(changes())
        found = [next(edits)]
        harm()
        found.extend(edits)
    assert found == expected
    assert helpers() == []


@pytest.mark.parametrize(("total", "threads"), [(WORTH - 1, 8), (FILES, 1)])
def test_what_is_done_soon_or_may_use_one_processor_gets_no_helper(total: int, threads: int) -> None:
    with cutting(total, threads) as cut:
        assert helpers() == []
        assert len(list(cut(changes()))) == len(list(edits_of(changes())))


def test_a_helper_that_cannot_start_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", os.devnull)
    with cutting(FILES, threads=2) as cut:
        assert list(cut(changes())) == list(edits_of(changes()))


def test_a_text_that_is_no_unicode_travels_too() -> None:
    odd = FileChange("odd.py", "a = '\ud800'\n", "a = '\ud801'\n")
    with cutting(FILES, threads=2) as cut:
        assert list(cut([odd, replace(odd, path="odder.py")])) == list(edits_of([odd, replace(odd, path="odder.py")]))
