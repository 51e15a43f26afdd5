"""Ranking candidates of every kind: rows of JSON, patches, the sides of a conflict."""

import contextlib
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.repo import Repo
from tests.test_cli import themis
from tests.test_commands import BASE, WORDS, WORSE, abstaining, context, told
from themis_cli import rank as command
from themis_cli.candidates import Field, from_conflict, from_files, from_rows
from themis_lsp.conflict import sides
from themis_lsp.error import UsageError
from themis_lsp.ranking import Candidate, margin, rank
from themis_lsp.settings import Settings
from themis_model.calibrate import Calibration, State
from themis_model.criterion import CRITERIA, Criterion
from themis_model.fake import FakeScorer

ROOT = Path(__file__).parent.parent
SECURITY = Criterion.SECURITY_HARDNESS
CONFLICT = f"x = 1\n<<<<<<< HEAD\n{BASE}=======\n{WORSE}>>>>>>> topic\ny = 2\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A committed file, two patches of it, and a conflict."""
    repo = Repo.make(tmp_path / "repo")
    plain = BASE.replace("sha256", "plain")
    repo.commit(a_py=plain, b_py=plain)
    for name, text in {"good": BASE, "bad": WORSE}.items():
        repo.write("a.py", text)
        repo.write(f"{name}.patch", repo.git("diff", "--", "a.py") + "\n")
    repo.write("a.py", plain)
    repo.write("b.py", WORSE)
    repo.write("other.patch", repo.git("diff", "--", "b.py") + "\n")
    repo.write("merged.py", CONFLICT)
    repo.write("proposal.py", f"x = 1\n{BASE}y = 3\n")
    return repo


def row(**values: object) -> str:
    return json.dumps(values)


def ordered(field: Field) -> tuple[list[str], list[str]]:
    ranking = rank(field.candidates, FakeScorer(WORDS), Settings((SECURITY,)), field.base)
    return ranking.order(SECURITY), ranking.front


