"""Degradations of running time in the loops of real functions: work moved into them, and ways out of them removed."""

import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.loop import Prepared, called, loops_of, mentions, prepared
from themis_training.degrade.operator import ALL, Operator, for_all

if TYPE_CHECKING:
    from tree_sitter import Node

_COMPILES = re.compile(
    r"re\.compile\(|Pattern\.compile\(|new RegExp\(|regexp\.(Must)?Compile\(|Regexp\.new\(|new Regex\(|std::regex|"
    r"DateFormat\(|ofPattern\(|NumberFormat\b|Intl\.|get_template\(|Template\(|\.prepare(Statement)?\(|ERB\.new\("
)
_COSTLY = re.compile(
    r"(get(?=[A-Z_])|find|lookup|search|compute|calc|parse|format|join|split|replace|lower|upper|strip|trim|sorted|sort_by|sum|"
    r"max|min|set|frozenset|list|keys|values|strlen|sqrt|pow|exp|resolve|normali[sz]e|decode|encode|hash|dirname|"
    r"basename|abspath|realpath|downcase|upcase|map|filter|select|Join|Split|Replace|To(Lower|Upper)|Get|Find|Compute|"
    r"Parse|Select|Where|Keys|Sprintf|to|as)([A-Z_]\w*)?"
)
_ONCE = re.compile(r"\b(read|next|pop|shift|receive|poll|accept|rand|random|now|time|open)\w*\b", re.IGNORECASE)
_ENDLESS = 160  # a longer value makes a poor inlined expression
_FLAGS = ("found", "matched", "hit", "seen", "result", "present", "exists")
_LITERAL = re.compile(r"(true|false|True|False|nil|null|NULL|None|-?\d+|'[^']*'|\"[^\"]*\")")
_DECLARED = {
    "c": "bool {} = false;", "cpp": "bool {} = false;", "c_sharp": "bool {} = false;", "go": "{} := false",
    "java": "boolean {} = false;", "javascript": "let {} = false;", "typescript": "let {} = false;",
    "tsx": "let {} = false;", "python": "{} = False", "ruby": "{} = false",
}  # fmt: skip


def _inlined(function: Function, _: random.Random) -> Iterator[Way]:
    """A local computed before a loop is computed where the loop uses it."""
    for place in prepared(function):
        value = text_of(place.value)
        if not _is_work(place.value) or len(value) > _ENDLESS or "\n" in value or _used_after(function, place):
            continue
        if function.grammar.key == "ruby" and " " in value and value[-1] not in ")]}":
            continue
        uses = [node for node in _names_in(place.loop, place.name) if _runs_often(node, place)]
        if len(uses) in (1, 2) and len(uses) == len(list(_names_in(place.loop, place.name))):
            yield Way((function.lines_of(place.statement), *(replace(node, value) for node in uses)))


def _moved(function: Function, _: random.Random) -> Iterator[Way]:
    for place in prepared(function):
        if _is_work(place.value) and not _COMPILES.search(text_of(place.value)):
            yield from _moved_into(function, place)


def _compiled_inside(function: Function, _: random.Random) -> Iterator[Way]:
    for place in prepared(function):
        if _COMPILES.search(text_of(place.value)):
            yield from _moved_into(function, place)


def _is_work(value: "Node") -> bool:
    """Whether a value is computed by a call that costs something and may be repeated."""
    return bool(_COSTLY.fullmatch(called(value)) and not _ONCE.search(text_of(value)))


def _moved_into(function: Function, place: Prepared) -> Iterator[Way]:
    """The statement becomes the first of the loop's body."""
    block = place.body.named_children[0] if function.grammar.key == "go" else place.body
    first = block.named_children[0] if block.named_children else None
    header = function.file[place.loop.start_byte : place.body.start_byte].decode("utf-8", "replace")
    if first is None or not function.stands_alone(first) or re.search(rf"\b{place.name}\b", header):
        return
    text = text_of(place.statement)
    if (
        "\n" in text
        or _used_after(function, place)
        or not mentions(function, place.name, first.start_byte, place.loop.end_byte)
    ):
        return
    at = function.file.rfind(b"\n", 0, first.start_byte) + 1
    end = b";" if function.file[place.statement.end_byte : place.statement.end_byte + 1] == b";" else b""
    line = f"{function.indent(first)}{text}{end.decode()}\n"
    yield Way((function.lines_of(place.statement), Replacement(at, at, line)))


