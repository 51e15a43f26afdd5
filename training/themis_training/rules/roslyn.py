"""C# analyzers tested on source text, in the ways that Roslyn's test packages and their relatives offer."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from themis_lsp.language import parser_of
from themis_training.rules.example import RuleExample, Source
from themis_training.rules.marked import Piece, alike, pieces, versions
from themis_training.rules.tree import Tree

if TYPE_CHECKING:
    from tree_sitter import Node

_MARKUP = re.compile(r"\{\|[\w#, ]*:|\|\}|\[\||\|\]|\$\$")
_EMPTY_SPOT = "[||]"
_BASIC = re.compile(r"\bEnd (?:Sub|Class|Function|Namespace|Module|Property|If)\b")
_STRINGS = ("string_literal", "verbatim_string_literal", "raw_string_literal")
_ESCAPE = {"n": "\n", "t": "\t", "r": "", "0": "\0"}
_FIX_CALL = re.compile(r"Verify\w*Fix\w*$|VerifyRefactoring|VerifyCodeFix")
_CHECK_CALL = re.compile(r"Verify(?:CS|CSharp)?(?:No)?(?:Analyzer|Diagnostics?|Code|CSharp)?(?:Async)?$")
_MOST_ROWS = 12  # of data that one test is run on


def read(tree: Tree, pattern: str) -> Iterator[RuleExample]:
    """Fixes that tests expect, then methods with a diagnostic against those of the same tests without.

    Args:
        tree: of the clone.
        pattern: of the test files; what is before ``Test`` in a name is the rule.
    """
    for path in tree.paths(pattern):
        text = tree.text(path)
        rule = re.split(r"(?:Analyzer|Fixer|Fix|CodeFix)?\.?Tests?\b|Tests?\d*\.", path.rpartition("/")[2])[0]
        for bad, good in test_pairs(text):
            yield RuleExample(rule, "c_sharp", bad, good)


def test_pairs(text: str) -> Iterator[tuple[str, str]]:
    """The pairs in one test file."""
    bad: list[Piece] = []
    good: list[Piece] = []
    fixed = False
    for method in _methods(text):
        for names in _data(method):
            names = _variables(method, names)
            for before, after in _fixes(method, names):
                if not _BASIC.search(before) and plain(before) != plain(after):
                    fixed = True
                    yield from versions(plain(before), plain(after), "c_sharp")
            for code, is_bad in _checks(method, names):
                if not _BASIC.search(code):
                    _sort(code, is_bad, bad, good)
    if not fixed:  # a fix shows what is better, and other code without a diagnostic may only be other code
        yield from ((plain(one), plain(other)) for one, other in alike(bad, good))


def plain(text: str) -> str:
    """Code without the marks that say where a diagnostic is expected."""
    return _MARKUP.sub("", text)


def _sort(code: str, complaint: bool, bad: list[Piece], good: list[Piece]) -> None:
    """Put the methods of a test's code where they belong: bad is one with a mark, or the only one of a complaint."""
    found = [piece for piece, _ in pieces(_joined(code), "c_sharp")]
    marked = [piece for piece in found if _MARKUP.search(piece.text)]
    if complaint and not marked:
        bad.extend(found if len(found) == 1 else [])
    else:
        bad.extend(marked)
        good.extend(piece for piece in found if piece not in marked)


def _joined(code: str) -> str:
    """Code in which marks are comments, so that it parses and the marks stay."""
    return (
        re.sub(r"\{\|[\w#, ]*:|\[\|", "/*[|*/", re.sub(r"\|\}|\|\]", "/*|]*/", code)) if _MARKUP.search(code) else code
    )


def _methods(text: str) -> Iterator["Node"]:
    waiting = [parser_of("c_sharp").parse(text.encode()).root_node]
    while waiting:
        node = waiting.pop()
        if node.type == "method_declaration":
            yield node
        else:
            waiting.extend(reversed(node.children))


def _data(method: "Node") -> list[dict[str, str]]:
    """What the parameters of a test stand for, each time it is run."""
    parameters = method.child_by_field_name("parameters")
    named = [each.child_by_field_name("name") for each in parameters.named_children] if parameters else []
    names = [_text(each) for each in named if each]
    rows = []
    for attribute in _descendants(method, ("attribute",)):
        if "InlineData" in _text(attribute) and names:
            values = [value(each, {}) for each in _descendants(attribute, _STRINGS)]
            if len(values) == len(names):
                rows.append({name: given for name, given in zip(names, values, strict=True) if given is not None})
    return rows[:_MOST_ROWS] or [{}]


def _variables(method: "Node", names: Mapping[str, str]) -> dict[str, str]:
    """The strings that the local variables of a test hold, too."""
    known = dict(names)
    for declared in _descendants(method, ("variable_declarator",)):
        name = declared.child_by_field_name("name") or declared.named_child(0)
        given = declared.named_children[-1] if declared.named_children else None
        if name and given and (held := value(given, known)) is not None:
            known[_text(name)] = held
    return known


