"""The command line: real processes where a process matters, and commands with a fake model where it does not."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.repo import Repo
from themis_cli import explain, rank, review, score
from themis_cli.context import Context
from themis_cli.demo import examples, outcomes
from themis_cli.ranking import means, pareto_front, share_below
from themis_cli.report import Detail
from themis_cli.source import Selection
from themis_lsp.error import UsageError
from themis_lsp.verdict import Direction, Verdict
from themis_model.calibrate import Calibration, Curve, Probabilities, State
from themis_model.criterion import CRITERIA, Criterion
from themis_model.fake import FakeScorer

THEMIS = (sys.executable, "-m", "themis_cli.main")
# A checkout that is not installed is found through sys.path, which may be relative to the folder of the tests.
PATH = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)

BASE = "def digest(data):\n    return sha256(data)\n"
WORSE = BASE.replace("sha256", "md5")
WORDS: dict[str, Sequence[float]] = {"md5": (0, 0, 0, -4, 0), "sha256": (0, 0, 0, 2, 0), "terse": (0, 0, 0, 0, -4)}


def themis(*arguments: str, folder: Path, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": PATH, **environment}
    return subprocess.run([*THEMIS, *arguments], cwd=folder, env=environ, input=text, capture_output=True, text=True)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """One committed file, made worse in the work tree."""
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py=BASE)
    repo.write("a.py", WORSE)
    return repo


# a command line that cannot work, words of the one line it gets
REFUSED = [
    ("bogus", "No such command 'bogus'"),
    ("review --bogus", "No such option: --bogus"),
    ("score", "Missing argument 'FILE…'"),
    ("review nowhere", "unknown revision 'nowhere'"),
    ("review HEAD~7..HEAD", "unknown revision 'HEAD~7'"),
    ("review src/nowhere.py", "src/nowhere.py is neither on disk nor among the changes"),
    ("review ../..", "is outside of"),
    ("review --staged --base HEAD", "--staged and --base exclude each other"),
    ("review HEAD --diff-file x.diff", "--diff-file and the range HEAD exclude each other"),
    ("review a.py --diff-file x.diff", "--diff-file and the path a.py exclude each other"),
    ("review --diff-file nowhere.diff", "cannot read"),
    ("review --min-confidence high", "--min-confidence is 'high': expected a number from 0 to 1"),
    ("review --criteria safety", "unknown criterion 'safety', did you mean security?"),
    ("review --fail-on security", "--fail-on is 'security'"),
    ("review --max-findings 0", "--max-findings is 0: expected a whole number"),
    ("review --device tpu", "--device is 'tpu': expected auto, cpu or cuda"),
    ("review --output-format xml", "unknown format 'xml': known are text, json"),
    ("review --output-file no/such/folder/r.txt", "cannot write no/such/folder/r.txt"),
    ("review --model nowhere", "model bundle nowhere cannot be read"),
    ("model verify nowhere", "cannot be read"),
    ("demo --model nowhere", "model bundle nowhere cannot be read"),
    ("rank a.py", "name at least two versions"),
    ("rank a.py nowhere.py", "cannot read"),
    ("rank a.py note.txt", "note.txt is not in a supported language"),
    ("rank a.py b.rb", "not versions of one file: a.py is python, b.rb is ruby"),
    ("explain safety", "unknown criterion 'safety', did you mean security?"),
    ("explain 0123456789abcdef", "a fingerprint needs --report FILE"),
    ("explain 0123456789abcdef --report nowhere.json", "cannot read"),
    ("explain 0123456789abcdef --report a.py", "a.py is not a themis-review/1 report"),
]


@pytest.mark.parametrize(("line", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_done_is_one_line_and_status_2(repo: Repo, tmp_path: Path, line: str, words: str) -> None:
    repo.write("note.txt", "")
    repo.write("b.rb", "x = 1\n")
    before = sorted(tmp_path.rglob("[!.]*"))
    ran = themis(*line.split(), folder=repo.root, TMPDIR=str(tmp_path))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.count("\n") == 1
    assert words in ran.stderr
    assert sorted(tmp_path.rglob("[!.]*")) == before, "nothing is left behind"


def test_outside_of_a_repository(tmp_path: Path) -> None:
    ran = themis("review", folder=tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "is in no git repository: change to one" in ran.stderr


@pytest.mark.parametrize("name", ["review", "score", "rank", "explain", "demo", "doctor", "model verify"])
def test_every_command_has_help_with_examples(tmp_path: Path, name: str) -> None:
    ran = themis(*name.split(), "--help", folder=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"themis {name}" in ran.stdout
    assert "For example:" in ran.stdout


@pytest.mark.parametrize("arguments", [(), ("model",)])
def test_without_a_command_there_is_help(tmp_path: Path, arguments: Sequence[str]) -> None:
    ran = themis(*arguments, folder=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Usage: themis" in ran.stdout


def test_a_reader_that_goes_away_is_no_news(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as out:  # noqa: PTH123  (a descriptor has no path)
        environ = {**os.environ, "PYTHONPATH": PATH}
        ran = subprocess.run([*THEMIS, "--version"], cwd=tmp_path, env=environ, stdout=out, stderr=subprocess.PIPE)
    assert (ran.returncode, ran.stderr) == (2, b"")


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_review_leaves_nothing_behind(repo: Repo, sent: signal.Signals, code: int) -> None:
    process = subprocess.Popen(
        [*THEMIS, "review", "--diff-file", "-", "--output-file", "report.txt"],
        cwd=repo.root,
        env={**os.environ, "PYTHONPATH": PATH},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(b" " * (1 << 20))  # more than a pipe holds: this ends once the patch is being read
    assert any("report.txt" in path.name for path in repo.root.iterdir())
    process.send_signal(sent)
    _, complaint = process.communicate()
    assert (process.returncode, complaint) == (code, b"")
    assert not [path for path in repo.root.iterdir() if "report.txt" in path.name]


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


# options, exit status, words on standard error
GATES = [
    ({}, 0, ""),
    ({"fail-on": "security:0.9"}, 1, "failed: 1 finding at or above --fail-on security:0.9"),
    ({"fail-on": "security:1"}, 0, ""),
    ({"fail-on": "readability:0.1"}, 0, ""),
    ({"fail-on": "security:0.1", "min-confidence": "0.999999"}, 0, ""),
    ({"fail-on": "security:0.1", "min-confidence": "0.5"}, 1, "failed: 1 finding"),
]


@pytest.mark.parametrize(("given", "code", "words"), GATES)
def test_gates(repo: Repo, given: Mapping[str, str], code: int, words: str) -> None:
    ran = reviewed(repo, given)
    assert ran.code == code
    assert words in ran.err
    assert bool(ran.err) is bool(words)


def test_a_gate_counts_what_is_not_shown_but_not_what_is_silenced(repo: Repo) -> None:
    repo.commit(a_py=BASE, b_py=BASE, c_py=BASE)
    repo.write("a.py", WORSE)
    repo.write("b.py", WORSE)
    repo.write("c.py", WORSE.replace("(data)\n", "(data)  # themis: ignore[security] names no secret\n"))
    ran = reviewed(repo, {"fail-on": "security:0.9", "max-findings": "1"})
    assert (ran.code, ran.err) == (1, "failed: 2 findings at or above --fail-on security:0.9\n")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"fail-on": "memory:0.9"}, "cannot fail on memory_efficiency: the model never speaks of it (no data)"),
        ({"fail-on": "security:0.9", "criteria": "readability"}, "cannot fail on security_hardness: it is not judged"),
    ],
)
def test_a_gate_that_could_never_close_is_refused(repo: Repo, given: Mapping[str, str], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        reviewed(repo, given, scorer=abstaining(Criterion.MEMORY_EFFICIENCY))
    assert words in str(refused.value)


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


def test_rank_orders_versions_and_finds_the_front(tmp_path: Path) -> None:
    for name, body in {"a": "plain", "b": "sha256", "c": "terse", "d": "sha256(x) + terse"}.items():
        (tmp_path / f"{name}.py").write_text(f"def f(x):\n    return {body}(x)\n")
    world = context(tmp_path, abstaining(Criterion.MEMORY_EFFICIENCY, Criterion.RUNTIME_EFFICIENCY))
    rank.run([Path(f"{name}.py") for name in "abcd"], {"criteria": "security,memory,readability"}, world)
    lines = [" ".join(line.split()) for line in told(world.out).splitlines()]
    assert "1. b.py +1.333 +0.000 +2.000 +2.000" in lines
    assert "3. a.py -1.333 -2.000 -2.000 +0.000" in lines
    assert "Pareto front: b.py (" in " ".join(lines)
    assert "no data: runtime, memory" in lines


def test_rank_says_what_it_cannot_compare(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BASE)
    (tmp_path / "b.py").write_text(WORSE + "\n\ndef more():\n    pass\n")
    world = context(tmp_path)
    rank.run([Path("a.py"), Path("b.py")], {}, world)
    assert "not compared: more: new code has no before" in told(world.out)


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


@pytest.mark.parametrize("start", [16, 4])
def test_a_finding_is_found_by_its_fingerprint(repo: Repo, start: int) -> None:
    file = repo.root / "report.json"
    reviewed(repo, form="json", file=file)
    found = json.loads(file.read_text("utf-8"))["findings"][0]
    assert explain.finding_in(file, found["fingerprint"][:start]) == found
    with pytest.raises(UsageError, match=f"no finding .* it has: {found['fingerprint']}"):
        explain.finding_in(file, "x")


@pytest.mark.parametrize(
    ("state", "words"), [(State.NO_DATA, "saw no data"), (State.NOT_PRECISE, "not right often enough")]
)
def test_explain_says_why_a_criterion_is_silent(state: State, words: str) -> None:
    calibration = Calibration(Calibration.speaking().mix, dict.fromkeys(CRITERIA, Curve(state)))
    explained = dict(explain.about_criterion("runtime_efficiency", calibration))
    assert words in explained["silent"]
    assert "says worse" not in explained


def test_the_demo_tells_what_was_expected_from_what_was_said() -> None:
    cases = {case.title: case for case in examples()}
    chosen = [cases[title] for title in ("SQL built by concatenation", "A message reworded", "A search inside a loop")]
    calibration = abstaining(Criterion.RUNTIME_EFFICIENCY).info.calibration

    def said(path: str, direction: Direction, because: str, criterion: Criterion) -> Verdict:
        return Verdict(path, "f", criterion, direction, -1.0, Probabilities(0.9, 0.1, 0.0), because)

    paths = [case.change.path for case in chosen]
    verdicts = [
        said(paths[0], Direction.WORSE, "", Criterion.SECURITY_HARDNESS),
        said(paths[1], Direction.WORSE, "", Criterion.READABILITY_MAINTAINABILITY),
        said(paths[2], Direction.NONE, "no data", Criterion.RUNTIME_EFFICIENCY),
    ]
    assert [outcome[1:] for outcome in outcomes(chosen, verdicts, calibration)] == [
        ("security worse", "security worse", True),
        ("nothing", "readability worse", False),
        ("runtime worse", "no data", None),
    ]
