"""Degradations of security: the checks of real code, dropped, weakened, too late, or only logged."""

import random
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Finder, Operator, for_all
from themis_training.degrade.syntax import (
    Branch,
    ancestors,
    blocks,
    branches,
    declared,
    leaves,
    operations,
    statements,
    without,
    words_in,
)

if TYPE_CHECKING:
    from tree_sitter import Node

MANUAL = ("c", "cpp")
TYPED = (*MANUAL, "c_sharp", "go", "java")

_BOUND = re.compile(
    r"(?i)len|size|count|\bnum|max|limit|capacity|\bcap\(|idx|index|offset|\boff\b|remain|avail|\bend\b|bytes|\bpos\b"
)
_COMPARED = re.compile(r"[^-<>=][<>]=?[^<>]")
_NULL = re.compile(
    r"(?:!\s*(?P<not>[\w.>-]+)|(?P<left>[\w.>-]+)\s*(?:==|is)\s*(?:NULL|nullptr|null|nil)"
    r"|(?:NULL|nullptr|null)\s*==\s*(?P<right>[\w.>-]+))"
)
_PRESENT = re.compile(r"(?P<name>[\w.>-]+)(?:\s*!=\s*(?:NULL|nullptr|null|nil))?")
_RIGHTS = re.compile(
    r"(?i:auth(?!or)|permi(?:t|ss)|forbid|owner_?id\b|admin|(?:has|user)_?roles?\b|access_?(?:denied|allowed|contr)"
    r"|(?:has|can)_?access|logged_?in|privileg|csrf|\beuid\b|is_?staff)|\bcapable\(|\bcan_(?:edit|manage|view|write)"
    r"|\bcan(?:Edit|Manage|View|Write)\b|\bcan\?"
)
_REFUSES = re.compile(
    r"(?i)raise|throw|\berr|error|panic|fail|abort|forbid|unauth|den(?:y|ied)|invalid|bad_|40[0134]|\bfalse\b|\bnull\b"
    r"|\bnil\b|\bnone\b|redirect|-\s*1\b|(?-i:\bE[A-Z]{3,})|\bexit"
)
_SIMPLE = 90  # characters; longer conditions are about more than one thing
_PATHS = re.compile(
    r"(?i)\.\.|start_?s?_?with\b|hasprefix|islocal|\bisabs\b|is_?absolute\b|is_relative_to|traversal|is_?inside|secure|safe"
)
_HOSTS = re.compile(r"(?i)host|scheme|netloc|\borigin\b|allowed|whitelist|allow_?list|trusted")


def _leaving(function: Function) -> Iterator[Branch]:
    """Checks: branches of a few statements that end the function, the loop or the branch of the caller."""
    for branch in branches(function):
        body = statements(branch.body)
        starts = branch.node.child_by_field_name("initializer") is not None
        chained = branch.node.parent is not None and branch.node.parent.type == "else_clause"
        if branch.other is not None or starts or chained or branch.node.type in ("elif_clause", "elsif"):
            continue
        if 0 < len(body) <= 3 and leaves(body[-1]) and function.stands_alone(branch.node):
            yield branch


def _after(function: Function, node: "Node") -> str:
    return function.file[node.end_byte : function.node.end_byte].decode("utf-8", "replace")


def _refuses(branch: Branch) -> bool:
    return bool(_REFUSES.search(text_of(statements(branch.body)[-1])))


def _is_bound(function: Function, branch: Branch) -> bool:
    condition, body = text_of(branch.condition), text_of(statements(branch.body)[-1])
    if not _COMPARED.search(f" {condition} ") or not _BOUND.search(condition):
        return False
    if not _refuses(branch) and not (function.grammar.key in MANUAL and re.match(r"goto|break|continue|return;", body)):
        return False
    checked = {word for word in words_in(branch.condition) if not word.isupper() and word not in ("sizeof", "len")}
    return any(re.search(rf"\b{re.escape(word)}\b", _after(function, branch.node)) for word in checked)


def _nullable(function: Function, condition: str) -> str | None:
    """The expression a condition finds to be null."""
    found = _NULL.fullmatch(condition.strip())
    if found is None or (found["not"] and function.grammar.key not in MANUAL):
        return None
    name: str = found["not"] or found["left"] or found["right"]
    return None if name == "err" else name


