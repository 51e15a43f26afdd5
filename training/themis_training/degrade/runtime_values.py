"""Degradations of running time by the kind of value a local holds: a list for a set, a string for a builder."""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import SCRIPTS, Finder, Operator, for_all

if TYPE_CHECKING:
    from tree_sitter import Node

_REPEATS = re.compile(r"for|while|each|comprehension|generator|lambda|arrow|do_block|until")
_SCRIPT = "(variable_declarator name: (identifier) @name value: (new_expression) @value)"
_JAVA = (
    "(local_variable_declaration type: (_) @type declarator: (variable_declarator name: (identifier) @name"
    " value: (_) @value))"
)
_C_SHARP = "(variable_declaration type: (_) @type (variable_declarator name: (identifier) @name (_) @value))"
_ASSIGNED = "(assignment left: (identifier) @name right: (_) @value)"


@dataclass(frozen=True, slots=True)
class _Change:
    """How locals of one kind become locals of another.

    Attributes:
        declared: query with ``name`` and ``value``, perhaps ``type``.
        values: what the value may be, as a regular expression, and its new text.
        uses: what may stand right after the name, and its new text.
        often: the use that must occur where it is repeated.
        types: what the declared type may be, and its new text.
    """

    declared: str
    values: Mapping[str, str]
    uses: Mapping[str, str]
    often: str
    types: Mapping[str, str]


def _changing(change: _Change) -> Finder:
    """Each local that is used in no other way than ``change`` knows."""

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for captures in function.matches(change.declared):
            name = text_of(captures["name"])
            value = _rewritten(text_of(captures["value"]), change.values, whole=r"\Z")
            kind = _rewritten(text_of(captures["type"]), change.types, whole=r"\Z") if "type" in captures else None
            uses = [n for n in function.nodes("identifier") if text_of(n) == name and n != captures["name"]]
            if (
                value is None
                or re.search(rf"\bfinal [\w<>]+ {name}\b", function.text)
                or (kind is None and "type" in captures)
                or not uses
            ):
                continue
            ways = [_use(function, node, change) for node in uses]
            repeated = any(
                _is_repeated(node, function.node) and _follows(function, node, change.often) for node in uses
            )
            if repeated and all(ways):
                first = [replace(captures["type"], kind)] if kind is not None else []
                yield Way((*first, replace(captures["value"], value), *(way for way in ways if way is not None)))

    return find


def _use(function: Function, node: "Node", change: _Change) -> Replacement | None:
    """One use of the local in its new form; a use with nothing after the name is one behind ``in`` or ``of``."""
    before = function.file[max(0, node.start_byte - 8) : node.start_byte].decode("utf-8", "replace")
    after = function.file[node.end_byte : function.node.end_byte].decode("utf-8", "replace")
    if before.endswith("."):
        return None
    alone = not function.file[function.file.rfind(b"\n", 0, node.start_byte) + 1 : node.start_byte].strip()
    for pattern, new in change.uses.items():
        found = re.match(pattern, after, re.DOTALL)
        if found and (found[0] or re.search(r"\b(in|of) $", before)) and (alone or "+=" not in new):
            return Replacement(node.end_byte, node.end_byte + len(found[0].encode()), found.expand(new))
    return None


def _follows(function: Function, node: "Node", pattern: str) -> bool:
    after = function.file[node.end_byte : node.end_byte + 40].decode("utf-8", "replace")
    return bool(re.match(pattern, after))


def _rewritten(text: str, table: Mapping[str, str], *, whole: str) -> str | None:
    found = ((re.match(pattern + whole, text, re.DOTALL), new) for pattern, new in table.items())
    return next((match.expand(new) for match, new in found if match), None)


def _is_repeated(node: "Node", top: "Node") -> bool:
    """Whether a node is in a loop below another; in Ruby also in the block of a call."""
    parent = node.parent
    while parent is not None and parent != top and not _REPEATS.search(parent.type):
        if parent.type == "block" and parent.parent is not None and parent.parent.type == "call":
            return True
        parent = parent.parent
    return parent is not None and parent != top


