"""A verdict worth showing: where it is, which lines weigh most, and a name for it that survives moved lines."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from themis_lsp.verdict import Verdict


class WeighedLines(NamedTuple):
    """Lines ``first``..``last`` (1-based, in the new file) and their share of the verdict, in [0, 1].

    Lines that were only removed are shown at the line that now stands in their place.
    """

    first: int
    last: int
    weight: float


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One weighed hunk as text, for reports: the old and the new lines at ``lines``."""

    lines: WeighedLines
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A regression worth showing.

    Attributes:
        verdict: the judgement, always ``worse``.
        excerpts: changed lines, the heaviest first; the weights add up to 1.
        defect: id of the named defect (``themis_model.reason``); None if there is no single one.
        message: one sentence for people.
        fingerprint: 16 hex digits from criterion, unit name, changed lines and ordinal; no path, no line number.
        below_threshold: shown on request although the shipped threshold would keep silent.
    """

    verdict: Verdict
    excerpts: tuple[Excerpt, ...]
    message: str
    fingerprint: str
    defect: str | None = None
    below_threshold: bool = False

    @property
    def lines(self) -> tuple[WeighedLines, ...]:
        """The weighed lines, the heaviest first."""
        return tuple(excerpt.lines for excerpt in self.excerpts)


def fingerprints(keys: Iterable[tuple[str, str, Sequence[str]]]) -> list[str]:
    """Stable names for findings, given (criterion, unit name, changed lines) in report order.

    White space inside the lines does not count; equal keys are told apart by their ordinal.
    """
    seen: Counter[str] = Counter()
    names = []
    for criterion, unit, lines in keys:
        normal = "\n".join("".join(line.split()) for line in lines)
        key = f"{criterion}\0{unit}\0{normal}"
        names.append(hashlib.sha256(f"{key}\0{seen[key]}".encode("utf-8", "replace")).hexdigest()[:16])
        seen[key] += 1
    return names
