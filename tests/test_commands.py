"""Commands in this process, with a fake model: gates, ways in, ranks, and what is explained."""

import io
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.repo import Repo
from themis_cli import explain, review, score
from themis_cli.context import Context
from themis_cli.demo import examples, outcomes
from themis_cli.ranking import share_below
from themis_cli.report import Detail
from themis_cli.saved import LARGEST, Row, finding_in, report_in
from themis_cli.source import Selection
from themis_lsp.error import UsageError
from themis_lsp.meaning import of_criterion, of_probability
from themis_lsp.ranking import means, pareto_front
from themis_lsp.verdict import Direction, Verdict
from themis_model.calibrate import Calibration, Curve, Probabilities, State, Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.fake import FakeScorer

BASE = "def digest(data):\n    return sha256(data)\n"
WORSE = BASE.replace("sha256", "md5")
WORDS: dict[str, Sequence[float]] = {"md5": (0, 0, 0, -4, 0), "sha256": (0, 0, 0, 2, 0), "terse": (0, 0, 0, 0, -4)}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return worsened(tmp_path / "repo")


def worsened(folder: Path) -> Repo:
    """One committed file, made worse in the work tree."""
    repo = Repo.make(folder)
    repo.commit(a_py=BASE)
    repo.write("a.py", WORSE)
    return repo


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def reviewed(
    repo: Repo,
    given: Mapping[str, str | None] | None = None,
    *,
    selection: Selection | None = None,
    scorer: FakeScorer | None = None,
    form: str = "text",
    file: Path | None = None,
) -> Ran:
    world = context(repo.root, scorer)
    code = review.run(selection or Selection(), given or {}, world, form, file, Detail.NORMAL)
    return Ran(code, told(world.out), told(world.err))


def context(folder: Path, scorer: FakeScorer | None = None) -> Context:
    nobody = {"XDG_CONFIG_HOME": str(folder / "nobody"), "APPDATA": str(folder / "nobody")}
    return Context(io.StringIO(), io.StringIO(), folder, nobody, lambda _: scorer or FakeScorer(WORDS))


def told(stream: object) -> str:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def abstaining(*criteria: Criterion) -> FakeScorer:
    speaks = Calibration.speaking()
    silent = dict.fromkeys(criteria, Curve(State.NO_DATA))
    return FakeScorer(WORDS, Calibration(speaks.mix, {**speaks.curves, **silent}))


@pytest.mark.parametrize("name", ["security", "security_hardness"])
def test_a_criterion_has_two_names_and_people_read_the_short_one(repo: Repo, name: str) -> None:
    ran = reviewed(repo, {"criteria": name, "fail-on": f"{name}:0.9"})
    assert ran.code == 1
    assert "security_hardness" not in ran.out + ran.err
    world = context(repo.root)
    explain.run(name, None, None, world)
    assert told(world.out).startswith("criterion    security (security_hardness)\n")
    repo.write("a.py", WORSE.replace("(data)\n", f"(data)  # themis: ignore[{name}] names no secret\n"))
    ran = reviewed(repo)
    assert "silenced  1 regression by comments in the code" in ran.out
    assert "security_hardness" not in ran.out
    repo.write("themis.toml", f'criteria = ["{name}"]\nfail-on = {{ {name} = 0.9 }}\n')
    repo.write("a.py", WORSE)
    assert reviewed(repo).code == 1


def test_a_range_does_not_bring_its_own_configuration(repo: Repo) -> None:
    repo.write("themis.toml", 'fail-on = { security = 0.9 }\nignore = ["b.py"]\n')
    repo.commit(a_py=BASE)
    repo.write("themis.toml", 'ignore = ["*"]\n')
    repo.commit(a_py=WORSE)
    by_range = reviewed(repo, selection=Selection(["HEAD~1..HEAD"]))
    assert by_range.code == 1
    repo.write("a.py", BASE)
    repo.commit()
    repo.write("a.py", WORSE)
    assert "ignored by the configuration" in reviewed(repo).out


def test_a_folder_may_have_settings_of_its_own(repo: Repo) -> None:
    repo.write("sub/themis.toml", 'criteria = ["memory"]\n')
    repo.write("sub/b.py", BASE)
    repo.commit(a_py=BASE)
    repo.write("a.py", WORSE)
    repo.write("sub/b.py", WORSE)
    rows = json.loads(reviewed(repo, form="json").out)["verdicts"]
    assert [row["criterion"] for row in rows if row["path"] == "sub/b.py"] == ["memory_efficiency"]
    assert len(rows) == 1 + len(CRITERIA)


def verdicts_of(ran: Ran) -> list[tuple[object, object]]:
    return [(row["delta"], row["p"]) for row in json.loads(ran.out)["verdicts"]]


