"""Sheets of real edits for people to judge, and what becomes of their marks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from tests.repo import Repo
from tests.test_cli import themis
from tests.training.test_reading import LEFT, OPEN, mined
from themis_lsp.error import UsageError
from themis_training.mined import MinedEdit, PartInfo, digest_of, write_part
from themis_training.sheets import DrawOptions, draw, gather
from themis_training.survey import Judged, read_survey

pytestmark = pytest.mark.training

MEMORY, SECURITY = "memory_efficiency", "security_hardness"


def edits(count: int, **changed: Any) -> list[MinedEdit]:
    """Edits that differ, one a commit."""
    made = (mined(OPEN.format(call=f"close{n}"), LEFT.replace("rows", f"rows{n}")) for n in range(count))
    return [replace(edit, commit=f"{n:040d}", **changed) for n, edit in enumerate(made)]


def drawn(folder: Path, pool: list[MinedEdit], **options: Any) -> list[Judged]:
    wanted = options.pop("wanted", {"uniform": 1000})
    draw(pool, folder, DrawOptions(wanted, **options))
    return read_survey(folder / "key.jsonl")


def mark(folder: Path, *lines: str) -> None:
    (folder / "marks_000.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_half_of_the_edits_are_shown_backwards_and_the_key_says_which(tmp_path: Path) -> None:
    pool = edits(100)
    key = drawn(tmp_path, pool, per_repository=100, sheet=30)
    assert sorted(file.name for file in tmp_path.glob("sheet_*")) == [f"sheet_00{n}.txt" for n in range(4)]
    text = "".join(file.read_text(encoding="utf-8") for file in sorted(tmp_path.glob("sheet_*")))
    assert 30 < sum(one.turned for one in key) < 70
    texts = {edit.commit: edit for edit in pool}
    for one in key:
        own = text.split(f"=== {one.id} ")[1].split("===")[0]
        number = int(one.commit)
        assert (f"-    file.close{number}()" in own) is not one.turned
        assert one.digest == digest_of(*texts[one.commit].shown(one.turned))
    assert text.count("=== ") == len(key) == 100


@pytest.mark.parametrize(("pool", "options", "count"), [
    (edits(9), {}, 9),
    (edits(9), {"wanted": {"uniform": 4}}, 4),
    (edits(9), {"per_repository": 3}, 3),
    (edits(9), {"most_lines": 1}, 0),
    ([replace(edit, commit="c" * 40) for edit in edits(9)], {}, 2),
    (edits(9, kind="neutral"), {}, 0),
    (edits(9, nature="rename"), {}, 0),
    (edits(9, path="tests/test_load.py"), {}, 0),
    (edits(9) + edits(9), {}, 9),
    (edits(9, kind="claimed", criterion=MEMORY), {"wanted": {MEMORY: 5, SECURITY: 5}}, 5),
])  # fmt: skip
def test_what_is_drawn(tmp_path: Path, pool: list[MinedEdit], options: dict[str, Any], count: int) -> None:
    assert len(drawn(tmp_path, pool, **options)) == count


def test_the_same_seed_draws_the_same_and_what_was_judged_is_not_drawn_again(tmp_path: Path) -> None:
    first = drawn(tmp_path / "a", edits(30), wanted={"uniform": 10})
    assert drawn(tmp_path / "b", edits(30), wanted={"uniform": 10}) == first
    assert drawn(tmp_path / "c", edits(30), wanted={"uniform": 10}, seed=2) != first
    draw(edits(30), tmp_path / "d", DrawOptions({"uniform": 30}), first)
    assert len(read_survey(tmp_path / "d" / "key.jsonl")) == 20
    with pytest.raises(UsageError, match="holds sheets already"):
        draw(edits(30), tmp_path / "d", DrawOptions({"uniform": 30}))


def test_marks_become_a_survey_that_grows(tmp_path: Path) -> None:
    one, two, three = drawn(tmp_path / "sheets", edits(3))
    survey = tmp_path / "survey.jsonl"
    mark(tmp_path / "sheets", f"{one.id} ME-2:memory-leak, RM+1", "", f"{two.id} 0")
    assert gather(tmp_path / "sheets", survey).missing == 1
    marks = {MEMORY: (-2, "memory-leak"), "readability_maintainability": (1, "")}
    assert {j.id: j.marks for j in read_survey(survey)} == {one.id: marks, two.id: {}}
    mark(tmp_path / "sheets", f"{one.id} 0", f"{three.id} SH+2")
    found = gather(tmp_path / "sheets", survey)
    assert (len(found.judged), found.missing, found.total) == (2, 1, 3)
    assert {j.id: dict(j.marks) for j in read_survey(survey)} == {one.id: {}, two.id: {}, three.id: {SECURITY: (2, "")}}


@pytest.mark.parametrize(("line", "told"), [
    ("nobody 0", "marks_000.txt:2: no edit here is called nobody"),
    ("{0} 0", "marks_000.txt:2: .* was marked before"),
    ("{1} RM-3", "RM-3 is no mark; marks look like RM-2:deep-nesting"),
    ("{1} RM-2:sql-injection", "sql-injection is no defect of readability"),
    ("{1} RM-2:nonsense", "nonsense is no defect of readability"),
    ("{1} FC-2:missing-check FC+1", "FC has two marks"),
    ("{1}", "or 0 alone for nothing"),
    ("{1} 0 FC+1", "or 0 alone for nothing"),
])  # fmt: skip
def test_marks_that_cannot_be_read_change_nothing(tmp_path: Path, line: str, told: str) -> None:
    names = [one.id for one in drawn(tmp_path, edits(2))]
    mark(tmp_path, f"{names[0]} 0", line.format(*names))
    with pytest.raises(UsageError, match=told):
        gather(tmp_path, tmp_path / "survey.jsonl")
    assert not (tmp_path / "survey.jsonl").exists()


def test_a_folder_without_sheets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no key\.jsonl"):
        gather(tmp_path, tmp_path / "survey.jsonl")
    drawn(tmp_path, edits(2))
    with pytest.raises(UsageError, match=r"write marks_000\.txt beside sheet_000\.txt"):
        gather(tmp_path, tmp_path / "survey.jsonl")


def test_nothing_asked_for_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="say how many, as in --uniform 300"):
        draw(edits(2), tmp_path / "sheets", DrawOptions({"uniform": 0}))
    assert not (tmp_path / "sheets").exists()


def test_a_file_that_is_no_survey_is_named(tmp_path: Path) -> None:
    (tmp_path / "edits.parquet").write_bytes(b"PAR1\xff\xfe")
    with pytest.raises(UsageError, match=r"edits\.parquet is no survey"):
        read_survey(tmp_path / "edits.parquet")


def test_the_commands_go_from_mined_edits_to_a_survey(tmp_path: Path) -> None:
    write_part(tmp_path / "edits.parquet", edits(6), PartInfo("", 6, 0, 6))
    ran = themis("train", "draw", "edits.parquet", "--uniform", "9", "--out", "sheets", folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "6 edits in sheets; sheets/README.md tells readers what to do\n")
    assert "uniform: 6 of 9; no more there, or --per-repository allows no more" in ran.stderr
    mark(tmp_path / "sheets", *(f"{one.id} ME-1" for one in read_survey(tmp_path / "sheets" / "key.jsonl")[:4]))
    ran = themis("train", "gather", "sheets", "--into", "survey.jsonl", folder=tmp_path)
    told = "survey.jsonl: 4 judged edits of these sheets, 4 in all; 2 of the sheets are not marked yet\n"
    assert (ran.returncode, ran.stdout) == (0, told)


@pytest.mark.parametrize("said", ["secure=10", "security", "security=", "security=-1"])
def test_a_number_that_cannot_be_read_is_pointed_out(tmp_path: Path, said: str) -> None:
    write_part(tmp_path / "edits.parquet", edits(1), PartInfo("", 1, 0, 1))
    ran = themis("train", "draw", "edits.parquet", f"--claimed={said}", "--out", "sheets", folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"error: --claimed {said}: write a criterion and a number, as in security=200\n"
    assert not (tmp_path / "sheets").exists()


def test_a_clone_does_not_pass_for_a_folder_of_clones(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "shop")
    (repo.root / "src").mkdir()
    ran = themis("train", "mine", "shop", "--out", "mined", folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "error: shop holds no clones: name the folder that holds them, not a clone itself\n"
    assert not (tmp_path / "mined").exists()
