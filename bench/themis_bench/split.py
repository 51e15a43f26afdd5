"""Which labelled edits a model may learn from, and which it has to be measured on."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from themis_bench.pairs import DataError, Pair

SCHEMA = "themis-split/1"
TRAIN, CALIBRATION, TEST = "train", "calibration", "test"


@dataclass(frozen=True, slots=True)
class Split:
    """Named parts of some data; what is listed nowhere belongs to no part.

    Attributes:
        parts: ids of pairs, or whole projects, by the part they belong to; an id counts before its project.
        digest: sha256 of the listing, in hex.
    """

    parts: Mapping[str, frozenset[str]]
    digest: str

    def part_of(self, pair: Pair) -> str | None:
        """The part a pair belongs to, if any."""
        for name in (pair.id, pair.project):
            for part, names in self.parts.items():
                if name in names:
                    return part
        return None

    def only(self, part: str, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """The pairs of one part.

        Raises:
            DataError: if there is no such part.
        """
        if part not in self.parts:
            raise DataError(f"the split has no part {part!r}; it has {', '.join(sorted(self.parts))}")
        return (pair for pair in pairs if self.part_of(pair) == part)


def write_split(path: Path, parts: Mapping[str, Iterable[str]]) -> None:
    """Write a listing that ``read_split`` reads; equal parts give equal files."""
    listed = {part: sorted(set(names)) for part, names in sorted(parts.items())}
    text = json.dumps({"schema": SCHEMA, "parts": listed}, indent=0, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_split(path: Path) -> Split:
    """Read a listing: ``{"schema": "themis-split/1", "parts": {"train": [id or project, …], "test": […]}}``.

    Raises:
        DataError: it is missing or malformed, or lists one name in two parts.
    """
    try:
        content = path.read_bytes()
        value = json.loads(content)
        if value["schema"] != SCHEMA:
            raise DataError(f"{path} has schema {value['schema']!r}; this Themis reads {SCHEMA!r}")
        parts = {str(part): frozenset(map(str, names)) for part, names in value["parts"].items()}
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise DataError(f"{path} is not a split: {problem}") from None
    seen: set[str] = set()
    for names in parts.values():
        if shared := seen & names:
            raise DataError(f"{path} lists {min(shared)!r} in two parts")
        seen |= names
    return Split(parts, sha256(content).hexdigest())
