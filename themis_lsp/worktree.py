"""What differs between the index and the files on disk, found without letting git look at the files.

Git would run the repository's clean filters to compare a file. Themis trusts the index where a file's times and
size are as recorded there, and otherwise compares the bytes itself, with and without CRLF.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_IFMT, S_ISDIR, S_ISLNK, S_ISREG

from themis_lsp.content import LARGEST, TOO_LARGE, Unread
from themis_lsp.delta import Side

NO_FILE = "cannot be read: no longer a file"

#: Arguments that make git list the index and untracked files in the form that ``differing`` reads.
LISTING = ("ls-files", "-z", "-t", "--stage", "--debug", "--others", "--exclude-standard")

_ENTRY = re.compile(
    rb"\? (?P<untracked>[^\0]+)\0"
    rb"|(?P<tag>[A-Z]) (?P<mode>\d+) (?P<id>[0-9a-f]+) \d\t(?P<path>[^\0]+)\0"
    rb"(?:  ctime: (?P<ctime>\d+:\d+)\n  mtime: (?P<mtime>\d+:\d+)\n  [^\n]+\n  [^\n]+\n"
    rb"  size: (?P<size>\d+)\tflags: (?P<flags>[0-9a-f]+)\n)?"
)
_CONFLICTING, _LEFT_OUT = b"M", b"S"  # tags of git ls-files; a sparse checkout leaves files out
_INTENT_TO_ADD = 0x20000000
_SUBMODULE = 0o160000
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One path whose file on disk is not what the index has.

    Attributes:
        path: as git has it, relative to the root of the work tree.
        indexed: what the index has, or None for an untracked file.
        mode: the mode of what is on disk, or None if there is no file.
        conflict: the index has several versions, as a merge is not finished.
    """

    path: bytes
    indexed: Side | None
    mode: int | None
    conflict: bool = False


class WorkTree:
    """The files on disk below ``root``, read by Themis itself.

    What was written in the second that the file ``index`` was written, or later, is compared by content: its
    times prove nothing. ``algorithm`` is what blobs are named by, ``sha1`` or ``sha256``.
    """

    def __init__(self, root: Path, index: Path, algorithm: str) -> None:
        self._root = os.fsencode(root)
        self._index = index
        self._algorithm = algorithm
        self._is_folder = {b"": True}

    def differing(self, listing: bytes) -> Iterator[Difference]:
        """Everything on disk that is not as the index says, from what git answers to ``LISTING``."""
        try:
            racy_since = int(self._index.stat().st_mtime)
        except OSError:
            racy_since = 0
        conflicting = set[bytes]()
        for entry in _ENTRY.finditer(listing):
            path, tag = entry["untracked"] or entry["path"], entry["tag"]
            if tag is None:
                status = self._status(path)
                if path.endswith(b"/"):
                    yield Difference(path.rstrip(b"/"), None, _SUBMODULE)
                elif status is not None:
                    yield Difference(path, None, status.st_mode)
            elif tag == _CONFLICTING:
                if path not in conflicting:  # it is listed once for each version
                    yield Difference(path, None, None, conflict=True)
                conflicting.add(path)
            elif tag != _LEFT_OUT and (mode := int(entry["mode"], 8)) != _SUBMODULE:
                intended = int(entry["flags"] or b"0", 16) & _INTENT_TO_ADD
                indexed = None if intended else Side(mode, entry["id"].decode())
                status = self._status(path)
                if indexed is None or status is None or not self._is_as_indexed(entry, indexed, status, racy_since):
                    yield Difference(path, indexed, status.st_mode if status else None)

    def holds(self, path: bytes, side: Side) -> bool:
        """Whether the file on disk has the content of a blob, but for its line ends."""
        status = self._status(path)
        return status is not None and self._has_content(path, status, side)

    def read(self, path: bytes) -> bytes | Unread:
        """The bytes of a file, or why they cannot be had."""
        status = self._status(path)
        if status is None or not S_ISREG(status.st_mode):
            return Unread(NO_FILE)
        try:
            with open(self._join(path), "rb") as file:  # noqa: PTH123  (the path is bytes)
                data = file.read(LARGEST + 1)
        except OSError as error:
            return Unread(f"cannot be read: {(error.strerror or 'input/output error').lower()}")
        return data if len(data) <= LARGEST else Unread(TOO_LARGE)

    def _join(self, path: bytes) -> bytes:
        return self._root + b"/" + path

    def _status(self, path: bytes) -> os.stat_result | None:
        """What is on disk at a path, unless it is a folder, a device, or beyond a symbolic link."""
        folder = path.rpartition(b"/")[0]
        if not self._reaches(folder):
            return None
        try:
            status = os.lstat(self._join(path))
        except OSError:
            return None
        return status if S_ISREG(status.st_mode) or S_ISLNK(status.st_mode) else None

    def _reaches(self, folder: bytes) -> bool:
        if folder not in self._is_folder:
            try:
                here = S_ISDIR(os.lstat(self._join(folder)).st_mode)
            except OSError:
                here = False
            self._is_folder[folder] = here and self._reaches(folder.rpartition(b"/")[0])
        return self._is_folder[folder]

    def _is_as_indexed(self, entry: re.Match[bytes], indexed: Side, status: os.stat_result, racy_since: int) -> bool:
        if S_IFMT(indexed.mode) != S_IFMT(status.st_mode):
            return False
        if size := int(entry["size"] or b"0"):
            is_size = size == status.st_size & 0xFFFFFFFF
            written = int(entry["mtime"].partition(b":")[0])
            if (
                is_size
                and written < racy_since
                and _is_time(entry["mtime"], status.st_mtime_ns)
                and _is_time(entry["ctime"], status.st_ctime_ns)
            ):
                return True
            if not is_size and status.st_size > LARGEST:
                return False
        return self._has_content(entry["path"], status, indexed)

    def _has_content(self, path: bytes, status: os.stat_result, side: Side) -> bool:
        if S_IFMT(side.mode) != S_IFMT(status.st_mode):
            return False
        try:
            if S_ISLNK(status.st_mode):
                return self._name(os.readlink(self._join(path))) == side.id  # noqa: PTH115  (the path is bytes)
            if status.st_size > LARGEST:
                return self._name_of_file(path, status.st_size) == side.id
            data = self.read(path)
        except OSError:
            return False
        if isinstance(data, Unread):
            return False
        return side.id in (self._name(data), self._name(data.replace(b"\r\n", b"\n")))

    def _name(self, data: bytes) -> str:
        return hashlib.new(self._algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

    def _name_of_file(self, path: bytes, size: int) -> str:
        digest = hashlib.new(self._algorithm, b"blob %d\0" % size, usedforsecurity=False)
        with open(self._join(path), "rb") as file:  # noqa: PTH123  (the path is bytes)
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()


def _is_time(recorded: bytes, nanoseconds: int) -> bool:
    """Whether a time is the one in the index, which need not have kept the fraction of the second."""
    seconds, fraction = recorded.split(b":")
    return divmod(nanoseconds, 1_000_000_000) == (int(seconds), int(fraction)) or (
        fraction == b"0" and nanoseconds // 1_000_000_000 == int(seconds)
    )
