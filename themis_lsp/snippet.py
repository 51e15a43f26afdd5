"""Pairs of bare texts, as a review would see the edit from one to the other."""

from themis_lsp.diff import hunks_between
from themis_lsp.language import GRAMMARS
from themis_lsp.local import lines_of
from themis_lsp.unit import Source, parse, split_lines
from themis_model.encode import Encoder, Lines, Window

_DIALECTS = {"javascript": ("javascript", "typescript", "tsx")}


def windows_between(before: str, after: str, language: str, encoder: Encoder) -> tuple[Window, ...]:
    """The windows of an edit, of which only the two texts and the language are known.

    Args:
        before: the old text, a function or a piece of one.
        after: the new text.
        language: key from ``themis_model.tokens.LANGUAGES``.
        encoder: makes the windows.
    """
    one, other = read_as(before, language), read_as(after, language)
    return encoder.windows(one, other, hunks_between(split_lines(before), split_lines(after)), language).windows


def read_as(text: str, language: str) -> Lines:
    """The lines of a text, for people and for a model; in the dialect of the language in which most of it parses."""
    lines = split_lines(text)
    best: Source | None = None
    for key in _DIALECTS.get(language, (language,)):
        source = parse(lines, GRAMMARS[key])
        if best is None or len(source.broken) < len(best.broken):
            best = source
        if not best.broken:
            break
    assert best is not None  # noqa: S101  (every language has a grammar)
    return lines_of(best, range(len(lines)))
