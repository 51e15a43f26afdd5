"""What a mined unit must be for a comparison of its versions to mean something."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from themis_lsp.language import grammar_of, parser_of

LEAST_DEPTH = 3
_ASIDE = frozenset({
    "__tests__", "bench", "benches", "benchmark", "benchmarks", "demo", "demos", "doc", "docs", "example", "examples",
    "fixtures", "fuzz", "mock", "mocks", "sample", "samples", "script", "scripts", "spec", "specs", "test", "testdata",
    "testing", "tests", "tools", "unittest", "unittests",
})  # fmt: skip


def tree_depth(lines: Sequence[str], path: str) -> int:
    """Edges from the root to the deepest named node of a unit's syntax tree, by itself; at most ``LEAST_DEPTH``."""
    text = "\n".join(lines)
    grammar = grammar_of(path, text)
    if grammar is None:
        return 0
    level = [parser_of(grammar.key).parse(text.encode("utf-8", "replace")).root_node]
    depth = 0
    while depth < LEAST_DEPTH and (level := [child for node in level for child in node.named_children]):
        depth += 1
    return depth


def is_aside(path: str) -> bool:
    """Whether a file serves tests, examples, benchmarks or the build, so that a message hardly speaks of it."""
    place = PurePosixPath(path.lower())
    folders = {word for part in place.parts[:-1] for word in part.replace("-", ".").replace("_", ".").split(".")}
    words = place.stem.replace("-", "_").replace(".", "_").split("_")
    name = PurePosixPath(path).stem
    return bool(folders & _ASIDE or {words[0], words[-1]} & _ASIDE) or name.endswith(("Test", "Tests", "Spec", "IT"))
