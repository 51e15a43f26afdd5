"""How quickly the language server answers, as multiples of what could not be avoided, taken in the same run.

The references are a language server of pygls with nothing in it, and one ``review()`` of the same edit in-process.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any, Final

from themis_bench.speed import Figure
from themis_bench.wire import Wire
from themis_bench.workload import build
from themis_lsp.change import FileChange
from themis_lsp.edits import edits_of
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.scorer import Scorer

if TYPE_CHECKING:
    import psutil

THEMIS: Final = (sys.executable, "-m", "themis_cli.start", "lsp")
#: A server of pygls that follows documents and echoes, and does nothing else.
BARE: Final = (
    sys.executable,
    "-c",
    """
from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("bare", "1")

@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def changed(ls, params): pass

@server.feature("themis/status")
def echo(ls, params): return {}

server.start_io()
""",
)
_DEBOUNCE: Final = 50  # milliseconds
FILE: Final = "work/editing.py"
_FUNCTIONS: Final = 16  # of 60 lines each: a file of a thousand
_BODY: Final = 57
_PAUSE_EVERY: Final = 10  # edits
_IDLE: Final = 3.0  # seconds watched
_PUBLISHED: Final = "textDocument/publishDiagnostics"


@dataclass(frozen=True, slots=True)
class Keystroke:
    """One edit of a document, and the texts before and after all edits up to it.

    Attributes:
        row: 0-based, the only one that differs from the committed text.
        line: what it says now.
        change: the whole file, as a review takes it.
    """

    row: int
    line: str
    change: FileChange


def committed() -> str:
    """A file of about a thousand lines."""
    return "\n\n".join(_function(number) for number in range(_FUNCTIONS))


def keystrokes(count: int) -> Iterator[Keystroke]:
    """Edits of one line in a function of 60 lines, each as if one more letter had been typed."""
    before = committed()
    lines = before.split("\n")
    row = next(n for n, line in enumerate(lines) if "total_8_30 =" in line)
    for number in range(count):
        line = f"    total_8_30 = query('select ' + name_{number} + str(total_8_29))"
        after = "\n".join([*lines[:row], line, *lines[row + 1 :]])
        yield Keystroke(row, line, FileChange(FILE, before, after))


def beginnings(runs: int) -> tuple[Figure, Figure]:
    """From spawning to the answer to ``initialize``, and to the first diagnostics of a file that is changed already."""
    (keystroke,) = keystrokes(1)
    seconds: dict[str, list[float]] = {"bare": [], "themis": [], "told": []}
    with workspace() as folder:
        (folder / FILE).write_text(keystroke.change.after or "", "utf-8", newline="\n")
        for run in range(runs + 1):  # what is read from disk for the first time is no part of either
            with Wire(BARE, folder, {}) as wire:
                bare = wire.initialize().at - wire.started
            with Wire(THEMIS, folder, {"debounce": _DEBOUNCE}) as wire:
                answered = wire.initialize().at - wire.started
                open_document(wire, folder, keystroke.change.after or "")
                found = wire.wait(is_published(1)).at - wire.started
            if run:
                for name, value in zip(seconds, (bare, answered, found), strict=True):
                    seconds[name].append(value)
    medians = {name: median(found) for name, found in seconds.items()}
    bare = medians["bare"]
    return (
        Figure("spawn to initialize", medians["themis"] / bare, "×", 1.15, _only(medians, "themis", "bare"), runs),
        Figure("to first diagnostics", medians["told"] / bare, "×", 2.0, _only(medians, "told", "bare"), runs),
    )


def typing(scorer: Scorer, runs: int) -> tuple[Figure, Figure]:
    """From the last keystroke to published diagnostics, less the debounce, against one ``review()`` of that edit."""
    served: list[float] = []
    alone: list[float] = []
    with workspace() as folder, Wire(THEMIS, folder, {"debounce": _DEBOUNCE}) as wire:
        wire.initialize()
        open_document(wire, folder, committed())
        wire.wait(is_published(1))
        for version, keystroke in enumerate(keystrokes(runs + 3), 2):
            start = perf_counter()
            review(edits_of([keystroke.change]), scorer, Settings())
            alone.append(perf_counter() - start)
            sent = type_in(wire, folder, version, keystroke)
            served.append(wire.wait(is_published(version)).at - sent - _DEBOUNCE / 1000)
    served, alone = served[3:], alone[3:]  # the first ones load what later ones have at hand
    figures = []
    for name, part, limit in (("p50", 50, 1.8), ("p95", 95, 4.0)):
        medians = {"served": percentile(served, part), "review()": percentile(alone, part)}
        ratio = medians["served"] / medians["review()"]
        figures.append(Figure(f"keystroke to diagnostics, {name}", ratio, "×", limit, medians, runs))
    return figures[0], figures[1]


def handling(runs: int) -> Figure:
    """From sending an edit to the answer to a question after it, while judging goes on, against an echo."""
    seconds: dict[str, list[float]] = {"themis": [], "echo": []}
    with (
        workspace() as folder,
        Wire(THEMIS, folder, {"debounce": _DEBOUNCE}) as themis,
        Wire(BARE, folder, {}) as bare,
    ):
        for wire in (themis, bare):
            wire.initialize()
            open_document(wire, folder, committed())
        themis.wait(is_published(1))
        for version, keystroke in enumerate(keystrokes(runs), 2):
            if version % _PAUSE_EVERY == 0:  # so that the next edit comes while the last ones are judged
                sleep(_DEBOUNCE / 1000)
            for name, wire in (("themis", themis), ("echo", bare)):
                sent = type_in(wire, folder, version, keystroke)
                seconds[name].append(wire.ask("themis/status", {}).at - sent)
    medians = {name: percentile(found, 99) for name, found in seconds.items()}
    return Figure("handling an edit, p99", medians["themis"] / medians["echo"], "×", 2.0, medians, runs)


def resting(edits: int) -> tuple[Figure, Figure, Figure]:
    """Memory after many edits, how much of it the last four fifths of them added, and what an idle server does."""
    import psutil

    resident: list[int] = []
    with workspace() as folder, Wire(THEMIS, folder, {"debounce": 0}) as wire:
        wire.initialize()
        open_document(wire, folder, committed())
        wire.wait(is_published(1))
        process = psutil.Process(wire.process.pid)
        for version, keystroke in enumerate(keystrokes(edits), 2):
            type_in(wire, folder, version, keystroke)
            wire.wait(is_published(version))
            if version - 1 in (edits // 5, edits):
                resident.append(process.memory_info().rss)
        idle = busy([process])
    early, late = resident
    medians = {f"after {edits // 5:,}": float(early), f"after {edits:,}": float(late)}
    return (
        Figure(f"memory after {edits:,} edits", late / 1e6, "MB", 220.0, _only(medians, f"after {edits:,}")),
        Figure("memory that edits add", (late - early) / 1e6, "MB", 10.0, medians),
        Figure(f"processor time in {_IDLE:.0f} idle seconds", idle, "s", 0.0),
    )


def percentile(values: Sequence[float], part: int) -> float:
    """The value that ``part`` per cent do not exceed."""
    return quantiles(values, n=100, method="inclusive")[part - 1]


def busy(processes: "Sequence[psutil.Process]") -> float:
    """Seconds of processor time over a while in which nothing is asked."""
    import psutil

    before = _spent(processes)
    psutil.wait_procs(processes, timeout=_IDLE)
    return round(_spent(processes) - before, 3)  # ticks of a hundredth of a second


def _spent(processes: "Sequence[psutil.Process]") -> float:
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def _function(number: int) -> str:
    name = f"total_{number}"
    steps = (f"    {name}_{step} = combine({name}_{step - 1}, rows[{step}], limit)" for step in range(1, _BODY))
    end = f"    return {name}_{_BODY - 1}"
    return "\n".join([f"def work_{number}(rows, limit):", f"    {name}_0 = 0", *steps, end, ""])


@contextmanager
def workspace() -> Iterator[Path]:
    """A repository with one committed file, the text of :func:`committed`."""
    with TemporaryDirectory(prefix="themis-bench-") as name:
        folder = Path(name).resolve()
        build(folder, [FileChange(FILE, committed(), committed())])
        yield folder


def open_document(wire: Wire, folder: Path, text: str) -> None:
    """Open the file in an editor that shows ``text``."""
    document = {"uri": (folder / FILE).as_uri(), "languageId": "python", "version": 1, "text": text}
    wire.tell("textDocument/didOpen", {"textDocument": document})


def type_in(wire: Wire, folder: Path, version: int, keystroke: Keystroke) -> float:
    """Replace one line; gives when that was sent."""
    where = {"start": {"line": keystroke.row, "character": 0}, "end": {"line": keystroke.row, "character": 1_000}}
    document = {"uri": (folder / FILE).as_uri(), "version": version}
    changes = [{"range": where, "text": keystroke.line}]
    return wire.tell("textDocument/didChange", {"textDocument": document, "contentChanges": changes})


def is_published(version: int) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a message holds diagnostics of that version; not every server names one."""

    def wanted(body: Mapping[str, Any]) -> bool:
        return body.get("method") == _PUBLISHED and body["params"].get("version") in (version, None)

    return wanted


def _only(medians: Mapping[str, float], *names: str) -> dict[str, float]:
    return {name: medians[name] for name in names}
