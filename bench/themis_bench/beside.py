"""Other language servers under the same edits as Themis, in the same run: what a developer would wait for elsewhere.

Each is set up as its users have it: pylsp lints with pylint, semgrep has rules and runs on saving. Two moments are
therefore taken of every server: an edit that is not saved, and one that is.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final

from themis_bench.latency import (
    FILE,
    THEMIS,
    Keystroke,
    busy,
    is_published,
    keystrokes,
    open_document,
    percentile,
    type_in,
    workspace,
)
from themis_bench.wire import Wire, WireError
from themis_lsp.error import UsageError

EDITS: Final = 10
PATIENCE: Final = 8.0  # seconds after which a server is taken to say nothing about an edit
_SILENCE: Final = 1.0  # seconds after which it is taken to have said everything
_RULES: Final = Path(__file__).with_name("rules.yaml")


@dataclass(frozen=True, slots=True)
class Server:
    """A language server to measure.

    Attributes:
        name: told in the table.
        command: starts it.
        settings: what it is told at the start and whenever it asks, by its own keys.
    """

    name: str
    command: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds within which half and 95 of 100 edits have their diagnostics."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What one server takes.

    Attributes:
        name: of the server.
        initialize: seconds from spawning to the answer to ``initialize``; median.
        first: seconds from spawning to the first diagnostics of a file that is changed already; median.
        edit: from an edit that is not saved to its diagnostics; None if it gets none.
        save: the same for edits that are saved at once.
        memory: megabytes resident after all edits, of the server and what it started; median.
        idle: seconds of processor time in a while in which nothing is asked; median.
    """

    name: str
    initialize: float
    first: float
    edit: Spread | None
    save: Spread | None
    memory: float
    idle: float


#: How users set these up; the commands are those of the servers' own manuals.
_KNOWN: Final[Mapping[str, Server]] = {
    "themis": Server("themis", THEMIS),
    "ruff": Server("ruff", ("ruff", "server")),
    "pylsp": Server("pylsp with pylint", ("pylsp",), {"pylsp": {"plugins": {"pylint": {"enabled": True}}}}),
    "semgrep": Server(
        "semgrep",
        ("semgrep", "lsp"),
        {
            "scan": {
                "configuration": [str(_RULES)], "exclude": [], "include": [], "jobs": 1, "maxMemory": 0,
                "maxTargetBytes": 1_000_000, "timeout": 30, "timeoutThreshold": 3, "onlyGitDirty": False, "ci": False,
            },
            "metrics": {"enabled": False},
            "trace": {"server": "off"},
            "doHover": False,
        },
    ),
}  # fmt: skip


def server(spec: str) -> Server:
    """The server that ``NAME=COMMAND`` or the name of a known one asks for.

    Raises:
        UsageError: neither a known name nor a command.
    """
    name, _, command = spec.partition("=")
    if not command and name not in _KNOWN:
        raise UsageError(f"--beside {spec}: write NAME=COMMAND, or one of {', '.join(_KNOWN)}")
    known = _KNOWN.get(name, Server(name, ()))
    return replace(known, command=tuple(shlex.split(command))) if command else known


def measured(one: Server, runs: int, edits: int, patience: float = PATIENCE) -> Measured:
    """All moments of one server, over ``runs`` starts with ``edits`` of each kind.

    Args:
        one: the server.
        runs: how often it is started.
        edits: at least two that are not saved, and as many that are.
        patience: seconds after which it is taken to say nothing about an edit.

    Raises:
        WireError: it does not start, or says nothing about a file that is opened.
    """
    starts: list[tuple[float, float]] = []
    rests: list[tuple[float, float]] = []
    times: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(runs):
        with workspace() as folder, Wire(one.command, folder, one.settings) as wire:
            answered = wire.initialize().at - wire.started
            wire.tell("workspace/didChangeConfiguration", {"settings": one.settings})
            typed = enumerate(keystrokes(1 + 2 * edits), 1)
            version, keystroke = next(typed)
            _save(folder, keystroke)
            open_document(wire, folder, keystroke.change.after or "")
            starts.append((answered, wire.wait(is_published(version)).at - wire.started))
            for is_saved, found in times.items():
                found.extend(_waits(wire, folder, islice(typed, edits), patience, is_saved=is_saved))
            rests.append(_rest(wire))
    initialize, first = (median(column) for column in zip(*starts, strict=True))
    memory, idle = (median(column) for column in zip(*rests, strict=True))
    return Measured(one.name, initialize, first, _spread(times[False]), _spread(times[True]), memory, idle)


def _waits(
    wire: Wire, folder: Path, typed: Iterable[tuple[int, Keystroke]], patience: float, *, is_saved: bool
) -> list[float]:
    """Seconds from each edit to the diagnostics of its text; nothing if the server stays silent about one."""
    seconds: list[float] = []
    for version, keystroke in typed:
        wire.fall_silent(_SILENCE)  # what it still has to say of the text before would be taken for an answer
        at = type_in(wire, folder, version, keystroke)
        if is_saved:
            _save(folder, keystroke)
            wire.tell("textDocument/didSave", {"textDocument": {"uri": (folder / FILE).as_uri()}})
        try:
            seconds.append(wire.wait(is_published(version), patience).at - at)
        except WireError:
            return []
    return seconds


def _save(folder: Path, keystroke: Keystroke) -> None:
    (folder / FILE).write_text(keystroke.change.after or "", "utf-8", newline="\n")


def _rest(wire: Wire) -> tuple[float, float]:
    """Megabytes of the server and all it started, and the processor time it takes while nothing is asked."""
    import psutil

    root = psutil.Process(wire.process.pid)
    whole = [root, *root.children(recursive=True)]
    return sum(process.memory_info().rss for process in whole) / 1e6, busy(whole)


def _spread(seconds: Sequence[float]) -> Spread | None:
    return Spread(percentile(seconds, 50), percentile(seconds, 95)) if len(seconds) > 1 else None


def row(found: Measured) -> str:
    """One server as a line of text."""
    return (
        f"{found.name:18} initialize {found.initialize:.3f} s, first diagnostics {found.first:.3f} s, "
        f"edit {_told(found.edit)}, save {_told(found.save)}, {found.memory:.0f} MB, idle {found.idle:.2f} s"
    )


def _told(spread: Spread | None) -> str:
    return f"{spread.p50:.3f}–{spread.p95:.3f} s" if spread else "says nothing"
