"""Go linters: golden files beside test data, samples with the number of issues found, and documented rewrites."""

import re
from collections.abc import Iterator
from functools import partial

from themis_training.rules.example import RuleExample, Source
from themis_training.rules.marked import Piece, alike, pieces, versions
from themis_training.rules.tree import Tree

_EXPECTATION = re.compile(
    r"[ \t]*//(?:@\s*(?:diag|edit)|[ \t]*want\b|[ \t]*MATCH\b|/ ).*|[ \t]*/\*!.*?\*/|^\s*/// .*\n", re.MULTILINE
)
_WANTED = re.compile(r"//(?:@\s*diag|[ \t]*want\b)|/\*!")
_ARCHIVED = re.compile(r"^-- .+ --\n", re.MULTILINE)
_SAMPLE = re.compile(r"\{\s*\[\]string\{((?:\s*`[^`]*`\s*,?)+)\},\s*(\d+),")
_DOCUMENTED = re.compile(r"info\.(Name|Before|After|Summary) = (`[^`]*`|\"[^\"]*\")")
_STATIC_DOC = re.compile(r"(?ms)^\s*Before:\s*\n(?P<before>.*?)\n\s*After:\s*\n(?P<after>.*?)(?=\n\S|\n`|`|\Z)")


def golden(tree: Tree, ruled: str) -> Iterator[RuleExample]:
    """Test data and what the fixes make of it.

    Args:
        tree: of the clone.
        ruled: pattern whose first group is the name of a rule in the path of its test data.
    """
    for path in tree.paths("*.go.golden"):
        named = re.search(ruled, path)
        before, after = tree.text(path.removesuffix(".golden")), tree.text(path)
        if not named or not before:
            continue
        for part in _ARCHIVED.split(after):
            if "package " in part:
                for bad, good in versions(plain(before), plain(part), "go"):
                    yield RuleExample(named[1], "go", bad, good)


def wanted(tree: Tree, ruled: str) -> Iterator[RuleExample]:
    """Functions with an expected diagnostic against those of the same test data without.

    Args:
        tree: of the clone.
        ruled: pattern whose first group is the name of a rule in the path of its test data.
    """
    for path in tree.paths("*testdata/*.go"):
        named, text = re.search(ruled, path), tree.text(path)
        if named and _WANTED.search(text):
            found = [piece for piece, _ in pieces(text, "go")]
            bad = [piece for piece in found if _WANTED.search(piece.text)]
            good = [piece for piece in found if not _WANTED.search(piece.text)]
            for one, other in alike(bad, good):
                yield RuleExample(named[1], "go", plain(one), plain(other))


def documented(tree: Tree) -> Iterator[RuleExample]:
    """What a checker's description shows as before and after."""
    for path in tree.paths("checkers/*_checker.go"):
        said = {key: value[1:-1] for key, value in _DOCUMENTED.findall(tree.text(path))}
        if {"Name", "Before", "After"} <= said.keys():
            yield RuleExample(said["Name"], "go", said["Before"], said["After"], said.get("Summary", ""))


def described(tree: Tree) -> Iterator[RuleExample]:
    """What the documentation of a check shows as before and after."""
    for path in tree.paths("*.go"):
        named = re.search(r"/((?:s|sa|st|qf)\d{4})/\1\.go$", path)
        for found in _STATIC_DOC.finditer(tree.text(path)) if named else ():
            yield RuleExample(named[1].upper() if named else "", "go", found["before"], found["after"])


def samples(tree: Tree) -> Iterator[RuleExample]:
    """Samples with issues, each with the most similar one of the same rule that has none."""
    for path in tree.paths("testutils/g*_samples.go"):
        rule = path.rpartition("/")[2].partition("_")[0].upper()
        bad: list[str] = []
        good: list[str] = []
        for code, issues in _SAMPLE.findall(tree.text(path)):
            files = re.findall(r"`([^`]*)`", code)
            if len(files) == 1:
                (bad if int(issues) else good).append(files[0])
        bad_pieces, good_pieces = _functions(bad), _functions(good)
        for one, other in alike(bad_pieces, good_pieces):
            yield RuleExample(rule, "go", plain(one), plain(other))


def _functions(texts: list[str]) -> list[Piece]:
    """The functions of samples; a sample that does not consist of one function stays whole."""
    found = []
    for text in texts:
        parts = [piece for piece, _ in pieces(text, "go")]
        found.append(parts[0] if len(parts) == 1 else Piece("", text))
    return found


def plain(text: str) -> str:
    """Go code without the comments that tell which diagnostics are expected."""
    return _EXPECTATION.sub("", text)


def _staticcheck(tree: Tree) -> Iterator[RuleExample]:
    ruled = r"/((?:s|sa|st|qf)\d{4})/testdata/"
    for read in (partial(golden, ruled=ruled), partial(wanted, ruled=ruled)):
        for example in read(tree):
            yield RuleExample(example.rule.upper(), example.language, example.bad, example.good)
    yield from described(tree)


def _passes(tree: Tree) -> Iterator[RuleExample]:
    for ruled in (r"/modernize/testdata/src/(\w+)/", r"(?:passes|internal/analysis)/(?!modernize)(\w+)/testdata/"):
        yield from golden(tree, ruled)
        yield from wanted(tree, ruled)


def _critic(tree: Tree) -> Iterator[RuleExample]:
    yield from documented(tree)
    for path in tree.paths("checkers/testdata/*/positive_tests.go"):
        negative = tree.text(path.replace("positive", "negative"))
        rule = path.split("/")[2]
        bad = [piece for piece, _ in pieces(tree.text(path), "go") if _WANTED.search(piece.text)]
        good = [piece for piece, _ in pieces(negative, "go")]
        for one, other in alike(bad, good):
            yield RuleExample(rule, "go", plain(one), plain(other))


def _tested(tree: Tree, ruled: str) -> Iterator[RuleExample]:
    yield from golden(tree, ruled)
    yield from wanted(tree, ruled)


SOURCES = (
    Source("staticcheck", "dominikh/go-tools", _staticcheck),
    Source("go-analysis", "golang/tools", _passes),
    Source("go-critic", "go-critic/go-critic", _critic),
    Source("gosec", "securego/gosec", samples),
    Source("usestdlibvars", "sashamelentyev/usestdlibvars", partial(_tested, ruled=r"testdata/src/a/(\w+)/")),
    Source("testifylint", "Antonboom/testifylint", partial(_tested, ruled=r"testdata/src/checkers-default/([\w-]+)/")),
    Source("go-errorlint", "polyfloyd/go-errorlint", partial(_tested, ruled=r"testdata/src/(\w+)/")),
    Source("bodyclose", "timakin/bodyclose", partial(_tested, ruled=r"(bodyclose)/testdata/src/")),
)
