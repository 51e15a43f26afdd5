"""The speed bench: its workload is what it says, and its figures are measured on what really ran."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from themis_bench.speed import BenchError, Figure, alternating, one_edit, peak_memory, throughput
from themis_bench.workload import change_of, changes
from themis_lsp.change import Edit, Nature
from themis_lsp.edits import edits_of
from themis_model.fake import FakeScorer

MEGABYTE = 1_000_000


@pytest.mark.parametrize("units", [1, 25, 60])
def test_every_function_of_a_large_change_is_one_edit_of_code(units: int) -> None:
    edits = list(edits_of(changes(units)))
    assert len(edits) == units
    for edit in edits:
        assert isinstance(edit, Edit)
        assert (edit.nature, len(edit.hunks), edit.incomplete) == (Nature.CODE, 1, False)
    assert list(changes(units)) == list(changes(units))


def test_a_small_change_leaves_the_rest_of_its_file_alone() -> None:
    (edit,) = edits_of([change_of(range(8, 16), 1)])
    assert isinstance(edit, Edit)
    assert edit.unit.endswith("_8")


# value, limit, whether the limit is the least; whether it is kept
FIGURES = [(2.0, 2.6, False, True), (2.7, 2.6, False, False), (1.6, 1.5, True, True), (1.4, 1.5, True, False)]


@pytest.mark.parametrize(("value", "limit", "is_floor", "is_kept"), FIGURES)
def test_limits(value: float, limit: float, is_floor: bool, is_kept: bool) -> None:
    assert Figure("anything", value, "×", limit, is_floor=is_floor).is_kept is is_kept


def test_tasks_take_turns() -> None:
    ran: list[str] = []
    medians = alternating({"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}, 3)
    assert ran == ["a", "b"] * 3
    assert medians.keys() == {"a", "b"}
    assert min(medians.values()) >= 0


def test_an_edit_is_measured_against_the_bare_call_on_the_same_view() -> None:
    scorer = FakeScorer()
    seen: list[int] = []
    figure = one_edit(scorer, lambda view: seen.append(len(view.ids)), 3)
    assert len(seen) == 1 + 3  # one to warm up
    assert min(seen) > 100
    assert figure.value == figure.medians["edit"] / figure.medians["bare call"]


def test_throughput_counts_only_if_every_unit_was_scored() -> None:
    figure = throughput(FakeScorer(), FakeScorer(), units=30, runs=1)
    assert figure.value == figure.medians["1 thread"] / figure.medians["2 threads"]
    small = FakeScorer()
    small.encoder.max_tokens = 10  # so that no change fits
    with pytest.raises(BenchError, match="only 0 of 30 units were scored"):
        throughput(small, small, units=30, runs=1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the peak memory of an ended process")
def test_peak_memory_is_that_of_the_process_alone(tmp_path: Path) -> None:
    ours = bytearray(b"1") * (200 * MEGABYTE)  # must not count
    python = [sys.executable, "-S", "-c"]
    small = peak_memory([*python, "pass"], tmp_path)
    large = peak_memory([*python, f"held = bytearray(b'1') * {80 * MEGABYTE}; del held"], tmp_path)
    assert small < len(ours) / 2
    assert 70 * MEGABYTE < large - small < 90 * MEGABYTE
    with pytest.raises(BenchError, match="ended with 3"):
        peak_memory([*python, "raise SystemExit(3)"], tmp_path)


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "themis_cli.main", "bench", "speed", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_command_says_and_writes_what_it_measured(tmp_path: Path) -> None:
    ran = bench("--only", "cold,hook,edit", "--runs", 1, "--json", tmp_path / "speed.json")
    assert ran.stderr == ""
    found = json.loads((tmp_path / "speed.json").read_text("utf-8"))
    assert found["schema"] == "themis-bench-speed/1"
    assert [figure["unit"] for figure in found["figures"]] == ["×", "×", "×"]
    assert ran.returncode == (0 if all(figure["is_kept"] for figure in found["figures"]) else 1)
    assert ran.stdout.count("\n") == 1 + 3


def test_what_is_not_known_is_refused() -> None:
    ran = bench("--only", "beauty")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "error: nothing called 'beauty' is measured; known are cold, hook, edit, throughput, memory\n"
