"""Syntax trees in bounded time: nothing can interrupt the parser, so it is kept from what takes it too long."""

import re
from collections.abc import Callable, Iterator
from threading import local
from typing import TYPE_CHECKING

from themis_lsp.language import parser_of

if TYPE_CHECKING:
    from tree_sitter import Node, Point, Tree

_DEEPEST = 500  # open brackets; beyond, some grammars take minutes
_MOST_PIECES = 10_000  # of one error; a query takes the square of it
_DEEPEST_TREE = 1 << 15  # levels; a query counts them in 16 bits, and goes astray beyond
_SMALL = 1 << 16  # bytes; whatever is in it, it takes seconds at most
_CHUNK = 1 << 14  # bytes that a parser reads at a time
_MOST_READS = 20  # of each chunk, on average

_BRACKET = re.compile(r"[()\[\]{}<>;]")


def tree_of(text: str, grammar_key: str, is_over: Callable[[], bool] | None = None) -> "Tree | None":
    """The syntax tree of a text, or None if that could take too long to make or to go through.

    Args:
        text: what to parse.
        grammar_key: key of its grammar.
        is_over: asked now and then, while other threads get their turn, which costs a third more; once it says so
            nobody waits for the tree any more, and there is none.
    """
    data = text.encode("utf-8", "replace")
    is_large = len(data) > _SMALL
    if _nests_too_deeply(text):
        return None
    tree = _parsed(data, grammar_key, is_over, most=len(data) // _CHUNK * _MOST_READS if is_large else None)
    if tree is None or any(node.child_count > _MOST_PIECES for node in faults(tree.root_node)):
        return None
    return None if is_large and _is_too_deep(tree) else tree


def faults(root: "Node") -> "Iterator[Node]":
    """The nodes that are missing, and those that hold what does not parse."""
    stack = [root] if root.has_error else []
    while stack:
        node = stack.pop()
        if node.is_missing or node.is_error:
            yield node
        stack.extend(child for child in node.children if child.has_error)


def _nests_too_deeply(text: str) -> bool:
    """Whether too many brackets are open at some place; those in strings and comments count too.

    Angle brackets count as open until something shows that they compare.
    """
    if sum(map(text.count, "([{")) <= _DEEPEST and text.count("<") <= _DEEPEST:
        return False
    depth = angles = 0
    for found in _BRACKET.finditer(text):
        bracket = found[0]
        if bracket == "<":
            angles += 1
        elif bracket in "([{":
            depth += 1
        else:
            depth -= bracket in ")]}" and depth > 0
        if bracket not in "<([":
            angles = 0
        if depth > _DEEPEST or angles > _DEEPEST:
            return True
    return False


def _parsed(data: bytes, grammar_key: str, is_over: Callable[[], bool] | None, most: int | None) -> "Tree | None":
    """The tree, or None if it is not waited for any more, or the parser reads more than ``most`` times.

    Then it looks for the end of something, a comment perhaps, from more and more places.
    """
    parser = parser_of(grammar_key)
    if is_over is None and most is None:
        return parser.parse(data)
    reader = _Reader(data, most)
    try:
        if is_over is None:
            tree = parser.parse(reader)
        else:
            tree = parser.parse(reader, progress_callback=lambda _, __: is_over())
    except ValueError:  # it was stopped, and would go on there with the next text
        parser.reset()
        return None
    finally:
        reader.finish()
    return None if reader.is_tired else tree


class _Lent(local):
    """What a parser looks at, one for each thread."""

    def __init__(self) -> None:
        self.piece = bytearray()


_lent = _Lent()


class _Reader:
    """What a parser reads a text with, and its nodes their own text later.

    The binding (0.26) never gives back what was read while it parses, so that is always the same object. And of what a
    node reads it looks at the bytes once it has given them back, so they are kept.
    """

    def __init__(self, data: bytes, most: int | None) -> None:
        self.is_tired = False
        self._data = data
        self._left = most
        self._is_lending = True
        self._kept = b""

    def __call__(self, start: int, _: "Point") -> bytes | bytearray | None:
        self._kept = self._data[start : start + _CHUNK]
        if not self._is_lending:
            return self._kept
        if self._left is not None:
            self._left -= 1
            self.is_tired = self._left < 0
        if self.is_tired or not self._kept:
            return None
        _lent.piece[:] = self._kept
        return _lent.piece

    def finish(self) -> None:
        """The tree is made."""
        self._is_lending, self._kept = False, b""


def _is_too_deep(tree: "Tree") -> bool:
    cursor = tree.walk()
    depth = 0
    while depth <= _DEEPEST_TREE:
        if cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return False
            depth -= 1
    return True