def _fixes(method: "Node", names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    before = ""
    for call, values, _ in _given(method, names):
        if call in ("TestCode", "WithSourceCode", "Sources") and values:
            before = before if call == "Sources" and before and len(values) != 1 else values[0]
            if call == "Sources" and len(values) == 2:
                yield values[0], values[1]
        elif call in ("FixedCode", "ShouldFixCodeWith") and before and values:
            yield before, values[-1]
        elif _FIX_CALL.search(call) and "NoFix" not in call and len(values) > 1:
            if _EMPTY_SPOT in values[0] and len(values) == 3:
                yield values[0].replace(_EMPTY_SPOT, values[1]), values[0].replace(_EMPTY_SPOT, values[2])
            else:
                yield values[0], values[-1] if "\n" in values[-1] else values[1]


def _checks(method: "Node", names: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    for call, values, others in _given(method, names):
        if _CHECK_CALL.search(call) and values and "\n" in values[0]:
            yield values[0].replace(_EMPTY_SPOT, values[1]) if len(values) > 1 else values[0], others > 0
        elif call in ("WithSourceCode", "TestCode") and values:
            yield values[0], "ShouldReport" in _text(method)


def _given(method: "Node", names: Mapping[str, str]) -> Iterator[tuple[str, list[str], int]]:
    """Calls and properties that a test gives strings to, in order: the strings, and how much else it gives."""
    found = _descendants(method, ("invocation_expression", "assignment_expression"))
    for node in sorted(found, key=lambda node: node.end_byte):
        if node.type == "invocation_expression":
            called = node.child_by_field_name("function")
            arguments = node.child_by_field_name("arguments")
            name = _text(called).rpartition(".")[2].partition("<")[0] if called else ""
            if "VB" in (_text(called)[:12] if called else "") or arguments is None:
                continue
            given = [each.named_children[-1] for each in arguments.named_children if each.named_children]
        else:
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            name = _text(left) if left else ""
            given = (list(right.named_children) if right.type == "initializer_expression" else [right]) if right else []
        values = [held for each in given if (held := value(each, names)) is not None]
        yield name, values, len(given) - len(values)


def value(node: "Node", names: Mapping[str, str]) -> str | None:
    """The string an expression stands for, or None if that is not known here."""
    text = _text(node)
    if node.type == "identifier":
        return names.get(text)
    if node.type == "verbatim_string_literal":
        return text[2:-1].replace('""', '"')
    if node.type == "raw_string_literal":
        return _raw(text)
    if node.type == "string_literal":
        return re.sub(r"\\(.)", lambda found: _ESCAPE.get(found[1], found[1]), text[1:-1])
    if node.type == "binary_expression" and node.child_count == 3:
        left, right = value(node.children[0], names), value(node.children[2], names)
        return left + right if left is not None and right is not None and _text(node.children[1]) == "+" else None
    if node.type == "interpolated_string_expression":
        return _interpolated(text, names)
    return None


def _raw(text: str) -> str:
    quotes = len(text) - len(text.lstrip('"'))
    lines = text[quotes:-quotes].split("\n")
    if len(lines) == 1:
        return lines[0]
    indent = len(lines[-1])
    return "\n".join(line[indent:] for line in lines[1:-1])


def _interpolated(text: str, names: Mapping[str, str]) -> str | None:
    verbatim, dollars = "@" in text[:3], len(text) - len(text.lstrip("$@")) - ("@" in text[:3])
    body = text.lstrip("$@")
    body = _raw(body) if body.startswith('"""') else body[1:-1].replace('""', '"') if verbatim else body[1:-1]
    hole = re.compile(rf"(?<!\{{)\{{{{{dollars}}}(\w+)\}}{{{dollars}}}(?!\}})")
    if any(name not in names for name in hole.findall(body)):
        return None
    filled = hole.sub(lambda found: names[found[1]], body)
    return filled.replace("{{", "{").replace("}}", "}") if dollars == 1 else filled


def _descendants(node: "Node", types: tuple[str, ...]) -> list["Node"]:
    found, waiting = [], [node]
    while waiting:
        each = waiting.pop()
        if each.type in types:
            found.append(each)
        waiting.extend(reversed(each.children))
    return found


def _text(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")


SOURCES = (
    Source("roslynator", "dotnet/roslynator", partial(read, pattern="src/Tests/Analyzers.Tests/RCS*.cs")),
    Source(
        "roslyn-analyzers", "dotnet/roslyn-analyzers", partial(read, pattern="src/NetAnalyzers/UnitTests/*Test*.cs")
    ),
    Source("meziantou", "meziantou/Meziantou.Analyzer", partial(read, pattern="tests/*Rules/*Tests.cs")),
    Source("vs-threading", "microsoft/vs-threading", partial(read, pattern="test/*VSTHRD*Tests.cs")),
    Source("xunit-analyzers", "xunit/xunit.analyzers", partial(read, pattern="src/xunit.analyzers.tests/*Tests.cs")),
    Source("async-fixer", "semihokur/AsyncFixer", partial(read, pattern="*Tests.cs")),
    Source("error-prone-net", "SergeyTeplyakov/ErrorProne.NET", partial(read, pattern="*Test*.cs")),
)
