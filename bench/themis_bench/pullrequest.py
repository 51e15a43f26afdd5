"""A large pull request of a real repository: Themis beside semgrep and pylint, in one run, turn by turn.

Everybody works in the same fresh checkout, which shares the objects of the repository and nothing else: none of its
settings, hooks or filters. semgrep and pylint get the changed Python files by name, so that no ignore list shortens
their work; Themis gets the range, other languages included.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from themis_bench.speed import BenchError
from themis_bench.table import aligned
from themis_bench.workload import run_alone
from themis_lsp.error import UsageError
from themis_lsp.repository import Repository

if TYPE_CHECKING:
    import psutil

THEMIS = "themis"
RULES = "rules.yaml"  # what semgrep looks for unless other rules are given
FASTER = 5.0  # than either of the others
_PYTHON = "*.py"
_DIFF = ("diff-tree", "-r", "-M", "--no-ext-diff", "--no-textconv")
_LOOK = 0.02  # seconds between two looks at the memory
_PYLINT_USAGE = 32  # pylint's statuses below are bits that say what it found


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A range of commits, checked out.

    Attributes:
        folder: the checkout of ``head``.
        base: id of the commit before.
        head: id of the commit after.
        files: changed Python files, renamed ones once.
        hunks: of those files, at zero context.
        present: those that ``head`` has, relative to ``folder``.
    """

    folder: Path
    base: str
    head: str
    files: int
    hunks: int
    present: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """One way to look at a pull request: its name, its command, and the largest exit status of a success."""

    name: str
    command: tuple[str, ...]
    most: int = 0


class Cost(NamedTuple):
    """What a run took: seconds on the clock, and seconds of all processors for it and all it started."""

    wall: float
    processor: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians of one tool.

    Attributes:
        name: of the tool.
        cost: of a run.
        peak: bytes, the most that its processes held at one moment; what they share counts once where the system
            tells.
        runs: timed ones.
    """

    name: str
    cost: Cost
    peak: int
    runs: int


@contextmanager
def checked_out(repository: Path, spec: str) -> Iterator[PullRequest]:
    """A range of a repository in a folder of its own, which is gone afterwards.

    Args:
        repository: any folder of it.
        spec: ``BASE..HEAD``.

    Raises:
        UsageError: it is no such range, or no Python file changes in it.
        GitError: there is no repository, or it does not have these commits.
    """
    start, dots, end = spec.partition("..")
    if not (start and dots and end) or end.startswith("."):
        raise UsageError(f"{spec!r} is no range: write BASE..HEAD")
    with Repository.open(repository) as source, TemporaryDirectory(prefix="themis-bench-") as name:
        base, head = source.resolve(start), source.resolve(end)
        objects = os.fsdecode(source.output("rev-parse", "--path-format=absolute", "--git-path", "objects")).strip()
        changed = source.output(*_DIFF, "--name-only", "-z", "--diff-filter=d", base, head, "--", _PYTHON)
        diff = source.output(*_DIFF, "-p", "-U0", base, head, "--", _PYTHON).splitlines()
        if not changed:
            raise UsageError(f"no Python file changes in {spec}: name a wider range")
        folder = Path(name).resolve()
        run_alone(folder, "init", "--quiet", "--template=")
        (folder / ".git" / "objects" / "info").mkdir(exist_ok=True)
        (folder / ".git" / "objects" / "info" / "alternates").write_text(f"{objects}\n", "utf-8", newline="\n")
        run_alone(folder, "checkout", "--quiet", "--detach", head)
        yield PullRequest(
            folder,
            base,
            head,
            sum(line.startswith(b"diff --git ") for line in diff),
            sum(line.startswith(b"@@ ") for line in diff),
            tuple(os.fsdecode(path) for path in changed.split(b"\0") if path),
        )


@contextmanager
def tools(request: PullRequest, semgrep: str, pylint: str, rules: Path | None = None) -> Iterator[tuple[Tool, ...]]:
    """Themis and its two neighbours, ready to look at a pull request.

    Args:
        request: what they look at.
        semgrep: its command, a path or a name on PATH.
        pylint: likewise.
        rules: what semgrep looks for, a file or a folder; by default ``RULES``, some thirty plain patterns.

    Raises:
        UsageError: one of them is not there.
    """
    others = {name: _found(name, command) for name, command in (("semgrep", semgrep), ("pylint", pylint))}
    if rules and not rules.exists():
        raise UsageError(f"{rules} is not there: name a file or a folder of semgrep rules")
    with as_file(files("themis_bench") / RULES) as plain:
        config = str(rules.absolute() if rules else plain)
        scan = ("scan", "--metrics", "off", "--disable-version-check", "--quiet", "--config", config)
        alone = (f"--rcfile={os.devnull}", "--score=n")  # what a repository configures may be code
        yield (
            Tool(THEMIS, (sys.executable, "-m", "themis_cli.main", "review", f"{request.base}..{request.head}")),
            Tool("semgrep", (others["semgrep"], *scan, "--baseline-commit", request.base, *request.present)),
            Tool("pylint", (others["pylint"], *alone, *request.present), _PYLINT_USAGE - 1),
        )


def measured(request: PullRequest, asked: Sequence[Tool], runs: int) -> Iterator[list[Measured]]:
    """What each tool costs, after every round; a round runs each of them once, so that all meet the same machine.

    The first round looks at memory and fills the caches, and is not timed.

    Raises:
        BenchError: a tool did not do its work, or this system does not say what ended processes cost.
    """
    if sys.platform == "win32":
        raise BenchError("Windows does not tell what processes that have ended cost; measure on another system")
    with TemporaryDirectory(prefix="themis-bench-") as home:
        peaks = {tool.name: _peak(tool, request.folder, home) for tool in asked}
        costs: dict[str, list[Cost]] = {tool.name: [] for tool in asked}
        for _ in range(runs):
            for tool in asked:
                costs[tool.name].append(_cost(tool, request.folder, home))
            yield [
                Measured(name, Cost(*map(median, zip(*found, strict=True))), peaks[name], len(found))
                for name, found in costs.items()
            ]


def is_kept(found: Sequence[Measured]) -> bool:
    """Whether Themis is as much faster as it should be, and holds less memory, than every other."""
    ours, *others = found
    return all(ours.cost.wall * FASTER <= other.cost.wall and ours.peak < other.peak for other in others)


def lines(found: Sequence[Measured]) -> Iterator[str]:
    """A table: each tool's medians, and how many times those of the first they are."""
    ours = found[0]
    rows = [["", "seconds", "×", "processor", "×", "peak memory", "×"]]
    for tool in found:
        pairs = zip((*tool.cost, tool.peak / 1e6), (*ours.cost, ours.peak / 1e6), (" s", " s", " MB"), strict=True)
        rows.append([tool.name, *(cell for a, b, unit in pairs for cell in (f"{a:.2f}{unit}", f"{a / b:.2f}"))])
    yield from aligned(rows)
    said = "kept" if is_kept(found) else "NOT kept"
    yield f"goal: {FASTER:.0f} times faster than either, and less memory: {said}"


