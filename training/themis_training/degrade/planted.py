"""Planted pairs kept as text: one file per kind, so that the code in them needs no quoting.

A file begins with three lines, reason id, because, and ``train`` or ``held out``. ``=== java`` (or several grammars)
opens a language, ``---`` separates its pairs, and ``>>>`` the right text of a pair from the wrong one. ``«db|conn»``
stands for one of its words, the same one in both texts.
"""

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from themis_training.degrade.operator import SCRIPTS, Operator
from themis_training.degrade.plant import planting

_FOLDER = Path(__file__).with_name("pairs")
_CHOICE = re.compile(r"«([^»]*)»")
_VARIANTS = 6  # of every pair, so that one with choices in it is not drawn more often


def planted_in(folder: str) -> tuple[Operator, ...]:
    """The operators of one folder of ``pairs/``, by name of their files."""
    return tuple(read_planted(path) for path in sorted((_FOLDER / folder).glob("*.txt")))


def read_planted(path: Path) -> Operator:
    """One operator; its kind is the name of the file."""
    head, *languages = re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    reason, because, use = head.strip().splitlines()
    pairs: dict[str, list[tuple[str, str]]] = {}
    for language in languages:
        keys, _, text = language.partition("\n")
        for key in keys.split():
            pairs.setdefault(key, []).extend(_pairs(text))
    finders = {grammar: planting(*found) for key, found in pairs.items() for grammar in _grammars(key)}
    return Operator(path.stem, reason, because, finders, held_out=use == "held out")


def _grammars(key: str) -> Sequence[str]:
    return SCRIPTS if key == "javascript" else (key,)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in re.split(r"^---\n", text, flags=re.MULTILINE):
        right, wrong = (side.strip("\n") for side in pair.split("\n>>>\n"))
        choices = list(dict.fromkeys(_CHOICE.findall(right + wrong)))
        draw = random.Random(pair)  # noqa: S311  (sampling)
        for _ in range(_VARIANTS):
            words = {choice: draw.choice(choice.split("|")) for choice in choices}
            yield _CHOICE.sub(lambda m, w=words: w[m[1]], right), _CHOICE.sub(lambda m, w=words: w[m[1]], wrong)
