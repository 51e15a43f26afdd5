"""Findings that people judged: what they decide, and a bundle that tells only what was kept."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

from themis_lsp.change import FileChange
from themis_lsp.edits import edits_of
from themis_lsp.error import UsageError
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.assent import Clue
from themis_model.bundle import DEFAULT, read_bundle
from themis_model.calibrate import Calibration, Curve, State, Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.naming import FAINT, Naming
from themis_model.onnx import load
from themis_model.reason import reason
from themis_training.judged import ASKS, Possible, opened, possible_findings, read_judged, write_possible
from themis_training.mined import MinedEdit
from themis_training.reading import Reading
from themis_training.settle import Learned, opened_bundle, settle, surveyed_findings, weighed
from themis_training.survey import Judged, Surveyed

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


PROOF = 12


def test_opening_tells_whatever_can_be_named() -> None:
    calibration, naming = opened(CALIBRATION, NAMING)
    curve, clue = calibration.curves[CORRECTNESS], Clue("off-by-one", 0.5, (), (), 1, 1)
    assert curve.state is State.SPEAKS
    assert curve.told(ASKS, clue) == ASKS
    assert curve.told(ASKS - 0.01, clue) is None
    assert curve.told(0.99, None) is None
    assert naming.thresholds["weak-hash"].probability == naming.thresholds["off-by-one"].probability == FAINT
    assert calibration.curves[Criterion.MEMORY_EFFICIENCY].state is State.NO_DATA
    assert opened(CALIBRATION, NAMING, 0.6)[0].curves[CORRECTNESS].told(0.59, clue) is None


def test_findings_are_read_back_and_unread_ones_left_out(tmp_path: Path) -> None:
    rows = read("weak-hash", *[(0.9, True)] * 5, (0.5, False))
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
        found = next(one for one in possible_findings([EDIT], scorer) if one.criterion is SECURITY)
    assert (found.defect, found.turned) == ("weak-hash", False)
    assert "-        return hashlib.sha256" in found.diff
    judged = [replace(found, id=str(n), repository=f"a/b{n}", kept=kept, named=kept) for n in range(PROOF)]
    readings = [Reading(one, BEFORE, AFTER, "MIT", "calibration", "") for one in judged]
    lines = list(settle(bundle, readings, readings[:4]))
    assert len(lines) == 3 + len(CRITERIA)
    results = read_bundle(bundle).manifest.results["judged"]
    assert results["calibration"]["weak-hash"] == {"read": PROOF, "kept": PROOF * kept, "named": PROOF * kept}
    assert results["test"]["read"] == 4 * kept
    told = review(edits_of([FileChange("a.py", BEFORE, AFTER)]), load(bundle, "cpu", 1), Settings(criteria=(SECURITY,)))
    assert [finding.defect for finding in told.findings] == (["weak-hash"] if kept else [])
    assert [verdict.because for verdict in told.verdicts] == ([""] if kept else ["not precise enough"])
    assert not kept or told.verdicts[0].p == pytest.approx(told.findings[0].verdict.p)


# what a run remembers of it; whether it tells of what the run would name as readers saw it named
REMEMBERED: list[tuple[dict[str, list[float]], dict[str, dict[str, float]], bool]] = [
    ({}, {}, True),  # the run has not learned from it: the bundle itself is asked
    ({"reading/x": [0, 0, 0, 9.0, 0]}, {"reading/x": {"weak-hash": 9.0}}, True),
    ({"reading/x": [0, 0, 0, 9.0, 0]}, {"reading/x": {"weak-random": 9.0, "weak-hash": -9.0}}, False),
    ({"reading/x": [0, 0, 0, -9.0, 0]}, {"reading/x": {"weak-hash": 9.0}}, False),  # not worse at all
    ({"reading/x": [0, 0, 0, 9.0, 0]}, {}, False),  # learned from, and of several windows
]


@pytest.mark.parametrize(("margins", "names", "tells"), REMEMBERED)
def test_of_what_was_learned_counts_what_was_said_unseen(
    margins: dict[str, list[float]], names: dict[str, dict[str, float]], tells: bool
) -> None:
    finding = replace(read("weak-hash", (0.9, True))[0], id="x")
    naming = opened(CALIBRATION, read_bundle().manifest.naming or NAMING)[1]
    with opened_bundle(DEFAULT) as scorer:
        found = list(weighed([Reading(finding, BEFORE, AFTER, "", "", "")], scorer, naming, Learned(margins, names)))
        tested = replace(finding, path="tests/test_a.py")
        assert not list(weighed([Reading(tested, BEFORE, AFTER, "", "", "")], scorer, naming, Learned({}, {})))
    assert [one.kept for one in found] == [1.0] * tells
    if margins and tells:
        assert found[0].worse > 0.9


# marks of the edit as shown, and what could be told of security: (turned round, how surely it is kept)
MARKED: list[tuple[dict[str, tuple[int, str]], list[tuple[bool, float]]]] = [
    ({SECURITY.value: (-2, "weak-hash")}, [(False, 0.97)]),
    ({SECURITY.value: (-1, "weak-hash")}, [(False, 0.78)]),
    ({SECURITY.value: (-2, "weak-random")}, []),  # worse, but under another name
    ({SECURITY.value: (2, "weak-hash")}, [(False, 0.0)]),  # better
    ({CORRECTNESS.value: (-2, "off-by-one")}, [(False, 0.0)]),  # left alone
]


@pytest.mark.parametrize(("marks", "told"), MARKED)
def test_a_judged_edit_says_of_every_possible_finding_whether_it_is_right(
    marks: dict[str, tuple[int, str]], told: list[tuple[bool, float]]
) -> None:
    judged = Judged("e", "a/b", "0" * 40, "a.py", "sign", "python", "train", "uniform", False, "", marks)
    edit = Surveyed(judged, BEFORE, AFTER, "MIT", "")
    naming = opened(CALIBRATION, read_bundle().manifest.naming or NAMING)[1]
    learned = Learned({edit.id: [0, 0, 0, -9.0, 0]}, {edit.id: {"weak-hash": 9.0}})
    with opened_bundle(DEFAULT) as scorer:
        found = list(surveyed_findings([edit], scorer, naming, learned))
        assert not list(surveyed_findings([edit], scorer, naming, Learned({}, {})))
    own = [one for one in found if one.finding.criterion is SECURITY]
    assert [(one.finding.turned, one.kept) for one in own] == told
    assert not any(one.asked for one in found)


def test_overloads_in_one_place_are_told_apart(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(DEFAULT, bundle)
    other = replace(
        EDIT, before=EDIT.before.replace("return ", "return 1 + "), after=EDIT.after.replace("return ", "return 1 + ")
    )
    with opened_bundle(bundle) as scorer:
        found = list(possible_findings([EDIT, other], scorer))
    assert len({one.id for one in found}) == len(found)
    assert len({one.digest for one in found if not one.turned}) == 2


def test_nothing_judged_settles_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is judged"):
        list(settle(DEFAULT, [], []))
