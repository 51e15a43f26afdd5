"""Every linter that is read."""

from themis_training.rules import codeql, eslint, go, javatest, python, refaster, roslyn, rubocop, ruff
from themis_training.rules.example import Source

SOURCES: tuple[Source, ...] = (
    *rubocop.SOURCES,
    *eslint.SOURCES,
    *ruff.SOURCES,
    *python.SOURCES,
    *codeql.SOURCES,
    *javatest.SOURCES,
    *refaster.SOURCES,
    *roslyn.SOURCES,
    *go.SOURCES,
)
