"""Minimal hunks between two texts, with exact line ranges."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from themis_model.encode import Hunk

_ALIGN_CELLS = 4000  # larger blocks are not split: aligning them costs more than it tells
_ALIKE = 0.5
_WORD = re.compile(r"[^\W_]+")


def hunks_between(before: Sequence[str], after: Sequence[str]) -> tuple[Hunk, ...]:
    """Replace blocks that turn ``before`` into ``after``; trailing white space does not count.

    Long blocks are split where their lines correspond, so neighbouring hunks may touch. Swapping the arguments
    gives the same hunks swapped.
    """
    old = [line.rstrip() for line in before]
    new = [line.rstrip() for line in after]
    if new < old:  # difflib is not symmetric, so one canonical order is always the one compared
        return tuple(hunk.swapped() for hunk in _compare(new, old))
    return tuple(_compare(old, new))


def _compare(old: list[str], new: list[str]) -> list[Hunk]:
    start = 0
    limit = min(len(old), len(new))
    while start < limit and old[start] == new[start]:
        start += 1
    end = 0
    while end < limit - start and old[-1 - end] == new[-1 - end]:
        end += 1
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    if not inner_old and not inner_new:
        return []
    matcher = SequenceMatcher(None, inner_old, inner_new, autojunk=max(len(inner_old), len(inner_new)) > 500)
    return [
        part
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
        for part in _split(old, new, Hunk(a + start, b + start, c + start, d + start))
    ]


def _split(old: list[str], new: list[str], hunk: Hunk) -> list[Hunk]:
    """Cut a block before each line that clearly corresponds to one of the other side."""
    a, b, c, d = hunk
    rows, columns = b - a, d - c
    if min(rows, columns) < 1 or max(rows, columns) < 2 or rows * columns > _ALIGN_CELLS:
        return [hunk]
    cuts = [(i, j) for i, j in _aligned([_words(t) for t in old[a:b]], [_words(t) for t in new[c:d]]) if i or j]
    edges = [(0, 0), *cuts, (rows, columns)]
    return [Hunk(a + i, a + k, c + j, c + m) for (i, j), (k, m) in pairwise(edges) if (i, j) != (k, m)]


def _words(line: str) -> frozenset[str]:
    return frozenset(_WORD.findall(line))


def _aligned(old: list[frozenset[str]], new: list[frozenset[str]]) -> list[tuple[int, int]]:
    """Pairs of corresponding lines, in order, of the highest total likeness."""
    rows, columns = len(old), len(new)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            alike = _likeness(old[i], new[j])
            taken = best[i + 1][j + 1] + alike if alike >= _ALIKE else 0.0
            best[i][j] = max(taken, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < rows and j < columns:
        alike = _likeness(old[i], new[j])
        if alike >= _ALIKE and best[i][j] == best[i + 1][j + 1] + alike:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    if not one or not other:
        return 0.0
    return len(one & other) / max(len(one), len(other))
