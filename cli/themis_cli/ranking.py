"""Where one value stands among others."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def share_below(value: float, population: Sequence[float]) -> float:
    """Share of a sorted population that is smaller, in [0, 1]; what is equal counts half."""
    return (bisect_left(population, value) + bisect_right(population, value)) / (2 * len(population))
