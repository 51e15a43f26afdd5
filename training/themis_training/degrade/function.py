"""Real functions as operators see them: one function's syntax tree inside its file, and replacements in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from themis_lsp.change import UnitKind
from themis_lsp.language import GRAMMARS, Grammar, parser_of
from themis_lsp.unit import parse, split_lines

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_FEWEST_LINES, _MOST_LINES = 4, 80


class Replacement(NamedTuple):
    """Bytes ``[start, end)`` of the file become ``text``."""

    start: int
    end: int
    text: str


Rewrite = tuple[Replacement, ...]


class Way(NamedTuple):
    """One way to make a function worse.

    Attributes:
        rejected: what turns the function into its worse version.
        chosen: what turns it into its better version; empty where that is the function as it was found.
    """

    rejected: Rewrite
    chosen: Rewrite = ()


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a file.

    Attributes:
        grammar: of the file.
        file: the whole file, UTF-8, lines ending in LF.
        node: the function's node in the tree of the whole file.
        first: its first row, with decorators and the comments right above it.
        last: its last row.
        broken: syntax errors in the whole file.
    """

    grammar: Grammar
    file: bytes
    node: "Node"
    first: int
    last: int
    broken: int

    @property
    def text(self) -> str:
        """The function as it was found, whole lines."""
        return _rows(self.file, self.first, self.last)

    def nodes(self, *kinds: str) -> Iterator["Node"]:
        """Nodes of the given types inside the function, in order of their first byte."""
        stack = [self.node]
        while stack:
            node = stack.pop()
            if node.type in kinds:
                yield node
            stack.extend(reversed(node.children))

    def matches(self, pattern: str) -> Iterator[dict[str, "Node"]]:
        """Captures of each match of a tree-sitter query; of several nodes under one name the first counts."""
        from tree_sitter import QueryCursor

        for _, captures in QueryCursor(_query(self.grammar.key, pattern)).matches(self.node):
            yield {name: found[0] for name, found in captures.items()}

    def rewritten(self, rewrite: Rewrite) -> str | None:
        """The function after a rewrite, whole lines; None if that breaks the syntax of the file or changes nothing."""
        if not rewrite:
            return self.text
        file, grown = self.file, 0
        for change in sorted(rewrite, reverse=True):
            old = file[change.start : change.end]
            new = change.text.encode()
            grown += new.count(b"\n") - old.count(b"\n")
            file = file[: change.start] + new + file[change.end :]
        if file == self.file or errors_in(parser_of(self.grammar.key).parse(file).root_node) > self.broken:
            return None
        return _rows(file, self.first, self.last + grown)

    def indent(self, node: "Node") -> str:
        """White space at the beginning of the line on which ``node`` starts."""
        line = self.file[self.file.rfind(b"\n", 0, node.start_byte) + 1 : node.start_byte + 1]
        return line[: len(line) - len(line.lstrip())].decode()

    def stands_alone(self, node: "Node") -> bool:
        """Whether ``node`` has its lines for itself."""
        before = self.file[self.file.rfind(b"\n", 0, node.start_byte) + 1 : node.start_byte]
        end = self.file.find(b"\n", node.end_byte)
        after = self.file[node.end_byte : len(self.file) if end < 0 else end]
        return not before.strip() and not after.strip(b" \t\r;")

    def lines_of(self, node: "Node", text: str = "") -> Replacement:
        """Replaces whole lines of a node that stands alone; with no text they go."""
        start = self.file.rfind(b"\n", 0, node.start_byte) + 1
        end = self.file.find(b"\n", node.end_byte)
        return Replacement(start, len(self.file) if end < 0 else end + 1, text)


def functions_of(text: str, grammar: Grammar) -> Iterator[Function]:
    """The functions of a file that are worth rewriting: without syntax errors, neither tiny nor huge."""
    lines = split_lines(text)
    source = parse(lines, grammar)
    file = "\n".join(lines).encode("utf-8", "replace")
    broken = errors_in(source.tree.root_node)
    for unit in source.units:
        first, last = unit.rows[0], unit.rows[-1]
        count = last - first + 1
        if unit.kind is not UnitKind.FUNCTION or count != len(unit.rows) or not _FEWEST_LINES <= count <= _MOST_LINES:
            continue
        node = _smallest(source.tree.root_node, first, last)
        if not node.has_error:
            yield Function(grammar, file, node, first, last, broken)


def text_of(node: "Node") -> str:
    """The text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def replace(node: "Node", text: str) -> Replacement:
    """Puts ``text`` in place of a node."""
    return Replacement(node.start_byte, node.end_byte, text)


def swap(one: "Node", other: "Node") -> Rewrite:
    """Two nodes change places."""
    return (replace(one, text_of(other)), replace(other, text_of(one)))


def errors_in(root: "Node") -> int:
    """Number of syntax errors below a node."""
    count, stack = 0, [root] if root.has_error else []
    while stack:
        node = stack.pop()
        count += node.is_error or node.is_missing
        stack.extend(child for child in node.children if child.has_error)
    return count


def _smallest(root: "Node", first: int, last: int) -> "Node":
    """The smallest node that covers the code of the rows; a method with its decorators is one such node."""
    node = root
    while True:
        inner = [c for c in node.named_children if c.end_point[0] >= first and c.start_point[0] <= last]
        inner = [c for c in inner if "comment" not in c.type]
        if len(inner) != 1 or (inner[0].start_point[0] >= first and inner[0].end_point[0] < last):
            return node
        node = inner[0]
        if node.start_point[0] >= first and node.end_point[0] <= last:
            return node


def _rows(file: bytes, first: int, last: int) -> str:
    return b"\n".join(file.split(b"\n")[first : last + 1]).decode("utf-8", "replace")


@cache
def _query(grammar_key: str, pattern: str) -> "Query":
    from tree_sitter import Query

    language = parser_of(GRAMMARS[grammar_key].key).language
    assert language is not None  # noqa: S101  (a parser made by parser_of has one)
    return Query(language, pattern)