def _follows(name: str, text: str) -> bool:
    """Whether a pointer is followed somewhere."""
    name = re.escape(name)
    return bool(
        re.search(rf"(?<![\w.>]){name}\s*(?:->|\.\w|\[)|\*\s*{name}\b|\b(?:mem|str)[a-z]+\([^;]*\b{name}\b", text)
    )


def _is_null(function: Function, branch: Branch) -> bool:
    name = _nullable(function, text_of(branch.condition))
    after = _after(function, branch.node)
    if name is None or not _follows(name, after):
        return False
    dotted = function.grammar.key in MANUAL and f"{name}." in after and f"{name}->" not in after
    return not dotted


def _is_right(_: Function, branch: Branch) -> bool:
    condition = text_of(branch.condition)
    negative = branch.node.type.startswith("unless") or re.match(r"!|not\b", condition)
    return bool(len(condition) < _SIMPLE and _RIGHTS.search(condition) and (negative or _refuses(branch)))


def _is_path(_: Function, branch: Branch) -> bool:
    around = re.search(r"(?i)path|file|dir\b|folder|entry", text_of(branch.node))
    return bool(_PATHS.search(text_of(branch.condition)) and around and _refuses(branch))


def _is_host(function: Function, branch: Branch) -> bool:
    around = re.search(r"(?i)url|uri|request|redirect", function.text)
    return bool(_HOSTS.search(text_of(branch.condition)) and around and _refuses(branch))


Check = Callable[[Function, Branch], bool]


def _dropped(check: Check) -> Finder:
    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for branch in _leaving(function):
            if check(function, branch):
                yield Way((without(function, branch.node),))

    return find


_SAYING = {
    **dict.fromkeys(MANUAL, 'fprintf(stderr, "{words}\\n");'),
    "c_sharp": 'Console.Error.WriteLine("{words}");',
    "go": 'log.Printf("{words}")',
    "java": 'System.err.println("{words}");',
    **dict.fromkeys(SCRIPTS, 'console.warn("{words}");'),
    "python": 'print("{words}", file=sys.stderr)',
    "ruby": 'warn "{words}"',
}


def _only_said(check: Check, *words: str) -> Finder:
    """The check stays, but what left the function now writes a message and goes on."""

    def find(function: Function, draw: random.Random) -> Iterator[Way]:
        for branch in _leaving(function):
            if check(function, branch):
                last = statements(branch.body)[-1]
                said = _SAYING[function.grammar.key].format(words=draw.choice(words))
                yield Way((replace(last, said),))

    return find


_BOUND_SAID = (
    "length out of range",
    "index too large",
    "unexpected size, using it anyway",
    "too many bytes",
    "short read",
)
_NULL_SAID = ("no value here", "missing object, going on", "unexpected null", "nothing was found", "out of memory")
_RIGHT_SAID = (
    "access without permission",
    "not allowed, please check",
    "wrong user",
    "unexpected caller",
    "no session",
)


def _weakened(check: Check) -> Finder:
    """The check only happens where something unrelated holds."""

    def find(function: Function, draw: random.Random) -> Iterator[Way]:
        word = "and" if function.grammar.key == "python" else "&&"
        for branch in _leaving(function):
            before = [
                name
                for name, uses in declared(function).items()
                if uses[0].end_byte < branch.node.start_byte and name not in words_in(branch.condition)
            ]
            if not before or not check(function, branch) or branch.node.type.startswith("unless"):
                continue
            condition = text_of(branch.condition)
            held = f"({condition})" if re.search(r"\|\||\bor\b|\?", condition) else condition
            yield Way((replace(branch.condition, f"{held} {word} {draw.choice(before)}"),))

    return find


def _too_late(check: Check) -> Finder:
    """A check changes places with the statement below it, which uses what is checked."""

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        checks = {branch.node.id: branch for branch in _leaving(function) if check(function, branch)}
        for _block, body in blocks(function):
            for one, below in pairwise(body):
                branch = checks.get(one.id)
                if branch is None or not function.stands_alone(below) or not _is_plain(below):
                    continue
                name = _nullable(function, text_of(branch.condition))
                used = _follows(name, text_of(below)) if name else _indexes(branch, below)
                if used:
                    yield Way(_swapped_lines(function, one, below))

    return find


