"""Units: the functions, methods, class remainders and module remainder of one text, cut out by tree-sitter."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from themis_lsp.change import UnitKind
from themis_lsp.language import COMMENTS, Grammar, parser_of, query_of
from themis_lsp.syntax import faults, tree_of

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

MODULE_NAME = "<module>"

_WRAPPERS = frozenset({
    "decorated_definition", "template_declaration", "export_statement", "lexical_declaration",
    "variable_declaration", "expression_statement", "public_field_definition",
})  # fmt: skip
_NAME_LENGTH = 120
_DEEPEST = 32  # classes within classes


@dataclass(frozen=True, slots=True)
class Unit:
    """One named piece of a text.

    Attributes:
        name: qualified name, e.g. ``Account.withdraw``; ``<module>`` for what is left of the file.
        kind: function, class remainder or module remainder.
        rows: 0-based numbers of its lines, ascending; remainders may have gaps.
    """

    name: str
    kind: UnitKind
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed text.

    Attributes:
        grammar: what it was parsed with.
        lines: its lines, without line ends.
        units: every line belongs to exactly one of them.
        tree: the syntax tree, for questions about tokens.
        data: what the tree counts bytes in; a slice is far quicker than asking a node for its text.
        broken: rows on which something does not parse.
        is_unread: parsing it would take too long; the tree is empty, and every row is broken.
    """

    grammar: Grammar
    lines: tuple[str, ...]
    units: tuple[Unit, ...]
    tree: "Tree"
    data: bytes
    broken: frozenset[int]
    is_unread: bool = False


def split_lines(text: str) -> tuple[str, ...]:
    """Lines without line ends; only CR, LF and CRLF end a line, and a byte-order mark is dropped.

    ``str.splitlines`` also splits on form feed and U+2028, which would shift every later line number.
    """
    normal = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return tuple(normal.removesuffix("\n").split("\n"))


def parse(lines: Sequence[str], grammar: Grammar, is_over: Callable[[], bool] | None = None) -> Source:
    """Parse a text and cut it into units; a text that does not parse still gives the units that do.

    Args:
        lines: without line ends.
        grammar: of the language they are in.
        is_over: asked now and then; once it says so nobody waits any more, and what is given stays unread.
    """
    text = "\n".join(lines)
    data = text.encode("utf-8", "replace")
    whole = tree_of(text, grammar.key, is_over)
    tree = whole or parser_of(grammar.key).parse(b"")
    owners = [-1] * len(lines)
    names: list[tuple[str, UnitKind, int]] = []
    for node, kind, parent in _outermost(tree.root_node, grammar):
        index = len(names)
        names.append((_qualified(names, parent, _name(node, data)), kind, parent))
        ancestors = _ancestors(names, parent)
        rows = slice(_first_row(node), node.end_point[0] + 1)
        # A line shared by two siblings stays with the first.
        owners[rows] = [index if owner in ancestors else owner for owner in owners[rows]]
    owned: list[list[int]] = [[] for _ in range(len(names) + 1)]
    for row, owner in enumerate(owners):
        owned[owner].append(row)  # -1, the module, is the last list
    units = [Unit(name, kind, tuple(own)) for (name, kind, _), own in zip(names, owned, strict=False) if own]
    if owned[-1]:
        units.append(Unit(MODULE_NAME, UnitKind.MODULE, tuple(owned[-1])))
    broken = _broken(tree.root_node) if whole else range(len(lines))
    return Source(grammar, tuple(lines), tuple(units), tree, data, frozenset(broken), whole is None)


def _outermost(root: "Node", grammar: Grammar) -> Iterator[tuple["Node", UnitKind, int]]:
    """Units in file order with the index of the class around them; nothing inside a function is a unit."""
    from tree_sitter import QueryCursor

    captures = QueryCursor(query_of(grammar.key)).captures(root)
    found = [(node, UnitKind(kind)) for kind, nodes in captures.items() for node in nodes]
    found.sort(key=lambda item: (item[0].start_byte, -item[0].end_byte, item[1] is UnitKind.FUNCTION))
    around: list[tuple[int, UnitKind, int]] = []  # end byte, kind, index
    count = 0
    for node, kind in found:
        while around and around[-1][0] <= node.start_byte:
            around.pop()
        if around and (around[-1][1] is UnitKind.FUNCTION or len(around) == _DEEPEST):
            continue
        yield node, kind, around[-1][2] if around else -1
        around.append((node.end_byte, kind, count))
        count += 1


def _qualified(names: Sequence[tuple[str, UnitKind, int]], parent: int, name: str) -> str:
    return f"{names[parent][0]}.{name}" if parent >= 0 else name


def _ancestors(names: Sequence[tuple[str, UnitKind, int]], parent: int) -> set[int]:
    chain = {-1}
    while parent >= 0:
        chain.add(parent)
        parent = names[parent][2]
    return chain


def _name(node: "Node", data: bytes) -> str:
    named = node.child_by_field_name("name") or node.child_by_field_name("left") or node.child_by_field_name("key")
    if node.type == "type_declaration":  # Go: the name is on the spec inside
        inner = node.named_child(0) if node.named_child_count else None  # ``type ()`` declares nothing
        named = inner.child_by_field_name("name") if inner else None
    if named is None:
        named = _declarator(node)
    receiver = node.child_by_field_name("receiver")
    prefix = _receiver(receiver, data) if receiver else ""
    text = _text(named, data) if named else node.type
    return " ".join(f"{prefix}{text}".split())[:_NAME_LENGTH]


def _declarator(node: "Node") -> "Node | None":
    """C and C++ bury the name under pointer and function declarators."""
    inner = node.child_by_field_name("declarator")
    while inner is not None:
        deeper = inner.child_by_field_name("declarator")
        if deeper is None and inner.type in ("reference_declarator", "parenthesized_declarator"):
            deeper = inner.named_child(0) if inner.named_child_count else None
        if deeper is None:
            return inner
        inner = deeper
    return None


def _receiver(receiver: "Node", data: bytes) -> str:
    words = _text(receiver, data).strip("()").replace("*", " ").split()
    return f"{words[-1].split('[')[0]}." if words else ""


def _text(node: "Node", data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _first_row(node: "Node") -> int:
    """First row of a unit, with its decorators, template line and the comments right above it."""
    top = node
    while top.parent is not None and top.parent.type in _WRAPPERS:
        top = top.parent
    row: int = top.start_point[0]
    above = top.prev_sibling
    while above is not None and above.type in (*COMMENTS, "decorator") and above.end_point[0] == row - 1:
        earlier = above.prev_sibling
        if earlier is not None and earlier.end_point[0] == above.start_point[0]:
            break  # it trails a line of code
        row = above.start_point[0]
        above = earlier
    return row


def _broken(root: "Node") -> Iterator[int]:
    for node in faults(root):
        yield node.start_point[0]
        for child in node.children if node.is_error else ():
            if not child.child_count:
                yield from range(child.start_point[0], child.end_point[0] + 1)


def unit_at(source: Source, row: int) -> Unit:
    """The unit a row belongs to."""
    for unit in source.units:
        at = bisect_right(unit.rows, row)
        if at and unit.rows[at - 1] == row:
            return unit
    raise IndexError(f"row {row} is outside the text")
