"""Which repositories, licences and commits a run has learned from, for the card."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from themis_training.data import Pair, Split
from themis_training.mined import MinedEdit
from themis_training.reading import Reading
from themis_training.survey import Surveyed


def edit_origins(edits: Sequence[MinedEdit]) -> list[dict[str, Any]]:
    """Repositories, licences, the newest commit used and the number of edits, for the card."""
    found: dict[tuple[str, str], list[MinedEdit]] = defaultdict(list)
    for edit in edits:
        found[edit.repo, edit.license].append(edit)
    return [
        {"repository": name, "license": terms, "commit": max(all_, key=lambda e: e.date).commit, "edits": len(all_)}
        for (name, terms), all_ in sorted(found.items())
    ]


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
    found: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for one in readings:
        found[one.finding.repository, one.license].append(one)
    newest = {key: max(all_, key=lambda one: one.date).finding.commit for key, all_ in found.items()}
    return [
        {"repository": name, "license": terms, "commit": newest[name, terms], "findings": len(all_)}
        for (name, terms), all_ in sorted(found.items())
    ]


def survey_origins(edits: Sequence[Surveyed]) -> list[dict[str, Any]]:
    """Repositories, licences, the newest commit and the number of edits judged, for the card."""
    found: dict[tuple[str, str], list[Surveyed]] = defaultdict(list)
    for edit in edits:
        found[edit.judged.repository, edit.license].append(edit)
    newest = {key: max(all_, key=lambda edit: edit.date).judged.commit for key, all_ in found.items()}
    return [
        {"repository": name, "license": terms, "commit": newest[name, terms], "edits": len(all_)}
        for (name, terms), all_ in sorted(found.items())
    ]