def _is_plain(node: "Node") -> bool:
    return node.type in (
        "expression_statement", "declaration", "local_variable_declaration", "local_declaration_statement",
        "short_var_declaration", "assignment_statement",
    )  # fmt: skip


def _indexes(branch: Branch, below: "Node") -> bool:
    words = [word for word in words_in(branch.condition) if not word.isupper()]
    text = text_of(below)
    return any(
        re.search(rf"\[[^\]]*\b{word}\b|(?i:copy|cpy|read|write|slice)\w*\([^;]*\b{word}\b", text) for word in words
    )


def _swapped_lines(function: Function, one: "Node", other: "Node") -> tuple[Replacement, Replacement]:
    first, second = function.lines_of(one), function.lines_of(other)
    texts = [function.file[part.start : part.end].decode() for part in (first, second)]
    return (first._replace(text=texts[1]), second._replace(text=texts[0]))


def _null_operand(function: Function, _: random.Random) -> Iterator[Way]:
    """``p && p->x`` becomes ``p->x``, ``!p || p->x`` too."""
    for one in operations(function, "&&", "||"):
        left = text_of(one.left)
        if one.operator.type == "||":
            name = _nullable(function, left)
        else:
            found = _PRESENT.fullmatch(left)
            bare = found is not None and "=" not in left
            name = found["name"] if found and not (bare and function.grammar.key not in MANUAL) else None
        if name and name != "err" and _follows(name, text_of(one.right)):
            yield Way((replace(one.node, text_of(one.right)),))


def _null_choice(function: Function, _: random.Random) -> Iterator[Way]:
    """``p ? p->x : 0`` becomes ``p->x``."""
    for node in function.nodes("conditional_expression", "ternary_expression"):
        condition, value = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        other = node.child_by_field_name("alternative")
        if condition is None or value is None or other is None:
            continue
        test = text_of(condition).strip("() ")
        name = _nullable(function, test)
        present = _PRESENT.fullmatch(test)
        if name and _follows(name, text_of(other)):
            yield Way((replace(node, text_of(other)),))
        elif present and ("=" in test or function.grammar.key in MANUAL) and _follows(present["name"], text_of(value)):
            yield Way((replace(node, text_of(value)),))


def _bound_operand(function: Function, _: random.Random) -> Iterator[Way]:
    """``i < n && a[i]`` becomes ``a[i]``."""
    for one in operations(function, "&&", "||"):
        for bound, kept in ((one.left, one.right), (one.right, one.left)):
            text = text_of(bound)
            if not _COMPARED.search(f" {text} ") or not _BOUND.search(text) or "[" in text or len(text) > 60:
                continue
            shared = [word for word in words_in(bound) if not word.isupper()]
            if any(re.search(rf"\[[^\]]*\b{word}\b|\*\s*{word}\b", text_of(kept)) for word in shared):
                yield Way((replace(one.node, text_of(kept)),))


def _lower_bound(function: Function, _: random.Random) -> Iterator[Way]:
    """``i < 0 || i >= n`` becomes ``i >= n``, and ``i >= 0 && i < n`` becomes ``i < n``."""
    signs = {"||": r"([\w.>\[\]-]+)\s*(?:<\s*[01]|<=\s*-?[01])", "&&": r"([\w.>\[\]-]+)\s*(?:>=\s*[01]|>\s*-?[01])"}
    for one in operations(function, "&&", "||"):
        found = re.fullmatch(signs[one.operator.type], text_of(one.left))
        if found and re.search(rf"(?<![\w.]){re.escape(found[1])}\s*(?:<=?|>=?)", text_of(one.right)):
            yield Way((replace(one.node, text_of(one.right)),))


