"""What a mined unit must be for a comparison of its versions to mean something."""

from collections.abc import Sequence

from themis_lsp.language import grammar_of, parser_of
from themis_lsp.testcode import is_test, marks_of

LEAST_DEPTH = 3
_ASIDE = frozenset({
    "bench", "benches", "benchmark", "benchmarks", "demo", "demos", "doc", "docs", "example", "examples", "fixtures",
    "fuzz", "mock", "mocks", "sample", "samples", "script", "scripts", "tools",
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
    return is_test(path) or path.split("/")[-1].split(".")[0].endswith("IT") or bool(marks_of(path) & _ASIDE)
