"""Degradations of correctness: changes that miss their target, and values of another scale."""

import random
import re
from collections.abc import Iterator

from themis_training.degrade.function import Function, Way, replace, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Operator, for_all
from themis_training.degrade.syntax import (
    blocks,
    calls,
    declaration_place,
    declared,
    is_parameter,
    unwrapped,
)

_TYPE_OF_C = re.compile(r"((?:unsigned |const )?[\w:]+(?: \*|\* | ))")


def _redeclared(function: Function, _: random.Random) -> Iterator[Way]:
    """An assignment in an inner block declares a name of its own, and the outer one keeps its value."""
    names, key = declared(function), function.grammar.key
    for block, listed in blocks(function):
        for node in listed:
            inner = unwrapped(node)
            left, sign = inner.child_by_field_name("left"), next((c for c in inner.children if c.type == "="), None)
            uses = names.get(text_of(left), []) if left is not None else []
            if sign is None or not uses or declaration_place(uses[0], function) is False:
                continue
            outside = [use for use in uses if not block.start_byte <= use.start_byte < block.end_byte]
            after = any(use.start_byte > block.end_byte for use in outside)
            if not after or uses[0] not in outside or not function.stands_alone(node):
                continue
            if key == "go":
                yield Way((replace(sign, ":="),))
            elif key in SCRIPTS:
                yield Way((replace(node, f"const {text_of(node)}"),))
            elif not is_parameter(uses[0]) and (line := _declaration(function, uses[0].start_byte)):
                yield Way((replace(node, f"{line}{text_of(node)}"),))


def _declaration(function: Function, at: int) -> str | None:
    """The type in front of a declared name, if it starts the line."""
    start = function.file.rfind(b"\n", 0, at) + 1
    found = _TYPE_OF_C.fullmatch(function.file[start:at].decode().lstrip())
    return found[1] if found else None


_COPIES_OF_SCRIPTS = {"push": "[...{}]", "splice": "{}.slice()", "sort": "{}.slice()", "unshift": "[...{}]",
                      "reverse": "{}.slice()"}  # fmt: skip
_COPIES: dict[str, dict[str, str]] = {
    "python": {"append": "list({})", "extend": "list({})", "sort": "list({})", "insert": "list({})", "add": "set({})",
               "update": "dict({})", "setdefault": "dict({})", "remove": "list({})", "reverse": "list({})"},
    "javascript": _COPIES_OF_SCRIPTS, "typescript": _COPIES_OF_SCRIPTS, "tsx": _COPIES_OF_SCRIPTS,
    "ruby": dict.fromkeys(("push", "concat", "merge!", "delete", "unshift", "sort!", "map!", "gsub!"), "{}.dup"),
    "java": {"add": "new ArrayList<>({})", "addAll": "new ArrayList<>({})", "remove": "new ArrayList<>({})",
             "put": "new HashMap<>({})", "putAll": "new HashMap<>({})"},
    "c_sharp": {"Add": "{}.ToList()", "AddRange": "{}.ToList()", "Remove": "{}.ToList()", "Insert": "{}.ToList()",
                "Sort": "{}.ToList()", "Reverse": "{}.ToList()"},
}  # fmt: skip


def _changed_copy(function: Function, _: random.Random) -> Iterator[Way]:
    """What should change stays as it is, since a copy of it is changed."""
    copies = _COPIES[function.grammar.key]
    stands = {unwrapped(node) for _block, listed in blocks(function) for node in listed}
    for call in calls(function):
        copy = copies.get(text_of(call.name))
        receiver = re.match(r"@?[\w.]+(?=\.[\w!]+\()", text_of(call.node))
        if copy is None or receiver is None or call.node not in stands:
            continue
        text = copy.format(receiver[0]) + text_of(call.node)[len(receiver[0]) :]
        yield Way((replace(call.node, text),))


_SCALED = re.compile(
    r"(?:[tT]imeout|[dD]elay|[iI]nterval|[dD]uration)$|(?:^|_)(?:ms|secs?|seconds|millis|ttl|percent)$|"
    r"[a-z](?:Ms|Secs?|Seconds|Millis|Ttl|TTL|Percent)$"
)


def _scaled(function: Function, draw: random.Random) -> Iterator[Way]:
    """A time, size or share is taken for one of another unit."""
    for call in calls(function):
        for given in call.arguments:
            if given.type in ("identifier", "instance_variable") and _SCALED.search(text_of(given)):
                by = draw.choice((" * 1000", " / 1000", " * 100", " * 60", " / 60"))
                yield Way((replace(given, f"{text_of(given)}{by}"),))
    for node in function.nodes("binary_expression", "binary", "binary_operator"):
        found = re.fullmatch(
            r"([\w.()]+) [*/] (?:1000(?:\.0)?|100(?:\.0)?|60|1024|1e3|1e6|1_000|time\.Second)", text_of(node)
        )
        if found:
            yield Way((replace(node, found[1]),))


OPERATORS: tuple[Operator, ...] = (
    Operator("declare-again", "wrong-variable", "an assignment declares a name of its own",
             for_all(_redeclared, "c", "cpp", "go", *SCRIPTS)),
    Operator("change-copy", "misused-api", "a copy is changed, and what should change is not",
             for_all(_changed_copy, *_COPIES)),
    Operator("change-scale", "wrong-constant", "a time, size or share is taken for one of another unit",
             for_all(_scaled, *ALL)),
)  # fmt: skip
