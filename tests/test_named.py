"""Which named defects a model tells, which it keeps to itself, and how doctor and explain say so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli import themis
from themis_cli.named import names_of, told_at_length, told_briefly, told_of
from themis_model.bundle import DEFAULT, Manifest, read_manifest
from themis_model.calibrate import Calibration, Curve, State, Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.naming import NEVER, Naming
from themis_model.reason import reasons

SECURITY = Criterion.SECURITY_HARDNESS
KNOWN = ("weak-hash", "sql-injection", "use-after-free", "memory-leak")
TELLS = Curve(
    State.SPEAKS,
    worse=Threshold(0.6, 5 / 7, 0.36, 0.13, 7),
    reasons={"weak-hash": Threshold(0.9, 0.75, 0.5, 0.0, 4), "sql-injection": Threshold(0.5)},
)
READ = {"judged": {"calibration": {"use-after-free": {"read": 13, "kept": 2}}}}


def model(curve: Curve, results: Mapping[str, Any] = READ, named: Sequence[str] = KNOWN) -> Manifest:
    thresholds = {name: Threshold(0.5) if name in named else NEVER for name in KNOWN}
    calibration = Calibration(Calibration.speaking().mix, dict.fromkeys(CRITERIA, curve))
    naming = Naming(KNOWN, {}, thresholds)
    return replace(read_manifest(DEFAULT), calibration=calibration, naming=naming, results=dict(results))


# a model, its names for security: id, from where on it is told, findings read and kept
NAMES: list[tuple[Manifest, list[tuple[str, float | None, int, int]]]] = [
    (model(TELLS), [("sql-injection", 0.6, 0, 0), ("weak-hash", 0.9, 4, 3), ("use-after-free", None, 13, 2)]),
    (
        model(TELLS, {"judged": {"calibration": {"use-after-free": 7}}}, ["weak-hash"]),
        [("weak-hash", 0.9, 4, 3), ("sql-injection", None, 0, 0), ("use-after-free", None, 0, 0)],
    ),
    (
        model(replace(TELLS, reasons={}), {"judged": [7]}, ["weak-hash"]),
        [("weak-hash", 0.6, 0, 0), ("sql-injection", None, 0, 0), ("use-after-free", None, 0, 0)],
    ),
    (
        model(replace(TELLS, state=State.NOT_PRECISE)),
        [("sql-injection", None, 0, 0), ("use-after-free", None, 13, 2), ("weak-hash", None, 0, 0)],
    ),
    (replace(model(TELLS), naming=None), []),
]


@pytest.mark.parametrize(("manifest", "names"), NAMES)
def test_what_is_told_by_name(manifest: Manifest, names: list[tuple[str, float | None, int, int]]) -> None:
    assert names_of(SECURITY, manifest) == names


# a model, lines about it
SAID: list[tuple[Manifest, list[str], list[str]]] = [
    (
        model(TELLS),
        ["tells from 60 % on sql-injection; from 90 % on weak-hash", "knows, but never tells use-after-free"],
        ["tells defect from readers kept", "sql-injection 60 % none came up", "weak-hash 90 % 3 of 4",
         "never tells defect readers kept", "use-after-free 2 of 13", "pages themis explain sql-injection shows what"],
    ),
    (
        model(replace(TELLS, state=State.NOT_PRECISE)),
        ["knows, but never tells sql-injection, use-after-free, weak-hash"],
        ["never tells sql-injection, use-after-free, weak-hash: the criterion is not precise enough"],
    ),
    (replace(model(TELLS), naming=None), [], ["unknown certificate-check-off, ", "pages themis explain certificate"]),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "brief", "lines"), SAID)
def test_how_it_is_said(manifest: Manifest, brief: list[str], lines: list[str]) -> None:
    assert list(told_briefly(SECURITY, manifest)) == brief
    said = [" ".join(f"{label} {text}".split()) for label, text in told_at_length(SECURITY, manifest)]
    assert [line for line in lines if not any(one.startswith(line) for one in said)] == [], said


# a model, a defect, whether it is told
OF_ONE = [
    (
        model(TELLS),
        "weak-hash",
        "tells it from 90 % on: of 4 such findings on real edits, readers kept 3 in the edits",
    ),
    (model(TELLS), "sql-injection", "tells it from 60 % on: no such finding on real edits was read."),
    (
        model(TELLS),
        "use-after-free",
        "never tells it, however likely: of 13 such findings on real edits, readers kept 2",
    ),
    (model(TELLS, {}), "use-after-free", "however likely: no such finding on real edits was read."),
    (
        model(TELLS, named=["weak-hash"]),
        "sql-injection",
        "never tells it, however likely: on edits held out it did not",
    ),
    (model(replace(TELLS, state=State.NOT_PRECISE)), "weak-hash", "of security it says nothing at all (not precise"),
    (model(TELLS), "certificate-check-off", "has no name for it, so it never tells it."),
    (replace(model(TELLS), naming=None), "weak-hash", "has no name for it, so it never tells it."),
]


@pytest.mark.parametrize(("manifest", "defect", "words"), OF_ONE)
def test_a_page_says_whether_the_model_tells_it(manifest: Manifest, defect: str, words: str) -> None:
    said = told_of(reasons()[defect], manifest)
    assert words in said
    assert said.startswith(f"The model {manifest.name} ")


@pytest.mark.parametrize("defect", ["certificate-check-off", "weak-hash"])
def test_the_page_of_the_model_that_ships_says_so(tmp_path: Path, defect: str) -> None:
    ran = themis("explain", defect, folder=tmp_path)
    assert " ".join(told_of(reasons()[defect], read_manifest(DEFAULT)).split()) in " ".join(ran.stdout.split())


@pytest.mark.parametrize("line", ["doctor", "explain security"])
def test_the_model_that_ships_accounts_for_every_name(tmp_path: Path, line: str) -> None:
    ran = themis(*line.split(), folder=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    ids = [reason.id for reason in reasons().values() if reason.criterion is SECURITY]
    assert [name for name in ids if name not in ran.stdout] == []
    assert "such findings on real edits of unseen projects, read one by one" in ran.stdout
    assert "precision" not in ran.stdout
