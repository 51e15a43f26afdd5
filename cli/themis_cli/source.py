"""What to look at: the words of a command line as changes, files and configuration."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from themis_lsp.comparison import Comparison, compare_index, compare_range, compare_since, compare_work_tree
from themis_lsp.config import Read, on_disk
from themis_lsp.content import LARGEST, Unread, decode, read_text
from themis_lsp.error import GitError, PatchError, UsageError
from themis_lsp.repository import Repository


@dataclass(frozen=True, slots=True)
class Selection:
    """Which changes are meant.

    Attributes:
        words: a revision or range, if the first is one, and paths.
        base: the work tree against the merge-base of HEAD and this; for a patch, what it applies to.
        staged: the index against HEAD.
        diff_file: a unified diff, ``-`` for standard input.
    """

    words: Sequence[str] = ()
    base: str | None = None
    staged: bool = False
    diff_file: str | None = None


class Selected(NamedTuple):
    """The changes, and by whose rules they are judged.

    Attributes:
        comparison: what changed.
        read: the files whose configuration counts: a range must not bring its own.
        is_proposed: those are of the base, as what follows it may be somebody else's: a range, ``--base`` or a patch.
    """

    comparison: Comparison
    read: Read
    is_proposed: bool


@contextmanager
def selected(selection: Selection, folder: Path) -> Iterator[Selected]:
    """What a command line asks for, while the repository is open.

    Raises:
        UsageError: the words do not fit together, or a patch cannot be read.
        GitError: the repository cannot say what changed.
    """
    if selection.diff_file and not _is_in_repository(folder):
        yield Selected(_patched(selection, None, folder), lambda _: None, is_proposed=True)
        return
    with Repository.open(folder, "give a patch with --diff-file") as repository:
        spec, paths = _spec_and_paths(selection.words, repository, folder)
        _check(selection, spec, paths)
        comparison = _comparison(selection, spec, paths, repository, folder)
        if spec or selection.base or selection.diff_file:
            yield Selected(comparison, partial(repository.text_at, comparison.base), is_proposed=True)
        else:
            yield Selected(comparison, partial(on_disk, repository.root), is_proposed=False)


def read_source(path: Path) -> str:
    """The text of a source file.

    Raises:
        UsageError: it cannot be read, or is no text.
    """
    text = read_text(read_bounded(path, LARGEST))
    if isinstance(text, Unread):
        raise UsageError(f"{path} cannot be judged: {text.because}")
    return text


def _check(selection: Selection, spec: str | None, paths: Sequence[str]) -> None:
    ways = {
        "--staged": selection.staged,
        "--diff-file": selection.diff_file,
        "--base": selection.base and not selection.diff_file,
        f"the range {spec}": spec,
    }
    chosen = [way for way, given in ways.items() if given]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other: keep one")
    if selection.diff_file and paths:
        raise UsageError(f"--diff-file and the path {paths[0]} exclude each other: keep one")


def _comparison(
    selection: Selection, spec: str | None, paths: Sequence[str], repository: Repository, folder: Path
) -> Comparison:
    if selection.diff_file:
        return _patched(selection, repository, folder)
    if selection.staged:
        return compare_index(repository, paths)
    if selection.base:
        return compare_since(repository, selection.base, paths)
    return compare_range(repository, spec, paths) if spec else compare_work_tree(repository, paths)


def _is_in_repository(folder: Path) -> bool:
    try:
        with Repository.open(folder):
            return True
    except GitError:
        return False


def _patched(selection: Selection, repository: Repository | None, folder: Path) -> Comparison:
    from themis_lsp.patch import changes_from_patch
    from themis_lsp.unified import LARGEST, TOO_LARGE

    is_piped = selection.diff_file == "-"
    patch = sys.stdin.buffer.read(LARGEST + 1) if is_piped else read_bounded(folder / str(selection.diff_file), LARGEST)
    if len(patch) > LARGEST:
        raise PatchError(TOO_LARGE)
    return changes_from_patch(decode(patch), repository, selection.base)


def _spec_and_paths(words: Sequence[str], repository: Repository, folder: Path) -> tuple[str | None, Sequence[str]]:
    """The first word is a revision or range if git knows it as one, and else what it looks like."""
    if not words:
        return None, ()
    first = words[0]
    is_path = (folder / first).exists()
    is_spec = repository.knows(first)
    _check_words(words, repository, folder)
    if is_path and is_spec:
        raise UsageError(f"{first} is a revision and a path: write ./{first} for the path, {first}~0 for the revision")
    if not (is_spec or is_path or {"/", "."}.intersection(first)):
        raise GitError(f"{first!r} is neither a revision nor on disk: {repository.advice(first)}")
    return (first, words[1:]) if is_spec or (".." in first and not is_path) else (None, words)


def _check_words(words: Sequence[str], repository: Repository, folder: Path) -> None:
    """Refuse what reads like a range and is none, with what would be one."""
    first, *others = words
    is_outside = not (folder / first).resolve().is_relative_to(repository.root.resolve())
    if first == "..." or (first == ".." and is_outside):
        raise UsageError(f"the range {first} names no revision: write main{first}HEAD, or main{first}")
    second = others[0] if others else ""
    if second and repository.knows(second) and not any((folder / word).exists() for word in (first, second)):
        raise UsageError(f"two revisions take dots between them, other words are paths: write {first}..{second}")


def read_bounded(path: Path, most: int) -> bytes:
    """A file's content, one byte more than ``most`` if it is larger.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as problem:
        raise UsageError(f"cannot read {path}: {problem.strerror}") from None
