"""The files of a clone as its HEAD has them; no work tree is needed, and nothing in the clone is run."""

from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Self

from themis_lsp.repository import Repository

_WILD = frozenset("*?[")


class Tree:
    """One commit of a clone. Use it in a ``with`` statement, to end the git process that reads objects.

    Attributes:
        commit: full id.
        latest: path of the file read last, or the empty string.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.commit = repository.head()
        self.latest = ""
        listed = repository.output("ls-tree", "-r", "--name-only", "-z", self.commit)
        self._paths = sorted(listed.decode("utf-8", "replace").split("\0")[:-1])

    @classmethod
    def open(cls, clone: Path) -> Self:
        """The commit that HEAD of a clone names.

        Raises:
            GitError: there is no repository, or git cannot read it.
        """
        return cls(Repository.open(clone))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._repository.close()

    def paths(self, pattern: str) -> list[str]:
        """Paths that match a pattern, in which ``*`` also stands for slashes; one without wildcards is a suffix."""
        wanted = pattern if not _WILD.isdisjoint(pattern) else f"*{pattern}"
        return [path for path in self._paths if fnmatchcase(path, wanted)]

    def text(self, path: str) -> str:
        """What is in a file; the empty string if there is no such file, or it is no text, or larger than 1 MB."""
        self.latest = path
        return self._repository.text_at(self.commit, path) or ""
