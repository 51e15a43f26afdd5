"""A git repository: where it is, what its revisions are, and single versions of its files."""

import hashlib
import os
import re
from difflib import get_close_matches
from pathlib import Path, PurePath
from types import TracebackType
from typing import Self

from themis_lsp.content import LARGEST, TOO_LARGE, Unread, read_text
from themis_lsp.error import GitError
from themis_lsp.git import ObjectReader, Ran, run_git
from themis_lsp.worktree import WorkTree

_WILD = frozenset("*?[")
_UNBORN = 1  # what git answers if HEAD names a branch without a commit
_ANCESTRY = re.compile(r"[~^@:].*")


class Repository:
    """An open repository. Close it, or use it in a ``with`` statement, to end the git process that reads objects.

    Attributes:
        root: top folder of the work tree; if there is none, the repository itself.
        git_dir: where HEAD and the index of this work tree are.
        has_work_tree: it is not bare, and was not opened from within ``.git``.
    """

    def __init__(self, root: Path, git_dir: Path, prefix: str, algorithm: str) -> None:
        self.root = root
        self.git_dir = git_dir
        self.has_work_tree = root != git_dir
        self._prefix = prefix
        self._algorithm = algorithm
        self._environment = {"GIT_DIR": str(git_dir)} | ({"GIT_WORK_TREE": str(root)} if self.has_work_tree else {})
        self._objects = ObjectReader(root, self._environment, LARGEST)

    @classmethod
    def open(cls, start: Path, otherwise: str = "") -> Self:
        """The repository that a folder lies in.

        Args:
            start: the folder.
            otherwise: what else can be done where there is none, for the message.

        Raises:
            GitError: there is none, git refuses to read it, or git is not installed.
        """
        if not start.is_dir():
            raise GitError(f"{start} is not a folder: name one inside a git repository")
        ran = run_git(
            start, ("rev-parse", "--show-object-format", "--absolute-git-dir", "--show-prefix", "--show-toplevel"), {}
        )
        algorithm, *where = os.fsdecode(ran.out).split("\n")
        if len(where) < 2:
            raise _not_opened(start, ran.error, otherwise)
        git_dir, prefix, *top = where  # without a work tree, git answers up to there and fails
        root = top[0] if ran.status == 0 else git_dir
        return cls(Path(root), Path(git_dir), prefix, algorithm)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process that reads objects; it starts again should it be needed again."""
        self._objects.close()

    def head(self) -> str:
        """Id of the commit HEAD names, or of the empty tree if nothing was committed yet.

        Raises:
            GitError: this clone lacks the commit.
        """
        if found := self._objects.read("HEAD^{commit}"):
            return found.id
        named = self.run("rev-parse", "--verify", "--quiet", "HEAD")
        if named.status == 0:
            raise GitError(f"HEAD names {os.fsdecode(named.out).strip()}, which this clone lacks: run git fsck")
        if named.status != _UNBORN:
            raise _failed("rev-parse", named)
        return hashlib.new(self._algorithm, b"tree 0\0", usedforsecurity=False).hexdigest()

    def resolve(self, revision: str) -> str:
        """Id of the commit, or else the tree, that a revision names.

        Raises:
            GitError: this clone knows no such revision.
        """
        found = self._objects.read(f"{revision}^{{commit}}") or self._objects.read(f"{revision}^{{tree}}")
        if found is None:
            raise GitError(f"unknown revision {revision!r}: {self.advice(revision)}")
        return found.id

    def knows(self, spec: str) -> bool:
        """Whether a word is a revision, or a range of two, rather than a path."""
        sides = spec.replace("...", "..").split("..")
        are_known = (self._objects.read(f"{side or 'HEAD'}^{{tree}}") for side in sides)
        return any(sides) and len(sides) <= 2 and all(are_known)

    def merge_base(self, one: str, other: str) -> str:
        """Id of the best common ancestor of two revisions.

        Raises:
            GitError: a revision is unknown, they have no common ancestor, or a shallow clone does not reach it.
        """
        ran = self.run("merge-base", self.resolve(one), self.resolve(other))
        if ran.status == 0:
            return ran.out.decode("ascii").split()[0]
        if self._is_shallow():
            fix = "run git fetch --deepen=200, or git fetch --unshallow, and try again"
            raise GitError(f"this shallow clone lacks the merge-base of {one} and {other}: {fix}")
        if ran.status == 1:
            raise GitError(f"{one} and {other} have no common history: compare them with {one}..{other}")
        raise _failed("merge-base", ran)

    def blob(self, name: str) -> str | Unread | None:
        """The text of a blob of any name, as ``main:src/a.py`` or an id; None if this clone has no such blob."""
        found = self._objects.read(name)
        if found is None or found.kind != "blob":
            return None
        return Unread(TOO_LARGE) if found.data is None else read_text(found.data)

    def lists(self, version: str, path: str) -> bool:
        """Whether a commit or tree has a file of this name, even if this clone lacks its content."""
        return bool(self.run("ls-tree", "-z", version, "--", f":(top,literal){path}").out)

    def conflicts(self) -> frozenset[str]:
        """Paths, from the root, that an unfinished merge left in conflict."""
        listed = self.run("ls-files", "-z", "--unmerged", "--full-name").out
        return frozenset(os.fsdecode(entry.partition(b"\t")[2]) for entry in listed.split(b"\0") if entry)

    def text_at(self, version: str, path: str) -> str | None:
        """The text of a file, by its path from the root, in a commit or tree; None if it has none there."""
        text = self.blob(f"{version}:{path}")
        return text if isinstance(text, str) else None

    def work_tree(self) -> WorkTree:
        """The files on disk as they are now.

        Raises:
            GitError: there is no work tree.
        """
        if not self.has_work_tree:
            raise GitError(f"{self.root} has no work tree: name a range of commits, as in HEAD~1..HEAD")
        index = self.root / os.environ.get("GIT_INDEX_FILE", self.git_dir / "index")
        return WorkTree(self.root, index, self._algorithm)

    def inside(self, path: str) -> str:
        """A path, given relative to the folder the repository was opened from, relative to its root.

        The root itself is the empty string.

        Raises:
            GitError: it is outside of the repository.
        """
        try:
            inside = self._full(path).relative_to(self.root)
        except ValueError as error:
            raise GitError(f"{path} is outside of {self.root}: name a path inside") from error
        return "" if inside == PurePath() else inside.as_posix()

    def is_pattern(self, path: str) -> bool:
        """Whether a path is meant as a pattern, and not a file that happens to have such a name."""
        return not _WILD.isdisjoint(path) and not os.path.lexists(self._full(path))

    def run(self, *arguments: str) -> Ran:
        """Run one git command at the root."""
        return run_git(self.root, arguments, self._environment)

    def output(self, *arguments: str) -> bytes:
        """What one git command says.

        Raises:
            GitError: it failed.
        """
        ran = self.run(*arguments)
        if ran.status:
            raise _failed(arguments[0], ran)
        return ran.out

    def _full(self, path: str) -> PurePath:
        given = Path(self.root, self._prefix, path)
        if Path(path).is_absolute():
            given = given.parent.resolve() / given.name  # git gives the root without symbolic links
        return PurePath(os.path.normpath(given))

    def _is_shallow(self) -> bool:
        return self.run("rev-parse", "--is-shallow-repository").out.strip() == b"true"

    def advice(self, revision: str) -> str:
        """What to do about a revision that this clone does not know."""
        name = _ANCESTRY.sub("", revision)
        is_shallow = self._is_shallow()
        if self._objects.read(name):
            return "unshallow this clone with git fetch --unshallow" if is_shallow else f"{name} has no such ancestor"
        refs = os.fsdecode(self.output("for-each-ref", "--format=%(refname:short)")).split("\n")[:-1]
        close = [ref for ref in refs if name and ref.endswith(f"/{name}")]
        close += [ref for ref in get_close_matches(name, refs) if ref not in close]
        if close:
            return f"did you mean {' or '.join(close[:3])}?"
        if is_shallow:
            return "if it is an older commit, run git fetch --unshallow and try again"
        return "list what there is with git branch --all, or fetch it" if refs else "nothing was committed yet"


def _not_opened(start: Path, error: str, otherwise: str) -> GitError:
    if "dubious ownership" in error:
        return GitError(f"git refuses to read {start}, another user's: git config --global --add safe.directory PATH")
    if "not a git repository" in error:
        return GitError(f"{start} is in no git repository: {', or '.join(filter(None, ('change to one', otherwise)))}")
    return GitError(f"git cannot read the repository at {start}: {_last_line(error)}")


def _failed(command: str, ran: Ran) -> GitError:
    return GitError(f"git {command} failed, run git fsck to see what this clone lacks: {_last_line(ran.error)}")


def _last_line(error: str) -> str:
    return (error.strip().splitlines() or ["it gave no reason"])[-1]
