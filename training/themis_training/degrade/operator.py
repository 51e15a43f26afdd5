"""What an operator is, and the short ways to write one."""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from string import Template

from themis_training.degrade.function import Function, Replacement, Way, text_of

Finder = Callable[[Function, random.Random], Iterator[Way]]


@dataclass(frozen=True, slots=True)
class Operator:
    """One kind of degradation.

    Attributes:
        kind: unique name, e.g. ``drop-await``.
        reason: id of the named defect it brings, from ``themis_model.reasons``; it says criterion and CWE.
            Empty for neutral operators, which change nothing that matters.
        because: one line on what it does.
        finders: by grammar key; each yields every way in which a function can be degraded.
        held_out: never trained on, to see whether the model learned the defect or the operator.
    """

    kind: str
    reason: str
    because: str
    finders: Mapping[str, Finder]
    held_out: bool = False


def rewriting(pattern: str, **templates: str) -> Finder:
    """Each match of a tree-sitter query, with the named captures replaced.

    Args:
        pattern: the query; its predicates (``#eq?``, ``#match?``) count.
        templates: new text per capture, in which ``$name`` is the old text of a capture.
    """

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for captures in function.matches(pattern):
            texts = {name: text_of(node) for name, node in captures.items()}
            yield Way(tuple(
                Replacement(captures[name].start_byte, captures[name].end_byte, Template(text).safe_substitute(texts))
                for name, text in templates.items()
            ))  # fmt: skip

    return find


def dropping(pattern: str, name: str = "drop") -> Finder:
    """Each match of a query loses the lines of its capture ``name``, where that has its lines for itself."""

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for captures in function.matches(pattern):
            if function.stands_alone(captures[name]):
                yield Way((function.lines_of(captures[name]),))

    return find


def any_of(*finders: Finder) -> Finder:
    """The ways of several finders, one after the other."""

    def find(function: Function, draw: random.Random) -> Iterator[Way]:
        for finder in finders:
            yield from finder(function, draw)

    return find


def for_all(finder: Finder, *grammars: str) -> dict[str, Finder]:
    """The same finder for several grammars."""
    return dict.fromkeys(grammars, finder)


SCRIPTS = ("javascript", "typescript", "tsx")
ALL = ("c", "cpp", "c_sharp", "go", "java", *SCRIPTS, "python", "ruby")

_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")


def is_name(text: str) -> bool:
    """Whether a text is a plain identifier."""
    return bool(_IDENTIFIER.fullmatch(text))
