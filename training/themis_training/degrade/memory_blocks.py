"""Degradations of memory use in the blocks of real functions: what is not closed, freed or let go, or is gathered."""

import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import SCRIPTS, Finder, Operator, any_of, for_all

if TYPE_CHECKING:
    from tree_sitter import Node

_OPENS = re.compile(
    r"(open|connect|socket|session|client|reader|writer|stream|file|zip|archive|query|cursor|dial|popen|executor|scanner|"
    r"http\.get|lock|connection|accept|pool|channel)",
    re.IGNORECASE,
)
_IN_MEMORY = re.compile(r"StringIO|BytesIO|StringWriter|StringReader|MemoryStream|ByteArray")
_OWNS = re.compile(r"alloc|strdup|strndup|new\b|create|_new|asprintf|getline|dup\(|realpath")

_CLOSED = {
    "python": "(expression_statement (call function: (attribute object: (identifier) @x attribute: (identifier) @m)"
    ' arguments: (argument_list)) (#match? @m "^(close|shutdown|release|disconnect)$")) @drop',
    "java": "(expression_statement (method_invocation object: (identifier) @x name: (identifier) @m)"
    ' (#match? @m "^(close|shutdown|disconnect|release)$")) @drop',
    "c_sharp": "(expression_statement (invocation_expression function: (member_access_expression expression:"
    ' (identifier) @x name: (identifier) @m)) (#match? @m "^(Close|Dispose|Release)$")) @drop',
    "go": "(defer_statement (call_expression function: (selector_expression operand: (_) @x field: (field_identifier)"
    ' @m) arguments: (argument_list)) (#match? @m "^(Close|Release)$")) @drop',
    "ruby": "((call receiver: (identifier) @x method: (identifier) @m !arguments) @drop"
    ' (#match? @m "^(close|disconnect)$"))',
    **dict.fromkeys(
        SCRIPTS,
        "(expression_statement [(call_expression function: (member_expression object: (identifier) @x property: _ @m))"
        " (await_expression (call_expression function: (member_expression object: (identifier) @x property: _ @m)))]"
        ' (#match? @m "^(close|end|destroy|release|quit|disconnect)$")) @drop',
    ),
    **dict.fromkeys(
        ("c", "cpp"),
        "(expression_statement (call_expression function: (identifier) @m arguments: (argument_list ."
        ' (identifier) @x .)) (#match? @m "^(fclose|close|closedir|pclose|closesocket)$")) @drop',
    ),
}
_FREED = (
    "(expression_statement (call_expression function: (identifier) @m arguments: (argument_list . (identifier) @x .))"
    ' (#match? @m "^(free|\\w*_free|\\w*_destroy|\\w*_unref|\\w*_release)$")) @drop'
)
_DELETED = "(expression_statement (delete_expression (identifier) @x)) @drop"


def _owned(pattern: str, source: re.Pattern[str]) -> Finder:
    """Drops a statement on ``x``, where the function itself has set ``x`` to something that must be given back."""

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for captures in function.matches(pattern):
            name = re.escape(text_of(captures["x"]).removesuffix(".Body"))
            made = re.search(rf"\b{name}\b[\w, ]*(?<![=!<>])(:?=)(?!=)\s*(?P<value>[^\n]*)", function.text)
            if not made or _IN_MEMORY.search(made["value"]) or re.search(r"[cC]losed\b", function.text):
                continue
            if source.search(made["value"]) and _is_one_of_many(function, captures["drop"]):
                yield Way((function.lines_of(captures["drop"]),))

    return find


def _is_one_of_many(function: Function, node: "Node") -> bool:
    """Whether a statement has lines of its own in a block that has other statements."""
    others = [] if node.parent is None else [c for c in node.parent.named_children if "comment" not in c.type]
    return function.stands_alone(node) and len(others) > 1


def _dropped(pattern: str, beside: str = "") -> Finder:
    """Drops a statement that is not the only one of its block, in functions that also do what ``beside`` matches."""

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for captures in function.matches(pattern):
            if _is_one_of_many(function, captures["drop"]) and re.search(beside, function.text):
                yield Way((function.lines_of(captures["drop"]),))

    return find