def _overflowing(function: Function, _: random.Random) -> Iterator[Way]:
    """``n > size - at`` becomes ``at + n > size``, whose sum may overflow."""
    minus = {(one.node.start_byte, one.node.end_byte): one for one in operations(function, "-")}
    for one in operations(function, "<", "<=", ">", ">="):
        right = minus.get((one.right.start_byte, one.right.end_byte))
        guard = next(
            (a for a in ancestors(one.node) if a.type in ("if_statement", "for_statement", "while_statement")), None
        )
        if right is None or guard is None or guard.type != "if_statement" or not _BOUND.search(text_of(one.node)):
            continue
        added, size, left = text_of(right.right), text_of(right.left), text_of(one.left)
        if re.fullmatch(r"[\w.>-]+", added) and not added.isdigit() and re.fullmatch(r"[\w.>()-]+", left):
            yield Way((replace(one.node, f"{added} + {left} {one.operator.type} {size}"),))


_PERMISSION = re.compile(
    r"(?i)login_?required|permission|authori[sz]e|requires?_|rolesallowed|secured|authenticated|csrf|token"
)
_NOT_PERMISSION = re.compile(r"(?i)require_(?:http|GET|POST|safe|torch|tf)|requires_(?:grad|backend)|AllowAnonymous")


def _decorator(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("decorator", "annotation", "marker_annotation", "attribute_list"):
        text = text_of(node).split("(")[0]
        if _PERMISSION.search(text) and not _NOT_PERMISSION.search(text) and function.stands_alone(node):
            yield Way((function.lines_of(node),))


OPERATORS: tuple[Operator, ...] = (
    Operator("drop-bounds-check", "missing-bounds-check", "a length or an index is no longer checked",
             for_all(_dropped(_is_bound), *TYPED)),
    Operator("say-bounds", "missing-bounds-check", "a failed check of a bound is only logged",
             for_all(_only_said(_is_bound, *_BOUND_SAID), *TYPED)),
    Operator("weaken-bounds-check", "missing-bounds-check", "a bound is checked only sometimes",
             for_all(_weakened(_is_bound), *MANUAL)),
    Operator("late-bounds-check", "missing-bounds-check", "a bound is checked after what it guards",
             for_all(_too_late(_is_bound), *TYPED), held_out=True),
    Operator("drop-bounds-operand", "missing-bounds-check", "an element is read without the comparison that allowed it",
             for_all(_bound_operand, *TYPED)),
    Operator("drop-lower-bound", "missing-bounds-check", "a negative index or length passes",
             for_all(_lower_bound, *TYPED)),
    Operator("overflow-in-check", "integer-overflow", "a check adds where it subtracted, and the sum may overflow",
             for_all(_overflowing, *TYPED)),
    Operator("drop-null-check", "null-dereference", "what may be null is no longer checked",
             for_all(_dropped(_is_null), *TYPED)),
    Operator("say-null", "null-dereference", "a null is only logged",
             for_all(_only_said(_is_null, *_NULL_SAID), *TYPED)),
    Operator("weaken-null-check", "null-dereference", "null is checked only sometimes",
             for_all(_weakened(_is_null), *MANUAL)),
    Operator("late-null-check", "null-dereference", "null is checked after it was followed",
             for_all(_too_late(_is_null), *TYPED)),
    Operator("drop-null-operand", "null-dereference", "a pointer is followed without the half that checked it",
             for_all(_null_operand, *TYPED)),
    Operator("drop-null-choice", "null-dereference", "a pointer is followed whether or not it is null",
             for_all(_null_choice, "c", "cpp", "java", "c_sharp")),
    Operator("drop-permission-check", "missing-authorization", "a check of rights is gone",
             for_all(_dropped(_is_right), *ALL)),
    Operator("say-denied", "missing-authorization", "a failed check of rights is only logged",
             for_all(_only_said(_is_right, *_RIGHT_SAID), *ALL)),
    Operator("weaken-permission-check", "missing-authorization", "rights are checked only sometimes",
             for_all(_weakened(_is_right), *MANUAL, *SCRIPTS, "python", "ruby")),
    Operator("drop-permission-mark", "missing-authorization", "the mark that asks for rights is gone",
             for_all(_decorator, "python", "java", "c_sharp")),
    Operator("drop-path-check", "path-traversal", "a path is no longer checked to stay inside",
             for_all(_dropped(_is_path), *ALL)),
    Operator("drop-host-check", "request-forgery", "an address is no longer checked",
             for_all(_dropped(_is_host), *(key for key in ALL if key not in MANUAL))),
)  # fmt: skip
