"""Speed and memory of the product, as multiples of a reference taken in the same run.

Seconds depend on the machine and on whoever shares it; a ratio of medians of alternating runs hardly does.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from themis_bench.workload import build, change_of, changes, stage
from themis_lsp.change import Edit
from themis_lsp.edits import edits_of
from themis_lsp.error import ThemisError
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.bundle import read_bundle
from themis_model.encode import Encoder, View
from themis_model.scorer import Scorer

_FUNCTIONS = 8  # in the file of a single edit: 150 lines, the median of files changed in public histories
_THEMIS = (sys.executable, "-m", "themis_cli.main")
_REVIEW = (*_THEMIS, "review")
_IMPORTS = "import onnxruntime, tokenizers, git"
# The watched process is the child of a small one: a fork inherits the peak memory of its parent.
_WATCH = (
    "import resource, subprocess, sys; "
    "status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL); "
    "print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


class BenchError(ThemisError):
    """The product did not do what was to be measured."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and its limit.

    Attributes:
        name: what was measured.
        value: in ``unit``.
        unit: ``×``, ``MB`` or ``KB``.
        limit: what it has to keep.
        medians: what the figure was computed from: seconds, or bytes.
        runs: of each alternative.
        is_floor: the limit is the least, not the most.
    """

    name: str
    value: float
    unit: str
    limit: float
    medians: Mapping[str, float] = field(default_factory=dict)
    runs: int = 1
    is_floor: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether the figure keeps its limit."""
        return self.value >= self.limit if self.is_floor else self.value <= self.limit