def _found(name: str, command: str) -> str:
    path = shutil.which(command)
    if path is None:
        raise UsageError(f"{command} is not there: install {name} where it disturbs nothing, and give --{name} PATH")
    return str(Path(path).absolute())


def _cost(tool: Tool, folder: Path, home: str) -> Cost:
    before, start = os.times(), perf_counter()
    ran = subprocess.run(tool.command, cwd=folder, env=_environment(tool, home), capture_output=True, check=False)
    wall, after = perf_counter() - start, os.times()
    _check(tool, ran.returncode, ran.stderr)
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, spent)


def _peak(tool: Tool, folder: Path, home: str) -> int:
    import psutil

    with (Path(home) / "complaints").open("w+b") as complaints:
        process = psutil.Popen(
            tool.command, cwd=folder, env=_environment(tool, home), stdout=subprocess.DEVNULL, stderr=complaints
        )
        peak = 0
        while True:
            peak = max(peak, _held(process))
            try:
                status = process.wait(_LOOK)
                break
            except psutil.TimeoutExpired:
                continue
        complaints.seek(0)
        _check(tool, status, complaints.read())
    return peak


def _held(process: "psutil.Process") -> int:
    """Bytes that a process and all below it hold now."""
    import psutil

    held = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for one in family:
        try:
            info = one.memory_full_info()
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue  # it has just ended
        held += getattr(info, "pss", 0) or info.rss
    return held


def _check(tool: Tool, status: int, complaints: bytes) -> None:
    if not 0 <= status <= tool.most:
        said = complaints.decode("utf-8", "replace").strip()[-300:]
        raise BenchError(f"{tool.name} ended with {status}: {said}")


def _environment(tool: Tool, home: str) -> Mapping[str, str]:
    """Without the settings of whoever measures; a tool finds what is installed beside it first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("THEMIS_", "GIT_", "SEMGREP_"))}
    beside = os.pathsep.join((str(Path(tool.command[0]).parent), kept.get("PATH", os.defpath)))
    own = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home, "PATH": beside}
    ours = {"PYTHONPATH": os.pathsep.join(sys.path)} if tool.name == THEMIS else {}
    return kept | own | ours