_AS_LIST: dict[str, Finder] = {
    "python": _changing(_Change(
        _ASSIGNED,
        {r"(?:frozen)?set\((.+)\)": r"list(\1)", r"set\(\)": "[]", r"\{((?!\*\*)[^:{}]+)\}": r"[\1]"},
        {r"\.add\(": ".append(", "": ""},
        r"",
        {},
    )),
    **for_all(
        _changing(_Change(
            _SCRIPT,
            {r"new Set(?:<.*>)?\((\[.*\])\)": r"\1", r"new Set(?:<.*>)?\((.+)\)": r"Array.from(\1)",
             r"new Set(?:<.*>)?\(\)": "[]"},
            {r"\.has\(": ".includes(", r"\.add\(": ".push(", r"\.size\b": ".length", "": ""},
            r"\.has\(",
            {},
        )),
        *SCRIPTS,
    ),
    "java": _changing(_Change(
        _JAVA,
        {r"new (?:Linked|Tree)?HashSet<(.*?)>\((.*)\)": r"new ArrayList<\1>(\2)"},
        {r"(\.contains\(|\.isEmpty\(|\.size\(|\))": r"\1", r"\.add\(([^;{]*\)\s*;)": r".add(\1"},
        r"\.contains\(",
        {r"(?:Hash)?Set<(.*)>": r"List<\1>"},
    )),
    "c_sharp": _changing(_Change(
        _C_SHARP,
        {r"new HashSet<(.*?)>\((.*)\)": r"new List<\1>(\2)"},
        {r"(\.Contains\(|\.Count\b|\))": r"\1", r"\.Add\(([^;{]*\)\s*;)": r".Add(\1"},
        r"\.Contains\(",
        {r"var": "var", r"(?:I|Hash)Set<(.*)>": r"List<\1>"},
    )),
    "ruby": _changing(_Change(
        _ASSIGNED,
        {r"Set\.new": "[]", r"Set\.new\((.+)\)": r"\1.to_a", r"(.+)\.to_set": r"\1.to_a", r"Set\[(.*)\]": r"[\1]"},
        {r"\.include\?": ".include?", r"\.member\?": ".include?", r" << ": " << ", r"\.add\(([^()]*)\)": r" << \1"},
        r"\.(include|member)\?",
        {},
    )),
}  # fmt: skip

_PART = r"((?:[^()\"';]|\([^()]*\)|\"[^\"\n]*\"|'[^'\n]*')+)"
_AS_STRING: dict[str, Finder] = {
    "java": _changing(_Change(
        _JAVA,
        {r"new String(?:Builder|Buffer)\(\d*\)": '""', r"new String(?:Builder|Buffer)\((\"[^\"]*\")\)": r"\1"},
        {rf"\.append\({_PART}\);": r" += \1;",
         rf"\.append\({_PART}\)\s*\.append\({_PART}\);": r" += \1 + String.valueOf(\2);",
         r"(\.length\(\)|\.isEmpty\(\)|\.charAt\()": r"\1", r"\.setLength\(0\)": ' = ""',
         r"\.toString\(\)": ""},
        r"\.append\(",
        {r"String(?:Builder|Buffer)": "String"},
    )),
    "c_sharp": _changing(_Change(
        _C_SHARP,
        {r"new StringBuilder\(\d*\)": '""', r"new StringBuilder\((\"[^\"]*\")\)": r"\1"},
        {rf"\.Append\({_PART}\);": r" += \1;", rf"\.AppendLine\({_PART}\);": r' += \1 + "\\n";',
         rf"\.Append\({_PART}\)\s*\.Append\({_PART}\);": r' += $"{\1}{\2}";',
         r"(\.Length\b)": r"\1", r"\.Clear\(\)": ' = ""', r"\.ToString\(\)": ""},
        r"\.Append(Line)?\(",
        {r"var": "var", r"StringBuilder": "string"},
    )),
    "go": _changing(_Change(
        "(var_declaration (var_spec name: (identifier) @name type: (_) @value))",
        {r"strings\.Builder|bytes\.Buffer": "string"},
        {rf"\.WriteString\({_PART}\)\n": " += \\1\n", rf"\.Write(?:Byte|Rune)\({_PART}\)\n": " += string(\\1)\n",
         r"\.String\(\)": ""},
        r"\.Write",
        {},
    )),
    "ruby": _changing(_Change(
        _ASSIGNED,
        {r"\+?('')": r"\1", r"\+?(\"\")": r"\1", r"String\.new": "''"},
        {r" << ([^\n<]+\n)": r" += \1", r"\n": "\n"},
        r" << ",
        {},
    )),
}  # fmt: skip

OPERATORS: tuple[Operator, ...] = (
    Operator("list-for-set", "linear-membership", "membership is looked up in a list, again and again", _AS_LIST),
    Operator("string-for-builder", "string-built-in-loop", "a string is built by adding to it in a loop", _AS_STRING),
)
