"""Trees of texts that are read in small pieces are those of the whole."""

import tracemalloc
from typing import Any

import pytest

from themis_lsp.language import parser_of
from themis_lsp.syntax import tree_of

# a grammar, and lines whose characters of several bytes lie across the ends of pieces
TEXTS = [
    ("python", "".join(f"{'é' * (n % 7)}x{n} = 'ß漢😀' * {n}  # 😀\n" for n in range(1000))),
    ("python", "'" + "漢" * 12000 + "'\n"),
    ("java", "class A {\n" + "".join(f'  String s{n} = "{"😀" * (n % 50)}";\n' for n in range(900)) + "}\n"),
    ("c", "/* " + "ü" * 9000 + " */ int f(void) { return 1; }\n" * 3),
    ("go", "package 漢\n" + "func f() { if x { \n" * 100),
]


@pytest.mark.parametrize(("grammar", "text"), TEXTS)
@pytest.mark.parametrize("shift", range(4))
def test_pieces_make_the_same_tree(grammar: str, text: str, shift: int) -> None:
    text = "\n" * shift + text
    tree, whole = tree_of(text, grammar, lambda: False), parser_of(grammar).parse(text.encode())
    assert tree
    assert _spans(tree.root_node) == _spans(whole.root_node)


def test_reading_in_pieces_keeps_nothing() -> None:
    """What the parser was given is free again, though the binding counts it as used."""
    text = "".join(f"x{n} = [{n}]\n" for n in range(2000))
    for _ in range(3):
        tree_of(text, "python", lambda: False)
    tracemalloc.start()
    try:
        for _ in range(50):
            tree_of(text, "python", lambda: False)
        assert tracemalloc.get_traced_memory()[0] < len(text)
    finally:
        tracemalloc.stop()


def test_a_tree_that_nobody_waits_for_is_given_up() -> None:
    text = "x = 1\n" * 2000
    asked = iter([False, False, True])
    assert tree_of(text, "python", lambda: next(asked)) is None
    following = tree_of("def f():\n    return 1\n" * 3, "python", lambda: False)
    assert following
    assert [node.type for node in following.root_node.children] == ["function_definition"] * 3


def test_nodes_of_a_large_tree_have_their_text() -> None:
    tree = tree_of("é = 1\n" * 20_000, "python")
    assert tree
    assert [node.text for node in tree.root_node.children] == ["é = 1".encode()] * 20_000


def _spans(node: object) -> list[tuple[str, int, int, bytes]]:
    found, stack = [], [node]
    while stack:
        one: Any = stack.pop()
        found.append((one.type, one.start_byte, one.end_byte, one.text if one.is_named else b""))
        stack += one.children
    return found
