"""What the tokens of an edit prove about it: that only layout changed, or only local names."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import zip_longest
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
    place: str  # "parent.field": what the token is there for
    depth: int  # block depth where indentation is syntax, else 0
    text: bytes


_PLACED = slice(3)  # all of a token but its text


def nature_of(before: Source, old: Unit, after: Source, new: Unit, hunks: Sequence[Hunk]) -> Nature:
    """Compare the tokens of both versions from the first changed row to the last.

    ``LAYOUT`` and ``RENAME`` are proofs; anything in doubt is ``CODE``.
    """
    # The rows between hunks count too: a statement that moved past them has the same tokens, in another order.
    old_rows = old.rows[hunks[0].before_start : hunks[-1].before_end]
    new_rows = new.rows[hunks[0].after_start : hunks[-1].after_end]
    if not (before.broken.isdisjoint(old_rows) and after.broken.isdisjoint(new_rows)):
        return Nature.CODE
    return _compared(_tokens(before, old_rows), _tokens(after, new_rows), before, old, after, new)


def _compared(
    one: Iterator[_Token], other: Iterator[_Token], before: Source, old: Unit, after: Source, new: Unit
) -> Nature:
    """Both token by token, up to the first that no renaming explains: most edits show one early."""
    renaming = _Renaming({}, {}, set())
    for count, (a, b) in enumerate(zip_longest(one, other)):
        if a is None or b is None or a[_PLACED] != b[_PLACED]:
            return Nature.CODE
        is_same = a.text == b.text and a.text not in renaming.forth
        if count >= _MOST_TOKENS and (renaming.forth or not is_same):
            return Nature.CODE
        # What a class or a module declares is used elsewhere.
        if not is_same and (new.kind is not UnitKind.FUNCTION or not renaming.takes(a, b, before.grammar)):
            return Nature.CODE
    if not renaming.forth:
        return Nature.LAYOUT
    is_whole = renaming.declared >= renaming.forth.keys() and _complete(renaming.forth, before, old, after, new)
    return Nature.RENAME if is_whole else Nature.CODE


def _tokens(source: Source, rows: Sequence[int]) -> Iterator[_Token]:
    """Tokens on the given rows, which ascend, without comments and Python docstrings."""
    if not rows:
        return
    indented, data = source.grammar.key == "python", source.data
    waiting = [iter([(source.tree.root_node, "", 0)])]  # at each level, the nodes still to be seen
    while waiting:
        for node, place, depth in waiting[-1]:
            kind = node.type
            at = bisect_left(rows, node.start_point[0])
            if at == len(rows) or rows[at] > node.end_point[0]:
                continue
            if kind in COMMENTS or (indented and _is_docstring(node)):
                continue
            if node.child_count and kind not in _WHOLE:
                waiting.append(_children(node, place, depth, rows))
                break
            yield _Token(kind, place, depth if indented else 0, data[node.start_byte : node.end_byte])
        else:
            waiting.pop()


def _children(node: "Node", place: str, depth: int, rows: Sequence[int]) -> Iterator[tuple["Node", str, int]]:
    """The children between the first row and the last, each with its place and its depth."""
    kind, children = node.type, node.children
    inner = depth + (kind == "block")
    around = place if kind == "expression_list" else None  # Go has one on both sides of an assignment
    for i in range(bisect_left(children, rows[0], key=_last_row), len(children)):
        child = children[i]
        if child.start_point[0] > rows[-1]:
            return
        yield child, around or f"{kind}.{node.field_name_for_child(i) or ''}".rstrip("."), inner


def _last_row(node: "Node") -> int:
    return node.end_point[0]


def _is_docstring(node: "Node") -> bool:
    if node.type != "expression_statement" or node.named_child_count != 1:
        return False
    only = node.named_child(0)
    return only is not None and only.type == "string"


class _Renaming(NamedTuple):
    """A one-to-one renaming of local names, as far as it is known."""

    forth: dict[bytes, bytes]
    back: dict[bytes, bytes]
    declared: set[bytes]

    def takes(self, a: _Token, b: _Token, grammar: Grammar) -> bool:
        """Add the step from one token to another, unless it contradicts."""
        if a.kind != "identifier" or _listed(a.place, grammar.borrows):
            return False
        if self.forth.setdefault(a.text, b.text) != b.text or self.back.setdefault(b.text, a.text) != a.text:
            return False
        if _listed(a.place, grammar.declares):
            self.declared.add(a.text)
        return True


def _listed(place: str, places: frozenset[str]) -> bool:
    return place in places or place.partition(".")[0] in places


def _complete(names: dict[bytes, bytes], before: Source, old: Unit, after: Source, new: Unit) -> bool:
    """No old name survives the edit, and no new name was in use before it."""
    old_text = "\n".join(before.lines[row] for row in old.rows)
    new_text = "\n".join(after.lines[row] for row in new.rows)
    return not any(_word(b).search(old_text) or _word(a).search(new_text) for a, b in names.items())


def _word(name: bytes) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$]){re.escape(name.decode('utf-8', 'replace'))}(?![\w$])")
