"""What the tokens of an edit prove about it: that only layout changed, or only local names."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from themis_lsp.change import Nature, UnitKind
from themis_lsp.language import COMMENTS, Grammar
from themis_lsp.unit import Source, Unit
from themis_model.encode import Hunk

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_TOKENS = 5000  # a larger change is never a plain rename, and comparing it costs time

_WHOLE = ("string", "string_literal", "interpolation_format_clause")  # their children leave out some of their text


class _Token(NamedTuple):
    kind: str
    text: bytes
    place: str  # "parent.field": what the token is there for
    depth: int  # block depth where indentation is syntax, else 0


def nature_of(before: Source, old: Unit, after: Source, new: Unit, hunks: Sequence[Hunk]) -> Nature:
    """Compare the tokens of both versions from the first changed row to the last.

    ``LAYOUT`` and ``RENAME`` are proofs; anything in doubt is ``CODE``.
    """
    # The rows between hunks count too: a statement that moved past them has the same tokens, in another order.
    old_rows = old.rows[hunks[0].before_start : hunks[-1].before_end]
    new_rows = new.rows[hunks[0].after_start : hunks[-1].after_end]
    if not (before.broken.isdisjoint(old_rows) and after.broken.isdisjoint(new_rows)):
        return Nature.CODE
    one = list(_tokens(before, old_rows))
    other = list(_tokens(after, new_rows))
    if one == other:
        return Nature.LAYOUT
    if new.kind is not UnitKind.FUNCTION or len(one) != len(other) or len(one) > _MOST_TOKENS:
        return Nature.CODE  # what a class or a module declares is used elsewhere
    names = _renamed(one, other, before.grammar)
    if names and _complete(names, before, old, after, new):
        return Nature.RENAME
    return Nature.CODE


def _tokens(source: Source, rows: Sequence[int]) -> Iterator[_Token]:
    """Tokens on the given rows, which ascend, without comments and Python docstrings."""
    if not rows:
        return
    indented = source.grammar.key == "python"
    # (node, place, depth), pushed in reverse so that tokens come in file order
    stack: list[tuple[Node, str, int]] = [(source.tree.root_node, "", 0)]
    while stack:
        node, place, depth = stack.pop()
        row, kind = node.start_point[0], node.type
        at = bisect_left(rows, row)
        if at == len(rows) or rows[at] > node.end_point[0]:
            continue
        if kind in COMMENTS or (indented and _is_docstring(node)):
            continue
        if node.child_count and kind not in _WHOLE:
            inner = depth + (kind == "block")
            children = node.children
            start = bisect_left(children, rows[0], key=lambda child: child.end_point[0])
            end = bisect_right(children, rows[-1], lo=start, key=lambda child: child.start_point[0])
            around = place if kind == "expression_list" else None  # Go has one on both sides of an assignment
            stack.extend(
                (children[i], around or f"{kind}.{node.field_name_for_child(i) or ''}".rstrip("."), inner)
                for i in reversed(range(start, end))
            )
            continue
        yield _Token(kind, node.text or b"", place, depth if indented else 0)


def _is_docstring(node: "Node") -> bool:
    if node.type != "expression_statement" or node.named_child_count != 1:
        return False
    only = node.named_child(0)
    return only is not None and only.type == "string"


def _renamed(one: list[_Token], other: list[_Token], grammar: Grammar) -> dict[bytes, bytes]:
    """The one-to-one renaming that turns one into the other, if it touches local names only."""
    forth: dict[bytes, bytes] = {}
    back: dict[bytes, bytes] = {}
    declared: set[bytes] = set()
    for a, b in zip(one, other, strict=True):
        if (a.kind, a.place, a.depth) != (b.kind, b.place, b.depth):
            return {}
        if a.text == b.text and a.text not in forth:
            continue
        if a.kind != "identifier" or _listed(a.place, grammar.borrows):
            return {}
        if forth.setdefault(a.text, b.text) != b.text or back.setdefault(b.text, a.text) != a.text:
            return {}
        if _listed(a.place, grammar.declares):
            declared.add(a.text)
    return forth if declared >= forth.keys() else {}


def _listed(place: str, places: frozenset[str]) -> bool:
    return place in places or place.partition(".")[0] in places


def _complete(names: dict[bytes, bytes], before: Source, old: Unit, after: Source, new: Unit) -> bool:
    """No old name survives the edit, and no new name was in use before it."""
    old_text = "\n".join(before.lines[row] for row in old.rows)
    new_text = "\n".join(after.lines[row] for row in new.rows)
    return not any(_word(b).search(old_text) or _word(a).search(new_text) for a, b in names.items())


def _word(name: bytes) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$]){re.escape(name.decode('utf-8', 'replace'))}(?![\w$])")
