"""Degradations of correctness: errors that are caught or returned, and then forgotten."""

import random
import re
from collections.abc import Iterator
from itertools import pairwise

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import SCRIPTS, Operator, for_all
from themis_training.degrade.syntax import (
    BLOCKS,
    blocks,
    leaves,
    operations,
    statements,
    step,
    unwrapped,
    without,
    words_in,
)


def _emptied_catch(function: Function, _: random.Random) -> Iterator[Way]:
    """An error is caught and nothing is done about it."""
    for node in function.nodes("catch_clause", "except_clause", "rescue"):
        body = node.child_by_field_name("body") or (node.named_children[-1] if node.named_child_count else None)
        listed = statements(body) if body is not None and body.type in BLOCKS else []
        if not listed or not all(map(function.stands_alone, listed)) or _MEANT.search(text_of(node)):
            continue
        start, end = function.lines_of(listed[0]).start, function.lines_of(listed[-1]).end
        nothing = {"python": "pass\n", "ruby": "nil\n"}.get(function.grammar.key, "")
        yield Way((Replacement(start, end, function.indent(listed[0]) + nothing if nothing else ""),))


_MEANT = re.compile(r"(?i)ignor|\bpass\b|\bnil$|quiet|expected|debug")


def _dropped_rethrow(function: Function, _: random.Random) -> Iterator[Way]:
    """An error is noted and then forgotten."""
    for node in function.nodes("catch_clause", "except_clause", "rescue"):
        body = node.child_by_field_name("body") or (node.named_children[-1] if node.named_child_count else None)
        listed = statements(body) if body is not None and body.type in BLOCKS else []
        if len(listed) > 1 and function.stands_alone(listed[-1]) and _RAISES.match(text_of(listed[-1])):
            yield Way((without(function, listed[-1]),))


_RAISES = re.compile(r"(?:throw|raise)\b")


_TRY = {
    "python": ("try:\n", "except Exception:\n{m}{u}pass\n"),
    "ruby": ("begin\n", "rescue StandardError\n{m}{u}nil\n{m}end\n"),
    "java": ("try {{\n", "}} catch (Exception e) {{\n{m}}}\n"),
    "c_sharp": ("try\n{m}{{\n", "}}\n{m}catch (Exception)\n{m}{{\n{m}}}\n"),
    "cpp": ("try {{\n", "}} catch (...) {{\n{m}}}\n"),
    **dict.fromkeys(SCRIPTS, ("try {{\n", "}} catch (e) {{\n{m}}}\n")),
}


def _needless_catch(function: Function, _: random.Random) -> Iterator[Way]:
    """Errors of a statement are caught, and nothing is done about them."""
    head, tail = _TRY[function.grammar.key]
    for _block, listed in blocks(function):
        for node in listed[: -1 if function.grammar.key == "ruby" else None]:
            inner = unwrapped(node)
            if inner.type in ("await_expression", "await"):
                inner = inner.named_children[0]
            if ("call" not in inner.type and "invocation" not in inner.type) or not function.stands_alone(node):
                continue
            if leaves(node) or re.search(r"(?i)log|print|super|assert|expect", text_of(node)):
                continue
            margin, unit, whole = function.indent(node), step(function), function.lines_of(node)
            lines = "".join(
                unit + line if line.strip() else line
                for line in function.file[whole.start : whole.end].decode().splitlines(True)
            )
            start, end = (text.format(m=margin, u=unit) for text in (head, tail))
            yield Way((function.lines_of(node, f"{margin}{start}{lines}{margin}{end}"),))


def _ignored_error(function: Function, _: random.Random) -> Iterator[Way]:
    """Go: an error goes into the blank name, and its check goes."""
    for _block, listed in blocks(function):
        for node, check in pairwise(listed):
            text = text_of(node)
            if not re.match(r"[\w, ]+, err :?= ", text) or check.type != "if_statement":
                continue
            condition = check.child_by_field_name("condition")
            if condition is not None and text_of(condition) == "err != nil" and function.stands_alone(check):
                dropped = without(function, check)
                left = node.named_children[0].named_children[-1]
                yield Way((replace(left, "_"), dropped))


def _reraised_less(function: Function, _: random.Random) -> Iterator[Way]:
    """Go: a branch for an error returns nil."""
    errors = {one.left for one in operations(function, "!=") if text_of(one.node) == "err != nil"}
    for node in function.nodes("if_statement"):
        condition = node.child_by_field_name("condition")
        if condition is None or not errors & set(condition.named_children):
            continue
        for leaving in statements(node.child_by_field_name("consequence"))[-1:]:
            values = leaving.named_children[0].named_children if leaving.named_child_count else []
            if leaving.type == "return_statement" and values and "err" in words_in(values[-1]):
                yield Way((replace(values[-1], "nil"),))


OPERATORS: tuple[Operator, ...] = (
    Operator("empty-catch", "swallowed-error", "an error is caught and nothing is done about it",
             for_all(_emptied_catch, *_TRY)),
    Operator("drop-rethrow", "swallowed-error", "an error is noted and then forgotten",
             for_all(_dropped_rethrow, *_TRY)),
    Operator("wrap-in-catch", "swallowed-error", "errors of a call are caught and forgotten",
             for_all(_needless_catch, *_TRY)),
    Operator("ignore-error", "swallowed-error", "an error goes into the blank name", {"go": _ignored_error}),
    Operator("return-nil-error", "swallowed-error", "a failure is reported as success", {"go": _reraised_less},
             held_out=True),
)  # fmt: skip
