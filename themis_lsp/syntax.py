"""Syntax trees in bounded time: nothing can interrupt the parser, so it is kept from what takes it too long."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from themis_lsp.language import parser_of

if TYPE_CHECKING:
    from tree_sitter import Node, Point, Tree

_DEEPEST = 500  # open brackets; beyond, some grammars take minutes
_MOST_PIECES = 10_000  # of one error; a query takes the square of it
_DEEPEST_TREE = 1 << 15  # levels; a query counts them in 16 bits, and goes astray beyond
_SMALL = 1 << 16  # bytes; whatever is in it, it takes seconds at most
_CHUNK = 1 << 10  # bytes that a parser reads at a time; only between two reads do other threads get their turn
_MOST_READS = 20  # of each chunk, on average

_BRACKET = re.compile(r"[()\[\]{}<>;]")


def tree_of(text: str, grammar_key: str, is_over: Callable[[], bool] = lambda: False) -> "Tree | None":
    """The syntax tree of a text, or None if that could take too long to make or to go through.

    Args:
        text: what to parse.
        grammar_key: key of its grammar.
        is_over: asked now and then; once it says so nobody waits for the tree any more, and there is none.
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


def _parsed(data: bytes, grammar_key: str, is_over: Callable[[], bool], most: int | None) -> "Tree | None":
    """The tree, or None if the parser was kept from reading on, or reads more than ``most`` times.

    Then it looks for the end of something, a comment perhaps, from more and more places.
    """
    reads = 0
    is_ended = is_parsed = False

    def read(start: int, _: "Point") -> bytes:
        nonlocal reads, is_ended
        reads += 1
        if not is_parsed:  # later, nodes that are asked for their text read on, and would do so forever if nothing came
            is_ended = is_ended or (most is not None and reads > most) or is_over()
        return b"" if is_ended else data[start : start + _CHUNK]

    tree = parser_of(grammar_key).parse(read)
    is_parsed = True
    return None if is_ended else tree


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
