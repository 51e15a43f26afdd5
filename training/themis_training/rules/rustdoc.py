"""Linters written in Rust for other languages: the Markdown above each of their rules."""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from themis_training.rules.example import RuleExample, Source
from themis_training.rules.markdown import examples
from themis_training.rules.text import similarity
from themis_training.rules.tree import Tree

_FENCES: dict[str, str] = dict.fromkeys(("js", "javascript", "jsx", "ts", "tsx", "typescript"), "javascript")
_DOCUMENT = re.compile(r"^ *///(?: |$)(.*)$", re.MULTILINE)
_ALIKE = 0.5  # similarity from which valid code is taken for what should have been written


def _reader(*patterns: str) -> Callable[[Tree], Iterator[RuleExample]]:
    """Reads files of these patterns; the name of a file is that of its rule."""

    def read(tree: Tree) -> Iterator[RuleExample]:
        for path in (path for pattern in patterns for path in tree.paths(pattern)):
            rule = PurePosixPath(path).stem.replace("_", "-")
            for language, bad, good in examples("\n".join(_DOCUMENT.findall(tree.text(path))), _FENCES):
                if similarity(bad, good) >= _ALIKE:
                    yield RuleExample(rule, language, bad, good)

    return read


_BIOME = ("performance", "security", "correctness", "suspicious", "complexity", "nursery")
_OXC = ("oxc", "promise", "react_perf")

SOURCES = (
    Source("biome", "biomejs/biome", _reader(*(f"crates/biome_js_analyze/src/lint/{group}/*.rs" for group in _BIOME))),
    Source("oxc", "oxc-project/oxc", _reader(*(f"crates/oxc_linter/src/rules/{group}/*.rs" for group in _OXC))),
)
