"""Smaller linters and code rewriters for Python: their tests, read as syntax and not run, and one list of examples."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from themis_training.rules.example import RuleExample, Source
from themis_training.rules.text import matched
from themis_training.rules.tree import Tree

_SECTION = re.compile(r"^### (?P<rule>SIM\d+)\n(?P<body>.*?)(?=^#{2,3} |\Z)", re.MULTILINE | re.DOTALL)
_MARKED = re.compile(r"^# (?P<side>Bad|Good).*\n(?P<code>(?:(?!^# (?:Bad|Good)|^```).*\n)+)", re.MULTILINE)
_REWRITTEN = re.compile(r"^\* Rewrite ``(?P<bad>.+?)`` as ``(?P<good>.+?)``", re.MULTILINE)
_CODE = re.compile(r"^(?P<rule>C4\d\d)[-:\d]*:? ", re.MULTILINE)

_Pairs = Iterator[tuple[str, str, str]]


def _tested(pattern: str, pairs: Callable[[ast.Module], _Pairs]) -> Callable[[Tree], Iterator[RuleExample]]:
    """Reads the files of a pattern; the name of a file is that of its rule."""

    def read(tree: Tree) -> Iterator[RuleExample]:
        for path in tree.paths(pattern):
            rule = re.sub(r"^test_|_test$", "", PurePosixPath(path).stem)
            try:
                module = ast.parse(tree.text(path))
            except SyntaxError:  # of a Python that this one does not understand
                continue
            for bad, good, message in pairs(module):
                yield RuleExample(rule, "python", bad, good, message)

    return read


def _parametrized(module: ast.Module) -> _Pairs:
    """Rows of two texts in ``parametrize``, the second of them called expected."""
    for call in _calls(module, "parametrize"):
        if len(call.args) < 2 or "expected" not in ast.unparse(call.args[0]):
            continue
        for row in getattr(call.args[1], "elts", []):
            texts = _texts(row.args if isinstance(row, ast.Call) else getattr(row, "elts", []))
            if len(texts) == 2:
                yield texts[0], texts[1], ""


def _transformed(module: ast.Module) -> _Pairs:
    """The first two texts that ``check_transformed`` is given."""
    for call in _calls(module, "check_transformed"):
        if len(texts := _texts(call.args[:2])) == 2:
            yield texts[0], texts[1], ""


def _replaced(module: ast.Module) -> _Pairs:
    """The code of ``Invalid``, and its expected replacement."""
    for call in _calls(module, "Invalid"):
        given = {word.arg: word.value for word in call.keywords}
        code = call.args[0] if call.args else given.get("code")
        if code and len(texts := _texts([code, *filter(None, [given.get("expected_replacement")])])) == 2:
            yield texts[0], texts[1], ""


def _converted(module: ast.Module) -> _Pairs:
    """Texts assigned to ``before`` and then to ``after``."""
    bad: str | None = None
    for node in sorted((n for n in ast.walk(module) if isinstance(n, ast.Assign)), key=lambda node: node.lineno):
        name, texts = ast.unparse(node.targets[0]), _texts([node.value])
        if name == "before":
            bad = texts[0] if texts else None
        elif name == "after" and bad is not None and texts:
            yield bad, texts[0], ""
            bad = None


def _simplified(tree: Tree) -> Iterator[RuleExample]:
    for section in _SECTION.finditer(tree.text("README.md")):
        parts = [(part["side"], part["code"]) for part in _MARKED.finditer(section["body"])]
        bad, good = ([code for side, code in parts if side == wanted] for wanted in ("Bad", "Good"))
        for pair in matched(bad, good, "python") if bad and good else ():
            yield RuleExample(section["rule"], "python", *pair)


def _comprehended(tree: Tree) -> Iterator[RuleExample]:
    rule, *rest = _CODE.split(tree.text("README.rst"))[1:] or [""]
    for body, after in zip(rest[::2], [*rest[1::2], ""], strict=False):
        for found in _REWRITTEN.finditer(body):
            yield RuleExample(rule, "python", found["bad"], found["good"])
        rule = after


def _calls(module: ast.Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name:
            yield node


def _texts(nodes: list[ast.expr]) -> list[str]:
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


SOURCES = (
    Source("flake8-simplify", "MartinThoma/flake8-simplify", _simplified),
    Source("flake8-comprehensions", "adamchainz/flake8-comprehensions", _comprehended),
    Source("pyupgrade", "asottile/pyupgrade", _tested("tests/features/*_test.py", _parametrized)),
    Source("fixit", "Instagram/Fixit", _tested("src/fixit/rules/*.py", _replaced)),
    Source("django-upgrade", "adamchainz/django-upgrade", _tested("tests/fixers/test_*.py", _transformed)),
    Source("libcst", "Instagram/LibCST", _tested("libcst/codemod/commands/tests/test_*.py", _converted)),
)
