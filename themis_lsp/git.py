"""Git, started so that nothing a repository says can run a program or reach the network.

The only module that imports GitPython or starts git. Two rules keep a hostile repository harmless:

- No remote: every transport is refused, so an object this clone lacks stays missing (a partial clone would
  otherwise run ``core.sshCommand`` to fetch it). Fetching lazily is off as well, for the versions that can.
- Git never looks into a file of the work tree: only names and objects are asked for. Hashing or comparing a
  file would run ``filter.*.clean`` or ``diff.*.textconv``.
"""

import os
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from threading import Thread
from typing import IO, TYPE_CHECKING, cast

from themis_lsp.error import GitError

if TYPE_CHECKING:
    from git import Git

_OPTIONS = (
    "--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "protocol.allow=never",
)  # fmt: skip
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # beats every protocol.*.allow of the repository
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_CHUNK = 1 << 16
_PATIENCE = 5.0  # seconds an object reader gets to end by itself


@dataclass(frozen=True, slots=True)
class Ran:
    """What one git command answered: its exit status, standard output, and last words on standard error."""

    status: int
    out: bytes
    error: str


@dataclass(frozen=True, slots=True)
class Object:
    """One object: its full id, its kind (``blob``, ``tree``, ``commit`` or ``tag``) and its size in bytes.

    ``data`` is None if the object is larger than its reader was asked to hold.
    """

    id: str
    kind: str
    size: int
    data: bytes | None


def run_git(folder: Path, arguments: Iterable[str], environment: Mapping[str, str]) -> Ran:
    """Run one git command in a folder, to its end; a status other than 0 is the caller's to judge.

    Raises:
        GitError: git is not installed.
    """
    git = _git()
    from git import GitCommandNotFound

    try:
        status, out, error = git.execute(
            _command(git, folder, arguments),
            env={**environment, **_ENVIRONMENT},
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
        )
    except GitCommandNotFound as missing:
        raise _not_installed() from missing
    assert isinstance(out, bytes)  # noqa: S101  (GitPython's overloads do not say so)
    return Ran(status, out, error if isinstance(error, str) else error.decode("utf-8", "replace"))


class ObjectReader:
    """Objects of one repository, read through a single ``git cat-file --batch``.

    It starts with the first question and ends with ``close``. One thread at a time may ask.
    Objects of more than ``most`` bytes are passed over without being held.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], most: int) -> None:
        self._folder = folder
        self._environment = environment
        self._most = most
        self._running: _CatFile | None = None

    def read(self, name: str) -> Object | None:
        """The object of any name git understands (an id, ``HEAD^{commit}``, ``main:src/a.py``), or None.

        None means that this clone does not have it, or that the name is ambiguous or no name at all.
        """
        asked = os.fsencode(name)
        if not asked or b"\n" in asked or b"\0" in asked:
            return None
        if self._running is None:
            self._running = _CatFile(self._folder, self._environment)
        try:
            return self._running.ask(asked, self._most)
        except EOFError:  # some versions die of an object that a partial clone lacks
            self.close()
            return None
        except BaseException:
            self.close()  # an answer half read would be taken for the next one
            raise

    def close(self) -> None:
        """End the process; the next question starts a new one."""
        running, self._running = self._running, None
        if running is not None:
            running.close()


class _CatFile:
    """A running ``git cat-file --batch``."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        git = _git()
        from git import GitCommandNotFound

        try:
            self._guard = git.execute(  # ends the process if nobody else does
                _command(git, folder, ("cat-file", "--batch")),
                env={**environment, **_ENVIRONMENT},
                istream=PIPE,
                as_process=True,
            )
        except GitCommandNotFound as missing:
            raise _not_installed() from missing
        self._process = cast("Popen[bytes]", self._guard.proc)
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self._stderr = cast("IO[bytes]", self._process.stderr)
        # What git complains about, its answers say too; but an unread pipe would fill up and block it.
        self._complaints = Thread(target=deque, args=(self._stderr, 0), daemon=True)
        self._complaints.start()

    def ask(self, name: bytes, most: int) -> Object | None:
        """One object, its content only up to ``most`` bytes. Raises EOFError if git has ended."""
        try:
            self._stdin.write(name + b"\n")
            self._stdin.flush()
        except OSError as error:
            raise EOFError from error
        header = self._stdout.readline()
        if not header:
            raise EOFError
        answer = header.decode("utf-8", "replace").split()
        if not answer[-1].isdecimal():  # the name it was asked, and "missing" or "ambiguous"
            return None
        identity, kind, size = answer
        data = _take(self._stdout, int(size), most)
        self._stdout.read(1)
        return Object(identity, kind, int(size), data)

    def close(self) -> None:
        for stream in (self._stdin, self._stdout):
            with suppress(OSError):
                stream.close()
        try:
            self._process.wait(_PATIENCE)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._complaints.join()
        self._stderr.close()


def _take(stream: IO[bytes], size: int, most: int) -> bytes | None:
    if size <= most:
        return stream.read(size)
    while size > 0 and (chunk := stream.read(min(size, _CHUNK))):
        size -= len(chunk)
    return None


def _git() -> "Git":
    """GitPython's runner; importing it costs some 40 ms and one ``git version``, so not before it is needed."""
    try:
        from git import Git
    except ModuleNotFoundError:
        raise
    except ImportError as error:  # GitPython tries git as it is imported
        raise _not_installed() from error
    return Git()


def _command(git: "Git", folder: Path, arguments: Iterable[str]) -> list[str]:
    # With -C, and not as GitPython's working folder, in which it would expand `~` and `$NAME`.
    return [git.GIT_PYTHON_GIT_EXECUTABLE or "git", "-C", str(folder), *_OPTIONS, *arguments]


def _not_installed() -> GitError:
    return GitError("git cannot be started: install it, or put it on PATH")