def alternating(tasks: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Median seconds of each task; every round runs each of them once, so that all meet the same machine."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(runs):
        for name, task in tasks.items():
            start = perf_counter()
            task()
            seconds[name].append(perf_counter() - start)
    return {name: median(found) for name, found in seconds.items()}


def cold(options: Sequence[str], runs: int) -> Figure:
    """A fresh ``themis review`` of a one-function edit, against a Python that only imports what it stands on."""
    with TemporaryDirectory(prefix="themis-bench-") as name:
        folder = Path(name).resolve()
        build(folder, [change_of(range(_FUNCTIONS), 1)])
        tasks = {
            "review": lambda: _output([*_REVIEW, *options], folder),
            "imports": lambda: _output([sys.executable, "-c", _IMPORTS], folder),
        }
        alternating(tasks, 1)  # what is read from disk for the first time is no part of either
        medians = alternating(tasks, runs)
    return Figure("cold review of one edit", medians["review"] / medians["imports"], "×", 3.0, medians, runs)


def hook(options: Sequence[str], runs: int) -> Figure:
    """``themis hook`` on one staged function, against ``themis review --staged`` of the same, both of them cold."""
    with TemporaryDirectory(prefix="themis-bench-") as name:
        folder = Path(name).resolve()
        build(folder, [change_of(range(_FUNCTIONS), 1)])
        stage(folder)
        tasks = {
            "hook": lambda: _output([*_THEMIS, "hook", "--advise", *options], folder),
            "review": lambda: _output([*_REVIEW, "--staged", *options], folder),
        }
        alternating(tasks, 1)
        medians = alternating(tasks, runs)
    return Figure("hook, in reviews of what is staged", medians["hook"] / medians["review"], "×", 1.2, medians, runs)


def one_edit(scorer: Scorer, bare: Callable[[View], object], runs: int) -> Figure:
    """From two texts to verdicts, against one bare call of the same graph on a view of the same length.

    Every run edits another file, so nothing is remembered from the last. Attribution, which findings alone get, is
    no part of it.

    Args:
        scorer: scores one view after the other.
        bare: runs the graph on one view, with nothing around it.
        runs: number of edits.
    """
    files = [change_of(range(n * _FUNCTIONS, (n + 1) * _FUNCTIONS), 1) for n in range(runs + 1)]
    unused = Encoder(scorer.encoder.tokenizer, scorer.encoder.max_tokens)  # the scorer's own would remember the lines
    edits = [edit for edit in edits_of(files) if isinstance(edit, Edit)]
    seen = [unused.windows(e.before.text, e.after.text, e.hunks, e.language).windows[0].after for e in edits]
    views, waiting = iter(seen), iter(files)
    tasks = {
        "edit": lambda: review(edits_of([next(waiting)]), scorer, Settings(max_findings=0)),
        "bare call": lambda: bare(next(views)),
    }
    alternating(tasks, 1)
    medians = alternating(tasks, runs)
    return Figure("one edit, in bare calls", medians["edit"] / medians["bare call"], "×", 2.6, medians, runs)


def throughput(one: Scorer, two: Scorer, units: int, runs: int) -> Figure:
    """How much faster a large change is reviewed on two threads than on one.

    Args:
        one: scores one view after the other; nothing is prepared meanwhile, so that it keeps to one core.
        two: scores two views at the same time.
        units: changed functions.
        runs: of each.

    Raises:
        BenchError: not every unit was scored.
    """
    files = list(changes(units))

    def judge(scorer: Scorer, threads: int) -> None:
        scored = review(edits_of(files), scorer, Settings(threads=threads)).coverage.scored
        if scored != units:
            raise BenchError(f"only {scored} of {units} units were scored")

    medians = alternating({"1 thread": lambda: judge(one, 1), "2 threads": lambda: judge(two, 2)}, runs)
    gain = medians["1 thread"] / medians["2 threads"]
    return Figure(f"{units:,} units on two threads", gain, "×", 1.5, medians, runs, is_floor=True)


def memory(options: Sequence[str], units: int, further: int, runs: int) -> tuple[Figure, Figure]:
    """Peak memory of ``themis review`` on a diff of ``units`` edits, and what each of ``further`` edits adds.

    Raises:
        BenchError: this system does not tell the peak memory of a process that has ended.
    """
    medians = {f"{count:,} units": float(median(_peaks(options, count, runs))) for count in (units, units + further)}
    less, more = medians.values()
    peak = Figure(f"peak memory, {units:,} units", less / 1e6, "MB", 300.0, medians, runs)
    return peak, Figure("memory per further unit", (more - less) / further / 1e3, "KB", 4.0, medians, runs)


def _peaks(options: Sequence[str], units: int, runs: int) -> list[int]:
    with TemporaryDirectory(prefix="themis-bench-") as name:
        folder = Path(name).resolve()
        build(folder, list(changes(units)))
        return [peak_memory([*_REVIEW, *options], folder) for _ in range(runs)]


def peak_memory(command: Sequence[str], folder: Path) -> int:
    """The most memory, in bytes, that a process or any it started ever held.

    Raises:
        BenchError: the process failed, or this system does not tell.
    """
    if sys.platform == "win32":
        raise BenchError("Windows does not tell the peak memory of a process that has ended; measure on another system")
    status, peak = map(int, _output([sys.executable, "-c", _WATCH, *command], folder).split())
    if status:
        raise BenchError(f"{' '.join(command)} ended with {status}")
    return peak if sys.platform == "darwin" else peak * 1024


def bare_call(bundle: Path | None) -> Callable[[View], object]:
    """The graph of a bundle with nothing around it: one view in, rewards out, on one thread.

    Raises:
        ModelError: the bundle cannot be used.
    """
    content = read_bundle(bundle)
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    without = ["SkipLayerNormFusion"]
    session = ort.InferenceSession(
        content.graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=without
    )
    return lambda view: session.run(None, {"input_ids": np.array([view.ids], dtype=np.int64)})


def _output(command: Sequence[str], folder: Path) -> str:
    """What a process wrote, run where no settings of whoever measures can be found."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("THEMIS_", "GIT_"))}
    environment |= {"XDG_CONFIG_HOME": str(folder), "APPDATA": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    if ran.returncode:
        raise BenchError(f"{' '.join(command[:4])} … ended with {ran.returncode}: {ran.stderr.strip()[-300:]}")
    return ran.stdout
