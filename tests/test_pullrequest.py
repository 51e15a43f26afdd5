"""The bench of a large pull request: it measures what really ran, in a checkout that obeys nobody."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.repo import Repo
from themis_bench.pullrequest import Cost, Measured, PullRequest, Tool, checked_out, is_kept, lines, measured, tools
from themis_bench.speed import BenchError
from themis_lsp.error import UsageError

MEGABYTE = 1_000_000
UNIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell what ended processes cost")
BEFORE = {"a.py": "x = 1\ny = 2\nz = 3\n", "gone.py": "x = 1\n", "same.py": "x = 1\n", "b.go": "package b\n"}
AFTER = {"a.py": "x = 2\ny = 2\nz = 4\n", "new.py": "def f():\n    return 1\n", "b.go": "package c\n"}


def history(folder: Path) -> Repo:
    """Two commits, ``start`` and ``end``."""
    repo = Repo.make(folder)
    repo.commit(**BEFORE)
    repo.git("tag", "start")
    repo.remove("gone.py")
    repo.commit(**AFTER)
    repo.git("tag", "end")
    return repo


def test_the_checkout_is_the_range_and_obeys_nobody(tmp_path: Path) -> None:
    repo = history(tmp_path)
    repo.git("config", "filter.spoil.smudge", "false")
    repo.git("config", "filter.spoil.required", "true")
    repo.write(".git/info/attributes", "*.py filter=spoil\n")
    with checked_out(tmp_path, "start..end") as request:
        assert (request.files, request.hunks) == (3, 2 + 1 + 1)  # changed, new and deleted
        assert request.present == ("a.py", "new.py")
        assert [request.base, request.head] == [repo.git("rev-parse", tag) for tag in ("start", "end")]
        assert (request.folder / "a.py").read_text() == AFTER["a.py"]
        status = subprocess.run(["git", "status", "--porcelain"], cwd=request.folder, capture_output=True, check=True)
        assert status.stdout == b""
    assert not request.folder.exists()


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "themis_cli.main", "bench", "pullrequest", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


# arguments after the repository, what is said
REFUSED: list[tuple[Sequence[str], str]] = [
    (["start"], "'start' is no range: write BASE..HEAD"),
    (["start...end"], "'start...end' is no range: write BASE..HEAD"),
    (["start..nowhere"], "unknown revision 'nowhere'"),
    (["end..end"], "no Python file changes in end..end: name a wider range"),
    (["start..end", "--semgrep", "no-such-tool"], "install semgrep where it disturbs nothing, and give --semgrep PATH"),
    (
        ["start..end", "--semgrep", sys.executable, "--pylint", "no-such-tool"],
        "no-such-tool is not there: install pylint where it disturbs nothing, and give --pylint PATH",
    ),
]


def test_what_cannot_be_measured_is_refused(tmp_path: Path) -> None:
    history(tmp_path)
    for arguments, said in REFUSED:
        ran = bench(tmp_path, *arguments)
        assert ran.returncode == 2, ran.stdout
        assert said in ran.stderr
        assert ran.stderr.count("\n") == 1


def python(name: str, script: str, most: int = 0) -> Tool:
    return Tool(name, (sys.executable, "-S", "-c", script), most)


# The child holds memory until its parent, which has a pipe to it, has spent its time.
FAMILY = f"""
import subprocess, sys, time
hold = "held = bytearray(b'1') * {120 * MEGABYTE}; print(flush=True); input()"
child = subprocess.Popen([sys.executable, "-S", "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
end = time.process_time() + 0.3
while time.process_time() < end:
    pass
child.communicate(b"\\n")
"""


@UNIX
def test_costs_are_those_of_a_process_and_all_it_starts(tmp_path: Path) -> None:
    request = PullRequest(tmp_path, "", "", 0, 0, ())
    *_, (small, large) = measured(request, [python("small", "pass"), python("large", FAMILY)], runs=2)
    assert (small.name, large.name, small.runs, large.runs) == ("small", "large", 2, 2)
    assert large.peak - small.peak > 100 * MEGABYTE
    assert large.cost.processor - small.cost.processor > 0.25
    assert large.cost.wall > 0.3


@UNIX
def test_a_tool_that_fails_is_not_measured(tmp_path: Path) -> None:
    request = PullRequest(tmp_path, "", "", 0, 0, ())
    script = "import sys; sys.stderr.write('no rules'); sys.exit(3)"
    with pytest.raises(BenchError, match="picky ended with 3: no rules"):
        list(measured(request, [python("picky", script)], runs=1))
    list(measured(request, [python("lenient", script, most=3)], runs=1))


@UNIX
def test_themis_reviews_the_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history(tmp_path)
    with (
        checked_out(tmp_path, "start..end") as request,
        tools(request, sys.executable, sys.executable) as (themis, semgrep, pylint),
    ):
        for own in ("THEMIS_MODEL", "GIT_DIR"):  # of whoever measures
            monkeypatch.setenv(own, "nowhere")
        (found,) = list(measured(request, [themis], runs=1))
        assert found[0].cost.processor > 0
        assert found[0].peak > 10 * MEGABYTE
        for tool in (semgrep, pylint):
            assert tool.command[-2:] == request.present
        assert Path(semgrep.command[semgrep.command.index("--config") + 1]).read_text().startswith("#")


OURS = Measured("themis", Cost(1.0, 1.5), 100 * MEGABYTE, 3)
BOTH = (Measured("semgrep", Cost(5.0, 6.0), 101 * MEGABYTE, 3), Measured("pylint", Cost(30.0, 29.0), 300 * MEGABYTE, 3))
# seconds, seconds of processors, bytes; whether the goal is kept
GOALS = [
    (1.0, 1.5, 100 * MEGABYTE, True),
    (1.01, 0.1, 100 * MEGABYTE, False),
    (1.0, 1.5, 101 * MEGABYTE, False),
    (0.9, 9.0, 100 * MEGABYTE, True),
]


@pytest.mark.parametrize(("wall", "processor", "peak", "kept"), GOALS)
def test_the_goal_is_about_either(wall: float, processor: float, peak: int, kept: bool) -> None:
    found = [replace(OURS, cost=Cost(wall, processor), peak=peak), *BOTH]
    assert is_kept(found) is kept
    assert list(lines(found))[-1].endswith("less memory: kept" if kept else "NOT kept")


def test_the_table_says_how_many_times() -> None:
    _, ours, semgrep, *_ = lines([OURS, *BOTH])
    assert ours.split() == ["themis", "1.00", "s", "1.00", "1.50", "s", "1.00", "100.00", "MB", "1.00"]
    assert semgrep.split() == ["semgrep", "5.00", "s", "5.00", "6.00", "s", "4.00", "101.00", "MB", "1.01"]


def test_semgrep_may_look_for_what_a_team_has(tmp_path: Path) -> None:
    history(tmp_path)
    own = tmp_path / "own.yaml"
    own.touch()
    with checked_out(tmp_path, "start..end") as request:
        with tools(request, sys.executable, sys.executable, own) as (_, semgrep, _):
            assert semgrep.command[semgrep.command.index("--config") + 1] == str(own)
        own.unlink()
        with pytest.raises(UsageError, match=r"own\.yaml"), tools(request, sys.executable, sys.executable, own):
            pass