def _unwrapped(function: Function, whole: "Node", opening: str, start: int, end: int) -> Iterator[Way]:
    """The lines of a block, bytes ``[start, end)``, take the place of the statement around it, after ``opening``."""
    inner = function.file[start:end].decode("utf-8", "replace").strip("\n").rstrip()
    lines = [line for line in inner.split("\n") if line.strip()]
    held = _IN_MEMORY.search(opening) or not _OPENS.search(opening)
    if held or not lines or not function.stands_alone(whole) or re.search(r'"""|\'\'\'|<<[~-]|`', inner):
        return
    margin = function.indent(whole)
    extra = min(len(line) - len(line.lstrip()) for line in lines) - len(margin)
    if extra <= 0:
        return
    shifted = "\n".join(line[extra:] if line.strip() else "" for line in inner.split("\n"))
    yield Way((function.lines_of(whole, f"{margin}{opening}\n{shifted}\n"),))


def _after_line(function: Function, node: "Node") -> int:
    """The byte after the line on which a node ends."""
    return function.file.find(b"\n", node.end_byte) + 1


def _left_open_python(function: Function, _: random.Random) -> Iterator[Way]:
    pattern = (
        "(with_statement (with_clause . (with_item value: (as_pattern (call) @call alias: (as_pattern_target"
        " (identifier) @name))) .) @clause body: (block) @body) @whole"
    )
    for captures in function.matches(pattern):
        if text_of(captures["whole"]).startswith("with"):
            opening = f"{text_of(captures['name'])} = {text_of(captures['call'])}"
            start = _after_line(function, captures["clause"])
            yield from _unwrapped(function, captures["whole"], opening, start, captures["body"].end_byte)


def _left_open_braces(pattern: str) -> Finder:
    """A block that owns ``resource`` becomes a statement followed by the block's lines."""

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for captures in function.matches(pattern):
            body, whole = captures["body"], captures["whole"]
            opening = f"{text_of(captures['resource'])};"
            if whole.named_children[-1] == body:
                yield from _unwrapped(function, whole, opening, body.start_byte + 1, body.end_byte - 1)

    return find


def _left_open_ruby(function: Function, _: random.Random) -> Iterator[Way]:
    pattern = (
        "((call receiver: (constant) @on method: (identifier) @m arguments: (argument_list) @args block: (do_block"
        " parameters: (block_parameters . (identifier) @name .) @head body: (_) @body)) @whole"
        ' (#match? @m "^(open|new|start|popen)$"))'
    )
    for captures in function.matches(pattern):
        name, on, method, arguments = (text_of(captures[key]) for key in ("name", "on", "m", "args"))
        opening = f"{name} = {on}.{method}{arguments}"
        start = _after_line(function, captures["head"])
        yield from _unwrapped(function, captures["whole"], opening, start, captures["body"].end_byte)


def _using_dropped(function: Function, _: random.Random) -> Iterator[Way]:
    """``using var x = …`` without ``using``."""
    for captures in function.matches("(local_declaration_statement) @whole"):
        text = text_of(captures["whole"])
        used = re.match(r"(await )?using\s+", text)
        if used and _OPENS.search(text) and not _IN_MEMORY.search(text):
            start = captures["whole"].start_byte
            yield Way((Replacement(start, start + len(used[0]), ""),))


def _new_raw(function: Function, _: random.Random) -> Iterator[Way]:
    """A unique pointer becomes a raw one that nobody deletes."""
    pattern = (
        "(declaration type: (_) @type declarator: (init_declarator declarator: (identifier) @name value:"
        " (call_expression function: (_) @make arguments: (argument_list) @args)))"
    )
    gets = (
        "(call_expression function: (field_expression argument: (identifier) @on field: (field_identifier) @m)"
        ' (#eq? @m "get")) @call'
    )
    for captures in function.matches(pattern):
        made = re.fullmatch(r"(?:std|absl)::make_unique<(.*)>", text_of(captures["make"]), re.DOTALL)
        name = text_of(captures["name"])
        handed_on = re.search(rf"move\({name}\)|\b{name}\.(?!get\(\))|return {name}\b", function.text)
        if made and not handed_on and "[" not in made[1]:
            value = f"new {made[1]}{text_of(captures['args'])}"
            yield Way((
                replace(captures["type"], "auto*")._replace(end=captures["name"].start_byte, text="auto* "),
                replace(captures["make"], value)._replace(end=captures["args"].end_byte),
                *(replace(found["call"], name) for found in function.matches(gets) if text_of(found["on"]) == name),
            ))  # fmt: skip


