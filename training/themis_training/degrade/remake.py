"""A longer way to write an operator: calls taken apart by a function."""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Way, replace, text_of
from themis_training.degrade.operator import SCRIPTS, Finder

if TYPE_CHECKING:
    from tree_sitter import Node

Texts = Mapping[str, str]
_TIGHT = re.compile(r"unary|prefix|not_op|negat|binary|comparison|member|attribute|field_expr|selector|await|ternary")

_NAMED_CALLS = {
    **dict.fromkeys(
        SCRIPTS,
        "(call_expression function: (member_expression object: (_) @on property: (property_identifier) @name)"
        " arguments: (arguments) @args) @whole",
    ),
    "c_sharp": "(invocation_expression function: (member_access_expression expression: (_) @on name: (_) @name)"
    " arguments: (argument_list) @args) @whole",
    "go": "(call_expression function: (selector_expression operand: (_) @on field: (field_identifier) @name)"
    " arguments: (argument_list) @args) @whole",
    "java": "(method_invocation object: (_) @on name: (identifier) @name arguments: (argument_list) @args) @whole",
    "python": "(call function: (attribute object: (_) @on attribute: (identifier) @name) arguments: (_) @args) @whole",
    "ruby": "(call receiver: (_) @on method: (identifier) @name) @whole",
}


def remaking(pattern: str, make: Callable[[Texts], str | None]) -> Finder:
    """Each match of a query whose capture ``whole`` becomes what ``make`` says of the captured texts.

    None leaves the match alone. A comparison that lands inside an operator is put in parentheses.
    """

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for captures in function.matches(pattern):
            new = make({name: text_of(node) for name, node in captures.items()})
            if new is not None:
                yield Way((replace(captures["whole"], _held(captures["whole"], new)),))

    return find


def on_calls(grammar: str, names: str, make: Callable[[Texts], str | None]) -> Finder:
    """Calls ``on.name args`` of methods whose whole name matches the regular expression ``names``.

    ``make`` gets the texts ``on`` (with the line break of a chain), ``name``, ``args`` (with parentheses; empty in
    Ruby), ``rest`` (all after the name) and ``whole``.
    """

    def chosen(texts: Texts) -> str | None:
        if not re.fullmatch(names, texts["name"]):
            return None
        space = texts["whole"].removeprefix(texts["on"])
        gap = space[: len(space) - len(space.lstrip())]
        rest = space.lstrip().lstrip("&?.").removeprefix(texts["name"])
        return make({"args": "", **texts, "on": texts["on"] + gap, "rest": rest})

    return remaking(_NAMED_CALLS[grammar], chosen)


def inside(arguments: str) -> str:
    """An argument list without its parentheses."""
    return arguments.strip()[1:-1].strip()


def _held(node: "Node", text: str) -> str:
    """A comparison in parentheses where what is around it binds tighter."""
    around = node.parent.type if node.parent else ""
    return f"({text})" if re.search(r" (>|==|!=) 0$", text) and _TIGHT.search(around) else text
