"""Files in which some functions break a rule and others keep it: which is which, and which belong together."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from themis_lsp.change import UnitKind
from themis_lsp.language import GRAMMARS
from themis_lsp.unit import parse, split_lines
from themis_training.rules.text import similarity

_ALIKE = 0.68  # similarity from which two functions of one file are taken for versions of each other
_MOST_LINES = 80  # of a function; what is longer shows more than one thing
_SHORT = 40  # lines of a file that is shown whole, so that what one function needs elsewhere is seen
_MOST_FUNCTIONS = 60  # of one side that are compared
_MOST_USES = 2  # pairs that one function may be in
_SIDES = (
    "bad",
    "good",
    "vulnerable",
    "correct",
    "incorrect",
    "wrong",
    "noncompliant",
    "compliant",
    "fixed",
    "fix",
    "ok",
)
_SIDED = re.compile(
    rf"\b(?:{'|'.join(_SIDES)})_(?=\w)|_(?:{'|'.join(_SIDES)})(?=\d*\b|_)"
    rf"|(?<=[a-z0-9])(?:{'|'.join(side.title() for side in _SIDES)})(?=\d*\b|[A-Z_])"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One function of a file.

    Attributes:
        name: the last part of its qualified name.
        text: its lines.
    """

    name: str
    text: str


def pieces(text: str, grammar: str) -> list[tuple[Piece, range]]:
    """The functions of a file that parse, each with the rows it spans.

    Args:
        text: of the file.
        grammar: key from ``themis_lsp.language.GRAMMARS``.
    """
    source = parse(split_lines(text), GRAMMARS[grammar])
    return [
        (Piece(unit.name.rpartition(".")[2], "\n".join(source.lines[row] for row in unit.rows)), _span(unit.rows))
        for unit in source.units
        if unit.kind is UnitKind.FUNCTION and len(unit.rows) <= _MOST_LINES and source.broken.isdisjoint(unit.rows)
    ]


def versions(bad: str, good: str, grammar: str) -> Iterator[tuple[str, str]]:
    """What differs between two versions of a file: same-named functions, or the whole where that is not all.

    Args:
        bad: one version.
        good: the other.
        grammar: key from ``themis_lsp.language.GRAMMARS``.
    """
    before, after = _by_name(bad, grammar), _by_name(good, grammar)
    changed = [(before[name], after[name]) for name in before if name in after and before[name] != after[name]]
    several = len(changed) > 1 or bad.count("\n") > _SHORT
    if changed and several and before.keys() == after.keys():
        yield from changed
    else:
        yield bad, good


def alike(bad: Sequence[Piece], good: Sequence[Piece]) -> Iterator[tuple[str, str]]:
    """Pairs of functions that are versions of each other, the most alike first, under one name."""
    ranked = sorted(
        (
            (similarity(one.text, other.text), i, j)
            for i, one in enumerate(bad[:_MOST_FUNCTIONS])
            for j, other in enumerate(good[:_MOST_FUNCTIONS])
            if _comparable(one.text, other.text)
        ),
        reverse=True,
    )
    used_bad, used_good = [0] * len(bad), [0] * len(good)
    for score, i, j in ranked:
        if score < _ALIKE:
            return
        if used_bad[i] < _MOST_USES and used_good[j] < 1:
            used_bad[i], used_good[j] = used_bad[i] + 1, 1
            other = renamed(good[j].text, good[j].name, bad[i].name)
            if _nameless(bad[i].text) != _nameless(other):
                yield bad[i].text, other


def renamed(text: str, old: str, new: str) -> str:
    """A text with one name in place of another."""
    if not old.isidentifier() or not new.isidentifier():
        return text
    return re.sub(rf"\b{old}\b", new, text)


def unsided(text: str) -> str:
    """A text whose names no longer say which side of an example it is: ``readFileBad`` becomes ``readFile``."""
    return _SIDED.sub("", text)


def without(text: str, rows: Collection[int]) -> str:
    """The lines of a text other than those of some rows."""
    return "\n".join(line for row, line in enumerate(split_lines(text)) if row not in rows)


def sound(text: str, grammar: str) -> bool:
    """Whether a text parses."""
    return not parse(split_lines(text), GRAMMARS[grammar]).broken


def _nameless(text: str) -> str:
    """Code without comments in which names that only count (``p1``, ``p2``) or are one letter are the same."""
    text = re.sub(r"(?://|#\s).*", "", text)
    return "".join(re.sub(r"\b([A-Za-z_]+)\d+\b", r"\1", re.sub(r"\b[A-Za-z]\b", "_", text)).split())


def _comparable(one: str, other: str) -> bool:
    return max(len(one), len(other)) <= 3 * min(len(one), len(other))


def _by_name(text: str, grammar: str) -> dict[str, str]:
    return {piece.name: piece.text for piece, _ in pieces(text, grammar)}


def _span(rows: Sequence[int]) -> range:
    return range(rows[0], rows[-1] + 1)
