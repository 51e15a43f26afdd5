"""Test cases of ESLint rules: objects with ``code`` and ``output``, read from the source without running it."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from themis_lsp.language import parser_of

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\n)|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_CHOICE = re.compile(r"""["'](?:always|never)\b""")
_PARENTHESES = ("parenthesized_expression", "as_expression", "satisfies_expression")


def fixes(text: str, grammar: str) -> Iterator[tuple[str, str, str]]:
    """Code, what the fix (or the only suggestion) makes of it, and the message if it is written out.

    Cases that choose between ``always`` and ``never`` are left out: there the opposite is right as well.

    Args:
        text: a test file.
        grammar: key of ``themis_lsp.language.GRAMMARS``.
    """
    waiting = [parser_of(grammar).parse(text.encode()).root_node]
    while waiting:
        node = waiting.pop()
        if node.type == "object":
            fields = _fields(node)
            if found := _fix(fields):
                yield found
                continue
        waiting.extend(reversed(node.named_children))


def _fix(fields: "dict[str, Node]") -> tuple[str, str, str] | None:
    code = fields.get("code")
    bad = string_of(code) if code else None
    if bad is None or ("options" in fields and _CHOICE.search(_source(fields["options"]))):
        return None
    errors = [_fields(error) for error in _items(fields.get("errors"))]
    good = string_of(fields["output"]) if "output" in fields else None
    if good is None and len(errors) == 1:
        suggestions = [_fields(one).get("output") for one in _items(errors[0].get("suggestions"))]
        good = string_of(suggestions[0]) if len(suggestions) == 1 and suggestions[0] else None
    message = errors[0].get("message") if errors else None
    return None if good is None else (bad, good, (message and string_of(message)) or "")


def _fields(node: "Node") -> "dict[str, Node]":
    """The values of an object by their keys."""
    found: dict[str, Node] = {}
    for pair in node.named_children:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key and value:
            found[_source(key).strip("\"'")] = value
    return found


def _items(node: "Node | None") -> "list[Node]":
    return [item for item in node.named_children if item.type == "object"] if node and node.type == "array" else []


def string_of(node: "Node") -> str | None:
    """The value of an expression if it is a text that needs no computing, or None.

    A tag before a template, as in ``outdent``, takes away common indentation, which makes no difference here. Of an
    array, as several passes of fixes, the first item counts; lines joined by a line end are one text.
    """
    source = _source(node)
    if node.type == "string":
        return _unescaped(source[1:-1])
    if node.type == "template_string":
        return (
            None
            if any(child.type == "template_substitution" for child in node.named_children)
            else (_unescaped(source[1:-1]))
        )
    if node.type == "array" and node.named_children:
        return string_of(node.named_children[0])
    if node.type in _PARENTHESES:
        return string_of(node.named_children[0])
    if node.type == "binary_expression" and (operator := node.child_by_field_name("operator")):
        sides = [node.child_by_field_name(name) for name in ("left", "right")]
        texts = [string_of(side) for side in sides if side]
        return "".join(text for text in texts if text) if operator.type == "+" and None not in texts else None
    if node.type == "call_expression":
        return _called(node)
    return None


def _called(node: "Node") -> str | None:
    function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if not function or not given:
        return None
    if given.type == "template_string":
        return string_of(given)
    array = function.child_by_field_name("object")
    if function.type == "member_expression" and array and _source(function).endswith(".join") and array.type == "array":
        lines = [string_of(line) for line in array.named_children if line.type != "comment"]
        return None if None in lines else "\n".join(line for line in lines if line is not None)
    return None


def _unescaped(text: str) -> str:
    def value(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        if code:
            return chr(int(code, 16))
        return "" if found[4] else _LETTERS.get(found[5], found[5])

    return _ESCAPE.sub(value, text)


def _source(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")