_GATHERED = ("results", "found", "items", "collected", "output", "entries")


def _gathered_python(function: Function, draw: random.Random) -> Iterator[Way]:
    """A generator gathers all its values in a list and returns it."""
    yields = [node for node in function.nodes("yield") if node.is_named]
    plain = [node for node in yields if node.named_children and "yield from" not in text_of(node)]
    body = next((node.child_by_field_name("body") for node in function.nodes("function_definition")), None)
    head = function.text.partition("def ")[0]
    if not yields or len(plain) != len(yields) or body is None or re.search(r"context|fixture|hook", head):
        return
    statements = all(node.parent is not None and node.parent.type == "expression_statement" for node in yields)
    looping = any(_inside(node, "for_statement") for node in yields)
    if not statements or not looping or re.search(r"\breturn\b|while True|async def|lambda", function.text):
        return
    first = body.named_children[0]
    if (
        first.type == "expression_statement"
        and first.named_children[0].type == "string"
        and len(body.named_children) > 1
    ):
        first = body.named_children[1]
    name = draw.choice([word for word in _GATHERED if word not in function.text] or ["gathered"])
    at, margin = function.file.rfind(b"\n", 0, first.start_byte) + 1, function.indent(first)
    values = [(node, text_of(node).removeprefix("yield").strip()) for node in yields]
    pairs = [f"({value})" if re.search(r",(?![^(\[{]*[)\]}])", value) else value for _, value in values]
    yield Way((
        Replacement(at, at, f"{margin}{name} = []\n"),
        *(replace(node, f"{name}.append({pair})") for (node, _), pair in zip(values, pairs, strict=True)),
        Replacement(body.end_byte, body.end_byte, f"\n{margin}return {name}"),
    ))  # fmt: skip


def _gathered_c_sharp(function: Function, draw: random.Random) -> Iterator[Way]:
    """An iterator gathers all its values in a list and returns it."""
    methods = list(function.nodes("method_declaration", "local_function_statement"))
    body = methods[0].child_by_field_name("body") if len(methods) == 1 else None
    kind = re.search(r"IEnumerable<(.+?)>\s+\w+\s*[(<]", function.text)
    steps = list(function.nodes("yield_statement"))
    if body is None or kind is None or not steps or "while (true)" in function.text or not body.named_children:
        return
    if not any(_inside(node, "foreach_statement") for node in steps) or not function.stands_alone(
        body.named_children[0]
    ):
        return
    name = draw.choice([word for word in _GATHERED if word not in function.text] or ["gathered"])
    margin, first = function.indent(body.named_children[0]), body.named_children[0]
    at = function.file.rfind(b"\n", 0, first.start_byte) + 1
    end = function.file.rfind(b"\n", 0, body.end_byte) + 1

    def step(node: "Node") -> str:
        value = re.sub(r"^yield\s+(return|break)\s*", "", text_of(node)).rstrip(";").strip()
        return f"{name}.Add({value});" if value else f"return {name};"

    yield Way((
        Replacement(at, at, f"{margin}var {name} = new List<{kind[1]}>();\n"),
        *(replace(node, step(node)) for node in steps),
        Replacement(end, end, f"{margin}return {name};\n"),
    ))  # fmt: skip


def _inside(node: "Node", kind: str) -> bool:
    parent = node.parent
    while parent is not None and parent.type != kind:
        parent = parent.parent
    return parent is not None


