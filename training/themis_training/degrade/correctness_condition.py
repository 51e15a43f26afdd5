"""Degradations of correctness: conditions, boundaries and the checks that guard the rest."""

import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Way, replace, swap, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Operator, any_of, for_all, rewriting
from themis_training.degrade.syntax import (
    BLOCKS,
    LOOPS,
    NUMBERS,
    ancestors,
    branches,
    calls,
    guards,
    negation,
    operations,
    statements,
    without,
    words_in,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_COUNT = re.compile(
    r"(?i)(?:len|length|size|count|num|max|min|limit|end|last|total|capacity|idx|index|pos|offset|depth|level|width|"
    r"height|row|col|start|stop|^[ijkn]$|^\d+$)"
)
_BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_FAILED = re.compile(r"(?i)\b(?:err|error|ret|rc|res|result|status|ok|code|r|retval)\b")
_NOTHING = re.compile(
    r"(?i)null|none|nil|undefined|!\s*\w|\bnot\b|empty|blank|len|size|count|[<>]|valid|exist|contains"
)


def _moved_boundary(function: Function, _: random.Random) -> Iterator[Way]:
    for one in operations(function, *_BOUNDARY):
        if _COUNT.search(text_of(one.left)) and _COUNT.search(text_of(one.right)):
            yield Way((replace(one.operator, _BOUNDARY[one.operator.type]),))


def _dropped_one(function: Function, _: random.Random) -> Iterator[Way]:
    for one in operations(function, "-", "+"):
        if text_of(one.right) == "1" and _COUNT.search(text_of(one.left)):
            yield Way((replace(one.node, text_of(one.left)),))


def _added_one(function: Function, _: random.Random) -> Iterator[Way]:
    for one in operations(function, "<", "<=", ">", ">="):
        bound = one.right
        if re.search(r"(?i)(?:len|length|size|count|limit|end)(?:\(.*\))?$", text_of(bound)):
            shift = "-" if one.operator.type in ("<", ">") else "+"
            yield Way((replace(bound, f"{text_of(bound)} {shift} 1"),))
    for node in function.nodes(*_INDEXING):
        index = node.named_children[-1]
        if index.type == "identifier" and re.fullmatch(r"[ijkn]|idx|index|pos|offset", text_of(index)):
            yield Way((replace(index, f"{text_of(index)} + 1"),))


_INDEXING = ("subscript_expression", "array_access", "index_expression", "subscript", "element_reference")


def _shifted_start(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("for_statement"):
        for part in node.named_children[:1]:
            for number in _numbers(part):
                if text_of(number) == "0":
                    yield Way((replace(number, "1"),))
    for node in function.nodes(*_INDEXING):
        index = node.named_children[-1]
        if index.type in NUMBERS and text_of(index) in ("0", "1"):
            yield Way((replace(index, {"0": "1", "1": "0"}[text_of(index)]),))


def _numbers(node: "Node") -> "Iterator[Node]":
    if node.type in NUMBERS:
        yield node
    for child in node.named_children:
        if child.type not in LOOPS and "block" not in child.type and "statement" not in child.type[-9:]:
            yield from _numbers(child)


def _range_end(function: Function, _: random.Random) -> Iterator[Way]:
    for call in calls(function):
        if text_of(call.target) == "range" and call.arguments:
            first, last = call.arguments[0], call.arguments[-1]
            if len(call.arguments) == 1:
                yield Way((replace(first, f"1, {text_of(first)}"),))
                yield Way((replace(first, f"{text_of(first)} - 1"),))
                yield Way((replace(first, f"{text_of(first)} + 1"),))
            elif text_of(first) == "1":
                yield Way((replace(first, "0"),))
            elif len(call.arguments) == 2 and text_of(last).endswith(" + 1"):
                yield Way((replace(last, text_of(last).removesuffix(" + 1")),))


def _ruby_range(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("range"):
        sign = node.children[1] if len(node.children) == 3 else None
        if sign is not None and sign.type in ("..", "..."):
            yield Way((replace(sign, {"..": "...", "...": ".."}[sign.type]),))


def _slice_end(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("slice", "slice_expression"):
        for number in node.named_children:
            if text_of(number) in ("1", "-1"):
                yield Way((replace(number, {"1": "2", "-1": "-2"}[text_of(number)]),))


_LOGIC = {"&&": "||", "||": "&&", "and": "or", "or": "and"}
_EQUALITY = {"==": "!=", "!=": "==", "===": "!==", "!==": "===", "is": "is not", "is not": "is"}
_MEMBERSHIP = {"in": "not in", "not in": "in"}


def _other_logic(function: Function, _: random.Random) -> Iterator[Way]:
    conditions = {b.condition for b in branches(function)}
    for one in operations(function, *_LOGIC):
        if one.node in conditions or one.node.parent in conditions:
            yield Way((replace(one.operator, _LOGIC[one.operator.type]),))


def _other_equality(function: Function, _: random.Random) -> Iterator[Way]:
    table = _EQUALITY | _MEMBERSHIP
    for one in operations(function, *table):
        yield Way((replace(one.operator, table[one.operator.type]),))


def _negated(function: Function, _: random.Random) -> Iterator[Way]:
    compound = {one.node for one in operations(function, "&&", "||", "and", "or")}
    for branch in branches(function):
        if branch.condition in compound or branch.node.type.startswith("unless"):
            continue
        text = negation(function, branch.condition)
        if len(text) > len(text_of(branch.condition)):
            yield Way((replace(branch.condition, text),))


def _dropped_not(function: Function, _: random.Random) -> Iterator[Way]:
    for branch in branches(function):
        text = negation(function, branch.condition)
        if len(text) < len(text_of(branch.condition)) and text in text_of(branch.condition):
            yield Way((replace(branch.condition, text),))


def _other_keyword(function: Function, _: random.Random) -> Iterator[Way]:
    other = {"if": "unless", "unless": "if", "while": "until", "until": "while"}
    for node in function.nodes("if", "unless", "if_modifier", "unless_modifier", "while", "until"):
        for child in node.children:
            if child.type in other and not child.is_named and node.child_by_field_name("alternative") is None:
                yield Way((replace(child, other[child.type]),))


def _swapped_arms(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("conditional_expression", "ternary_expression", "conditional"):
        arms = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
        if function.grammar.key == "python" and node.named_child_count == 3:
            arms = node.named_children[0], node.named_children[2]
        if arms[0] is not None and arms[1] is not None:
            yield Way(swap(arms[0], arms[1]))


def _dropped_operand(function: Function, _: random.Random) -> Iterator[Way]:
    for one in operations(function, "&&", "||", "and", "or"):
        checked = words_in(one.left) & words_in(one.right)
        if checked and _NOTHING.search(text_of(one.left)):
            yield Way((replace(one.node, text_of(one.right)),))


def _dropped_guard(function: Function, _: random.Random) -> Iterator[Way]:
    for branch in branches(function):
        if not guards(branch) or not function.stands_alone(branch.node) or branch.node.type in ("elif_clause", "elsif"):
            continue
        if _NOTHING.search(text_of(branch.condition)) and not _FAILED.search(text_of(branch.condition)):
            yield Way((without(function, branch.node),))


def _dropped_error_check(function: Function, _: random.Random) -> Iterator[Way]:
    for branch in branches(function):
        condition, body = text_of(branch.condition), statements(branch.body)
        sets = branch.node.child_by_field_name("initializer") is not None or "=" in re.sub(r"[=!<>]=+", "", condition)
        if sets or branch.other is not None or not function.stands_alone(branch.node) or not 0 < len(body) <= 3:
            continue
        if _FAILED.search(condition) and body[-1].type in ("return_statement", "goto_statement", "throw_statement"):
            yield Way((without(function, branch.node),))


def _only_when(function: Function, draw: random.Random) -> Iterator[Way]:
    """An extra operand excludes what used to be handled."""
    word = "and" if function.grammar.key == "python" else "&&"
    for one in operations(function, "<", "<=", ">", ">=", "==", "!=", "===", "!==", "&&", "and"):
        around = set(ancestors(one.node))
        names = [
            text_of(other.left)
            for other in operations(function, ">", "<", ">=")
            if other.node.start_byte < one.node.start_byte
            and other.left.type == "identifier"
            and _COUNT.search(text_of(other.left))
            and _scope(other.node) in around
        ]
        if names and any(b.condition == one.node for b in branches(function)):
            yield Way((replace(one.node, f"{text_of(one.node)} {word} {draw.choice(names)} > {draw.choice((0, 1))}"),))


def _scope(node: "Node") -> "Node | None":
    return next((above for above in ancestors(node) if above.type in BLOCKS or above.type in LOOPS), None)


def _truthy_position(function: Function, _: random.Random) -> Iterator[Way]:
    """A position, for which 0 counts as found, is tested for being positive or true."""
    for one in operations(function, ">=", "!=", "!==", ">", "==", "==="):
        left, right = text_of(one.left), text_of(one.right)
        if not re.search(r"(?i)(?:index|find|search|strpos|indexof|rfind)\w*\(", left) or left.count("\n"):
            continue
        found = (one.operator.type, right) in ((">=", "0"), ("!=", "-1"), ("!==", "-1"), (">", "-1"))
        if found:
            yield Way((replace(one.node, f"{left} > 0"),))
            if function.grammar.key in ("python", *SCRIPTS, "cpp"):
                yield Way((replace(one.node, left),))
        elif right.endswith("npos"):
            yield Way((replace(one.node, left if one.operator.type == "!=" else f"!{left}"),))


_OPTIONAL = {
    **for_all(
        rewriting('(member_expression object: (_) @o (optional_chain) @dot (#not-match? @o "this"))', dot="."), *SCRIPTS
    ),
    "ruby": rewriting('(call operator: "&." @dot)', dot="."),
    "c_sharp": rewriting(
        "(conditional_access_expression condition: (_) @object (member_binding_expression name: (_) @name)) @whole",
        whole="$object.$name",
    ),
}


def _dropped_default(function: Function, _: random.Random) -> Iterator[Way]:
    for one in operations(function, "??", "||", "or"):
        parent = one.node.parent
        if parent is not None and parent.type in _TAKES_VALUE and text_of(one.right)[:1] in "'\"[{0123456789":
            yield Way((replace(one.node, text_of(one.left)),))
    for call in calls(function):
        if text_of(call.name) in ("get", "fetch", "getOrDefault", "dig") and len(call.arguments) == 2:
            cut = function.file[call.arguments[0].end_byte : call.arguments[1].end_byte].decode()
            if function.grammar.key in ("python", "ruby") and not cut.count("="):
                yield Way((replace(call.arguments[1], "")._replace(start=call.arguments[0].end_byte),))
            elif text_of(call.name) == "getOrDefault":
                rest = replace(call.arguments[1], "")._replace(start=call.arguments[0].end_byte)
                yield Way((replace(call.name, "get"), rest))


_TAKES_VALUE = (
    "assignment", "variable_declarator", "assignment_expression", "return_statement", "return", "argument_list",
    "arguments", "equals_value_clause", "pair", "argument",
)  # fmt: skip

OPERATORS: tuple[Operator, ...] = (
    Operator("move-boundary", "off-by-one", "a comparison with a bound includes or excludes one value too many",
             for_all(_moved_boundary, *ALL)),
    Operator("drop-one", "off-by-one", "a one that was added or subtracted is gone", for_all(_dropped_one, *ALL)),
    Operator("add-one", "off-by-one", "a bound or an index is one off", for_all(_added_one, *ALL)),
    Operator("shift-start", "off-by-one", "the first element is skipped, or the second taken for the first",
             for_all(_shifted_start, *ALL)),
    Operator("shift-range", "off-by-one", "a range or slice starts or ends one too early or late",
             {"python": any_of(_range_end, _slice_end), "ruby": _ruby_range, "go": _slice_end}),
    Operator("swap-logic", "wrong-operator", "and stands for or, or the other way round", for_all(_other_logic, *ALL)),
    Operator("swap-equality", "negated-condition", "equal stands for unequal, or the other way round",
             for_all(_other_equality, *ALL)),
    Operator("negate-condition", "negated-condition", "a condition is negated", for_all(_negated, *ALL)),
    Operator("drop-not", "negated-condition", "the negation of a condition is gone", for_all(_dropped_not, *ALL)),
    Operator("swap-arms", "negated-condition", "the two arms of a conditional change places",
             for_all(_swapped_arms, *(key for key in ALL if key != "go")), held_out=True),
    Operator("swap-unless", "negated-condition", "if stands for unless, or while for until", {"ruby": _other_keyword}),
    Operator("drop-operand", "missing-check", "the first half of a condition, which guards the second, is gone",
             for_all(_dropped_operand, *ALL)),
    Operator("drop-guard", "missing-check", "a guard clause is gone", for_all(_dropped_guard, *ALL)),
    Operator("drop-optional", "missing-check", "what may be absent is used without a check", _OPTIONAL),
    Operator("drop-default", "missing-check", "a default for what may be absent is gone",
             for_all(_dropped_default, *SCRIPTS, "python", "ruby", "c_sharp", "java")),
    Operator("drop-error-check", "swallowed-error", "the result of a call that may fail is no longer checked",
             for_all(_dropped_error_check, "c", "cpp", "go")),
    Operator("narrow-condition", "missing-case", "a condition excludes cases that used to be handled",
             for_all(_only_when, *ALL)),
    Operator("test-position", "misused-api", "a position of zero counts as not found",
             for_all(_truthy_position, "python", *SCRIPTS, "cpp", "java", "c_sharp", "go")),
)  # fmt: skip
