"""C and C++: the tests and pages of clang-tidy, and the test cases of CodeQL's coding standards."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from themis_lsp.language import grammar_of
from themis_lsp.unit import split_lines
from themis_training.rules.example import RuleExample, Source
from themis_training.rules.marked import alike, pieces, sound, unsided, without
from themis_training.rules.text import similarity
from themis_training.rules.tree import Tree

_CHECK = re.compile(r"//\s*CHECK-(MESSAGES|FIXES)(?:-[\w-]+?)?(-NEXT|-NOT)?:(.*)")
_TARGET = re.compile(r"\[\[@LINE([-+]\d+)?\]\]|\[\[#?\s*@LINE\s*([-+]\s*\d+)?\]\]")
_ANCHOR = re.compile(r"\{\{(?:\^\s*|\$|\^\( \*\))\}\}")
_BLOCK = re.compile(r"\.\. code-block:: *(c\+\+|cpp|c)\s*\n((?:[ \t]*\n|[ \t]+.*\n?)+)")
_THEN = re.compile(
    r"(?i)\b(?:becomes?|transform\w*|rewritten|replaced?|instead|should|fix\w*|correct\w*|suggest\w*|convert\w*|"
    r"after|changed|better|recommended|equivalent|to)\b[^.]*:?\s*$"
)
_FIX_ALIKE = 0.35  # similarity under which a fix is not the whole of the line it is for
_NEAR = 3  # lines between a bad line and its good counterpart, at most
_SIDE = re.compile(r"//\s*(NON_COMPLIANT|COMPLIANT)\b(?!.*\[F)")
_CONTEST = re.compile(r"FALSE_(?:POSITIVE|NEGATIVE)|\[F[PN]\]")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a test expects of a stretch of code.

    Attributes:
        targets: rows with a diagnostic, ascending.
        fixes: what the fix makes of them, or of the first and the rows after it.
    """

    targets: tuple[int, ...]
    fixes: tuple[str, ...]


def read_tidy(tree: Tree) -> Iterator[RuleExample]:
    """Functions of tests before and after the expected fixes, then the blocks of the pages."""
    checks = sorted((posixpath.basename(path)[:-4] for path in tree.paths("docs/clang-tidy/checks/*.rst")), key=len)
    for path in [*tree.paths("test/clang-tidy/*.cpp"), *tree.paths("test/clang-tidy/*.c")]:
        text, stem = tree.text(path), posixpath.splitext(posixpath.basename(path))[0]
        rule = next((check for check in reversed(checks) if stem.startswith(check)), "")
        if rule and (grammar := grammar_of(path)):
            for bad, good in fixed(text, grammar.key):
                yield RuleExample(rule, grammar.language, bad, good)
    for path in tree.paths("docs/clang-tidy/checks/*.rst"):
        for language, bad, good in blocks(tree.text(path)):
            yield RuleExample(posixpath.basename(path)[:-4], language, bad, good)


def fixed(text: str, grammar: str) -> Iterator[tuple[str, str]]:
    """The functions of a test that its expected fixes change, before and after.

    Args:
        text: of the test.
        grammar: key from ``themis_lsp.language.GRAMMARS``.
    """
    lines = split_lines(text)
    replaced: dict[int, str] = {}
    for expected in expectations(lines):
        rows = expected.targets
        if len(rows) == 1:
            rows = _code_rows(lines, rows[0], len(expected.fixes))
        if len(rows) == len(expected.fixes):
            replaced.update(
                (row, _indented(fix, lines[row]))
                for row, fix in zip(rows, expected.fixes, strict=True)
                if similarity(lines[row], fix) >= _FIX_ALIKE
            )
    after = "\n".join(replaced.get(row, line) for row, line in enumerate(lines))
    for piece, span in pieces(text, grammar):
        good = "\n".join(after.split("\n")[span.start : span.stop])
        if any(row in replaced for row in span) and sound(good, grammar):
            yield _uncommented(piece.text), _uncommented(good)


