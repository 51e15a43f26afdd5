"""Every linter that is read."""

from themis_training.rules.example import Source

SOURCES: tuple[Source, ...] = ()
