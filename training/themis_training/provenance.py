"""Which repositories, licences and commits a run has learned from, for the card."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from themis_training.data import Pair, Split
from themis_training.mined import MinedEdit
from themis_training.reading import Reading
from themis_training.survey import Surveyed


def edit_origins(edits: Sequence[MinedEdit]) -> list[dict[str, Any]]:
    """Repositories, licences, the newest commit used and the number of edits, for the card."""
    return _by_repository("edits", ((edit.repo, edit.license, edit.date, edit.commit) for edit in edits))


def pair_origins(pairs: Sequence[Pair], split: Mapping[str, Split]) -> list[dict[str, Any]]:
    """Repositories and commits that training and calibration pairs were made from, where known, for the card."""
    used = (pair for pair in pairs if split[pair.id] is not Split.TEST and "@" in pair.origin)
    found = Counter((*pair.origin.split("@", 1), pair.license) for pair in used)
    return [
        {"repository": name, "commit": commit, "license": terms, "pairs": count}
        for (name, commit, terms), count in sorted(found.items())
    ]


def reading_origins(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """Repositories, licences, the newest commit and the number of findings read, for the card."""
    return _by_repository("findings", ((r.finding.repository, r.license, r.date, r.finding.commit) for r in readings))


def survey_origins(edits: Sequence[Surveyed]) -> list[dict[str, Any]]:
    """Repositories, licences, the newest commit and the number of edits judged, for the card."""
    return _by_repository("edits", ((e.judged.repository, e.license, e.date, e.judged.commit) for e in edits))


def _by_repository(counted: str, used: Iterable[tuple[str, str, str, str]]) -> list[dict[str, Any]]:
    """Rows of repository, licence, newest commit and number, from (repository, licence, date, commit)."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for name, terms, date, commit in used:
        found[name, terms].append((date, commit))
    return [
        {"repository": name, "license": terms, "commit": max(all_)[1], counted: len(all_)}
        for (name, terms), all_ in sorted(found.items())
    ]
