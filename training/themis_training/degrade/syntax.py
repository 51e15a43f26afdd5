"""What grammars name differently and operators mean alike: blocks, branches, calls, operations, local names."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from themis_training.degrade.function import Function, Replacement, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

BLOCKS = frozenset({
    "compound_statement", "block", "statement_list", "statement_block", "body_statement", "then", "do", "block_body",
    "constructor_body",
})  # fmt: skip
LOOPS = frozenset({
    "for_statement", "while_statement", "do_statement", "for_range_loop", "foreach_statement", "enhanced_for_statement",
    "for_in_statement", "while", "until", "for", "do_block",
})  # fmt: skip
IFS = ("if_statement", "if", "elif_clause", "elsif", "if_modifier", "unless", "unless_modifier")
CALLS = ("call_expression", "call", "invocation_expression", "method_invocation", "new_expression",
         "object_creation_expression")  # fmt: skip
NUMBERS = ("number_literal", "integer_literal", "int_literal", "decimal_integer_literal", "number", "integer")
STRINGS = frozenset({
    "string", "string_literal", "interpreted_string_literal", "raw_string_literal", "template_string",
    "interpolated_string_expression", "verbatim_string_literal", "concatenated_string", "char_literal",
    "character_literal",
})  # fmt: skip
_OPERATIONS = ("binary_expression", "binary", "comparison_operator", "binary_operator", "boolean_operator")
_WRAPPERS = ("parenthesized_expression", "condition_clause", "parenthesized_statements")
_LEAVES = frozenset({
    "return_statement", "throw_statement", "raise_statement", "continue_statement", "break_statement",
    "goto_statement", "return", "next", "break",
})  # fmt: skip
_LEAVING_CALL = re.compile(r"(?:raise|panic|abort|exit|fail|os\.Exit|process\.exit|log\.Fatalf?)\b")
_ATOMS = frozenset({
    "identifier", "call", "call_expression", "invocation_expression", "method_invocation", "field_expression",
    "member_expression", "member_access_expression", "field_access", "selector_expression", "attribute", "subscript",
    "subscript_expression", "element_access_expression", "array_access", "index_expression", "element_reference",
    "parenthesized_expression", "instance_variable", "constant", "true", "false", "this",
})  # fmt: skip
_OPPOSITES = {
    "==": "!=", "!=": "==", "===": "!==", "!==": "===", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "is": "is not",
    "is not": "is", "in": "not in", "not in": "in",
}  # fmt: skip


class Operation(NamedTuple):
    """A binary operation: ``left``, the token or keyword between, ``right``."""

    node: "Node"
    left: "Node"
    operator: "Node"
    right: "Node"


class Branch(NamedTuple):
    """An if, elif or modifier; ``unless`` is the condition's negation. ``other`` is the else or next elif."""

    node: "Node"
    condition: "Node"
    body: "Node | None"
    other: "Node | None"


class Call(NamedTuple):
    """A call: what is called, the last name of it, and the arguments without their wrappers."""

    node: "Node"
    target: "Node"
    name: "Node"
    arguments: "list[Node]"


def bare(node: "Node") -> "Node":
    """An expression without the parentheses around it."""
    while node.type in _WRAPPERS:
        inner = [child for child in node.named_children if "comment" not in child.type]
        if len(inner) != 1:
            break
        node = inner[0]
    return node


def operations(function: Function, *operators: str) -> Iterator[Operation]:
    """Binary operations with one of the given operators."""
    for node in function.nodes(*_OPERATIONS):
        children = [child for child in node.children if "comment" not in child.type]
        if len(children) == 3 and children[1].type in operators:
            yield Operation(node, *children)


def branches(function: Function) -> Iterator[Branch]:
    """Every if and elif, with its condition."""
    for node in function.nodes(*IFS):
        condition = node.child_by_field_name("condition")
        if condition is not None:
            body = node.child_by_field_name("consequence") or node.child_by_field_name("body")
            yield Branch(node, bare(condition), body, node.child_by_field_name("alternative"))


def loops(function: Function) -> Iterator[tuple["Node", "Node"]]:
    """Loops with their bodies; in Ruby, blocks of ``each`` and its kin."""
    for node in function.nodes(*LOOPS):
        body = node.child_by_field_name("body")
        if node.type == "do_block" and not _iterates(node):
            continue
        if body is not None and body.type in BLOCKS:
            yield node, body


def blocks(function: Function) -> Iterator[tuple["Node", "list[Node]"]]:
    """Blocks with their statements."""
    for node in function.nodes(*BLOCKS):
        if found := statements(node):
            yield node, found


def statements(block: "Node | None") -> "list[Node]":
    """Statements of a block; a lone statement is its own."""
    if block is None:
        return []
    if block.type not in BLOCKS:
        return [block]
    inner = [child for child in block.named_children if "comment" not in child.type]
    if len(inner) == 1 and inner[0].type == "statement_list":
        return statements(inner[0])
    return [child for child in inner if child.type not in ("rescue", "ensure", "else")]


def calls(function: Function) -> Iterator[Call]:
    """Calls and constructions that have an argument list."""
    for node in function.nodes(*CALLS):
        listed = node.child_by_field_name("arguments")
        target = next(filter(None, map(node.child_by_field_name, _TARGETS)), None)
        if listed is None or target is None:
            continue
        inner = [child for child in listed.named_children if "comment" not in child.type]
        given = [(child.named_children or [child])[-1] if child.type == "argument" else child for child in inner]
        yield Call(node, target, last_name(target), given)


_TARGETS = ("function", "name", "method", "constructor", "type")


def last_name(node: "Node") -> "Node":
    """The last part of a dotted name."""
    while True:
        inner = next(filter(None, map(node.child_by_field_name, _LAST_PARTS)), None)
        if inner is None or node.type in ("call", "call_expression"):
            return node
        node = inner


