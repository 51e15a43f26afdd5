"""Degradations of readability: names, and values that lose theirs."""

import random
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Way, replace, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Finder, Operator, for_all
from themis_training.degrade.syntax import (
    NUMBERS,
    STRINGS,
    blocks,
    declared,
    is_parameter,
    loops,
    statements,
    without,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_EMPTY_NAMES = """
    a b d e f g h k m o p q r s t u v w x y z a1 b2 x1 x2 v1 s1 t2 aa xx tmp tmp2 temp temp1 data data2 val val2 var1
    foo bar baz obj obj1 thing stuff item1 elem2 res2 ret2 o1 o2 it2 myvar dat
""".split()  # noqa: SIM905  (sixty quoted words would take sixty lines)
_PADDED = ("the_{}_data", "my_{}_var", "{}_value_info", "{}_obj_2", "temp_{}_thing", "{}_data_item_value",
           "new_{}_variable", "some_{}_stuff", "{}_helper_temp")  # fmt: skip
_BUILTINS = {
    "python": "list dict str id type input sum max min format hash iter next object range set filter map all any "
              "bytes vars dir len int float open tuple print zip file",
    "ruby": "p puts format method hash test rand sleep loop display system print open lambda proc send",
    "javascript": "event name status location parent top self history screen escape length open close stop Object "
                  "Array String Map Set JSON Math",
    "go": "len cap copy new string error append close max min byte any print make int delete bool",
    "c": "index time read write log exp div abs rand remove rename printf signal link open close free exit",
    "cpp": "move swap count find begin end size data min max copy string time read write log abs remove",
    "c_sharp": "dynamic var async nameof partial where value field record init",
    "java": "var record yield sealed permits module",
}  # fmt: skip
_GENERIC = re.compile(r"(?i)(?:tmp|temp|data|val|value|obj|foo|bar|res|ret|item|elem|result|err|error|args|kwargs)\d*$")
_OF_KIND = {
    "n": re.compile(r"(?i)count|num|size|len|total|index|idx|offset|width|height"),
    "str": re.compile(r"(?i)name|text|path|msg|message|title|label|url|prefix|suffix|line"),
    "b": re.compile(r"(?i)^(?:is|has|can|should|was)|enabled|found|valid|done|ok$"),
    "arr": re.compile(r"(?i)(?:[^su]s|list|array|items)$"),
    "obj": re.compile(r"(?i)config|options|user|node|request|response|client|context|parser|writer|reader|result"),
}


def _renaming(new_name: Callable[[Function, str, random.Random], str | None], shortest: int = 5) -> Finder:
    """Renames a local name wherever it occurs, if every occurrence is known."""

    def find(function: Function, draw: random.Random) -> Iterator[Way]:
        text = function.text
        for name, uses in declared(function).items():
            known = len(re.findall(rf"\b{re.escape(name)}\b", text)) == len(uses)
            public = function.grammar.key in ("python", "ruby") and any(map(is_parameter, uses))
            if len(name) < shortest or not 2 <= len(uses) <= 12 or not known or public or _GENERIC.match(name):
                continue
            new = new_name(function, name, draw)
            if new and new != name and not re.search(rf"\b{re.escape(new)}\b", text):
                yield Way(tuple(replace(node, new) for node in uses))

    return find


def _empty(_: Function, __: str, draw: random.Random) -> str:
    return draw.choice(_EMPTY_NAMES)


def _padded(function: Function, name: str, draw: random.Random) -> str | None:
    if len(name) > 14:
        return None
    words = draw.choice(_PADDED).format("_".join(_parts(name)))
    return words if _snake(function, name) else _camel(words.split("_"))


def _abbreviated(function: Function, name: str, _: random.Random) -> str | None:
    short = [word[0] + re.sub(r"[aeiou]|(.)(?=\1)", "", word[1:])[:3] for word in _parts(name)]
    new = "_".join(short) if _snake(function, name) else _camel(short)
    return new if len(new) <= len(name) * 0.7 else None


def _initials(_: Function, name: str, __: random.Random) -> str:
    return "".join(part[0] for part in _parts(name))


def _other_case(function: Function, name: str, _: random.Random) -> str | None:
    parts, key = _parts(name), function.grammar.key
    own = "snake" if key in ("python", "ruby", "c") else "either" if key == "cpp" else "camel"
    if len(parts) < 2 or name.isupper() or name.startswith("_") or own == ("camel" if "_" in name else "snake"):
        return None
    return _camel(parts) if "_" in name else "_".join(parts)


def _hungarian(function: Function, name: str, _: random.Random) -> str | None:
    mark = next((mark for mark, pattern in _OF_KIND.items() if pattern.search(name)), None)
    parts = _parts(name)
    if mark is None or name.isupper() or name.startswith("_"):
        return None
    return "_".join((mark, *parts)) if _snake(function, name) else _camel([mark, *parts])


def _shadowing(function: Function, _: str, draw: random.Random) -> str | None:
    return draw.choice(_BUILTINS[function.grammar.language].split())


def _parts(name: str) -> list[str]:
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def _snake(function: Function, name: str) -> bool:
    return "_" in name or (function.grammar.key in ("python", "ruby", "c") and name.islower())


def _camel(parts: list[str]) -> str:
    return parts[0] + "".join(part.capitalize() for part in parts[1:])


def _wrong_number(function: Function, _: random.Random) -> Iterator[Way]:
    """A collection is named like one of its elements, or an element like the collection."""
    names = declared(function)
    for loop, _body in loops(function):
        over = loop.child_by_field_name("right") or loop.child_by_field_name("value")
        each = loop.child_by_field_name("left") or loop.child_by_field_name("name")
        if over is not None and (found := text_of(over)) in names and re.search(r"[^su]s$", found):
            short = re.sub(r"ies$", "y", found)
            short = short if short != found else found[:-1]
            uses = names[found]
            public = function.grammar.key in ("python", "ruby") and any(map(is_parameter, uses))
            if len(short) > 3 and not public and _all_known(function, found, uses) and _unused(function, short):
                yield Way(tuple(replace(node, short) for node in uses))
        one = text_of(each) if each is not None else ""
        if one in names and len(one) > 2 and not one.endswith("s"):
            uses = names[one]
            if _all_known(function, one, uses) and _unused(function, f"{one}s"):
                yield Way(tuple(replace(node, f"{one}s") for node in uses))


def _unused(function: Function, name: str) -> bool:
    return not re.search(rf"\b{name}\b", function.text)


def _all_known(function: Function, name: str, uses: "list[Node]") -> bool:
    return len(re.findall(rf"\b{re.escape(name)}\b", function.text)) == len(uses)


def _inlined_constant(function: Function, _: random.Random) -> Iterator[Way]:
    """A local that only names a number or a text gives way to its value."""
    yield from _inlined(function, lambda value: value.type in NUMBERS and text_of(value) not in ("0", "1", "2"))


def _inlined_text(function: Function, _: random.Random) -> Iterator[Way]:
    yield from _inlined(
        function, lambda value: value.type in STRINGS and 5 < len(text_of(value)) < 50 and "\n" not in text_of(value)
    )


def _inlined(function: Function, fits: "Callable[[Node], bool]") -> Iterator[Way]:
    for name, (statement, value, uses) in single_values(function).items():
        changed = re.search(
            rf"(?:\+\+|--|&){re.escape(name)}\b|\b{re.escape(name)}\s*(?:\+\+|--|[-+*/|&<>]*=(?!=)|<<|\[)",
            function.file[statement.end_byte : function.node.end_byte].decode(),
        )
        if fits(value) and not changed and len(name) > 3 and all(not _interpolated(node) for node in uses):
            yield Way((without(function, statement), *(replace(node, text_of(value)) for node in uses)))


def single_values(function: Function) -> "dict[str, tuple[Node, Node, list[Node]]]":
    """Locals that are set once, where they are declared: the statement, the value, and the other occurrences."""
    found: dict[str, tuple[Node, Node, list[Node]]] = {}
    names = declared(function)
    for _block, listed in blocks(function):
        for statement in listed:
            match = _SETS.match(text_of(statement))
            if match is None or match[1] not in names or not function.stands_alone(statement):
                continue
            name, uses = match[1], names[match[1]]
            rest = [node for node in uses if node.start_byte >= statement.end_byte]
            value = _value(statement)
            whole = text_of(statement).rstrip(";")
            if value is None or not whole.endswith(text_of(value)) or len(rest) != len(uses) - 1 or not rest:
                continue
            if _all_known(function, name, uses) and not any(map(is_parameter, uses)):
                found[name] = (statement, value, rest)
    return found


_SETS = re.compile(r"(?:[\w:<>]+[*&]? )*\*?(\w+)(?:: [\w\[\]<>.]+)? :?= ")


def _value(node: "Node") -> "Node | None":
    """The right side of a declaration or assignment."""
    while node.named_child_count:
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if value is not None:
            return value.named_children[0] if value.type == "expression_list" else value
        node = node.named_children[-1]
        if node.type == "variable_declarator" and node.child_by_field_name("value") is None:
            return node.named_children[-1] if node.named_child_count else None
    return None


def _interpolated(node: "Node") -> bool:
    return node.parent is not None and node.parent.type in ("interpolation", "template_substitution")


def _file_constant(function: Function, _: random.Random) -> Iterator[Way]:
    """A constant of the file gives way to its value."""
    text = function.file.decode()
    for node in function.nodes("identifier", "constant"):
        name, parent = text_of(node), node.parent
        if not re.fullmatch(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+|k[A-Z]\w+", name) or parent is None or _interpolated(node):
            continue
        if parent.type in ("scope_resolution", "qualified_identifier", "attribute", "call_expression", "call"):
            continue
        found = re.search(
            rf"(?m)^[^\n/*#]*\b{name}\b[^=\n]{{0,30}}= *([\w.]+|\"[^\"\n]{{2,30}}\"|'[^'\n]{{2,30}}')\s*;?$", text
        )
        found = found or re.search(rf"(?m)^# *define +{name} +\(?(\d\w+|\"[^\"\n]{{2,30}}\")\)?\s*$", text)
        if found and re.match(r"\d{2}|[3-9]|\"|'|0\.|0x", found[1]):
            yield Way((replace(node, found[1]),))


def _inlined_condition(function: Function, _: random.Random) -> Iterator[Way]:
    """A condition loses the name it had."""
    for statement, value, uses in single_values(function).values():
        following = dict(pairwise(node for _b, listed in blocks(function) for node in listed if _b == statement.parent))
        after = following.get(statement)
        if len(uses) != 1 or after is None or not uses[0].parent or "\n" in text_of(value):
            continue
        condition = after.child_by_field_name("condition")
        if condition is None or not condition.start_byte <= uses[0].start_byte < condition.end_byte:
            continue
        text = text_of(value)
        alone = text_of(condition).strip("()") == text_of(uses[0])
        if len(text) < 25 or not (alone or re.search(r"[<>=!]=|&&|\|\||\b(?:and|or|not|in|is)\b| [<>] ", text)):
            continue
        yield Way((without(function, statement), replace(uses[0], text if alone else f"({text})")))


def _inlined_repeatedly(function: Function, _: random.Random) -> Iterator[Way]:
    """What had a name is written out wherever it is used."""
    for statement, value, uses in single_values(function).values():
        text = text_of(value)
        simple = re.fullmatch(r"[@\w]+(?:(?:\.|->|::)\w+|\[[\w\"']+\]| [-+*] \w+)+", text)
        if not simple or not 2 <= len(uses) <= 4 or any(map(_interpolated, uses)):
            continue
        roots = set(re.findall(r"\w+", text))
        later = function.file[statement.end_byte : function.node.end_byte].decode()
        if any(re.search(rf"\b{root}\s*(?:[-+*/]?=(?!=)|\+\+|--)", later) for root in roots):
            continue
        grouped = f"({text})" if " " in text else text
        yield Way((without(function, statement), *(replace(node, grouped) for node in uses)))


def _nested_call(function: Function, _: random.Random) -> Iterator[Way]:
    """A step loses its name and moves into the next one, which gets long."""
    for statement, value, uses in single_values(function).values():
        text = text_of(value)
        if len(uses) != 1 or "\n" in text or "(" not in text or _interpolated(uses[0]):
            continue
        listed = statements(statement.parent)
        number = listed.index(statement) if statement in listed else len(listed)
        after = listed[number + 1] if number + 1 < len(listed) else None
        if after is None or not after.start_byte <= uses[0].start_byte < after.end_byte or "\n" in text_of(after):
            continue
        if len(text_of(after)) + len(text) > 85 and re.fullmatch(r"[\w.:>@&*\-]+\(.*\)", text):
            yield Way((without(function, statement), replace(uses[0], text)))


OPERATORS: tuple[Operator, ...] = (
    Operator("empty-name", "meaningless-name", "a name says nothing", for_all(_renaming(_empty), *ALL)),
    Operator("padded-name", "meaningless-name", "a name is padded with words that say nothing",
             for_all(_renaming(_padded), *ALL)),
    Operator("abbreviated-name", "meaningless-name", "a name is cut down to consonants",
             for_all(_renaming(_abbreviated, 8), *ALL)),
    Operator("initial-name", "meaningless-name", "a name shrinks to its initials",
             for_all(_renaming(_initials, 4), *ALL)),
    Operator("singular-name", "meaningless-name", "a collection is named like an element, or an element like many",
             for_all(_wrong_number, *SCRIPTS, "python", "java", "go", "c_sharp", "cpp"), held_out=True),
    Operator("other-case", "inconsistent-naming", "a name is written in another case than the others",
             for_all(_renaming(_other_case), *ALL)),
    Operator("hungarian-name", "inconsistent-naming", "a name carries its type, as no other does",
             for_all(_renaming(_hungarian, 4), *ALL), held_out=True),
    Operator("shadow-builtin", "shadowed-name", "a local hides what the language or its library calls so",
             for_all(_renaming(_shadowing, 3), *ALL)),
    Operator("inline-number", "magic-number", "a number loses its name", for_all(_inlined_constant, *ALL)),
    Operator("inline-text", "magic-number", "a text loses its name", for_all(_inlined_text, *ALL)),
    Operator("inline-constant", "magic-number", "a constant of the file gives way to its value",
             for_all(_file_constant, *ALL)),
    Operator("inline-condition", "long-condition", "a condition loses the name it had",
             for_all(_inlined_condition, *ALL)),
    Operator("repeat-expression", "duplicated-code", "what had a name is written out wherever it is used",
             for_all(_inlined_repeatedly, *ALL)),
    Operator("nest-call", "dense-expression", "a step loses its name and moves into the next one",
             for_all(_nested_call, *ALL)),
)  # fmt: skip