def _uncancelled(function: Function, _: random.Random) -> Iterator[Way]:
    """``ctx, cancel := context.WithTimeout(…)`` with its ``defer cancel()`` loses both."""
    stops = list(function.matches("((defer_statement (call_expression function: (identifier) @f)) @drop)"))
    pattern = (
        "(short_var_declaration left: (expression_list (identifier) . (identifier) @name) right: (expression_list"
        ' (call_expression function: (_) @f (#match? @f "^context.With"))))'
    )
    for captures in function.matches(pattern):
        name = text_of(captures["name"])
        for stop in stops:
            once = len(re.findall(rf"\b{name}\b", function.text)) == 2
            if text_of(stop["f"]) == name and once and function.stands_alone(stop["drop"]):
                yield Way((replace(captures["name"], "_"), function.lines_of(stop["drop"])))


_LET_GO = {
    **for_all(
        any_of(
            _dropped(
                "(expression_statement (call_expression function: (member_expression property: (property_identifier)"
                ' @m) (#match? @m "^(removeEventListener|removeListener|off|unsubscribe|unobserve)$"))) @drop',
                r"addEventListener|addListener|\.on\(|subscribe\(|\.observe\(",
            ),
            _dropped(
                "(expression_statement (call_expression function: (identifier) @m (#match? @m"
                ' "^(clearInterval|unsubscribe)$"))) @drop',
                r"setInterval|subscribe\(",
            ),
        ),
        *SCRIPTS,
    ),
    "c_sharp": _dropped(
        "(expression_statement (assignment_expression left: (member_access_expression) right: (identifier) @h"
        ' (#match? @h "^_?[A-Z]")) @set (#match? @set " -= ")) @drop',
        r"\+= ",
    ),
    "java": _dropped(
        "(expression_statement (method_invocation name: (identifier) @m"
        ' (#match? @m "^(remove\\w*Listener|unregister\\w*|unsubscribe|removeObserver|removeCallbacks\\w*)$"))) @drop',
        r"add\w*Listener|[^n]register|[^n]subscribe|addObserver|postDelayed",
    ),
    "python": _dropped(
        "(expression_statement (call function: (attribute attribute: (identifier) @m)"
        ' (#match? @m "^(remove_\\w*(listener|handler|callback)|unsubscribe|unregister|removeHandler)$"))) @drop',
        r"add_|addHandler|[^n]subscribe|[^n]register",
    ),
    "ruby": _dropped(
        '((call receiver: (_) method: (identifier) @m (#match? @m "^(unsubscribe|delete_observer)$")) @drop)',
        r"[^n]subscribe|add_observer|[^n]register",
    ),
    "go": any_of(
        _uncancelled,
        _dropped(
            "(defer_statement (call_expression function: (selector_expression field: (field_identifier) @m)"
            ' (#match? @m "^(Stop|Unsubscribe)$"))) @drop'
        ),
    ),
}

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "drop-close",
        "unclosed-resource",
        "what the function opens is never closed",
        {key: _owned(pattern, _OPENS) for key, pattern in _CLOSED.items()},
    ),
    Operator(
        "open-without-block",
        "unclosed-resource",
        "what is opened is closed by no block",
        {
            "python": _left_open_python,
            "java": _left_open_braces(
                "(try_with_resources_statement resources: (resource_specification . (resource) @resource .)"
                " body: (block) @body) @whole"
            ),
            "c_sharp": any_of(
                _left_open_braces("(using_statement (variable_declaration) @resource body: (block) @body) @whole"),
                _using_dropped,
            ),
            "ruby": _left_open_ruby,
        },
    ),
    Operator(
        "drop-free",
        "memory-leak",
        "what the function allocates is never freed",
        {"c": _owned(_FREED, _OWNS), "cpp": any_of(_owned(_FREED, _OWNS), _owned(_DELETED, _OWNS))},
    ),
    Operator("raw-new", "memory-leak", "a new object belongs to nobody", {"cpp": _new_raw}),
    Operator(
        "gather-instead-of-yield",
        "collects-all",
        "all values are gathered before the first is used",
        {"python": _gathered_python, "c_sharp": _gathered_c_sharp},
        held_out=True,
    ),
    Operator("keep-subscribed", "retained-reference", "a listener or timer is never taken away", _LET_GO),
)
