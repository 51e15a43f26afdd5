"""Draws degraded pairs from plain code, evenly over operators, languages and repositories."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from themis_lsp.language import Grammar, grammar_of
from themis_training.corpus import CodeFile
from themis_training.degrade.function import Function, functions_of
from themis_training.degrade.operator import Operator

_OF_ONE_FUNCTION = 3  # pairs; more would teach the function
_OF_ONE_FILE = 4  # functions
_SHARE_OF_REPOSITORY = 0.08  # of the pairs of one operator in one language


@dataclass(frozen=True, slots=True)
class Degraded:
    """One pair made by an operator.

    Attributes:
        operator: what made it.
        file: where the function comes from.
        chosen: the function, or its better version.
        rejected: its worse version; for a neutral operator, its other version.
    """

    operator: Operator
    file: CodeFile
    chosen: str
    rejected: str


@dataclass(frozen=True, slots=True)
class Quota:
    """How many pairs are wanted.

    Attributes:
        each: of one operator in one language.
        seed: of every draw.
        files: looked into of one repository.
    """

    each: int = 150
    seed: int = 1
    files: int = 300


def degraded(
    files: Iterable[CodeFile],
    operators: Sequence[Operator],
    quota: Quota,
    on_file: Callable[[], None] = lambda: None,
) -> Iterator[Degraded]:
    """Pairs from the functions of files, rarest operators first; deterministic for the same files in the same order.

    Args:
        files: where functions come from; shuffle them, so that no repository fills a quota by itself.
        operators: what may be done.
        quota: how much of it is wanted.
        on_file: told of each file done.
    """
    made: Counter[tuple[str, str]] = Counter()
    of_repository: Counter[tuple[str, str, str]] = Counter()
    most_of_repository = max(2, round(quota.each * _SHARE_OF_REPOSITORY))
    seen: set[tuple[str, str]] = set()
    for file in files:
        grammar = grammar_of(file.path, file.text)
        wanted = [o for o in operators if grammar and grammar.key in o.finders]
        for function in _some_functions(file, grammar, quota.seed) if grammar and wanted else ():
            draw = random.Random(f"{quota.seed}/{file.repository}/{function.text}")  # noqa: S311  (sampling)
            left = _OF_ONE_FUNCTION
            for operator in sorted(wanted, key=lambda o: (made[o.kind, file.language], draw.random())):
                key, own = (operator.kind, file.language), (operator.kind, file.language, file.repository)
                if made[key] >= quota.each or of_repository[own] >= most_of_repository:
                    continue
                pair = _one_way(function, operator, draw)
                if pair is None or pair in seen:
                    continue
                seen.add(pair)
                made[key] += 1
                of_repository[own] += 1
                yield Degraded(operator, file, *pair)
                left -= 1
                if not left:
                    break
        on_file()


def _some_functions(file: CodeFile, grammar: Grammar, seed: int) -> list[Function]:
    found = list(functions_of(file.text, grammar))
    draw = random.Random(f"{seed}/{file.repository}/{file.path}")  # noqa: S311  (sampling)
    return draw.sample(found, min(_OF_ONE_FILE, len(found)))


def _one_way(function: Function, operator: Operator, draw: random.Random) -> tuple[str, str] | None:
    """The chosen and rejected text of one of the ways of an operator, drawn by lot; None if it has none here."""
    ways = list(operator.finders[function.grammar.key](function, draw))
    for way in draw.sample(ways, min(2, len(ways))):
        chosen, rejected = function.rewritten(way.chosen), function.rewritten(way.rejected)
        if chosen is not None and rejected is not None and chosen.split() != rejected.split():
            return chosen, rejected
    return None
