"""The history of a clone as commits that change source files in place, and nothing else but prose."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath

from themis_lsp.change import FileChange
from themis_lsp.content import is_foreign, unjudged_path, unjudged_text
from themis_lsp.repository import Repository

_LOG = (
    "log", "--raw", "-z", "--no-renames", "--no-merges", "--no-abbrev", "--no-color", "--no-show-signature",
    "--no-mailmap", "--encoding=UTF-8", "--format=%x01%H%x00%aI%x00%B%x00",
)  # fmt: skip
_FILES = ("100644", "100755")
_PROSE_SUFFIXES = frozenset({".adoc", ".asciidoc", ".markdown", ".md", ".mdown", ".rdoc", ".rst", ".textile", ".txt"})
_PROSE_NAMES = frozenset({"authors", "changelog", "changes", "contributors", "copying", "history", "license", "news",
                          "readme", "release_notes", "thanks", "todo"})  # fmt: skip
_MOST_FILES = 60  # commits that touch more are imports, moves and releases


@dataclass(frozen=True, slots=True)
class Touched:
    """A source file changed in place: its path, and the ids of its old and new blob."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit whose every file is prose, or a source file changed in place.

    Attributes:
        id: full hash.
        date: when it was written, ISO 8601 with the author's offset.
        message: whole message, stripped.
        files: its source files, at least one.
    """

    id: str
    date: str
    message: str
    files: tuple[Touched, ...]


def commits_of(repository: Repository, since: date | None = None, until: date | None = None) -> Iterator[Commit]:
    """Commits that led to HEAD, without merges, newest first.

    Args:
        repository: may be bare and lack old blobs.
        since: first day (UTC) a commit may have been applied.
        until: first day left out.

    Raises:
        GitError: the history cannot be walked.
    """
    window = [f"--max-age={_seconds(since)}"] if since else []
    window += [f"--min-age={_seconds(until) - 1}"] if until else []
    tokens = iter(os.fsdecode(repository.output(*_LOG, *window, "HEAD", "--")).split("\0"))
    header = ("", "", "")
    entries: list[tuple[str, str]] = []
    for token in tokens:
        if token.startswith("\x01"):
            yield from _in_place(header, entries)
            header = (token[1:], next(tokens), next(tokens).strip())
            entries = []
        elif token.startswith((":", "\n:")):
            entries.append((token.lstrip("\n:"), next(tokens)))
    yield from _in_place(header, entries)


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _in_place(header: tuple[str, str, str], entries: Sequence[tuple[str, str]]) -> Iterator[Commit]:
    files: list[Touched] = []
    for meta, path in entries:
        if _is_prose(path):
            continue
        old_mode, new_mode, before, after, status = meta.split(" ")
        if status != "M" or old_mode not in _FILES or new_mode not in _FILES or unjudged_path(path):
            return
        if before != after:
            files.append(Touched(path, before, after))
    if 0 < len(files) <= _MOST_FILES:
        yield Commit(*header, tuple(files))


def _is_prose(path: str) -> bool:
    name = PurePosixPath(path.lower())
    return name.suffix in _PROSE_SUFFIXES or name.stem.replace("-", "_") in _PROSE_NAMES


def change_of(repository: Repository, file: Touched) -> FileChange | None:
    """Both texts of a file; None if a blob is missing, or if people did not write it here, or not as UTF-8."""
    if is_foreign(file.path):
        return None
    before, after = repository.blob(file.before), repository.blob(file.after)
    if not isinstance(before, str) or not isinstance(after, str) or "\ufffd" in before + after:
        return None
    return None if unjudged_text(file.path, before) else FileChange(file.path, before, after)
