"""Where units begin that were not judged; asked on the worker alone, as grammars belong to its thread."""

from themis_lsp.language import grammar_of
from themis_lsp.server.judgement import Judgement
from themis_lsp.unit import parse


def unit_beginning_at(judgement: Judgement, row: int) -> str | None:
    """The name of the unit whose first row this is."""
    snapshot = judgement.snapshot
    grammar = grammar_of(snapshot.file.name if snapshot.file else snapshot.name, snapshot.text)
    if grammar is None:
        return None
    units = parse(judgement.lines, grammar).units
    return next((unit.name for unit in units if unit.rows[0] == row), None)
