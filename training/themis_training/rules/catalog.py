"""Every linter that is read."""

from themis_training.rules import (
    clang,
    codeql,
    eslint,
    go,
    guides,
    infer,
    javatest,
    pmd,
    python,
    refaster,
    roslyn,
    rubocop,
    ruff,
    rustdoc,
    styleguides,
)
from themis_training.rules.example import Source

SOURCES: tuple[Source, ...] = (
    *rubocop.SOURCES,
    *eslint.SOURCES,
    *rustdoc.SOURCES,
    *ruff.SOURCES,
    *python.SOURCES,
    *styleguides.SOURCES,
    *codeql.SOURCES,
    *javatest.SOURCES,
    *refaster.SOURCES,
    *pmd.SOURCES,
    *roslyn.SOURCES,
    *go.SOURCES,
    *clang.SOURCES,
    *infer.SOURCES,
    *guides.SOURCES,
)
