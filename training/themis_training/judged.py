"""Findings on real edits for people to read, and what that decides: which defects are told, from where on."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from themis_lsp.change import Edit, FileChange
from themis_lsp.edits import edits_of
from themis_lsp.error import UsageError
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.calibrate import Calibration, State, Threshold
from themis_model.criterion import Criterion
from themis_model.naming import FAINT, Naming
from themis_model.reason import reason
from themis_model.scorer import Scorer
from themis_training.mined import MinedEdit, diff_of, digest_of

LIKELIER_THAN_NOT = 0.5
ASKS = 0.05  # P(worse) from which on a finding may be drawn for reading
_BATCH = 256
_CONTEXT = 8  # lines of a diff


@dataclass(frozen=True, slots=True)
class Possible:
    """A finding that could be told; its fields are the keys of one JSON line.

    Attributes:
        id: from a hash of where it is.
        repository: ``owner/name``.
        commit: full hash.
        path: of the file.
        unit: qualified name.
        language: key.
        turned: the edit was turned round, so that what a commit mended becomes what it broke.
        criterion: what it says got worse.
        probability: P(worse).
        defect: id of the reason it names.
        diff: the edit as it was judged; empty in what is kept of readings, which holds nobody's code.
        kept: whether a careful reader would keep the finding; None before anyone read it.
        named: whether the name is right, of a kept finding; else None.
        digest: of both texts as judged, as a place alone may have many overloads; empty where nobody noted it.
    """

    id: str
    repository: str
    commit: str
    path: str
    unit: str
    language: str
    turned: bool
    criterion: Criterion
    probability: float
    defect: str
    diff: str = ""
    kept: bool | None = None
    named: bool | None = None
    digest: str = ""


def opened(calibration: Calibration, naming: Naming, least: float = ASKS) -> tuple[Calibration, Naming]:
    """Both as they are before anyone read a finding: what can be named, and is at least so likely worse, is told."""
    curves = {
        criterion: curve
        if curve.state is State.NO_DATA
        else replace(
            curve,
            state=State.SPEAKS,
            worse=Threshold(least),
            reasons={r: Threshold(least) for r in naming.reasons if reason(r).criterion is criterion},
            assent=None,
        )
        for criterion, curve in calibration.curves.items()
    }
    return replace(calibration, curves=curves), replace(
        naming, thresholds=dict.fromkeys(naming.reasons, Threshold(FAINT))
    )


def possible_findings(edits: Sequence[MinedEdit], scorer: Scorer) -> Iterator[Possible]:
    """What a scorer would say of each edit as it happened, and turned round.

    Args:
        edits: real edits.
        scorer: a bundle whose thresholds are ``opened``.
    """
    for start in range(0, len(edits), _BATCH):
        batch = edits[start : start + _BATCH]
        for turned in (False, True):
            sides = [e.shown(turned) for e in batch]
            # The path carries the number, so that one review serves many edits.
            changes = [FileChange(f"{n}/{e.path}", *side) for n, (e, side) in enumerate(zip(batch, sides, strict=True))]
            seen = (edit for edit in edits_of(changes) if isinstance(edit, Edit))
            for finding in review(seen, scorer, Settings(max_findings=100_000)).findings:
                number = int(finding.verdict.path.partition("/")[0])
                verdict, edit = finding.verdict, batch[number]
                place, digest = (edit.repo, edit.commit, edit.path, edit.unit), digest_of(*sides[number])
                yield Possible(
                    digest_of(*place, digest, verdict.criterion.value),  # overloads share a place
                    *place, edit.language, turned, verdict.criterion, verdict.p.worse if verdict.p else 0.0,
                    finding.defect or "", diff_of(*sides[number], _CONTEXT), digest=digest,
                )  # fmt: skip


def write_possible(found: Iterable[Possible], out: Path) -> int:
    """Write JSON lines; the number of them."""
    lines = [json.dumps(asdict(one)) for one in found]
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def read_judged(*files: Path) -> list[Possible]:
    """Those findings of JSON-lines files that somebody judged.

    Raises:
        UsageError: if a line is no finding.
    """
    found = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                row = {"diff": "", "digest": "", **json.loads(line)}
                values: dict[str, Any] = {field.name: row[field.name] for field in fields(Possible)}
                values["criterion"] = Criterion(values["criterion"])
                one = Possible(**values)
            except (ValueError, KeyError, TypeError) as problem:
                raise UsageError(f"{file}:{number} is no line of `themis train candidates`: {problem}") from None
            if one.kept is not None:
                found.append(one)
    return found


def with_coverage(calibration: Calibration, accuracy: Mapping[str, Any]) -> Calibration:
    """The same, with the share of labelled regressions told, where readers decided what is.

    Args:
        calibration: as ``proof.settled`` or ``proof.measured`` made it.
        accuracy: what ``themis bench accuracy --json`` wrote of the bundle.
    """
    shares = {row["criterion"]: row["worse"]["coverage"] for row in accuracy.get("spoken", ())}
    curves = {
        criterion: replace(curve, worse=replace(curve.worse, coverage=shares.get(criterion, 0.0)))
        if curve.reasons
        else curve
        for criterion, curve in calibration.curves.items()
    }
    return replace(calibration, curves=curves)
