"""Loops as operators see them: where they are, what is computed before them, what changes inside."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from themis_training.degrade.function import Function, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

LOOPS = (
    "for_statement", "for_in_statement", "enhanced_for_statement", "for_range_loop", "foreach_statement",
    "while_statement", "for", "while", "until",
)  # fmt: skip
_BLOCK_CALL = re.compile(r"each|each_with_index|each_pair|map|select|reject|each_key|each_value|any\?|all\?|times|find")
_SETS_ONE = (
    "assignment", "variable_declarator", "init_declarator", "assignment_expression", "short_var_declaration",
)  # fmt: skip
_CHANGING = r"append|add|push|pop|insert|remove|put|set|clear|extend|update|write|delete|next|read\w*|Add|Remove|Append"


class Prepared(NamedTuple):
    """A local computed by one statement before a loop of the same block.

    Attributes:
        statement: the statement.
        name: of the local.
        value: what it is set to.
        loop: the loop.
        body: of the loop.
    """

    statement: "Node"
    name: str
    value: "Node"
    loop: "Node"
    body: "Node"


def loops_of(function: Function) -> Iterator[tuple["Node", "Node"]]:
    """Loops with their bodies; in Ruby also calls such as ``each`` with a block."""
    for node in function.nodes(*LOOPS, *(("call",) if function.grammar.key == "ruby" else ())):
        if node.type != "call":
            body = node.child_by_field_name("body")
        else:
            name, block = node.child_by_field_name("method"), node.child_by_field_name("block")
            if name is None or block is None or not _BLOCK_CALL.fullmatch(text_of(name)):
                continue
            body = block.child_by_field_name("body")
        if body is not None:
            yield node, body


def prepared(function: Function) -> Iterator[Prepared]:
    """Locals computed before a loop, on lines of their own, by values that change neither in between nor inside."""
    for loop, body in loops_of(function):
        statement = loop.prev_named_sibling
        while statement is not None:
            found = _set_by(statement) if function.stands_alone(statement) else None
            if found:
                name, value = found
                between = function.file[statement.end_byte : loop.end_byte].decode("utf-8", "replace")
                words = set(re.findall(r"[A-Za-z_]\w*", text_of(value)))
                if name not in words and not any(changes(word, between) for word in {name, *words}):
                    yield Prepared(statement, name, value, loop, body)
            statement = statement.prev_named_sibling


def called(value: "Node") -> str:
    """The last name of what a value calls; empty if the value is no call."""
    if value.type not in ("call", "call_expression", "invocation_expression", "method_invocation"):
        return ""
    callee = _first(value, "method", "name", "function")
    return re.split(r"\.|->|::", re.sub(r"<.*", "", text_of(callee)))[-1].strip() if callee else ""


def changes(name: str, code: str) -> bool:
    """Whether code may change what a name stands for."""
    word = rf"(?<![\w.]){re.escape(name)}"
    return bool(
        re.search(rf"{word}\s*(\[[^\]]*\]\s*)?([-+*/|&%]|<<)?:?=[^=]|{word}\s*(\+\+|--|<<)|(\+\+|--|&){word}\b", code)
        or re.search(rf"{word}\.({_CHANGING})\b", code)
        or re.search(rf"\b(for|foreach|each)\b[^\n]*[(\s|,]{word}\b\s*(:|,|in\b|\||of\b)", code)
    )


def mentions(function: Function, name: str, start: int, end: int) -> bool:
    """Whether a name occurs between two bytes of the file."""
    return bool(re.search(rf"\b{re.escape(name)}\b", function.file[start:end].decode("utf-8", "replace")))


def _set_by(statement: "Node") -> tuple[str, "Node"] | None:
    """The one name a statement sets, and its value."""
    node = statement
    while node.type not in _SETS_ONE:
        inner = [child for child in node.named_children if child.type in _SETS_ONE or "declaration" in child.type]
        if len(inner) != 1 or node.type.endswith(("definition", "method_declaration")):
            return None
        node = inner[0]
    name = _first(node, "name", "left", "declarator")
    value = _first(node, "value", "right") or node.named_children[-1]
    if name is None or value == name:
        return None
    text = text_of(name).lstrip("*& ")
    if value.type == "expression_list" and value.named_child_count == 1:
        value = value.named_children[0]
    return (text, value) if re.fullmatch(r"[A-Za-z_]\w*", text) else None


def _first(node: "Node", *fields: str) -> "Node | None":
    found = (node.child_by_field_name(field) for field in fields)
    return next((child for child in found if child is not None), None)
