"""The command line as a process: refusals, signals, help, and the model that ships."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.repo import Repo
from themis_cli.demo import examples
from themis_lsp.verdict import Direction

THEMIS = (sys.executable, "-m", "themis_cli.main")
# A checkout that is not installed is found through sys.path, which may be relative to the folder of the tests.
PATH = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)


INTERRUPTED_WHILE_LOADING = """
import signal, sys
from themis_cli import start

class Held:
    def find_spec(self, name, *_):
        if name in ("themis_cli.main", "themis_cli.serve"):
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Held())
start.run()
"""

WITHOUT_A_PACKAGE = """
import sys

class Missing:
    def find_spec(self, name, *_):
        if name == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

missing = sys.argv.pop(1)
sys.meta_path.insert(0, Missing())
from themis_cli.main import run
run()
"""


def themis(*arguments: str, folder: Path, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": PATH, **environment}
    return subprocess.run([*THEMIS, *arguments], cwd=folder, env=environ, input=text, capture_output=True, text=True)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """One committed file, changed in the work tree."""
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py="def digest(data):\n    return sha256(data)\n")
    repo.write("a.py", "def digest(data):\n    return md5(data)\n")
    return repo


# a command line that cannot work, words of the one line it gets
REFUSED = [
    ("bogus", "No such command 'bogus'; see themis --help"),
    ("reviw", "No such command 'reviw'. Did you mean 'review'? See themis --help"),
    ("review --bogus", "No such option: --bogus"),
    ("score", "Missing argument 'FILE'"),
    ("review nowhere", "'nowhere' is neither a revision nor on disk: list what there is with git branch --all"),
    ("review mian", "'mian' is neither a revision nor on disk: did you mean main?"),
    ("review 2.8.0 HEAD", "two revisions take dots between them, other words are paths: write 2.8.0..HEAD"),
    ("review main HEAD~0 a.py", "write main..HEAD~0"),
    ("review ..", "the range .. names no revision: write main..HEAD, or main.."),
    ("review ...", "the range ... names no revision: write main...HEAD, or main..."),
    ("review --fail-on", "Option '--fail-on' requires an argument; see themis review --help"),
    ("model pull --name", "Option '--name' requires an argument; see themis model pull --help"),
    ("train fit --pairs", "Option '--pairs' requires an argument; see themis train fit --help"),
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
    ("review --model nowhere", "themis model list shows those you have, themis model pull SOURCE gets another"),
    ("model verify nowhere", "cannot be read, as there is no such folder: themis model list"),
    ("model pull nowhere", "name an https address, an archive (.tar.gz, .zip) or a folder"),
    ("demo --model nowhere", "model bundle nowhere cannot be read"),
    ("rank a.py", "name at least two versions"),
    ("rank a.py nowhere.py", "cannot read"),
    ("rank a.py note.txt", "note.txt is not in a supported language"),
    ("rank a.py b.rb", "not versions of one file: a.py is python, b.rb is ruby"),
    ("explain", "name what to explain: a reason, a criterion or a finding"),
    ("explain safety", "nothing is called 'safety'; did you mean security?"),
    ("explain sql-injecton", "nothing is called 'sql-injecton'; did you mean sql-injection?"),
    ("explain CWE-9", "nothing is called 'CWE-9'; known are correctness, runtime, memory, security, readability, and"),
    ("explain sql", "nothing is called 'sql'; did you mean sql-injection?"),
    ("explain weak", "nothing is called 'weak'; did you mean weak-"),
    ("explain 3f9c2ab1", "a fingerprint needs --report FILE"),
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


# a variable, words of the one warning it gets
VARIABLES = [
    ("THEMIS_X", "warning: no setting is called 'THEMIS_X'; known are THEMIS_CRITERIA, THEMIS_MIN_CONFIDENCE, "),
    ("THEMIS_INTENT", "warning: no setting is called 'THEMIS_INTENT'; "),
    ("THEMIS_\x1b[2J", "warning: no setting is called 'THEMIS_\\x1b[2J'; "),
    ("THEMIS_THREADS", ""),
    ("THEMIS_DEBUG", ""),
    ("THEMIS_ACTION_PATHS", ""),
    ("THEMISTOCLES", ""),
]


@pytest.mark.parametrize(("variable", "words"), VARIABLES)
def test_a_variable_without_effect_is_pointed_out(tmp_path: Path, variable: str, words: str) -> None:
    ran = themis("config", "show", folder=tmp_path, **{variable: "1"})
    assert ran.returncode == 0
    assert ran.stderr.startswith(words)
    assert ran.stderr.count("\n") == bool(words)


FIT = "train fit tiny --pairs a.py --run run"
MEASURE = f"bench pullrequest . HEAD~1..HEAD --semgrep {sys.executable} --pylint {sys.executable}"
# a package that is not there, a command line, words of the one line it gets
NOT_THERE = [
    ("torch", FIT, "install Themis with its extra 'train', as pip install '.[cpu,train]' does in a clone of it"),
    ("psutil", MEASURE, "themis bench needs the package psutil: install Themis with its extra 'bench'"),
    ("themis_bench.pullrequest", MEASURE, "this is a bug in Themis"),
    ("themis_bench.cli", MEASURE, "this is a bug in Themis"),
]


@pytest.mark.parametrize(("missing", "line", "words"), NOT_THERE)
def test_a_package_that_an_extra_brings_is_named(repo: Repo, missing: str, line: str, words: str) -> None:
    repo.commit(a_py="x = 1\n")
    command = [sys.executable, "-c", WITHOUT_A_PACKAGE, missing, *line.split()]
    environ = {**os.environ, "PYTHONPATH": PATH}
    ran = subprocess.run(command, cwd=repo.root, env=environ, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert words in ran.stderr
    assert not (repo.root / "run").exists()


@pytest.mark.parametrize(("line", "other"), [("review", ", or give a patch with --diff-file"), ("score a.py", "")])
def test_outside_of_a_repository(tmp_path: Path, line: str, other: str) -> None:
    ran = themis(*line.split(), folder=tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.endswith(f"is in no git repository: change to one{other}\n")


COMMANDS = [
    "review", "hook", "score", "rank", "explain", "demo", "doctor", "model list", "model pull", "model verify",
    "feedback", "feedback agree", "feedback disagree", "feedback export", "feedback calibrate", "config show",
]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
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


GATE = "review --fail-on security:0.1 --diff-file x.diff"
# a command line whose output nobody reads, its exit status, what it says on standard error
UNREAD = [
    ("--version", 0, ""),
    ("review --help", 0, ""),
    ("review", 0, ""),
    (GATE, 1, "failed: 1 finding at or above --fail-on security:0.1\n"),
    ("explain security", 0, ""),
    ("explain --list", 0, ""),
    ("rank a.py b.py", 0, ""),
    ("config show", 0, ""),
    ("doctor", 0, ""),
    ("doctor --model nowhere", 2, ""),
    ("bogus", 2, "error: No such command 'bogus'; see themis --help\n"),
]


@pytest.mark.parametrize(("line", "code", "complaint"), UNREAD, ids=[row[0] for row in UNREAD])
def test_a_reader_that_goes_away_is_no_news(repo: Repo, line: str, code: int, complaint: str) -> None:
    query = "def find(db, name):\n    return db.execute({})\n"
    repo.write("a.py", query.format('"SELECT * FROM t WHERE name = ?", (name,)'))
    repo.commit()
    repo.write("a.py", query.format('"SELECT * FROM t WHERE name = \'" + name + "\'"'))
    repo.write("b.py", query.format("name"))
    repo.write("x.diff", repo.git("diff") + "\n")
    for both in (False, True):
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "w") as out:  # noqa: PTH123  (a descriptor has no path)
            environ = {**os.environ, "PYTHONPATH": PATH}
            where = out if both else subprocess.PIPE
            ran = subprocess.run(
                [*THEMIS, *line.split()], cwd=repo.root, env=environ, stdout=out, stderr=where, text=True
            )
        assert (ran.returncode, ran.stderr) == (code, None if both else complaint)


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
    process.send_signal(sent)
    _, complaint = process.communicate()
    assert (process.returncode, complaint) == (code, b"")
    assert not [path for path in repo.root.iterdir() if "report.txt" in path.name]


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("arguments", [[], ["lsp"]])
def test_an_interrupt_while_loading_is_silent(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED_WHILE_LOADING, *arguments]
    ran = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": PATH}, capture_output=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")


def test_the_demo_with_the_model_that_ships(tmp_path: Path) -> None:
    ran = themis("demo", folder=tmp_path, TMPDIR=str(tmp_path), GIT_DIR=str(tmp_path / "elsewhere"))
    assert (ran.returncode, ran.stderr) == (0, "")
    (edits,) = re.findall(rf"^Themis's own {len(examples())} examples, (\d+) edits in all", ran.stdout)
    ((scored, settled),) = re.findall(r"^coverage  (\d+) edits scored · (\d+) only layout$", ran.stdout, re.MULTILINE)
    assert int(edits) == int(scored) + int(settled)
    table = ran.stdout.partition("example  ")[2].splitlines()
    for case in examples():
        (line,) = [line for line in table if case.title in line]
        allowed = "✓" if Direction.NONE in case.expected.values() else "✓·"
        assert line[0] in allowed, line
    for name in ("correctness", "security", "memory", "readability"):
        assert [line for line in table if line.startswith("✓") and line.endswith(f"{name} worse")], name
    assert "worse for memory: The whole file at once" not in ran.stdout, "its title says that a body is never closed"
    assert list(tmp_path.iterdir()) == []


def test_a_review_with_the_model_that_ships(repo: Repo) -> None:
    ran = themis("review", "--output-format", "json", "--criteria", "security", folder=repo.root)
    assert (ran.returncode, ran.stderr) == (0, "")
    report = json.loads(ran.stdout)
    assert [row["criterion"] for row in report["verdicts"]] == ["security_hardness"]
    assert report["coverage"] == {"scored": 1, "of_tests": 0, "skipped": []}
    assert report["base"] == repo.git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 0, ["speaks", "says worse from", "nodes on CPUExecutionProvider", "git version", "everything works"]),
        (("--device", "cpu"), 0, ["device = 'cpu' by --device"]),
        (("--model", "nowhere"), 2, ["broken", "model bundle nowhere cannot be read", "1 broken"]),
    ],
)
def test_doctor(repo: Repo, arguments: Sequence[str], code: int, words: Sequence[str]) -> None:
    ran = themis("doctor", *arguments, folder=repo.root)
    assert (ran.returncode, ran.stderr) == (code, "")
    assert [word for word in words if word not in ran.stdout] == []


def test_the_model_that_ships_is_verified(tmp_path: Path) -> None:
    ran = themis("model", "verify", folder=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "every file is the one its manifest names" in ran.stdout