# how candidates come in, their order, the front
WAYS: list[tuple[Callable[[Path], Field], list[str], list[str]]] = [
    (
        lambda _: from_rows([row(name="bad", path="a.py", text=WORSE), "", row(name="good", path="a.py", text=BASE)]),
        ["good", "bad"], ["good"],
    ),
    (
        lambda _: from_rows([row(files={"a.py": WORSE, "b.py": BASE}), row(files={"a.py": BASE, "b.py": BASE})]),
        ["candidate 2", "candidate 1"], ["candidate 2"],
    ),
    (
        lambda root: from_files([Path("bad.patch"), Path("good.patch"), Path("other.patch")], root),
        ["good.patch", "bad.patch", "other.patch"], ["good.patch"],
    ),
    (lambda root: from_conflict(Path("merged.py"), (), root), ["ours", "theirs"], ["ours"]),
    (
        lambda root: from_conflict(Path("merged.py"), [Path("proposal.py")], root),
        ["ours", "proposal.py", "theirs"], ["ours", "proposal.py"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "order", "front"), WAYS)
def test_candidates_are_ordered(repo: Repo, ask: Callable[[Path], Field], order: list[str], front: list[str]) -> None:
    assert ordered(ask(repo.root)) == (order, front)


# what is asked, words of the refusal
REFUSED: list[tuple[Callable[[Path], Field], str]] = [
    (lambda _: from_rows([]), "nothing to rank"),
    (lambda _: from_rows(["{}", "{}"]), "line 1 of the candidates is no such row"),
    (lambda _: from_rows([row(path="a.py", text="x"), row(path="a.py", text=1)]), "line 2 of the candidates"),
    (lambda _: from_rows(["[" * 100_000]), "line 1 of the candidates"),
    (lambda _: from_rows([row(name="x", path="a.py", text="")] * 2), "two candidates are called x"),
    (lambda _: from_rows([row(name=str(n), path="a.py", text="") for n in range(65)]), "65 candidates are too many"),
    (lambda root: from_conflict(Path("a.py"), (), root), "a.py has no conflict markers"),
    (lambda root: from_files([Path("good.patch"), Path("a.py")], root), "good.patch is not in a supported language"),
]


@pytest.mark.parametrize(("ask", "words"), REFUSED)
def test_what_cannot_be_ranked_is_said(repo: Repo, ask: Callable[[Path], Field], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        ask(repo.root)


# a file, its sides or words of the refusal
SIDES: list[tuple[str, dict[str, str] | str]] = [
    ("a\n<<<<<<< o\nb\n=======\nc\n>>>>>>> t\nd\n", {"ours": "a\nb\nd\n", "theirs": "a\nc\nd\n"}),
    ("<<<<<<<\nb\n||||||| x\no\n=======\n>>>>>>>\n", {"ours": "b\n", "base": "o\n", "theirs": ""}),
    ("T\n=======\n<<<<<<< o\n=======\nc\n>>>>>>> t", {"ours": "T\n=======\n", "theirs": "T\n=======\nc\n"}),
    ("<<<<<<< o\r\nb\r\n=======\r\n>>>>>>> t\r\n", {"ours": "b\r\n", "theirs": ""}),
    ("a << b\n", "has no conflict markers"),
    ("<<<<<<< o\na\n", "has an open conflict"),
    ("<<<<<<< o\n<<<<<<< o\n", "x:2: the conflict marker <<<<<<< does not belong here"),
    (">>>>>>> t\n", "x:1: the conflict marker >>>>>>> does not belong here"),
]


@pytest.mark.parametrize(("text", "want"), SIDES)
def test_sides_of_a_conflict(text: str, want: dict[str, str] | str) -> None:
    if isinstance(want, str):
        with pytest.raises(UsageError, match=re.escape(want)):
            sides(text, "x")
    else:
        assert sides(text, "x") == want


def test_margins_are_symmetric_and_only_where_they_are_calibrated() -> None:
    calibration = Calibration.speaking()
    assert margin(calibration, SECURITY, 0.0) == 0.5
    assert margin(calibration, SECURITY, 1.5) + margin(calibration, SECURITY, -1.5) == pytest.approx(1)
    assert margin(calibration, SECURITY, 1e9) <= 1
    two = BASE + "\n\ndef other(data):\n    return sha256(data)\n"
    pairs = {"one unit": (BASE, WORSE), "two units": (two, two.replace("sha256", "md5")), "a new unit": (BASE, two)}
    told = {}
    for name, texts in pairs.items():
        found = [Candidate(f"{n}", {"a.py": text}) for n, text in enumerate(texts)]
        told[name] = rank(found, abstaining(Criterion.MEMORY_EFFICIENCY)).margins
    assert set(told["one unit"]) == set(CRITERIA) - {Criterion.MEMORY_EFFICIENCY}
    assert told["one unit"][SECURITY]["0", "1"] > 0.99
    assert told["two units"][SECURITY] == told["a new unit"][SECURITY] == {}


def test_the_answer_for_programs(repo: Repo) -> None:
    world = context(repo.root)
    command.run([Path("proposal.py")], {"criteria": "security"}, world, Path("merged.py"), as_json=True)
    answer: dict[str, Any] = json.loads(told(world.out))
    assert answer["candidates"] == ["ours", "theirs", "proposal.py"]
    assert answer["front"] == ["ours", "proposal.py"]
    found = answer["criteria"]["security_hardness"]
    assert found["state"] == "speaks"
    assert found["order"] == ["ours", "proposal.py", "theirs"]
    assert [(m["better"], m["than"]) for m in found["margins"]] == [("ours", "theirs")]
    assert answer["skipped"] == []


def test_rows_come_from_standard_input(tmp_path: Path) -> None:
    rows = "\n".join(row(name=name, path="a.py", text=text) for name, text in (("one", BASE), ("two", WORSE)))
    ran = themis("rank", "-", "--json", folder=tmp_path, text=rows)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["candidates"] == ["one", "two"]


def test_rank_orders_versions_and_finds_the_front(tmp_path: Path) -> None:
    for name, body in {"a": "plain", "b": "sha256", "c": "terse", "d": "sha256(x) + terse"}.items():
        (tmp_path / f"{name}.py").write_text(f"def f(x):\n    return {body}(x)\n")
    world = context(tmp_path, abstaining(Criterion.MEMORY_EFFICIENCY, Criterion.RUNTIME_EFFICIENCY))
    command.run([Path(f"{name}.py") for name in "abcd"], {"criteria": "security,memory,readability"}, world)
    lines = [" ".join(line.split()) for line in told(world.out).splitlines()]
    assert "security 1. b.py equal to d.py; ahead of a.py by 2.0 (>99 %), c.py by 2.0 (>99 %)" in lines
    assert "3. a.py equal to c.py" in lines
    assert lines[0].startswith("Best first, with how far ahead the model rates a version: 1.0 is what a typical edit")
    assert lines[-2].startswith("Best choice: b.py, at least as good as every other version on every criterion.")
    assert lines[-1] == "no data: runtime, memory"


# calls in each version, how many criteria speak, the last lines
FOLDS: list[tuple[Sequence[str], int, list[str]]] = [
    (
        ("plain", "sha256 + terse", "plain + md5"), 4,
        ["not precise enough for verdicts, so take the order lightly: readability", "readability  0.py = 2.py > 1.py"],
    ),
    ([f"x{n}" for n in range(9)], 4, [f"readability  {' = '.join(f'{n}.py' for n in range(8))}; 1 more below"]),
    (("terse", "plain"), 0, ["readability  1. 1.py  ahead of 0.py by 4.0", "             2. 0.py"]),
]  # fmt: skip


@pytest.mark.parametrize(("calls", "speaking", "rows"), FOLDS)
def test_rank_folds_what_the_model_never_speaks_of(
    tmp_path: Path, calls: Sequence[str], speaking: int, rows: list[str]
) -> None:
    for n, body in enumerate(calls):
        (tmp_path / f"{n}.py").write_text(f"def f(x):\n    return {body}(x)\n")
    curves = Calibration.speaking().curves
    weak = {c: replace(curves[c], state=State.NOT_PRECISE) for c in CRITERIA[speaking:]}
    world = context(tmp_path, FakeScorer(WORDS, Calibration(Calibration.speaking().mix, {**curves, **weak})))
    command.run([Path(f"{n}.py") for n in range(len(calls))], {"criteria": "security,readability"}, world)
    lines = told(world.out).splitlines()
    first = lines.index(rows[0])
    assert lines[first : first + len(rows)] == rows
    assert (rows[-1] == lines[-1]) is bool(speaking)
    assert any(line.startswith("readability  1.") for line in lines) is not bool(speaking)


# state of the criterion, names and calls of each version, lines
ORDERS: list[tuple[State, dict[str, str], list[str]]] = [
    (
        State.NOT_PRECISE, {"a.py": "plain", "b.py": "sha256", "c.py": "md5"},
        ["security     1. b.py  ahead of a.py by 1.0, c.py by 3.0", "             2. a.py  ahead of c.py by 2.0",
         "             3. c.py"],
    ),
    (
        State.SPEAKS, {f"{'x' * 40}.py": "plain", "b.py": "md5"},
        [f"security     1. {'x' * 40}.py", "                ahead of b.py by 2.0 (>99 %)", "             2. b.py"],
    ),
    (
        State.NOT_PRECISE, {"a.py": "plain", "b.py": "little"},
        ["security     1. a.py  ahead of b.py by less than 0.1"],
    ),
    (
        State.NOT_PRECISE, {f"{n}.py": f"plain{n}" for n in range(7)},
        ["security     1. 0.py  equal to 1.py, 2.py, 3.py, 4.py; 2 more below"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("state", "calls", "rows"), ORDERS)
def test_rank_says_how_far_ahead_in_words(
    tmp_path: Path, state: State, calls: Mapping[str, str], rows: Sequence[str]
) -> None:
    for name, body in calls.items():
        (tmp_path / name).write_text(f"def f(x):\n    return {body}(x)\n")
    curve = Calibration.speaking().curves[Criterion.SECURITY_HARDNESS]
    calibration = Calibration(
        Calibration.speaking().mix, dict.fromkeys(CRITERIA, replace(curve, state=state, scale=2.0))
    )
    world = context(tmp_path, FakeScorer({**WORDS, "little": (0, 0, 0, -0.05, 0)}, calibration))
    command.run([Path(name) for name in calls], {"criteria": "security"}, world)
    lines = told(world.out).splitlines()
    assert [row for row in rows if row not in lines] == [], lines


# calls in each version, what to choose
CHOICES = [
    (("plain", "plain"), "the same: 0.py, 1.py; there is nothing to choose\n"),
    (("plain", "md5", "plain"), "\nthe same: 0.py, 2.py\n"),
    (("plain", "other"), "No version is at least as good as another on every criterion and better on one: choose"),
    (("sha256", "md5"), "Best choice: 0.py, at least as good"),
    (
        ("sha256(x) + terse", "plain", "terse"),
        "Choose among 0.py, 1.py (the Pareto front): none of them is at least",
    ),
    (("sha256(x) + terse", "plain", "terse"), "Left out: 2.py (beaten by 0.py)."),
    (("sha256(x) + terse", "plain", "md5"), "Left out: 2.py (beaten by 1.py)."),
]


@pytest.mark.parametrize(("calls", "words"), CHOICES)
def test_rank_says_which_to_choose_among(tmp_path: Path, calls: Sequence[str], words: str) -> None:
    for n, body in enumerate(calls):
        (tmp_path / f"{n}.py").write_text(f"def f(x):\n    return {body}(x)\n")
    world = context(tmp_path)
    command.run([Path(f"{n}.py") for n in range(len(calls))], {"criteria": "security,readability"}, world)
    assert words in told(world.out)


def test_rank_says_what_it_cannot_compare(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BASE)
    (tmp_path / "b.py").write_text(WORSE + "\n\ndef more():\n    pass\n")
    world = context(tmp_path)
    command.run([Path("a.py"), Path("b.py")], {}, world)
    assert "not compared: more: new code has no before" in told(world.out)


def test_what_the_documentation_shows_works() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/api.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    with contextlib.redirect_stdout(io.StringIO()) as out:
        names: dict[str, Any] = {}
        for block in blocks:
            exec(block, names)
    assert names["judged"].coverage.scored == 1
    assert names["ranking"].names == ("bound", "joined")
    assert out.getvalue()
