"""Findings on real edits for people to read, and what that decides: which defects are told, from where on."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from themis_bench.mix import wilson
from themis_lsp.change import Edit, FileChange
from themis_lsp.edits import edits_of
from themis_lsp.error import UsageError
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.calibrate import Calibration, Curve, State, Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.naming import Naming
from themis_model.reason import reason
from themis_model.scorer import Scorer
from themis_training.mined import MinedEdit, diff_of, digest_of

LIKELIER_THAN_NOT = 0.5
_PRECISION = 0.8  # of the findings with one name, at least
_DOUBT = 2  # readings that say as much as all others on average: what a name starts with before anyone read it
_FEWEST = 3  # kept findings with a name
_PROOF = 10  # findings that a criterion would tell and that were read
_RARE, _FEW = 2, 8  # refused findings with a name in all edits looked at, at most
_VOTES = 8  # findings with one name in one repository that count: its authors do the same thing many times
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


def opened(calibration: Calibration, naming: Naming) -> tuple[Calibration, Naming]:
    """Both as they are before anyone read a finding: whatever is likelier than not, and can be named, is told."""
    curves = {
        criterion: curve
        if curve.state is State.NO_DATA
        else replace(
            curve,
            state=State.SPEAKS,
            worse=Threshold(LIKELIER_THAN_NOT),
            reasons={r: Threshold(LIKELIER_THAN_NOT) for r in naming.reasons if reason(r).criterion is criterion},
        )
        for criterion, curve in calibration.curves.items()
    }
    names = {name: naming.thresholds.get(name, Threshold(LIKELIER_THAN_NOT)) for name in naming.reasons}
    return replace(calibration, curves=curves), replace(naming, thresholds=names)


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


def settled(calibration: Calibration, naming: Naming, judged: Sequence[Possible]) -> tuple[Calibration, Naming]:
    """Calibration and naming with the thresholds that reading justifies.

    Per name, the lowest P(worse) from which on enough of the findings with it were kept; one repository has few votes,
    and what is likelier not so is never told. A name that was hardly ever refused, in all the edits that were looked
    at, needs no such proof if its criterion speaks: it is told from half way between the surest refusal and certainty
    on; one refused more often only if something was kept there. A criterion keeps silent altogether unless enough of
    what it would tell was read, and kept. What is measured here was also chosen here, so it flatters; see ``measured``.
    """
    told: dict[str, list[Possible]] = defaultdict(list)
    votes: Counter[tuple[str, str]] = Counter()
    for one in sorted(judged, key=lambda one: one.id):  # ids are hashes, so this is a draw
        votes[one.defect, one.repository] += 1
        if votes[one.defect, one.repository] <= _VOTES:
            told[one.defect].append(one)
    prior = sum(bool(one.kept) for one in judged) / max(1, len(judged))
    since: dict[Criterion, dict[str, Threshold]] = {criterion: {} for criterion in CRITERIA}
    for name in naming.reasons:
        criterion = reason(name).criterion
        speaks = calibration.curves[criterion].state is State.SPEAKS
        rare = _above_refusals([one for one in told[name] if one.named or not one.kept]) if speaks else None
        # What is worth telling under another name is no proof for this one.
        proven = _since([replace(one, kept=bool(one.kept and one.named)) for one in told[name]], prior)
        found = [at for at in (proven, rare) if at]
        if found:
            lowest = min(found, key=lambda at: at.probability)
            since[criterion][name] = replace(lowest, probability=max(lowest.probability, LIKELIER_THAN_NOT))
    curves = {criterion: _settled(curve, since[criterion], told) for criterion, curve in calibration.curves.items()}
    _, named = opened(calibration, naming)
    return replace(calibration, curves=curves), named


def measured(calibration: Calibration, judged: Sequence[Possible]) -> Calibration:
    """The same thresholds with the precision that other readings found.

    Args:
        calibration: as ``settled`` made it.
        judged: findings on edits of repositories that no threshold was chosen on.
    """
    told = told_of(calibration, judged)
    curves = {}
    for criterion, curve in calibration.curves.items():
        at = _measured(curve.worse.probability, [bool(o.kept) for o in told if o.criterion is criterion])
        curves[criterion] = replace(curve, worse=at) if curve.reasons else curve
    return replace(calibration, curves=curves)


def told_of(calibration: Calibration, judged: Sequence[Possible]) -> list[Possible]:
    """Those of the findings that are told."""
    return [one for one in judged if calibration.curves[one.criterion].tells(one.defect, one.probability)]


def with_coverage(calibration: Calibration, accuracy: Mapping[str, Any]) -> Calibration:
    """The same, with the share of labelled regressions told, where readers decided what is.

    Args:
        calibration: as ``settled`` or ``measured`` made it.
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


def _since(rows: Sequence[Possible], prior: float) -> Threshold | None:
    """The lowest threshold from which on enough are kept, doubt included; None if there is none."""
    best = None
    ordered = sorted(rows, key=lambda one: -one.probability)
    for count, one in enumerate(ordered, 1):
        kept = [bool(o.kept) for o in ordered[:count]]
        if sum(kept) >= _FEWEST and (sum(kept) + _DOUBT * prior) / (count + _DOUBT) >= _PRECISION:
            best = _measured(one.probability, kept)
    return best


def _above_refusals(rows: Sequence[Possible]) -> Threshold | None:
    """The threshold of a name that is hardly ever refused; None if it is."""
    refused = [one.probability for one in rows if not one.kept]
    if len(refused) > _FEW:
        return None
    since = (1 + max(refused)) / 2 if refused else LIKELIER_THAN_NOT
    kept = [True for one in rows if one.probability >= since]
    return _measured(since, kept) if kept or len(refused) <= _RARE else None


def _measured(probability: float, right: Sequence[bool]) -> Threshold:
    if not right:
        return Threshold(probability)
    share = wilson(sum(right) / len(right), len(right))
    return Threshold(probability, share.value, share.lower, 0.0, len(right))


def _settled(curve: Curve, reasons: Mapping[str, Threshold], told: Mapping[str, Sequence[Possible]]) -> Curve:
    if curve.state is State.NO_DATA:
        return curve
    read = [bool(one.kept) for name, at in reasons.items() for one in told[name] if one.probability >= at.probability]
    if len(read) < _PROOF or sum(read) < _PRECISION * len(read):
        return replace(curve, state=State.NOT_PRECISE, reasons={})
    lowest = Threshold(min(at.probability for at in reasons.values()))
    return replace(curve, state=State.SPEAKS, worse=lowest, reasons=reasons)
