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
    return tuple(_operator(path) for path in sorted((_FOLDER / folder).glob("*.txt")))


def planted_texts(kind: str) -> dict[str, list[tuple[str, str]]]:
    """The pairs of one kind, right and wrong, by grammar key; their words are still to be drawn."""
    return _texts(next(_FOLDER.glob(f"*/{kind}.txt")))


def _operator(path: Path) -> Operator:
    reason, because, use = path.read_text(encoding="utf-8").split("\n=== ")[0].strip().splitlines()
    finders = {grammar: planting(*pairs) for grammar, pairs in _texts(path).items()}
    return Operator(path.stem, reason, because, finders, held_out=use == "held out")


def _texts(path: Path) -> dict[str, list[tuple[str, str]]]:
    languages = re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found: dict[str, list[tuple[str, str]]] = {}
    for language in languages:
        keys, _, text = language.partition("\n")
        for grammar in (grammar for key in keys.split() for grammar in _grammars(key)):
            found.setdefault(grammar, []).extend(_pairs(text))
    return found


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
