"""What readers said of findings as something to learn from: a kept one is a pair, a refused one is a tie.

Readings are what a model is most wrong about: they are drawn from what an earlier one was sure of.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from themis_model.encode import Encoder
from themis_training.data import Pair
from themis_training.judged import Possible
from themis_training.mined import MinedEdit, digest_of
from themis_training.pairs import Example, examples_of

SOURCE = "reading"


@dataclass(frozen=True, slots=True)
class Reading:
    """A finding that somebody judged, with the texts it was about.

    Attributes:
        finding: what was told, and whether it was kept.
        before: the unit before the edit as it was judged; better, if the finding was kept.
        after: the unit after it.
        license: of the repository.
        split: that the edit was mined with.
        date: of its commit, ISO 8601.
    """

    finding: Possible
    before: str
    after: str
    license: str
    split: str
    date: str

    @property
    def id(self) -> str:
        """Of its examples, and of its margins in a run."""
        return f"{SOURCE}/{self.finding.id}"


def with_texts(judged: Iterable[Possible], edits: Iterable[MinedEdit]) -> list[Reading]:
    """Readings with the texts of the edits they were about; those whose edit is not there, or unclear, are left out."""
    wanted = {_place(one): one for one in judged}
    places = {place[:4] for place in wanted}
    texts: dict[tuple[str, ...], dict[str, MinedEdit]] = defaultdict(dict)
    for edit in edits:
        at = (edit.repo, edit.commit, edit.path, edit.unit)
        if at in places:
            texts[at].setdefault(digest_of(edit.before, edit.after), edit)
    found = []
    for place, one in wanted.items():
        here = [e for e in texts[place[:4]].values() if one.digest in ("", digest_of(*e.shown(one.turned)))]
        if len(here) == 1:
            own = here[0]
            found.append(Reading(one, *own.shown(one.turned), own.license, own.split, own.date))
    return found


def _place(one: Possible) -> tuple[str, ...]:
    return one.repository, one.commit, one.path, one.unit, str(one.turned), one.criterion.value, one.digest


def reading_examples(readings: Iterable[Reading], encoder: Encoder) -> Iterator[Example]:
    """The windows of readings, the side before the edit as the chosen one."""
    for reading in readings:
        one = reading.finding
        pair = Pair(
            reading.id, SOURCE, one.language, one.criterion, one.repository, reading.license, reading.before,
            reading.after,
        )  # fmt: skip
        for example in examples_of([pair], encoder):
            example = replace(example, reason=one.defect if one.named else "")
            yield example if one.kept else replace(example, criterion=-1, tied=(example.criterion,))


def fold_of(repository: str, folds: int) -> int:
    """Which fold all readings of a repository are in."""
    return hashlib.sha256(f"reading {repository.casefold()}".encode()).digest()[0] % folds


def write_readings(judged: Iterable[Possible], out: Path) -> int:
    """Write what was judged, without the code it was about; the number of readings."""
    bare = [{key: value for key, value in asdict(one).items() if key != "diff"} for one in judged]
    rows = [json.dumps(row) for row in sorted(bare, key=lambda row: str(row["id"]))]
    out.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8", newline="\n")
    return len(rows)
