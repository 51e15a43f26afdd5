"""Infer: the programs it is tested on, with the issues that each of their functions is expected to have."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator

from themis_lsp.language import grammar_of
from themis_training.rules.example import RuleExample, Source
from themis_training.rules.marked import Piece, alike, pieces, unsided
from themis_training.rules.tree import Tree

_ROOT = "infer/tests/"
_ISSUE = re.compile(r"^(codetoanalyze/[\w./-]+), ([^,]*(?:\([^)]*\))?[^,]*), -?\d+, ([A-Z_0-9]+),", re.MULTILINE)
_NAME = re.compile(r"([~\w]+)(?:\(.*|\[.*|<.*)?$")
_DOUBT = re.compile(r"\b(?:FP|FN|fp|fn)_|_(?:FP|FN|fp|fn)\b|(?:FP|FN)\d*\b|latent|FIXME", re.IGNORECASE)
_ABOUT_NUMBERS = re.compile(r"BUFFER|INTEGER|INFERBO")
_NULL = re.compile(r"=\s*(?:nullptr|NULL|null)\s*;")
_NUMBER = re.compile(r"\b\d+\b")
_FOLDERS = ("c", "cpp", "java", "c_cpp")


def read(tree: Tree) -> Iterator[RuleExample]:
    """Functions with an issue against those of the same file without any."""
    for path in tree.paths(f"{_ROOT}codetoanalyze/*issues.exp"):
        if path.split("/")[3] not in _FOLDERS:
            continue
        found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for file, procedure, kind in _ISSUE.findall(tree.text(path)):
            found[file][name_of(procedure)].add(kind)
        for file, issues in found.items():
            yield from _pairs(tree, file, issues)


def name_of(procedure: str) -> str:
    """The plain name in a procedure's full one: ``copy`` in ``ns::Buffer::copy`` and in ``a.Buffer.copy(int):void``."""
    plain = re.sub(r"\(.*", "", procedure)
    named = _NAME.search(re.split(r"::|\.", plain)[-1])
    return named[1] if named else plain


def _pairs(tree: Tree, file: str, issues: dict[str, set[str]]) -> Iterator[RuleExample]:
    path = posixpath.join(_ROOT, file)
    text = tree.text(path)
    grammar = grammar_of(path, text)
    if not text or grammar is None:
        return
    bad: dict[str, list[Piece]] = defaultdict(list)
    good: list[Piece] = []
    for piece, _ in pieces(text, grammar.key):
        kinds = issues.get(piece.name.split("(")[0], set())
        if _DOUBT.search(piece.text):
            continue
        if len(kinds) == 1:
            bad[next(iter(kinds))].append(piece)
        elif not kinds:
            good.append(piece)
    for kind, wrong in bad.items():
        for one, other in alike(wrong, good):
            # Where both assign null, the difference is which branch the analysis takes for possible.
            if kind.startswith("NULLPTR") and _NULL.search(other):
                continue
            # What only turns on a number is about what the analysis can prove, except where numbers are the point.
            if _ABOUT_NUMBERS.match(kind) or _NUMBER.sub("0", one) != _NUMBER.sub("0", other):
                rule = kind.lower().replace("_", "-")
                yield RuleExample(rule, grammar.language, unsided(one), unsided(other))


SOURCES = (Source("infer", "facebook/infer", read),)
