"""Code to measure speed on: plain functions, each with one changed line, the same on every run."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from themis_lsp.change import FileChange
from themis_lsp.error import GitError
from themis_lsp.git import run_git

UNITS_PER_FILE = 25
_WORDS = (
    "order", "invoice", "reader", "session", "window", "packet", "branch", "ledger", "sensor", "parcel", "tariff",
    "record", "socket", "column", "worker", "signal",
)  # fmt: skip
_FUNCTION = '''\
def {verb}_{noun}_{number}({noun}s, limit, {other}=None):
    """Collect every {noun} that has no {other} yet, at most ``limit`` of them."""
    found = []
    skipped = {number}
    for position, {noun} in enumerate({noun}s):
        if {noun}.{other} is not None and {noun}.{other} != {other}:
            skipped += 1
            continue
        if len(found) >= limit:
            break
        total = {noun}.amount * {factor} + position
        {changed}
        found.append(({noun}.name, total))
    if skipped > limit:
        log_{other}("{noun}", skipped, len(found))
    return sorted(found, key=lambda entry: (-entry[1], entry[0]))
'''
_BEFORE, _AFTER = "{other}s_seen = min(total, limit)", "{other}s_seen = max(total, limit - {factor})"
_COMMIT = (("init", "--quiet", "--template="), ("add", "--all"), ("commit", "--quiet", "--message", "Before"))
_PERSON = {f"GIT_{who}_{what}": "bench" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def changes(units: int) -> Iterator[FileChange]:
    """Files with ``units`` functions in all, every one of which differs in one line."""
    for first in range(0, units, UNITS_PER_FILE):
        numbers = range(first, min(units, first + UNITS_PER_FILE))
        yield change_of(numbers, len(numbers))


def change_of(numbers: range, edited: int) -> FileChange:
    """One file of the functions with these numbers, of which the first ``edited`` differ in one line."""
    before = [_function(number, _BEFORE) for number in numbers]
    after = [_function(number, _AFTER) for number in numbers[:edited]] + before[edited:]
    return FileChange(f"work/part_{numbers.start}.py", "\n\n".join(before), "\n\n".join(after))


def _function(number: int, changed: str) -> str:
    words = {
        "verb": ("collect", "gather", "select", "settle")[number % 4],
        "noun": _WORDS[number % len(_WORDS)],
        "other": _WORDS[(number // len(_WORDS) + number + 5) % len(_WORDS)],
        "number": number,
        "factor": number % 97 + 2,
    }
    return _FUNCTION.replace("{changed}", changed).format(**words)


def build(folder: Path, files: Sequence[FileChange]) -> None:
    """Make a repository whose commit holds the old texts, and whose work tree the new ones.

    Raises:
        GitError: git does not do it.
    """
    _write(folder, ((change.path, change.before) for change in files))
    for arguments in _COMMIT:
        run_alone(folder, *arguments)
    _write(folder, ((change.path, change.after) for change in files))


def stage(folder: Path) -> None:
    """Put all that differs in the work tree into the index.

    Raises:
        GitError: git does not do it.
    """
    run_alone(folder, "add", "--all")


def run_alone(folder: Path, *arguments: str) -> None:
    """Run one git command that knows no settings but those of the repository.

    Raises:
        GitError: it failed.
    """
    ran = run_git(folder, arguments, {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **_PERSON})
    if ran.status:
        raise GitError(f"git {arguments[0]} failed in {folder}, try a newer git: {ran.error.strip()}")


def _write(folder: Path, texts: Iterator[tuple[str, str | None]]) -> None:
    for path, text in texts:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text or "", "utf-8", newline="\n")
