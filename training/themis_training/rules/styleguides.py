"""Books of rules for people: sections of Markdown, and docstrings, that show what to avoid and what to write."""

import ast
import re
from collections.abc import Callable, Iterator

from themis_training.rules.example import RuleExample, Source
from themis_training.rules.markdown import examples
from themis_training.rules.text import matched, paired, similarity
from themis_training.rules.tree import Tree

_FENCES: dict[str, str] = {
    **dict.fromkeys(("js", "javascript", "ts", "typescript"), "javascript"),
    **dict.fromkeys(("py", "python"), "python"),
    **dict.fromkeys(("rb", "ruby"), "ruby"),
}
_HEADING = re.compile(r"^### +(.+)$", re.MULTILINE)
_CODE = re.compile(r"^# (DUO\d+)$", re.MULTILINE)
_SIDE = re.compile(r"^ *# (Correct|Wrong):?.*$", re.MULTILINE)
_ALIKE = 0.3  # similarity from which both sides are about the same thing


def _sections(pattern: str, title: re.Pattern[str]) -> Callable[[Tree], Iterator[RuleExample]]:
    """Reads pages of a pattern; what is between a title and the next one shows the rule of that name."""

    def read(tree: Tree) -> Iterator[RuleExample]:
        for path in tree.paths(pattern):
            parts = title.split(tree.text(path))[1:]
            for name, body in zip(parts[::2], parts[1::2], strict=True):
                rule = "-".join(re.findall(r"\w+", name.replace("'", "").lower()))
                for language, bad, good in examples(body, _FENCES, _whole):
                    yield RuleExample(rule, language, bad, good)

    return read


def _whole(bad: list[str], good: list[str], _language: str) -> Iterator[tuple[str, str]]:
    """Pairs of whole blocks, for a block is one example here."""
    return (pair for pair in paired(bad, good) if similarity(*pair) >= _ALIKE)


def _violations(tree: Tree) -> Iterator[RuleExample]:
    for path in tree.paths("wemake_python_styleguide/violations/*.py"):
        for node in ast.parse(tree.text(path)).body:
            if isinstance(node, ast.ClassDef) and "Example::" in (doc := ast.get_docstring(node) or ""):
                for pair in _contrasted(doc.partition("Example::")[2]):
                    yield RuleExample(node.name.removesuffix("Violation"), "python", *pair)


def _contrasted(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of what stands under the comments Wrong and Correct, in the indented lines that a text begins with."""
    parts = _SIDE.split(re.split(r"\n(?=\S)", text, maxsplit=1)[0])[1:]
    sides: dict[str, list[str]] = {"Wrong": [], "Correct": []}
    for side, code in zip(parts[::2], parts[1::2], strict=True):
        if code.strip():
            sides[side].append(code)
    for pair in matched(sides["Wrong"], sides["Correct"], "python") if all(sides.values()) else ():
        if similarity(*pair) >= _ALIKE:
            yield pair


SOURCES = (
    Source("dlint", "dlint-py/dlint", _sections("docs/linters/*.md", _CODE)),
    Source("wemake", "wemake-services/wemake-python-styleguide", _violations),
    Source("clean-code-javascript", "ryanmcdermott/clean-code-javascript", _sections("README.md", _HEADING)),
    Source("clean-code-typescript", "labs42io/clean-code-typescript", _sections("README.md", _HEADING)),
    Source("clean-code-ruby", "uohzxela/clean-code-ruby", _sections("README.md", _HEADING)),
    Source("clean-code-python", "zedr/clean-code-python", _sections("README.md", _HEADING)),
)
