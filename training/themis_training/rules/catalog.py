"""Every linter that is read."""

from themis_training.rules import codeql, eslint, javatest, python, refaster, rubocop, ruff
from themis_training.rules.example import Source

SOURCES: tuple[Source, ...] = (
    *rubocop.SOURCES,
    *eslint.SOURCES,
    *ruff.SOURCES,
    *python.SOURCES,
    *codeql.SOURCES,
    *javatest.SOURCES,
    *refaster.SOURCES,
)
