"""Preference pairs on disk, and their split by origin: nothing of a held-out project is trained on."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from themis_lsp.error import UsageError
from themis_model.criterion import Criterion

_LANGUAGES = {
    "C": "c", "CSharp": "c_sharp", "Cpp": "cpp", "Go": "go", "Java": "java", "JavaScript": "javascript",
    "Python": "python", "Ruby": "ruby",
}  # fmt: skip
_REQUIRED = ("id", "source", "language", "criterion", "project", "license", "chosen", "rejected")
_OPTIONAL = ("cwe", "reason", "rule", "source_repo", "commit", "split")
_REASON_OF_CWE = {
    20: "missing-bounds-check", 22: "path-traversal", 77: "command-injection", 78: "command-injection",
    79: "cross-site-scripting", 80: "cross-site-scripting", 89: "sql-injection", 94: "code-injection",
    95: "code-injection", 116: "cross-site-scripting", 119: "missing-bounds-check", 120: "unbounded-copy",
    121: "missing-bounds-check", 122: "missing-bounds-check", 124: "missing-bounds-check", 125: "missing-bounds-check",
    126: "missing-bounds-check", 127: "missing-bounds-check", 134: "format-string", 190: "integer-overflow",
    191: "integer-overflow", 295: "certificate-check-off", 319: "cleartext-transport", 326: "weak-cipher",
    327: "weak-cipher", 328: "weak-hash", 330: "weak-random", 338: "weak-random", 352: "missing-authorization",
    377: "insecure-temp-file", 401: "memory-leak", 404: "unclosed-resource", 415: "use-after-free",
    416: "use-after-free", 476: "null-dereference", 502: "unsafe-deserialization", 563: "dead-code",
    601: "open-redirect", 611: "xml-external-entity", 676: "unbounded-copy", 680: "integer-overflow",
    681: "integer-overflow", 690: "null-dereference", 732: "insecure-permissions", 772: "unclosed-resource",
    787: "missing-bounds-check", 798: "hardcoded-secret", 862: "missing-authorization", 863: "missing-authorization",
    916: "weak-hash", 918: "request-forgery", 1333: "regex-denial",
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
        reason: id of the named defect of ``rejected`` (``themis_model.reason``), or empty.
        rule: operator or linter rule that tells the sides apart, or empty.
        origin: ``owner/name`` of the repository the code comes from, with its commit after an ``@``, where known.
        split: what the pair is used for, where whoever made it has decided; else empty.
    """

    id: str
    source: str
    language: str
    criterion: Criterion
    project: str
    license: str
    chosen: str
    rejected: str
    cwe: str = ""
    reason: str = ""
    rule: str = ""
    origin: str = ""
    split: str = ""


def read_pairs(*paths: Path) -> list[Pair]:
    """Read parquet files with the columns of ``Pair``; language names are normalised, missing reasons told by CWE.

    Raises:
        FileNotFoundError: if there is no such file.
        UsageError: if a column is missing.
    """
    import pyarrow.parquet as pq

    found: list[Pair] = []
    for path in paths:
        there = pq.read_schema(path).names
        if missing := [name for name in _REQUIRED if name not in there]:
            raise UsageError(f"{path} holds no pairs: it lacks {', '.join(missing)}; give what `themis train` wrote")
        names = [*_REQUIRED, *(name for name in _OPTIONAL if name in there)]
        found += [_pair(row) for row in pq.read_table(path, columns=names).to_pylist()]
    return found


def _pair(row: dict[str, str | None]) -> Pair:
    optional = {name: row.get(name) or "" for name in _OPTIONAL}
    required = {name: str(row[name]) for name in _REQUIRED}
    return Pair(
        required["id"], required["source"], _LANGUAGES.get(required["language"], required["language"]),
        Criterion(required["criterion"]), required["project"], required["license"], required["chosen"],
        required["rejected"], optional["cwe"], optional["reason"] or _reason_of(optional["cwe"]),
        optional["rule"], "@".join(filter(None, (optional["source_repo"], optional["commit"]))), optional["split"],
    )  # fmt: skip


def _reason_of(cwe: str) -> str:
    number = cwe.rpartition("-")[2]
    return _REASON_OF_CWE.get(int(number), "") if number.isdigit() else ""


def split_by_origin(
    pairs: Sequence[Pair],
    whole_to_train: Iterable[str] = (),
    seed: int = 1,
    calibration: float = 0.15,
    test: float = 0.25,
) -> dict[str, Split]:
    """Assign every pair id to a split so that no project, and no copy of one, stands on both sides.

    Projects that share a changed block or a whole text (forks, vendored code) are one origin. Origins are drawn
    by hash, so that adding data never moves an old pair. A pair that brings its split keeps it, and joins no origins:
    whoever made it has kept the repositories apart.

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
        if pair.split or pair.source in trained:
            assigned[pair.id] = Split(pair.split or Split.TRAIN)
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
        for key in () if pair.split else _keys(pair):
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
