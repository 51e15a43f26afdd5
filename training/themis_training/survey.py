"""Real edits that readers judged on all five criteria, blind to their direction: what reality has to teach.

A reading says of one finding whether it is right; a survey says of an edit, drawn without asking any model, what it
makes better or worse, and how plainly.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from themis_lsp.error import UsageError
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder
from themis_training.calibration import Evidence
from themis_training.data import Pair, Split
from themis_training.mined import MinedEdit, digest_of, written_whole
from themis_training.pairs import Example, examples_of

SOURCE: Final = "survey"
_TURNED: Final = "/turned"
#: Share of readers who would say the same of an edit that is plainly, or somewhat, better or worse.
SURE: Final = {2: 0.97, 1: 0.78}


@dataclass(frozen=True, slots=True)
class Judged:
    """An edit as readers saw it; its fields are the keys of one JSON line.

    Attributes:
        id: of the edit in the survey.
        repository: ``owner/name``.
        commit: full hash.
        path: of the file.
        unit: qualified name.
        language: key.
        split: ``train``, or ``test`` for repositories that no model may learn from.
        drawn: how the edit was drawn: ``uniform``, by the criterion its commit claims, or by words in it.
        turned: it was shown the other way round.
        digest: of both texts as shown; a place alone may have many overloads.
        marks: per criterion value what the step from old to new, as shown, did: -2 plainly worse, -1 somewhat worse, 1
            and 2 better; and the id of the defect that the worse side has, or empty. What is not there is unaffected.
    """

    id: str
    repository: str
    commit: str
    path: str
    unit: str
    language: str
    split: str
    drawn: str
    turned: bool
    digest: str
    marks: Mapping[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A judged edit with its texts, as shown.

    Attributes:
        judged: what readers said.
        before: the unit before the edit as it was shown.
        after: the unit after it.
        license: of the repository.
        date: of its commit, ISO 8601.
    """

    judged: Judged
    before: str
    after: str
    license: str
    date: str

    @property
    def id(self) -> str:
        """Of its examples, and of its margins in a run."""
        return f"{SOURCE}/{self.judged.id}"


def read_survey(*files: Path) -> list[Judged]:
    """What JSON-lines files hold.

    Raises:
        UsageError: if a line is no judged edit.
    """
    found = []
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            raise UsageError(f"{file} is no survey: it holds no text") from None
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                values: dict[str, Any] = {field.name: row[field.name] for field in fields(Judged)}
                values["marks"] = {Criterion(name).value: _mark(*mark) for name, mark in row["marks"].items()}
                found.append(Judged(**values))
            except (ValueError, KeyError, TypeError, AttributeError) as problem:
                raise UsageError(f"{file}:{number} is no judged edit: {problem}") from None
    return found


def _mark(degree: int, defect: str) -> tuple[int, str]:
    if abs(degree) not in SURE:
        raise ValueError(f"a mark is -2, -1, 1 or 2, not {degree!r}")
    return degree, str(defect)


def write_survey(judged: Iterable[Judged], out: Path) -> int:
    """Write JSON lines, sorted by id, whole or not at all; the number of them."""
    rows = [json.dumps(asdict(one)) for one in sorted(judged, key=lambda one: one.id)]
    with written_whole(out) as file:
        file.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8", newline="\n")
    return len(rows)


def surveyed(judged: Iterable[Judged], edits: Iterable[MinedEdit]) -> list[Surveyed]:
    """Judged edits with their texts; those whose edit is not there are left out."""
    # By texts as well, since a place may have several overloads.
    wanted = {(one.repository, one.commit, one.path, one.unit, one.digest): one for one in judged}
    commits = {one.commit for one in wanted.values()}
    found: dict[str, Surveyed] = {}
    for edit in edits:
        for turned in (False, True) if edit.commit in commits else ():
            sides = edit.shown(turned)
            one = wanted.get((edit.repo, edit.commit, edit.path, edit.unit, digest_of(*sides)))
            if one and one.turned is turned and one.id not in found:
                found[one.id] = Surveyed(one, *sides, edit.license, edit.date)
    return [found[one.id] for one in wanted.values() if one.id in found]


def survey_examples(edits: Iterable[Surveyed], encoder: Encoder) -> Iterator[Example]:
    """The windows of each edit: a pair for every mark, and one tie for all criteria that it leaves alone."""
    for edit in edits:
        one = edit.judged
        pair = Pair(
            edit.id, SOURCE, one.language, CRITERIA[0], one.repository, edit.license, edit.after, edit.before,
        )  # fmt: skip
        alone = tuple(n for n, criterion in enumerate(CRITERIA) if criterion.value not in one.marks)
        for seen in examples_of([pair], encoder):
            for name, (degree, defect) in one.marks.items():
                column = CRITERIA.index(Criterion(name))
                told = replace(seen, criterion=column, sure=SURE[abs(degree)], reason=defect)
                yield told if degree > 0 else _turned(told)
            if alone:
                yield replace(seen, criterion=-1, tied=alone)


def turned_id(name: str) -> str:
    """Of the examples that show an edit the other way round, whose margins are the other way round too."""
    return f"{name}{_TURNED}"


def shown_id(name: str) -> str:
    """Of the edit as it was shown, whichever way round examples with this id show it."""
    return name.removesuffix(_TURNED)


def _turned(example: Example) -> Example:
    return replace(
        example, pair=turned_id(example.pair), chosen=example.rejected, rejected=example.chosen, longer=-example.longer
    )


def taught_by(edits: Iterable[Surveyed]) -> list[Surveyed]:
    """Those that a model may learn from."""
    return [edit for edit in edits if edit.judged.split != Split.TEST]


def survey_record(edits: Iterable[Surveyed]) -> dict[str, Any]:
    """What calibration has to know of each edit besides its margins: by id, the sign of its growth and its marks."""
    return {
        edit.id: {
            "longer": (len(edit.after) > len(edit.before)) - (len(edit.after) < len(edit.before)),
            "marks": {name: degree for name, (degree, _) in edit.judged.marks.items()},
        }
        for edit in edits
    }


def survey_evidence(
    record: Mapping[str, Any], margins: Mapping[str, Sequence[float]], criterion: Criterion
) -> Evidence:
    """What a criterion is calibrated on if real edits decide: marked ones, and those that leave it alone.

    Args:
        record: from ``survey_record``.
        margins: by id, reward differences of the criteria, after minus before, of a model that did not see the edit.
        criterion: which.
    """
    column = CRITERIA.index(criterion)
    rows = [(margins[name][column], row["longer"], row["marks"].get(criterion.value, 0))
            for name, row in record.items() if name in margins]  # fmt: skip
    signed = [(delta, longer, 1 if degree > 0 else -1) for delta, longer, degree in rows if degree]
    return Evidence(
        np.array([sign * delta for delta, _, sign in signed]),
        np.array([sign * longer for _, longer, sign in signed]),
        np.array([delta for delta, _, degree in rows if not degree]),
    )