def _kept_looping(function: Function, _: random.Random) -> Iterator[Way]:
    """A flag is set, and the loop runs on: the ``break`` after it is dropped."""
    for _loop, body in loops_of(function):
        block = body.named_children[0] if function.grammar.key == "go" and body.named_children else body
        last = block.named_children[-1] if block.named_children else None
        if last is None or last.type not in ("if_statement", "if") or last.child_by_field_name("alternative"):
            continue
        inner = last.child_by_field_name("consequence")
        inner = inner.named_children[0] if inner and function.grammar.key == "go" else inner
        steps = inner.named_children if inner else []
        if len(steps) < 2 or steps[-1].type not in ("break_statement", "break"):
            continue
        if all(_sets_literal(step) for step in steps[:-1]) and function.stands_alone(steps[-1]):
            yield Way((function.lines_of(steps[-1]),))


def _flagged(function: Function, draw: random.Random) -> Iterator[Way]:
    """``return true`` inside a loop becomes a flag that the loop does not stop for."""
    for loop, body in loops_of(function):
        after = loop.next_named_sibling
        yes = [node for node in _all(body, "return_statement", "return") if _word(node) in ("true", "True")]
        if loop.type == "call" or len(list(_all(loop, "return_statement", "return", "lambda", "break_statement"))) != 1:
            continue
        if after is None or len(yes) != 1 or _word(after) not in ("false", "False") or not function.stands_alone(after):
            continue
        if not _only_in(yes[0], body):
            continue
        flag = draw.choice([name for name in _FLAGS if not mentions(function, name, 0, len(function.file))] or ["hit"])
        declared = _DECLARED[function.grammar.key].format(flag)
        at = function.file.rfind(b"\n", 0, loop.start_byte) + 1
        end = ";" if text_of(yes[0]).endswith(";") else ""
        yield Way((
            Replacement(at, at, f"{function.indent(loop)}{declared}\n"),
            replace(yes[0], f"{flag} = {_word(yes[0])}{end}"),
            replace(after, f"return {flag}{end}"),
        ))  # fmt: skip


def _only_in(leave: "Node", body: "Node") -> bool:
    """Whether a statement is all that an ``if`` right inside the body does."""
    node, choices = leave, 0
    while node.parent is not None and node != body:
        node = node.parent
        if node.type in ("if_statement", "if"):
            choices += 1
        elif node != body and (
            node.named_child_count > 1 or not re.search(r"block|list|compound|then|body", node.type)
        ):
            return False
    return choices == 1


def _word(node: "Node") -> str:
    """What a statement returns, if it is one."""
    text = text_of(node).rstrip(";")
    return text.removeprefix("return").strip() if text.startswith("return") else ""


def _sets_literal(step: "Node") -> bool:
    text = text_of(step).rstrip(";")
    name, _, value = text.partition("=")
    return bool(re.fullmatch(r"[\w.>\-]+", name.strip()) and _LITERAL.fullmatch(value.strip()))


def _used_after(function: Function, place: Prepared) -> bool:
    between = mentions(function, place.name, place.statement.end_byte, place.loop.start_byte)
    return between or mentions(function, place.name, place.loop.end_byte, function.node.end_byte)


def _names_in(node: "Node", name: str) -> Iterator["Node"]:
    return (found for found in _all(node, "identifier") if text_of(found) == name)


def _runs_often(node: "Node", place: Prepared) -> bool:
    """Whether a use is in the body, or in a condition checked on every turn, and is read as a whole."""
    condition = place.loop.child_by_field_name("condition")
    around = node.parent
    if around is None or around.type in ("keyword_argument", "assignment_expression", "pair") or "index" in around.type:
        return False
    often = [place.body, *([condition] if condition else [])]
    return any(part.start_byte <= node.start_byte < part.end_byte for part in often)


def _all(node: "Node", *kinds: str) -> Iterator["Node"]:
    stack = [node]
    while stack:
        found = stack.pop()
        if found.type in kinds and found.is_named:
            yield found
        stack.extend(reversed(found.children))


OPERATORS: tuple[Operator, ...] = (
    Operator(
        "inline-before-loop",
        "work-in-loop",
        "what does not change is computed again on every turn of a loop",
        for_all(_inlined, *ALL),
    ),
    Operator(
        "move-into-loop", "work-in-loop", "what does not change is computed inside the loop", for_all(_moved, *ALL)
    ),
    Operator(
        "compile-inside-loop",
        "compile-in-loop",
        "a pattern or format is compiled on every turn of a loop",
        for_all(_compiled_inside, "c_sharp", "go", "java", "javascript", "typescript", "tsx", "python", "ruby"),
    ),
    Operator(
        "drop-break-after-flag",
        "missing-early-exit",
        "the loop runs on although the answer is known",
        for_all(_kept_looping, *ALL),
    ),
    Operator(
        "flag-instead-of-return",
        "missing-early-exit",
        "the loop remembers the answer and runs to its end",
        for_all(_flagged, *ALL),
    ),
)