def test_every_way_in_gives_the_same_bits(repo: Repo, tmp_path: Path) -> None:
    repo.git("add", "a.py")
    (tmp_path / "a.diff").write_text(repo.git("diff", "--cached") + "\n")
    ways = [
        Selection(),
        Selection(["a.py"]),
        Selection(["HEAD"]),
        Selection(staged=True),
        Selection(base="HEAD"),
        Selection(diff_file=str(tmp_path / "a.diff")),
    ]
    told = [verdicts_of(reviewed(repo, selection=way, form="json")) for way in ways]
    repo.commit()
    told.append(verdicts_of(reviewed(repo, selection=Selection(["HEAD~1..HEAD"]), form="json")))
    assert len(told[0]) == len(CRITERIA)
    assert all(one == told[0] for one in told)


def test_a_word_that_is_a_path_and_a_revision_is_refused(repo: Repo) -> None:
    repo.git("branch", "a.py")
    with pytest.raises(UsageError, match=r"write \./a\.py for the path, a\.py~0 for the revision"):
        reviewed(repo, selection=Selection(["a.py"]))
    assert reviewed(repo, selection=Selection(["./a.py"])).code == 0


def test_a_report_file_appears_whole_or_not_at_all(repo: Repo) -> None:
    file = repo.root / "report.json"
    ran = reviewed(repo, form="json", file=file)
    assert ran.out == ""
    whole = file.read_text("utf-8")
    assert json.loads(whole)["findings"]
    with pytest.raises(UsageError):
        reviewed(repo, {"fail-on": "memory:0.9"}, scorer=abstaining(Criterion.MEMORY_EFFICIENCY), file=file)
    assert file.read_text("utf-8") == whole
    assert [path.name for path in repo.root.iterdir() if "report" in path.name] == ["report.json"]


def test_a_report_may_go_to_a_device(repo: Repo) -> None:
    reviewed(repo, file=Path(os.devnull))
    assert not Path(os.devnull).is_file()


def test_means_and_front() -> None:
    assert means([[0.0, 2.0, 4.0], [-2.0, 0.0, 2.0], [-4.0, -2.0, 0.0]]) == [3.0, 0.0, -3.0]
    assert pareto_front([(1, 0), (0, 1), (0, 0), (1, 0)]) == [0, 1, 3]
    assert share_below(2.0, [1.0, 2.0, 3.0, 4.0]) == 0.375


def test_score_places_units_within_their_repository(repo: Repo) -> None:
    for n in range(24):
        repo.write(f"u{n}.py", f"def u{n}(x):\n    return {'md5' if n < 12 else 'plain'}(x)\n")
    repo.write("x.rb", "def r\n  1\nend\n")
    repo.commit(a_py=BASE)
    world = context(repo.root, abstaining(Criterion.MEMORY_EFFICIENCY))
    score.run([Path("a.py"), Path("u0.py"), Path("x.rb")], {"criteria": "security,memory"}, world)
    lines = [" ".join(line.split()) for line in told(world.out).splitlines()]
    assert lines[0] == "unit security among"
    assert "a.py: digest >99 % 23" in lines
    assert "u0.py: u0 24 % 23" in lines
    assert "x.rb: r - 0, too few to tell" in lines
    assert "never a pass or fail" in " ".join(lines)
    assert "no data: memory" in lines


def test_explain_a_finding(repo: Repo) -> None:
    found = json.loads(reviewed(repo, form="json").out)["findings"][0]
    explained = dict(explain.about_finding(found, Calibration.speaking()))
    assert explained["finding"] == found["message"]
    assert explained["weights"].endswith("line 2")
    assert "harder or easier to attack" in explained["judges"]
    assert "themis: ignore[security]" in explained["to silence"]
    assert "From 80 % on." in explained["says worse"]


# how a finding is named, from its row
NAMED = [
    lambda row: row["fingerprint"],
    lambda row: row["fingerprint"][:4],
    lambda row: f"{row['path']}:{row['lines'][0][0]}",
    lambda row: row["path"],
    lambda _: "",
]


@pytest.mark.parametrize("name", NAMED)
def test_a_finding_is_named_by_its_place_or_its_fingerprint(repo: Repo, name: Callable[[Row], str]) -> None:
    file = repo.root / "report.json"
    reviewed(repo, form="json", file=file)
    found = json.loads(file.read_text("utf-8"))["findings"][0]
    assert finding_in(report_in(file), file, name(found)) == found


def test_a_finding_that_is_not_there_is_refused_with_those_that_are(repo: Repo) -> None:
    file = repo.root / "report.json"
    reviewed(repo, form="json", file=file)
    found = json.loads(file.read_text("utf-8"))["findings"][0]
    place = f"{found['path']}:{found['lines'][0][0]} ({found['fingerprint']})"
    for name in ("x", f"{found['path']}:999", f"other/{found['path']}"):
        with pytest.raises(UsageError, match=f"no findings at {re.escape(name)}; .*: {re.escape(place)}$"):
            finding_in(report_in(file), file, name)
    many = {"findings": [found | {"fingerprint": f"{n:016x}"} for n in range(11)]}
    with pytest.raises(UsageError, match=r"11 findings at 00; .*0000000000000007\) and 3 more$"):
        finding_in(many, file, "00")


