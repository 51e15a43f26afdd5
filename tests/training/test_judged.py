"""Findings that people judged: what they decide, and a bundle that tells only what was kept."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

from themis_lsp.change import FileChange
from themis_lsp.edits import edits_of
from themis_lsp.error import UsageError
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.bundle import DEFAULT, read_bundle
from themis_model.calibrate import Calibration, Curve, State, Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.naming import Naming
from themis_model.onnx import load
from themis_model.reason import reason
from themis_training.judged import (
    Possible,
    measured,
    opened,
    possible_findings,
    read_judged,
    settled,
    with_coverage,
    write_possible,
)
from themis_training.mined import MinedEdit
from themis_training.settle import opened_bundle, settle

pytestmark = pytest.mark.training

SECURITY, CORRECTNESS = Criterion.SECURITY_HARDNESS, Criterion.FUNCTIONAL_CORRECTNESS
NAMING = Naming(("weak-hash", "off-by-one"), {SECURITY: 1.0}, {"weak-hash": Threshold(0.3)})
SPEAKS = {SECURITY: State.SPEAKS, CORRECTNESS: State.NOT_PRECISE}
CALIBRATION = Calibration(
    Calibration.speaking().mix, {c: Curve(SPEAKS.get(c, State.NO_DATA), worse=Threshold(0.7)) for c in CRITERIA}
)


def read(defect: str, *judged: tuple[float, bool]) -> list[Possible]:
    criterion = reason(defect).criterion
    return [
        Possible(f"{n}", f"a/b{n}", "0" * 40, "a.py", "f", "python", False, criterion, p, defect, "", kept, kept)
        for n, (p, kept) in enumerate(judged)
    ]


PROOF = 10
KEPT = [(0.9, True), (0.8, True), (0.75, True), (0.7, True), (0.65, True)]
# what was judged of a name whose criterion speaks, and of one whose does not; from where on each is told
SETTLED: list[tuple[str, Sequence[tuple[float, bool]], float | None]] = [
    ("weak-hash", [], 0.5),  # never refused in anything that was looked at
    ("weak-hash", [(0.6, False), (0.55, False)], 0.8),  # half way from the surest refusal to certainty
    ("weak-hash", [(0.6, False)] * 3, None),  # refused more than rarely, and nothing kept above
    ("weak-hash", [(0.85, True), *[(0.6, False)] * 3], 0.8),
    ("weak-hash", [(0.9, True), *[(0.8, False)] * 9], None),  # refused too often
    ("weak-hash", [*KEPT, *[(0.6, False)] * 9], 0.65),  # but kept often enough above
    ("weak-hash", [*[(0.95, False)] * 9, *KEPT], None),  # the surest are refused
    ("off-by-one", [], None),  # its criterion has no proof of its own
    ("off-by-one", KEPT[:2], None),
    ("off-by-one", KEPT, 0.65),
    ("off-by-one", [(0.45, True), *KEPT], 0.5),  # likelier not so
]


def test_a_repository_has_few_votes() -> None:
    others = read("off-by-one", *KEPT, *[(0.6 - n / 1000, False) for n in range(20)], *[(0.99, True)] * PROOF)
    own = [replace(one, repository="mass/edit") for one in read("off-by-one", *[(0.62, True)] * 40)]
    alike = [replace(one, repository=f"mass/edit{n}") for n, one in enumerate(own)]
    found = {
        len(rows): settled(CALIBRATION, NAMING, [*others, *rows])[0].curves[CORRECTNESS].reasons["off-by-one"]
        for rows in (own[:8], own, alike[:8] + own)
    }
    assert len({(at.probability, at.judged) for at in (found[8], found[40])}) == 1
    assert found[48].judged > found[40].judged


@pytest.mark.parametrize(("defect", "judged", "since"), SETTLED)
def test_what_is_told_after_reading(defect: str, judged: Sequence[tuple[float, bool]], since: float | None) -> None:
    beside = "weak-random" if defect == "weak-hash" else "missing-await"  # read often enough for both
    rows = [*read(defect, *judged), *read(beside, *[(0.99, True)] * PROOF)]
    calibration, _ = settled(CALIBRATION, replace(NAMING, reasons=(defect, beside)), rows)
    curve = calibration.curves[rows[-1].criterion]
    told = curve.reasons.get(defect)
    assert (told and told.probability) == (None if since is None else pytest.approx(since))
    assert curve.worse.probability == min(at.probability for at in curve.reasons.values())
    assert curve.state is State.SPEAKS


@pytest.mark.parametrize(("kept", "refused", "speaks"), [(9, 0, False), (10, 0, True), (8, 2, True), (8, 3, False)])
def test_a_criterion_of_which_too_little_was_read_or_kept_is_silent(kept: int, refused: int, speaks: bool) -> None:
    rows = read("weak-hash", *[(0.9, True)] * kept, *[(0.9, False)] * refused)
    curve = settled(CALIBRATION, NAMING, rows)[0].curves[SECURITY]
    assert curve.state is (State.SPEAKS if speaks else State.NOT_PRECISE)
    assert bool(curve.reasons) is speaks


def test_what_is_measured_comes_from_other_readings() -> None:
    calibration, _ = settled(CALIBRATION, NAMING, read("weak-hash", *KEPT * 2))
    other = read("weak-hash", (0.9, True), (0.8, False), (0.4, True))
    accuracy = {"spoken": [{"criterion": "security_hardness", "worse": {"coverage": 0.2}}]}
    worse = with_coverage(measured(calibration, other), accuracy).curves[SECURITY].worse
    assert (worse.precision, worse.judged, worse.coverage) == (0.5, 2, 0.2)
    assert 0 < worse.lower < 0.5


def test_opening_tells_whatever_can_be_named() -> None:
    calibration, naming = opened(CALIBRATION, NAMING)
    assert calibration.curves[CORRECTNESS].state is State.SPEAKS
    assert calibration.curves[CORRECTNESS].tells("off-by-one", 0.5)
    assert not calibration.curves[CORRECTNESS].tells("off-by-one", 0.49)
    assert not calibration.curves[SECURITY].tells(None, 0.99)
    assert naming.thresholds["weak-hash"].probability == 0.3  # proven on labelled pairs, so it stays
    assert calibration.curves[Criterion.MEMORY_EFFICIENCY].state is State.NO_DATA


def test_findings_are_read_back_and_unread_ones_left_out(tmp_path: Path) -> None:
    rows = read("weak-hash", *KEPT, (0.5, False))
    rows[-1] = replace(rows[-1], kept=None, named=None)
    assert write_possible(rows, tmp_path / "all.jsonl") == 6
    assert read_judged(tmp_path / "all.jsonl") == rows[:5]


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"id": 1', json.dumps({"id": "x", "criterion": "taste"})])
def test_what_is_no_finding_is_named_with_its_line(line: str, tmp_path: Path) -> None:
    write_possible(read("weak-hash", (0.9, True)), tmp_path / "bad.jsonl")
    with (tmp_path / "bad.jsonl").open("a", encoding="utf-8") as out:
        out.write(f"{line}\n")
    with pytest.raises(UsageError, match=r"bad\.jsonl:2 is no line of"):
        read_judged(tmp_path / "bad.jsonl")


BEFORE = "def sign(path):\n    with open(path, 'rb') as file:\n        return hashlib.sha256(file.read()).hexdigest()\n"
AFTER = BEFORE.replace("sha256", "md5")
EDIT = MinedEdit(
    "a/b", "MIT", "calibration", "0" * 40, "2020-01-01", "change", "a.py", "sign", "function", "python", "code",
    "ordinary", "", BEFORE, AFTER,
)  # fmt: skip


@pytest.mark.parametrize("kept", [True, False])
def test_a_bundle_tells_what_readers_kept(kept: bool, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(DEFAULT, bundle)
    with opened_bundle(bundle) as scorer:
        (found,) = possible_findings([EDIT], scorer)
    assert (found.defect, found.turned, found.criterion) == ("weak-hash", False, SECURITY)
    assert "-        return hashlib.sha256" in found.diff
    judged = [replace(found, id=str(n), repository=f"a/b{n}", kept=kept, named=kept) for n in range(PROOF)]
    lines = list(settle(bundle, judged, judged[:4]))
    assert len(lines) == len(CRITERIA)
    assert read_bundle(bundle).manifest.results["judged"]["calibration"]["weak-hash"]["read"] == PROOF
    told = review(edits_of([FileChange("a.py", BEFORE, AFTER)]), load(bundle, "cpu", 1), Settings(criteria=(SECURITY,)))
    assert [finding.defect for finding in told.findings] == (["weak-hash"] if kept else [])
    assert [verdict.because for verdict in told.verdicts] == ([""] if kept else ["not precise enough"])


def test_overloads_in_one_place_are_told_apart(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(DEFAULT, bundle)
    other = replace(
        EDIT, before=EDIT.before.replace("return ", "return 1 + "), after=EDIT.after.replace("return ", "return 1 + ")
    )
    with opened_bundle(bundle) as scorer:
        found = list(possible_findings([EDIT, other], scorer))
    assert len({one.id for one in found}) == len({one.digest for one in found}) == len(found) == 2


def test_nothing_judged_settles_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is judged"):
        list(settle(DEFAULT, [], []))
