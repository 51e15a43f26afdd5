"""A work tree that editors look at for hours: what its files are compared with follows git, without asking git.

A commit, a checkout or a rebase touches a handful of small files, so a look at their times says whether anything
moved. Events of file watchers are not relied upon: some editors send none, a commit leaves ``HEAD`` as it is, and a
linked work tree keeps its git directory elsewhere.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from themis_lsp.attributes import Attributes
from themis_lsp.change import FileChange, Skip
from themis_lsp.comparison import compare_text
from themis_lsp.config import Read, on_disk
from themis_lsp.content import SYMLINK
from themis_lsp.delta import CONFLICT
from themis_lsp.repository import Repository

_Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(slots=True)
class _Seen:
    """What was found out while git was as ``stamp`` says."""

    stamp: _Stamp
    bases: dict[str | None, tuple[str, Attributes]] = field(default_factory=dict)
    conflicts: frozenset[str] | None = None


class Checkout:
    """An open repository with a work tree; one thread at a time may ask.

    Attributes:
        root: top folder of the work tree.
    """

    def __init__(self, repository: Repository) -> None:
        self.root = repository.root
        self._repository = repository
        self._common = _common(repository.git_dir)
        self._seen = _Seen(())

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """The work tree around a folder, or None if there is none.

        Raises:
            GitError: git is not installed, or refuses to read the repository.
        """
        if not any((above / ".git").exists() for above in (folder, *folder.parents)):
            return None
        repository = Repository.open(folder)
        return cls(repository) if repository.has_work_tree else None

    def close(self) -> None:
        """End the process that reads objects."""
        self._repository.close()

    @property
    def exists(self) -> bool:
        """Whether the repository is still there."""
        return (self._repository.git_dir / "HEAD").exists() and self.root.is_dir()

    def base(self, ref: str | None) -> str:
        """Id of what files are compared with: HEAD, or its merge-base with another branch.

        Raises:
            GitError: this clone knows no such branch, or no merge-base.
        """
        return self._base(ref)[0]

    def change(self, file: Path, text: str, ref: str | None) -> FileChange | Skip:
        """A file as an editor holds it, against its base; one that git does not know has no text before.

        Raises:
            GitError: there is no base, or the file is outside of the work tree.
        """
        base, attributes = self._base(ref)
        path = self._repository.inside(str(file))
        if file.is_symlink():
            return Skip(path, None, SYMLINK)
        if path in self._conflicts():
            return Skip(path, None, CONFLICT)
        return compare_text(self._repository, base, attributes, path, text)

    def path_of(self, file: Path) -> str:
        """The path of a file from the root.

        Raises:
            GitError: it is outside of the work tree.
        """
        return self._repository.inside(str(file))

    def configuration(self, ref: str | None) -> Read:
        """The files whose configuration counts: those on disk, or for a branch those of the merge-base.

        Raises:
            GitError: this clone knows no such branch, or no merge-base.
        """
        return partial(self._repository.text_at, self.base(ref)) if ref else partial(on_disk, self.root)

    @property
    def repository(self) -> Repository:
        """For questions about more than one file."""
        return self._repository

    def _base(self, ref: str | None) -> tuple[str, Attributes]:
        stamp = self._stamp(ref)
        if stamp != self._seen.stamp:
            self._seen = _Seen(stamp)
        if ref not in self._seen.bases:
            base = self._repository.merge_base(ref, "HEAD") if ref else self._repository.head()
            self._seen.bases[ref] = base, Attributes(partial(self._repository.text_at, base))
        return self._seen.bases[ref]

    def _conflicts(self) -> frozenset[str]:
        if self._seen.conflicts is None:
            self._seen.conflicts = self._repository.conflicts()
        return self._seen.conflicts

    def _stamp(self, ref: str | None) -> _Stamp:
        """Times and sizes of everything that changes when HEAD, the index or a branch does."""
        return tuple(map(_status, self._watched(ref)))

    def _watched(self, ref: str | None) -> Iterator[Path]:
        private, common = self._repository.git_dir, self._common
        yield from (private / "HEAD", private / "logs" / "HEAD", private / "index")
        yield from (common / "packed-refs", common / "reftable" / "tables.list")
        if branch := _branch(private / "HEAD"):
            yield common / branch
        if ref:
            places = ("", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/")
            yield from (common / f"{place}{ref}" for place in places)
            yield common / "refs" / "remotes" / ref / "HEAD"


def _status(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  (the same, and this runs at every keystroke)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _common(git_dir: Path) -> Path:
    """Where branches are: a linked work tree shares them with the others."""
    try:
        return git_dir / (git_dir / "commondir").read_text("utf-8").strip()
    except (OSError, UnicodeError):
        return git_dir


def _branch(head: Path) -> str | None:
    """The branch a HEAD file names, as ``refs/heads/main``."""
    try:
        with head.open(encoding="utf-8") as file:
            named = file.read(1000)
    except (OSError, UnicodeError):
        return None
    return named.removeprefix("ref:").strip() if named.startswith("ref:") else None
