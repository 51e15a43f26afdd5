"""Planting: a few lines of our own are put into a real function, once done right and once done wrong.

Real functions rarely call the very interface a defect is about. Planted lines use the names that are in scope around
them, so that what tells the two versions apart is the defect and nothing else.
"""

import random
import re
from collections.abc import Iterator, Sequence
from string import Template
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, text_of
from themis_training.degrade.operator import Finder
from themis_training.degrade.words import WORDS

if TYPE_CHECKING:
    from tree_sitter import Node

_BLOCKS = {
    "c": "compound_statement", "cpp": "compound_statement", "c_sharp": "block", "go": "statement_list",
    "java": "block", "javascript": "statement_block", "typescript": "statement_block", "tsx": "statement_block",
    "python": "block", "ruby": "body_statement",
}  # fmt: skip
_BRACELESS = ("python", "ruby", "go")  # their block begins with its first statement
_NEVER_AFTER = re.compile(r"return|break|continue|raise|throw|goto|super|this\(|base\(|case|default")
_SLOT = re.compile(r"\$([a-z]+?)(\d*)\b")
_PLACES = 2  # in one function


def planting(*pairs: tuple[str, str]) -> Finder:
    """Plants the first text of a pair (right) and the second (wrong) at the same places of a function.

    Texts are whole statements, indented by four spaces a level. ``$a``, ``$b``, ``$c`` are names in scope, ``$new`` and
    ``$new2`` fresh names; ``$tool``, ``$table`` and the other keys of ``WORDS`` are drawn from there; the same slot is
    the same word in both texts of a pair.
    """

    def find(function: Function, draw: random.Random) -> Iterator[Way]:
        places = [place for place in _places(function) if function.stands_alone(place)]
        names = local_names(function)
        for place in draw.sample(places, min(_PLACES, len(places))):
            right, wrong = draw.choice(pairs)
            words = _words(right + wrong, names, draw)
            chosen, rejected = (_before(function, place, Template(t).safe_substitute(words)) for t in (right, wrong))
            yield Way((rejected,), (chosen,))

    return find


def statements_of(function: Function) -> Iterator[list["Node"]]:
    """The statements of each block of a function."""
    for block in function.nodes(_BLOCKS[function.grammar.key]):
        yield [child for child in block.named_children if "comment" not in child.type]


def _places(function: Function) -> Iterator["Node"]:
    """Statements before which lines may be planted."""
    braceless = function.grammar.key in _BRACELESS
    for statements in statements_of(function):
        for number, statement in enumerate(statements):
            block = statement.parent
            if block is None or (number and _NEVER_AFTER.match(text_of(statements[number - 1]))):
                continue
            if statement.start_point[0] > block.start_point[0] or (braceless and not number):
                yield statement


def local_names(function: Function) -> list[str]:
    """Local names the function declares, in order of appearance."""
    found: dict[str, None] = {}
    for node in function.nodes("identifier"):
        parent = node.parent
        if parent is None:
            continue
        field = next((parent.field_name_for_child(n) for n, c in enumerate(parent.children) if c == node), None)
        if {parent.type, f"{parent.type}.{field}"} & function.grammar.declares:
            found[text_of(node)] = None
    return [name for name in found if name not in ("self", "cls", "this", "_")]


def _words(texts: str, names: Sequence[str], draw: random.Random) -> dict[str, str]:
    """A word for every slot of a pair."""
    pool = list(names)
    draw.shuffle(pool)
    spare = list(WORDS["new"])
    draw.shuffle(spare)
    spare = [word for word in spare if word not in pool]
    words: dict[str, str] = {}
    for kind, number in dict.fromkeys(_SLOT.findall(texts)):
        slot = f"{kind}{number}"
        if kind in ("a", "b", "c"):
            words[slot] = pool.pop() if pool else spare.pop()
        elif kind == "new":
            words[slot] = spare.pop()
        elif kind in WORDS:
            words[slot] = draw.choice(WORDS[kind])
    return words


def _before(function: Function, place: "Node", text: str) -> Replacement:
    """Inserts lines before a statement, in its indentation and in the file's unit of indentation."""
    margin = function.indent(place)
    unit = "\t" if "\t" in margin else _unit(function)
    lines = []
    for line in text.splitlines():
        bare = line.lstrip(" ")
        lines.append(margin + unit * ((len(line) - len(bare)) // 4) + bare if bare else "")
    at = function.file.rfind(b"\n", 0, place.start_byte) + 1
    return Replacement(at, at, "\n".join(lines) + "\n")


def _unit(function: Function) -> str:
    margins = [len(line) - len(line.lstrip(" ")) for line in function.text.splitlines() if line.strip()]
    steps = [margin - min(margins) for margin in margins if margin - min(margins) >= 2]
    return " " * min(steps, default=4)