# what becomes of a report that was written, words of the refusal
SPOILED: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda report: "[" * 200_000, "is not a themis-review/1 report"),
    (lambda report: '{"schema": ' + "9" * 5000 + "}", "is not a themis-review/1 report"),
    (lambda report: [], "is not a themis-review/1 report"),
    (lambda report: report | {"schema": "themis-review/2"}, "is not a themis-review/1 report"),
    (lambda report: {"schema": report["schema"]}, "is a damaged themis-review/1 report"),
    (lambda report: {name: report[name] for name in report if name != "findings"}, "is a damaged"),
    (lambda report: report | {"findings": 3}, "is a damaged"),
    (lambda report: report | {"findings": [3]}, "is a damaged"),
    (lambda report: report | {"model": None}, "is a damaged"),
    (lambda report: spoil(report, criterion="beauty"), "is a damaged"),
    (lambda report: spoil(report, criterion=[]), "is a damaged"),
    (lambda report: spoil(report, fingerprint=7), "is a damaged"),
    (lambda report: spoil(report, defect=7), "is a damaged"),
    (lambda report: spoil(report, p=None), "is a damaged"),
    (lambda report: spoil(report, p=[True, 0.1, 0.2]), "is a damaged"),
    (lambda report: spoil(report, lines=[]), "is a damaged"),
    (lambda report: spoil(report, lines=[[1.5, 2, 1.0]]), "is a damaged"),
    (lambda report: spoil(report, lines=[7]), "is a damaged"),
    (lambda report: " " * (LARGEST + 1), "is larger than 64 MB"),
]


def spoil(report: dict[str, Any], **values: object) -> dict[str, Any]:
    return report | {"findings": [finding | values for finding in report["findings"]]}


@pytest.mark.parametrize(("spoiled", "words"), SPOILED)
def test_a_spoiled_report_is_refused(repo: Repo, spoiled: Callable[[dict[str, Any]], object], words: str) -> None:
    file = repo.root / "report.json"
    reviewed(repo, form="json", file=file)
    became = spoiled(json.loads(file.read_text("utf-8")))
    file.write_text(became if isinstance(became, str) else json.dumps(became), "utf-8")
    with pytest.raises(UsageError, match=words):
        explain.run("0123456789abcdef", Path("report.json"), None, context(repo.root))


@pytest.mark.parametrize(
    ("state", "words"), [(State.NO_DATA, "saw no data"), (State.NOT_PRECISE, "not worth telling, often enough")]
)
def test_explain_says_why_a_criterion_is_silent(state: State, words: str) -> None:
    calibration = Calibration(Calibration.speaking().mix, dict.fromkeys(CRITERIA, Curve(state)))
    explained = dict(explain.about_criterion("runtime_efficiency", calibration))
    assert words in explained["silent"]
    assert "says worse" not in explained


# P(worse), what it means
MEANT = [
    (0.001, "Of 100 edits the model rates like this one, hardly any make security worse."),
    (0.01, "Of 100 edits the model rates like this one, about 1 makes security worse."),
    (0.873, "Of 100 edits the model rates like this one, about 87 make security worse."),
    (0.994, "Of 100 edits the model rates like this one, about 99 make security worse."),
    (0.998, "Of 100 edits the model rates like this one, nearly all make security worse."),
]


@pytest.mark.parametrize(("worse", "words"), MEANT)
def test_a_probability_is_never_all_of_a_hundred(worse: float, words: str) -> None:
    assert of_probability(Criterion.SECURITY_HARDNESS, worse, None, Calibration.speaking()).startswith(words)


@pytest.mark.parametrize(
    ("precision", "words"), [(1.0, "all were right (at"), (0.998, ">99 % were right"), (0.9, "90 % were right")]
)
def test_a_measured_precision_is_told_as_it_is(precision: float, words: str) -> None:
    limit = Threshold(0.8, precision, 0.7, 0.5, 12)
    calibration = Calibration(Calibration.speaking().mix, dict.fromkeys(CRITERIA, Curve(State.SPEAKS, worse=limit)))
    assert (
        f"Of 12 held-out edits it spoke of there, {words}" in dict(of_criterion(CRITERIA[0], calibration))["says worse"]
    )


def test_the_demo_tells_what_was_expected_from_what_was_said() -> None:
    cases = {case.title: case for case in examples()}
    chosen = [cases[title] for title in ("SQL built by concatenation", "A message reworded", "A search inside a loop")]

    def said(path: str, direction: Direction, because: str, criterion: Criterion) -> Verdict:
        return Verdict(path, "f", 1, criterion, direction, -1.0, Probabilities(0.9, 0.1, 0.0), because)

    paths = [case.change.path for case in chosen]
    verdicts = [
        said(paths[0], Direction.WORSE, "", Criterion.SECURITY_HARDNESS),
        said(paths[1], Direction.WORSE, "", Criterion.READABILITY_MAINTAINABILITY),
        said(paths[2], Direction.NONE, "no data", Criterion.RUNTIME_EFFICIENCY),
    ]
    assert [outcome[1:] for outcome in outcomes(chosen, verdicts)] == [
        ("security worse", "security worse", True),
        ("nothing", "readability worse", False),
        ("runtime worse", "no data", None),
    ]