_LAST_PARTS = ("field", "property", "attribute", "name")


def leaves(statement: "Node") -> bool:
    """Whether control never goes on after a statement."""
    return statement.type in _LEAVES or bool(_LEAVING_CALL.match(text_of(statement)))


def guards(branch: Branch) -> bool:
    """Whether a branch without alternative only leaves."""
    body = statements(branch.body)
    return branch.other is None and len(body) == 1 and leaves(body[0])


def unwrapped(statement: "Node") -> "Node":
    """The expression that is a statement."""
    if statement.type == "expression_statement" and statement.named_child_count:
        return statement.named_children[0]
    return statement


def without(function: Function, node: "Node") -> Replacement:
    """Drops the lines of a statement, with the blank line below if there is one above or nothing above at all."""
    gone = function.lines_of(node)
    above, below = function.file[: gone.start], function.file[gone.end :]
    blank = re.search(rb"\n[ \t]*\n$", above)
    if (blank or re.search(rb"[{:]\s*\n$", above)) and (next_blank := re.match(rb"[ \t]*\n", below)):
        return gone._replace(end=gone.end + len(next_blank[0]))
    if blank and re.match(rb"\s*(?:\}|end\b)", below):
        return gone._replace(start=blank.start() + 1)
    return gone


def step(function: Function) -> str:
    """One level of indentation."""
    margins = [line[: len(line) - len(line.lstrip())] for line in function.text.splitlines() if line.strip()]
    if any("\t" in margin for margin in margins):
        return "\t"
    widths = [len(margin) - min(map(len, margins)) for margin in margins]
    return " " * min((width for width in widths if width >= 2), default=4)


def own_line(function: Function) -> bool:
    """Whether braces of branches and loops open on lines of their own."""
    if re.search(r"\b(?:if|else|for|while|foreach)\b[^\n]*\{", function.text) or function.grammar.key == "go":
        return False
    branch = re.search(r"\b(?:if|else|for|while|foreach)\b[^\n]*\n\s*\{", function.text)
    return bool(branch) or (function.grammar.key == "c_sharp" and bool(re.search(r"\)\s*\n\s*\{", function.text)))


def negation(function: Function, node: "Node") -> str:
    """The text of the negation of a condition."""
    text = text_of(node)
    key = function.grammar.key
    if node.type in ("not_operator", "unary_expression", "unary", "prefix_unary_expression"):
        sign = node.children[0]
        if sign.type in ("!", "not") and node.named_child_count == 1:
            return text_of(bare(node.named_children[0]))
    children = node.children
    if node.type in _OPERATIONS and len(children) == 3 and children[1].type in _OPPOSITES:
        opposite = _OPPOSITES[children[1].type]
        return f"{text_of(children[0])} {opposite} {text_of(children[2])}"
    if key == "python":
        return f"not {text}" if node.type in _ATOMS or "comparison" in node.type else f"not ({text})"
    return f"!{text}" if node.type in _ATOMS else f"!({text})"


@lru_cache(maxsize=4)  # several operators ask the same of one function
def declared(function: Function) -> dict[str, "list[Node]"]:
    """Local names with all their occurrences; names that are also members, calls or shorthands are left out."""
    uses: dict[str, list[Node]] = defaultdict(list)
    local: set[str] = set()
    unsafe: set[str] = set()
    for node in function.nodes(*_IDENTIFIERS):
        name = text_of(node)
        places = _places(node)
        if node.type != "identifier":
            unsafe.add(name)
        elif places & function.grammar.declares:
            local.add(name)
            uses[name].append(node)
        elif places & _MEMBERS:
            continue
        elif places & function.grammar.borrows:
            unsafe.add(name)
        else:
            uses[name].append(node)
    return {name: uses[name] for name in uses if name in local - unsafe - _NOT_LOCAL}


_IDENTIFIERS = ("identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern")
_NOT_LOCAL = frozenset({"self", "cls", "this", "_", "NULL", "undefined"})
_MEMBERS = frozenset({
    "attribute.attribute", "keyword_argument.name", "field_access.field", "method_invocation.name", "call.method",
    "member_access_expression.name", "argument.name", "method_reference",
})  # fmt: skip


def declaration_place(node: "Node", function: Function) -> bool:
    """Whether an identifier declares a local name where it stands."""
    return bool(_places(node) & function.grammar.declares)


def is_parameter(node: "Node") -> bool:
    """Whether an identifier stands in a list of parameters."""
    above: Node | None = node
    while above is not None and above.type not in BLOCKS:
        if "parameter" in above.type:
            return True
        above = above.parent
    return False


def words_in(node: "Node") -> Counter[str]:
    """Identifiers in the text of a node."""
    return Counter(re.findall(r"[A-Za-z_]\w*", text_of(node)))


def ancestors(node: "Node") -> Iterator["Node"]:
    """The nodes around a node, innermost first."""
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _places(node: "Node") -> set[str]:
    parent = node.parent
    if parent is None:
        return set()
    field = next((parent.field_name_for_child(n) for n, c in enumerate(parent.children) if c == node), None)
    if parent.type == "expression_list" and parent.parent is not None:  # the left side of Go's declarations
        whole = parent.parent
        side = next((whole.field_name_for_child(n) for n, c in enumerate(whole.children) if c == parent), None)
        return {f"{whole.type}.{side}"}
    return {parent.type, f"{parent.type}.{field}"}


def _iterates(node: "Node") -> bool:
    call = node.parent
    method = call.child_by_field_name("method") if call is not None else None
    return method is not None and bool(re.match(r"each|times|upto|downto|step|loop", text_of(method)))
