"""Degradations of correctness: wrong values, variables and operators."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, swap, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Operator, for_all
from themis_training.degrade.syntax import (
    NUMBERS,
    STRINGS,
    blocks,
    calls,
    declaration_place,
    declared,
    is_parameter,
    operations,
    unwrapped,
    words_in,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "//": "*", "&": "|", "|": "&"}
_TEXTUAL = re.compile(
    r"(?i)str|name|text|path|msg|message|prefix|suffix|url|key|line|html|list|dir|set|flags|\[|<|\"|'"
)
_PAIRS = """
    start/end begin/end first/last left/right top/bottom width/height row/col rows/cols min/max lower/upper low/high
    src/dst source/target source/destination input/output from/to key/value name/value old/new prev/next before/after
    i/j x/y a/b head/tail read/write request/response req/res parent/child lhs/rhs offset/length pos/len index/count
    user/owner expected/actual username/password host/port minimum/maximum add/remove total/count
    previous/current open/close sent/received local/remote client/server column/line line/column
""".split()  # noqa: SIM905  (forty quoted words would take forty lines)
_OTHER: dict[str, set[str]] = defaultdict(set)
for _one, _other in (pair.split("/") for pair in _PAIRS):
    _OTHER[_one].add(_other)
    _OTHER[_other].add(_one)


def _other_arithmetic(function: Function, _: random.Random) -> Iterator[Way]:
    for one in operations(function, *_ARITHMETIC):
        sides = text_of(one.left), text_of(one.right)
        if {one.left.type, one.right.type} & STRINGS or any(map(_TEXTUAL.search, sides)) or "1" in sides:
            continue
        if function.file[one.operator.start_byte - 1 : one.operator.end_byte + 1].count(b" ") == 1:
            continue
        if one.operator.type in ("+", "<<", ">>", "&", "|") and not _numeric(function, one.left, one.right):
            continue
        yield Way((replace(one.operator, _ARITHMETIC[one.operator.type]),))


def _numeric(function: Function, *nodes: "Node") -> bool:
    """Whether an operand is surely a number."""
    number = re.compile(r"(?i)\d|len|size|count|width|height|offset|total|sum|pos|idx|index|num|\b[xyzijkn]\b")
    return function.grammar.key == "c" or any(number.search(text_of(node)) for node in nodes)


def _other_update(function: Function, _: random.Random) -> Iterator[Way]:
    """A total is set instead of gathered, or gathered the wrong way."""
    for node in function.nodes("augmented_assignment", "augmented_assignment_expression", "operator_assignment",
                               "assignment_expression", "assignment_statement"):  # fmt: skip
        sign = next((c for c in node.children if c.type in ("+=", "-=", "*=")), None)
        right = node.child_by_field_name("right")
        if sign is None or right is None or not function.stands_alone(node):
            continue
        if function.grammar.key == "c_sharp" and not _numeric(function, node):
            continue
        yield Way((replace(sign, "="),))
        if not {right.type} & STRINGS and not _TEXTUAL.search(text_of(node)):
            yield Way((replace(sign, {"+=": "-=", "-=": "+=", "*=": "+="}[sign.type]),))


def _set_anew(function: Function, _: random.Random) -> Iterator[Way]:
    """A value that was set is added to what was there."""
    for node in function.nodes("assignment", "assignment_expression", "assignment_statement"):
        sign = next((c for c in node.children if c.type == "="), None)
        right, left = node.child_by_field_name("right"), node.child_by_field_name("left")
        if sign is None or right is None or left is None or (node.type == "assignment" and left.type == "identifier"):
            continue
        if (
            _numeric(function, left)
            and re.search(r"[-+*/]|len|size|count", text_of(right))
            and not _TEXTUAL.search(text_of(node))
            and not words_in(left) & words_in(right)
        ):
            yield Way((replace(sign, "+="),))


def _swapped_operands(function: Function, _: random.Random) -> Iterator[Way]:
    for one in operations(function, "-", "/", "%", "//"):
        if not {one.left.type, one.right.type} & {*NUMBERS, *STRINGS} and one.left.type == one.right.type:
            yield Way(swap(one.left, one.right))


def _types(function: Function) -> dict[str, str]:
    """The declared type of parameters and locals, as text."""
    found: dict[str, str] = {}
    for name, uses in declared(function).items():
        for node in uses:
            above = node.parent
            while above is not None and above != function.node:
                kind = above.child_by_field_name("type")
                if kind is not None and (kind.start_byte < node.start_byte or ":" in text_of(kind)):
                    text = text_of(kind)
                    if text not in ("auto", "var"):
                        found.setdefault(name, f"{text}{'*' if above.type.startswith('pointer') else ''}")
                    break
                if above.type in ("parameter_list", "block", "compound_statement", "statement_block"):
                    break
                above = above.parent
            break
    return found


def _other_variable(function: Function, draw: random.Random) -> Iterator[Way]:
    uses = declared(function)
    types = _types(function)
    known = sorted(name for name in uses if is_parameter(uses[name][0]) or len(uses[name]) > 1)
    for name in known:
        others = [o for o in known if o != name and (_alike(name, o) or types.get(name, 1) == types.get(o, 2))]
        for node in uses[name]:
            before = [o for o in others if uses[o][0].start_byte < node.start_byte and _visible(uses[o][0], node)]
            parent = node.parent
            if not before or declaration_place(node, function) or parent is None:
                continue
            other = draw.choice(before)
            if other not in words_in(parent):
                yield Way((replace(node, other),))


def _visible(declaration: "Node", node: "Node") -> bool:
    """Whether a name declared at one place may be used at another."""
    above = declaration.parent
    if above is None or above.start_byte <= node.start_byte < above.end_byte:
        return False
    while above is not None and not re.search(r"block|compound|body|statement$|function|method|lambda", above.type):
        above = above.parent
    if above is not None and re.search(r"assign|declaration_statement|expression_statement", above.type):
        above = above.parent
    return above is not None and above.start_byte <= node.start_byte < above.end_byte


def _alike(one: str, other: str) -> bool:
    """Whether two names are a pair such as start and end."""
    parts, others = (re.findall(r"[a-z]+|[A-Z][a-z]*|\d+", name) for name in (one, other))
    differ = [(a.lower(), b.lower()) for a, b in zip(parts, others, strict=False) if a != b]
    return len(parts) == len(others) and len(differ) == 1 and differ[0][1] in _OTHER[differ[0][0]] | (
        {differ[0][1]} if differ[0][1].isdigit() and differ[0][0].isdigit() else set()
    )  # fmt: skip


def _other_member(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("field_identifier", "property_identifier", "identifier"):
        parent = node.parent
        if parent is None or parent.type not in _MEMBER_PARENTS or parent.children[-1] != node:
            continue
        name = text_of(node)
        for word in re.findall(r"[a-z]+", name)[:1]:
            for other in sorted(_OTHER.get(word, ())):
                renamed = other + name[len(word) :] if name.startswith(word) else name
                same = "(?=\\()" if _is_called(parent) else "(?![\\w(])"
                if renamed != name and len(word) > 1 and re.search(rf"[.>]{renamed}{same}", function.file.decode()):
                    yield Way((replace(node, renamed),))


def _is_called(node: "Node") -> bool:
    above = node.parent
    return above is not None and above.child_by_field_name("function") == node


_MEMBER_PARENTS = ("field_expression", "member_expression", "selector_expression", "attribute", "field_access",
                   "member_access_expression")  # fmt: skip
_FLAGS = {"true": "false", "false": "true", "True": "False", "False": "True"}


def _flipped_flag(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("true", "false", "boolean_literal"):
        parent = node.parent
        if text_of(node) in _FLAGS and parent is not None and not parent.type.startswith(("comparison", "binary")):
            yield Way((replace(node, _FLAGS[text_of(node)]),))


def _other_number(function: Function, draw: random.Random) -> Iterator[Way]:
    for node in function.nodes(*NUMBERS):
        text, parent = text_of(node), node.parent
        if not text.isdigit() or parent is None or re.search(r"subscript|index|array|slice", parent.type):
            continue
        number = int(text)
        computed = parent.type in _COMPUTES
        if computed and number >= 10 and text.endswith("0"):
            yield Way((replace(node, draw.choice((text + "0", text[:-1]))),))
        elif computed and number > 1:
            yield Way((replace(node, str(number + draw.choice((-1, 1)))),))
        elif number == 0 and parent.type in ("return_statement", "return"):
            yield Way((replace(node, "1"),))
        elif parent.type.startswith(("unary", "prefix_unary")) and text_of(parent) == "-1":
            yield Way((replace(parent, draw.choice(("0", "1"))),))


_COMPUTES = ("binary_expression", "binary", "binary_operator", "comparison_operator", "return_statement", "return")


def _dropped_start(function: Function, _: random.Random) -> Iterator[Way]:
    """A local is declared and not set."""
    for node in function.nodes("init_declarator", "variable_declarator", "var_spec"):
        name = node.child_by_field_name("declarator") or node.child_by_field_name("name")
        value = node.child_by_field_name("value") or (node.named_children[-1] if node.named_child_count > 1 else None)
        if (
            name is None
            or value is None
            or value == name
            or (node.child_by_field_name("value") is None and "=" not in text_of(node))
        ):
            continue
        plain = re.fullmatch(r"0|0L|0\.0|1|-1|NULL|nullptr|null|false|true|\[\]|\{\}|\"\"|''|\{0\}", text_of(value))
        kind = node.parent.child_by_field_name("type") if node.parent is not None else None
        kept = re.search(r"(?m)^\s*(?:const|final|static)|auto|^var ", text_of(node.parent)) if node.parent else True
        in_header = node.parent is not None and node.parent.parent is not None and "for" in node.parent.parent.type
        rest = function.file[node.end_byte : function.node.end_byte].decode()
        used = re.search(rf"\b{re.escape(text_of(name))}\b(?!\s*=[^=])", rest)
        first = re.search(rf"&?\b{re.escape(text_of(name))}\b", rest)
        if used is None or first is None or first[0].startswith("&") or used.end() != first.end():
            continue
        if function.grammar.key in SCRIPTS and text_of(value) in ("null", "false", "true"):
            continue
        if plain and not kept and not in_header and (kind is None or text_of(kind) != "var"):
            end = node.child_by_field_name("type") or name
            yield Way((Replacement(end.end_byte, value.end_byte, ""),))


def _dropped_first(function: Function, _: random.Random) -> Iterator[Way]:
    """The line goes that sets what a loop gathers."""
    for _block, listed in blocks(function):
        for number, node in enumerate(listed):
            inner = unwrapped(node)
            left = inner.child_by_field_name("left")
            if inner.type not in ("assignment", "assignment_expression") or left is None or left.type != "identifier":
                continue
            if re.search(r" = (?:0|\[\]|\{\}|\"\"|''|None|nil|False|false|0\.0|set\(\)|dict\(\))$", text_of(inner)):
                name = text_of(left)
                before = sum((words_in(earlier)[name] for earlier in listed[:number]), 0)
                later = " ".join(text_of(after) for after in listed[number + 1 :])
                gathers = re.search(rf"\b{name}(?: [-+|]=| <<|\.append|\.push|\[|\.add)", later)
                if gathers and not before and function.stands_alone(node):
                    yield Way((function.lines_of(node),))


def _true_division(function: Function, _: random.Random) -> Iterator[Way]:
    """A quotient loses its fraction."""
    key = function.grammar.key
    for one in operations(function, "/"):
        left, right = text_of(one.left), text_of(one.right)
        if key == "python" and not re.search(r"(?i)path|dir|root|['\"]|file|parent|cwd|base|url", left + right):
            yield Way((replace(one.operator, "//"),))
        elif key == "ruby" and re.search(r"\.to_f\b|\bFloat\(", left + right):
            kept = replace(one.node, f"{left.replace('.to_f', '')} / {right.replace('.to_f', '')}")
            yield Way((kept,))
        elif key in ("c", "cpp", "java", "c_sharp"):
            whole = f"{left} / {right}"
            plain = re.sub(
                r"\(\s*(?:double|float)\s*\)\s*|static_cast<(?:double|float)>\((\w+)\)|(?<=\d)\.0[fF]?\b", r"\1", whole
            )
            if plain != whole:
                yield Way((replace(one.node, plain),))
        elif key == "go" and (
            found := re.fullmatch(r"(float(?:64|32))\((.+)\) / float(?:64|32)\((.+)\)", f"{left} / {right}")
        ):
            yield Way((replace(one.node, f"{found[1]}({found[2]} / {found[3]})"),))
        elif key in SCRIPTS:
            yield Way((replace(one.node, f"Math.floor({left} / {right})"),))
    for call in calls(function):
        if key in SCRIPTS and text_of(call.target) in ("Math.floor", "Math.round", "Math.ceil") and call.arguments:
            yield Way((replace(call.node, f"({text_of(call.arguments[0])})"),))


def _loose(function: Function, _: random.Random) -> Iterator[Way]:
    looser = {"===": "==", "!==": "!="}
    for one in operations(function, *looser):
        if text_of(one.right) not in ("null", "undefined") and "typeof" not in text_of(one.left):
            yield Way((replace(one.operator, looser[one.operator.type]),))


def _identity(function: Function, _: random.Random) -> Iterator[Way]:
    """Identity stands for equality."""
    key = function.grammar.key
    for one in operations(function, "==", "!="):
        left, right = text_of(one.left), text_of(one.right)
        equal = one.operator.type == "=="
        if key == "python" and one.right.type in ("string", "integer", "identifier", "tuple", "attribute"):
            yield Way((replace(one.operator, "is" if equal else "is not"),))
        elif (
            key == "ruby" and one.right.type in ("string", "identifier", "array", "call") and one.left.type != "integer"
        ):
            yield Way((replace(one.node, f"{'' if equal else '!'}{left}.equal?({right})"),))
        elif key in ("c", "cpp") and (found := re.fullmatch(r"strcmp\(([^(),]+), ([^(),]+)\)", left)) and right == "0":
            yield Way((replace(one.node, f"{found[1]} {one.operator.type} {found[2]}"),))
        elif key == "c_sharp" and one.right.type in ("string_literal", "identifier") and _WORDY.search(left + right):
            yield Way((replace(one.node, f"{'' if equal else '!'}ReferenceEquals({left}, {right})"),))
    for call in calls(function):
        if key == "java" and text_of(call.name) == "equals" and len(call.arguments) == 1:
            receiver = call.node.child_by_field_name("object")
            above = call.node.parent
            if receiver is None or above is None:
                continue
            negative = above.type == "unary_expression"
            text = f"{text_of(receiver)} {'!=' if negative else '=='} {text_of(call.arguments[0])}"
            yield Way((replace(above if negative else call.node, text),))
        elif key == "go" and text_of(call.target) == "errors.Is" and len(call.arguments) == 2:
            text = " == ".join(map(text_of, call.arguments))
            above = call.node.parent
            negative = above is not None and above.type == "unary_expression"
            node = above if negative and above is not None else call.node
            yield Way((replace(node, text.replace("==", "!=") if negative else text),))


_WORDY = re.compile(r"(?i)name|text|key|string|value|path|\"")


def _bare_comparison(function: Function, _: random.Random) -> Iterator[Way]:
    """What is zero for equal texts is taken for true."""
    for one in operations(function, "=="):
        if re.match(r"(?:strn?cmp|memcmp|strn?casecmp)\(", text_of(one.left)) and text_of(one.right) == "0":
            yield Way((replace(one.node, text_of(one.left)),))
    for node in function.nodes("unary_expression"):
        if re.match(r"!(?:strn?cmp|memcmp|strn?casecmp)\(", text_of(node)):
            yield Way((replace(node, text_of(node)[1:]),))


OPERATORS: tuple[Operator, ...] = (
    Operator("swap-arithmetic", "wrong-operator", "another arithmetic operator", for_all(_other_arithmetic, *ALL)),
    Operator("swap-update", "wrong-operator", "a total is set where it was gathered, or gathered the wrong way",
             for_all(_other_update, *ALL)),
    Operator("add-instead", "wrong-operator", "a value is added where it was set",
             for_all(_set_anew, *ALL), held_out=True),
    Operator("swap-operands", "swapped-arguments", "the two sides of a subtraction or division change places",
             for_all(_swapped_operands, *ALL)),
    Operator("swap-variable", "wrong-variable", "another variable of the same kind", for_all(_other_variable, *ALL)),
    Operator("swap-member", "wrong-variable", "another member of the same kind", for_all(_other_member, *ALL)),
    Operator("flip-flag", "wrong-constant", "true stands for false, or the other way round",
             for_all(_flipped_flag, *ALL)),
    Operator("change-number", "wrong-constant", "another number", for_all(_other_number, *ALL)),
    Operator("drop-start", "uninitialized-value", "a variable is used before it is set",
             {**for_all(_dropped_start, "c", "cpp", "c_sharp", "java", *SCRIPTS),
              **for_all(_dropped_first, "python", "ruby")}),
    Operator("drop-fraction", "wrong-operator", "a quotient loses its fraction",
             for_all(_true_division, *ALL)),
    Operator("loosen-equality", "loose-comparison", "equality that converts its operands", for_all(_loose, *SCRIPTS)),
    Operator("compare-identity", "loose-comparison", "identity stands for equality",
             for_all(_identity, "python", "ruby", "c", "cpp", "c_sharp", "java", "go")),
    Operator("test-comparison", "misused-api", "zero, which means equal, is taken for false",
             for_all(_bare_comparison, "c", "cpp")),
)  # fmt: skip
