"""What a run is asked to do, and the keys that say so; ``themis_lsp.config`` finds out who set them where."""

import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from themis_lsp.pattern import path_matches
from themis_model.criterion import CRITERIA, Criterion


@dataclass(frozen=True, slots=True)
class Settings:
    """Resolved settings of one review.

    Attributes:
        criteria: which criteria are reported.
        min_confidence: show findings from this P(worse) on; None means the model's own threshold.
        fail_on: exit 1 for findings of these criteria at or above the probability.
        new_ignores: in a proposed change, comments that it adds itself get a finding past ``fail_on``.
        max_findings: show at most this many; None means all.
        ignore: patterns, relative to the repository, of paths that are not judged.
        tests: judge test code too.
        threads: number of processors to keep busy: edits scored at the same time, large reviews cut up beside.
        intent: what the change is meant to do, given explicitly; the default model ignores it.
    """

    criteria: tuple[Criterion, ...] = CRITERIA
    min_confidence: float | None = None
    fail_on: Mapping[Criterion, float] = field(default_factory=dict)
    new_ignores: bool = True
    max_findings: int | None = None
    ignore: tuple[str, ...] = ()
    tests: bool = False
    threads: int = 2
    intent: str | None = None

    def ignores(self, path: str) -> bool:
        """Whether a path, relative to the repository, matches one of the patterns."""
        return any(path_matches(path, pattern) for pattern in self.ignore)


class Level(StrEnum):
    """How far down a key may be set; every level may also be set from all places above it."""

    COMMAND = "command"  # on the command line only
    USER = "user"  # by the user: also the environment and the user's own file, never a repository
    RUN = "run"  # also by the file at the root of the repository
    PATH = "path"  # also by a file in any folder, for what lies below it


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be set.

    Attributes:
        level: who may set it.
        expected: what a value has to be, in words that follow "expected".
        parse: text from a command line or variable → what a TOML file would hold.
        read: what a TOML file holds → the value in ``Settings``.
            Both raise ValueError, with a message only if they know better than ``expected``.
    """

    level: Level
    expected: str
    parse: Callable[[str], object]
    read: Callable[[object], object]


def criterion_named(name: str) -> Criterion:
    """The criterion with this key, or with this short word.

    Raises:
        ValueError: if there is none; the message names the nearest.
    """
    for criterion in CRITERIA:
        if name in (criterion.value, criterion.short):
            return criterion
    shorts = [criterion.short for criterion in CRITERIA]
    raise ValueError(f"unknown criterion {shown(name)}, {nearest(name, [*shorts, *CRITERIA], shorts)}")


def nearest(name: str, known: Sequence[str], listed: Sequence[str]) -> str:
    """Advice for a name that is not known: the nearest of ``known``, or else what is ``listed``."""
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(listed)}"


def shown(value: object) -> str:
    """A value somebody wrote, short and on one line."""
    return reprlib.repr(value)


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError
    return value


def _criteria(value: object) -> tuple[Criterion, ...]:
    chosen = {criterion_named(name) for name in _texts(value)}
    if not chosen:
        raise ValueError
    return tuple(criterion for criterion in CRITERIA if criterion in chosen)


def _patterns(value: object) -> tuple[str, ...]:
    for pattern in _texts(value):
        if not pattern.strip("/") or pattern.startswith("!"):
            raise ValueError(f'{shown(pattern)} is no plain pattern such as "vendor/**"')
    return tuple(_texts(value))


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError
    return float(value)


def _gates(value: object) -> dict[Criterion, float]:
    if not isinstance(value, dict):
        raise ValueError
    gates = {criterion_named(name): _probability(limit) for name, limit in value.items()}
    if len(gates) < len(value):
        raise ValueError("one criterion is named twice")
    return gates


def _whole(last: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= last:
            raise ValueError
        return value

    return read


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError
    return value


def _device(value: object) -> str:
    if value not in ("auto", "cpu", "cuda"):
        raise ValueError
    return str(value)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _split_gates(text: str) -> dict[str, float]:
    pairs = [part.rpartition(":") for part in _split(text)]
    return {name.strip(): float(limit) for name, _, limit in pairs}


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _split_switch(text: str) -> bool:
    if text.strip().lower() not in ("true", "false"):
        raise ValueError
    return text.strip().lower() == "true"


def _allowed(value: object) -> bool:
    if value not in ("allow", "refuse"):
        raise ValueError
    return value == "allow"


_PROBABILITY = "a number from 0 to 1"

#: Everything that can be set: by these names in files, as --name on a command line and THEMIS_NAME in the environment.
KEYS: Final[Mapping[str, Key]] = {
    "criteria": Key(Level.PATH, 'a list of criteria such as ["security", "memory"]', _split, _criteria),
    "min-confidence": Key(Level.PATH, _PROBABILITY, float, _probability),
    "ignore": Key(Level.PATH, 'a list of path patterns such as ["vendor/**", "*.min.js"]', _split, _patterns),
    "tests": Key(Level.PATH, "true or false", _split_switch, _switch),
    "fail-on": Key(
        Level.RUN, "criteria with numbers from 0 to 1, such as security:0.95 (in a file: security = 0.95)",
        _split_gates, _gates,
    ),
    "new-ignores": Key(Level.RUN, "allow or refuse", str, _allowed),
    "baseline": Key(Level.RUN, "the path of a file that --write-baseline wrote", str, _text),
    "max-findings": Key(Level.RUN, "a whole number from 1 to 100000", int, _whole(100_000)),
    "model": Key(Level.USER, "the path of a model bundle, or the name of a pulled one", str, _text),
    "device": Key(Level.USER, "auto, cpu or cuda", str, _device),
    "threads": Key(Level.USER, "a whole number from 1 to 64", int, _whole(64)),
    "intent": Key(Level.COMMAND, "a sentence", str, _text),
}  # fmt: skip