def expectations(lines: Sequence[str]) -> Iterator[Expectation]:
    """What the comments of a test expect, one for each group of comments."""
    targets: set[int] = set()
    fixes: list[str] = []
    clear = True
    for row, line in enumerate([*lines, ""]):
        found = _CHECK.search(line)
        if found is None:
            if targets and fixes and clear:
                yield Expectation(tuple(sorted(targets)), tuple(fixes))
            if line.strip() or not targets:
                targets, fixes, clear = set(), [], True
            continue
        kind, how, said = found.groups()
        if kind == "MESSAGES" and (aim := _TARGET.search(said)) and "note:" not in said:
            targets.add(row + int((aim[1] or aim[2] or "0").replace(" ", "")))
        elif kind == "FIXES" and how != "-NOT":
            fix = _ANCHOR.sub("", said).strip()
            clear &= "{{" not in fix and "[[" not in fix
            fixes.append(fix)


def blocks(page: str) -> Iterator[tuple[str, str, str]]:
    """Language, bad and good of the blocks of a page that follow each other with words of change between them."""
    end, before = 0, ""
    for found in _BLOCK.finditer(page):
        words = page[end : found.start()].strip()
        if before and len(words) < 300 and _THEN.search(words) and similarity(before, found[2]) >= _FIX_ALIKE:
            yield "c" if found[1] == "c" else "cpp", before, found[2]
            before = ""
        else:
            before = found[2]
        end = found.end()


def read_standards(tree: Tree) -> Iterator[RuleExample]:
    """Functions marked compliant against those marked not, and single lines where a function has both."""
    for path in [*tree.paths("c/*/test/rules/*.c"), *tree.paths("cpp/*/test/rules/*.cpp")]:
        rule, text = path.split("/rules/")[1].split("/")[0], tree.text(path)
        grammar = grammar_of(path)
        if grammar is None or not _SIDE.search(text):
            continue
        found = [piece for piece, _ in pieces(text, grammar.key) if not _CONTEST.search(piece.text)]
        sides = {piece: set(_SIDE.findall(piece.text)) for piece in found}
        bad = [piece for piece in found if sides[piece] == {"NON_COMPLIANT"}]
        good = [piece for piece in found if sides[piece] == {"COMPLIANT"}]
        both = [piece.text for piece in found if len(sides[piece]) > 1]
        for one, other in [*alike(bad, good), *(pair for each in both for pair in swaps(each, grammar.key))]:
            yield RuleExample(rule, grammar.language, unsided(one), unsided(other))


def swaps(text: str, grammar: str) -> Iterator[tuple[str, str]]:
    """A function with its bad line alone and with the good line next to it alone, for each two that are alike.

    Args:
        text: of the function.
        grammar: key from ``themis_lsp.language.GRAMMARS``.
    """
    lines = split_lines(text)
    sides = {row: found[1] for row, line in enumerate(lines) if (found := _SIDE.search(line))}
    marked = set(sides)
    for row, side in sides.items():
        partner = next((at for at in range(row + 1, row + 1 + _NEAR) if at in sides), None)
        if partner is None or sides[partner] == side or similarity(lines[row], lines[partner]) < _FIX_ALIKE:
            continue
        wrong, right = (row, partner) if side == "NON_COMPLIANT" else (partner, row)
        bad, good = without(text, marked - {wrong}), without(text, marked - {right})
        if sound(bad, grammar) and sound(good, grammar):
            yield bad, good


def _code_rows(lines: Sequence[str], first: int, count: int) -> tuple[int, ...]:
    rows = [row for row in range(first, min(first + 4 * count, len(lines))) if not _CHECK.search(lines[row])]
    return tuple(rows[:count])


def _indented(fix: str, line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + fix


def _uncommented(text: str) -> str:
    return "\n".join(line for line in split_lines(text) if not _CHECK.search(line))


SOURCES = (
    Source("clang-tidy", "llvm-mirror/clang-tools-extra", read_tidy),
    Source("coding-standards", "github/codeql-coding-standards", read_standards),
)
