"""The text of one open document, edited the way editors tell it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_ENDS = ("\r", "\n")


class Point(NamedTuple):
    """A place in a text: 0-based line, and characters (code points) into it."""

    line: int
    character: int


class Text:
    """A text as lines that keep their ends.

    Only CR, LF and CRLF end a line, as the protocol says; ``str.splitlines`` also splits on form feed, U+2028 and
    others, which would put every later edit on the wrong line.
    """

    def __init__(self, text: str) -> None:
        self._lines = _split(text)

    def __str__(self) -> str:
        return "".join(self._lines)

    def __len__(self) -> int:
        """Number of lines; a text that ends with a line end has an empty one after it."""
        return len(self._lines) + self._is_ended

    def line(self, number: int) -> str:
        """One line without its end; empty beyond the last."""
        return self._lines[number].rstrip("\r\n") if 0 <= number < len(self._lines) else ""

    @property
    def end(self) -> str:
        """How lines end here, as the first one says."""
        first = self._lines[0] if self._lines else ""
        return first[len(first.rstrip("\r\n")) :] or "\n"

    def replace(self, start: Point, stop: Point, new: str) -> None:
        """Put ``new`` in place of what lies between two places; those beyond the text mean its nearest end."""
        first, last = sorted((self._inside(start), self._inside(stop)))
        before = self._lines[first.line][: first.character] if first.line < len(self._lines) else ""
        after = self._lines[last.line][last.character :] if last.line < len(self._lines) else ""
        # A neighbour may end in CR where the new text begins with LF: together they end one line.
        top, bottom = max(first.line - 1, 0), last.line + 2
        changed = "".join((*self._lines[top : first.line], before, new, after, *self._lines[last.line + 1 : bottom]))
        self._lines[top:bottom] = _split(changed)

    @property
    def _is_ended(self) -> bool:
        return not self._lines or self._lines[-1].endswith(_ENDS)

    def _inside(self, point: Point) -> Point:
        if point.line < 0:
            return Point(0, 0)
        if point.line >= len(self):
            last = len(self) - 1
            return Point(last, len(self.line(last)))
        return Point(point.line, max(0, min(point.character, len(self.line(point.line)))))


def _split(text: str) -> list[str]:
    return _LINE.findall(text)


def lines_of(text: str) -> Sequence[str]:
    """The lines of a text without their ends, as the protocol numbers them."""
    lines = [line.rstrip("\r\n") for line in _split(text)]
    return lines if text and not text.endswith(_ENDS) else [*lines, ""]
