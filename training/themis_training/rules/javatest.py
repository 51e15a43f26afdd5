"""Java rules tested on source text: Error Prone's own, and the plug-ins that use its test helpers."""

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from themis_lsp.language import parser_of
from themis_training.rules.example import RuleExample, Source
from themis_training.rules.marked import Piece, alike, pieces, versions
from themis_training.rules.tree import Tree

if TYPE_CHECKING:
    from tree_sitter import Node

_BUG = re.compile(r"//\s*BUG: (?:Diagnostic|Suggestion)")
_SILENCED = "@SuppressWarnings"
_STEP = re.compile(r"^(?:add(?:Source|Input|Output)Lines|expectUnchanged)$")
_FILE = re.compile(r"^[\w/.]+\.java$")
_ESCAPE = {"n": "\n", "t": "\t", "r": "", "s": " ", "\n": ""}
_REVEALING = re.compile(r"\b(\w*?)(?:Positive|Negative)(Cases?|Test|)(?=\w*\b)")


def read(tree: Tree, pattern: str = "*Test*.java") -> Iterator[RuleExample]:
    """The rewrites that tests expect, then functions with a diagnostic against those of the same test without.

    Args:
        tree: of the clone.
        pattern: of the test files; what is before ``Test`` in a name is the rule.
    """
    for path in tree.paths(pattern):
        text = tree.text(path)
        if "Lines(" in text:
            rule = re.split(r"(?:Positive|Negative|Refactoring)?(?:Tests?|TestCases?)\b", path.rpartition("/")[2])[0]
            for bad, good in test_pairs(text):
                if bad.count(_SILENCED) >= good.count(_SILENCED):
                    yield RuleExample(rule.removesuffix(".java"), "java", _plain(bad), _plain(good))


def test_pairs(text: str) -> Iterator[tuple[str, str]]:
    """The pairs in one test file."""
    bad: list[Piece] = []
    good: list[Piece] = []
    waiting: list[tuple[str, str]] = []
    fixed = False
    for step, file, code in _steps(text):
        if step == "addInputLines":
            waiting.append((file, code))
        elif step == "addOutputLines" and waiting:
            at = next((i for i, (name, _) in enumerate(waiting) if name == file), 0)
            fixed = True
            yield from versions(waiting.pop(at)[1], code, "java")
        elif step == "expectUnchanged" and waiting:
            good.extend(piece for piece, _ in pieces(waiting.pop()[1], "java"))
        elif step == "addSourceLines":
            found = [piece for piece, _ in pieces(code, "java")]
            bad.extend(piece for piece in found if _BUG.search(piece.text))
            good.extend(piece for piece in found if not _BUG.search(piece.text))
    if not fixed:  # a fix shows what is better, and other code without a diagnostic may only be other code
        yield from alike(bad, good)


def literal(node: "Node") -> str:
    """What a Java string literal or text block stands for."""
    text = (node.text or b"").decode("utf-8", "replace")
    if text.startswith('"""'):
        lines = text[3:-3].partition("\n")[2].split("\n")
        indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        if not lines[-1].strip():
            indent = min(indent, len(lines[-1]))
        text = "\n".join(line[indent:] for line in lines)
    else:
        text = text[1:-1]
    return re.sub(r"\\(.)", lambda found: _ESCAPE.get(found[1], found[1]), text, flags=re.DOTALL)


def _steps(text: str) -> Iterator[tuple[str, str, str]]:
    """Calls that give code to a test, with the name of the file and the code, in the order they are made."""
    calls: list[tuple[int, str, Node]] = []
    waiting = [parser_of("java").parse(text.encode()).root_node]
    while waiting:
        node = waiting.pop()
        waiting.extend(node.children)
        if node.type == "method_invocation" and (name := node.child_by_field_name("name")):
            called = (name.text or b"").decode()
            arguments = node.child_by_field_name("arguments")
            if _STEP.match(called) and arguments:
                calls.append((name.start_byte, called, arguments))
    for _, called, arguments in sorted(calls, key=lambda call: call[0]):
        given = [literal(each) for each in arguments.named_children if each.type == "string_literal"]
        if called == "expectUnchanged":
            yield called, "", ""
        elif len(given) > 1 and _FILE.match(given[0]):
            yield called, given[0].rpartition("/")[2], "\n".join(given[1:])


def _plain(text: str) -> str:
    """A text whose class names do not tell its side."""
    return _REVEALING.sub(r"\1Example", text)


SOURCES = (
    Source("error-prone", "google/error-prone", partial(read, pattern="core/src/test/*Test.java")),
    Source(
        "error-prone-support",
        "PicnicSupermarket/error-prone-support",
        partial(read, pattern="*/bugpatterns/*Test.java"),
    ),
    Source("gradle-baseline", "palantir/gradle-baseline", partial(read, pattern="*Test*.java")),
    Source("nullaway", "uber/NullAway", partial(read, pattern="*Test*.java")),
)
