"""Preference pairs on disk, and their split by origin: nothing of a held-out project is trained on."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from themis_model.criterion import Criterion

_LANGUAGES = {
    "C": "c", "CSharp": "c_sharp", "Cpp": "cpp", "Go": "go", "Java": "java", "JavaScript": "javascript",
    "Python": "python", "Ruby": "ruby",
}  # fmt: skip
_SHORTEST_KEY = 40  # characters; shorter changed lines coincide by chance


class Split(StrEnum):
    """What a pair is used for."""

    TRAIN = "train"
    CALIBRATION = "calibration"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Pair:
    """One preference pair.

    Attributes:
        id: unique within its source.
        source: dataset it comes from.
        language: key from ``themis_model.tokens.LANGUAGES``.
        criterion: what ``chosen`` is better at.
        project: the unit to split by: repository, task or template.
        license: the dataset's licence; the code inside stays under its own.
        chosen: the better text.
        rejected: the worse text.
        cwe: weakness fixed by ``chosen``, where the dataset names one.
    """

    id: str
    source: str
    language: str
    criterion: Criterion
    project: str
    license: str
    chosen: str
    rejected: str
    cwe: str


def read_pairs(path: Path) -> list[Pair]:
    """Read a parquet file with the columns of ``Pair``; language names are normalised.

    Raises:
        FileNotFoundError: if there is no such file.
        KeyError: if a column is missing.
    """
    import pyarrow.parquet as pq

    names = ["id", "source", "language", "criterion", "project", "license", "chosen", "rejected", "cwe"]
    columns = pq.read_table(path, columns=names).to_pydict()
    return [
        Pair(
            row["id"], row["source"], _LANGUAGES.get(row["language"], str(row["language"])),
            Criterion(row["criterion"]), row["project"], row["license"], row["chosen"], row["rejected"],
            row["cwe"] or "",
        )
        for row in (dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True))
    ]  # fmt: skip


def split_by_origin(
    pairs: Sequence[Pair],
    whole_to_train: Iterable[str] = (),
    seed: int = 1,
    calibration: float = 0.15,
    test: float = 0.25,
) -> dict[str, Split]:
    """Assign every pair id to a split so that no project, and no copy of one, stands on both sides.

    Projects that share a changed block or a whole text (forks, vendored code) are one origin. Origins are drawn
    by hash, so that adding data never moves an old pair.

    Args:
        pairs: all pairs.
        whole_to_train: sources never held out, such as synthetic templates.
        seed: changes the draw.
        calibration: share of origins for calibration.
        test: share of origins for the final test.
    """
    root = _origins(pairs)
    trained = set(whole_to_train)
    assigned: dict[str, Split] = {}
    for pair in pairs:
        if pair.source in trained:
            assigned[pair.id] = Split.TRAIN
            continue
        draw = _draw(f"{seed}", root[_project(pair)])
        assigned[pair.id] = (
            Split.TEST if draw < test else Split.CALIBRATION if draw < test + calibration else Split.TRAIN
        )
    return assigned


def folds_by_origin(pairs: Sequence[Pair], folds: int, seed: int = 1) -> dict[str, int]:
    """The fold of each pair id, the same for all pairs of one origin; independent of ``split_by_origin``."""
    root = _origins(pairs)
    return {pair.id: int(_draw(f"fold {seed}", root[_project(pair)]) * folds) for pair in pairs}


def _draw(salt: str, origin: str) -> float:
    """A number in [0, 1) that only depends on the names."""
    return int.from_bytes(hashlib.sha256(f"{salt}\0{origin}".encode()).digest()[:8], "big") / 2**64


def _project(pair: Pair) -> str:
    return pair.project.casefold()


def _origins(pairs: Sequence[Pair]) -> dict[str, str]:
    """The representative of each project's connected component (union-find over shared texts)."""
    parent = {_project(pair): _project(pair) for pair in pairs}

    def find(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    owner: dict[str, str] = {}
    for pair in pairs:
        for key in _keys(pair):
            one, other = sorted((find(_project(pair)), find(owner.setdefault(key, _project(pair)))))
            parent[other] = one
    return {name: find(name) for name in parent}


def _keys(pair: Pair) -> Iterable[str]:
    old = {"".join(line.split()) for line in pair.rejected.splitlines()}
    new = {"".join(line.split()) for line in pair.chosen.splitlines()}
    for side, lines in (("-", old - new), ("+", new - old)):
        text = "".join(sorted(lines))
        if len(text) >= _SHORTEST_KEY:
            yield side + text
    for text in ("".join(pair.chosen.split()), "".join(pair.rejected.split())):
        if len(text) >= _SHORTEST_KEY:
            yield text
