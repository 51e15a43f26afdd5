"""What operators make of a few lines, for the tests of each criterion."""

import random
from difflib import ndiff

from themis_lsp.language import GRAMMARS
from themis_training.degrade.function import functions_of
from themis_training.degrade.operator import Operator


def changes(operator: Operator, grammar: str, text: str) -> list[tuple[str, ...]]:
    """The changed lines of every way in which an operator degrades the functions of a text."""
    found = []
    for function in functions_of(text, GRAMMARS[grammar]):
        for way in operator.finders[grammar](function, random.Random(1)):
            chosen, rejected = function.rewritten(way.chosen), function.rewritten(way.rejected)
            if chosen is not None and rejected is not None:
                lines = ndiff(chosen.split("\n"), rejected.split("\n"))
                found.append(tuple(line[0] + line[2:] for line in lines if line[0] in "+-"))
    return found
