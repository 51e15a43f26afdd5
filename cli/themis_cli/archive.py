"""Reads a model bundle out of a .tar.gz or .zip without ever writing where the archive says.

Five names are known, and only their contents come back. Links, paths that lead elsewhere, stray files and whatever
unpacks to more than a bundle may hold are refused; ``docs/models.md`` describes the format.
"""

import gzip
import stat
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from io import BufferedIOBase, BytesIO
from typing import IO, Final, NamedTuple

from themis_model.bundle import FILES, LARGEST_BUNDLE, MANIFEST, REASONS
from themis_model.error import ModelError

#: What an archive may weigh: a bundle that does not shrink, and the archive's own lists.
LARGEST_ARCHIVE: Final = LARGEST_BUNDLE + 1024 * 1024  # bytes
KNOWN: Final = (MANIFEST, *FILES, REASONS)

_MOST_ENTRIES: Final = 16
_TOO_MUCH: Final = f"the archive unpacks to more than {LARGEST_ARCHIVE / 1e6:.0f} MB: refused"
_OF_ZIP, _OF_GZIP, _OF_ZIP_ENTRY = b"PK\3\4", b"\x1f\x8b", b"PK\1\2"


class _Entry(NamedTuple):
    path: str  # as the archive has it
    is_plain: bool
    content: IO[bytes]


def unpack(content: bytes) -> dict[str, bytes]:
    """The files of a bundle, by name.

    Raises:
        ModelError: it is no archive, is damaged, or holds anything else than the files of one bundle.
    """
    if content.startswith(_OF_ZIP):
        entries = _of_zip(content)
    elif content.startswith(_OF_GZIP):
        entries = _of_tar(content)
    else:
        raise ModelError("this is neither a .tar.gz nor a .zip")
    try:
        return _files(entries)
    except ModelError:
        raise
    except Exception as problem:  # on crafted archives these libraries raise whatever they run into
        raise ModelError(f"the archive is damaged: {problem or type(problem).__name__}") from None


def _files(entries: Iterable[_Entry]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    folders = set()
    room = LARGEST_ARCHIVE
    for path, is_plain, stream in entries:
        folder, name = _place(path)
        folders.add(folder)
        if not is_plain:
            raise ModelError(f"the archive has {path}, which is a link or no plain file: refused")
        if name in files or len(folders) > 1:
            raise ModelError(f"the archive has more than one bundle: {path} comes on top")
        files[name] = stream.read(room + 1)
        room -= len(files[name])
        if room < 0:
            raise ModelError(_TOO_MUCH)
    return files


def _place(path: str) -> tuple[str, str]:
    """The folder, at most one, and the known name that an entry's path consists of."""
    steps = [step for step in path.split("/") if step != "."]
    if "" in steps or ".." in steps or "\\" in path or "\0" in path:
        raise ModelError(f"the archive has {path}, which leads out of it: refused")
    if len(steps) > 2 or not steps or steps[-1] not in KNOWN:
        raise ModelError(f"the archive has {path}, which is no part of a bundle: {', '.join(KNOWN)}")
    return "/".join(steps[:-1]), steps[-1]


def _of_zip(content: bytes) -> Iterator[_Entry]:
    if content.count(_OF_ZIP_ENTRY) > _MOST_ENTRIES:  # before a list of half a million is read into memory
        raise ModelError(f"the archive has more than {_MOST_ENTRIES} entries: refused")
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ModelError("the archive is compressed in an unusual way: make it again with zip or tar")
            kind = stat.S_IFMT(info.external_attr >> 16)  # what a Unix would make of it; 0 from other systems
            with archive.open(info) as stream:
                yield _Entry(info.orig_filename, kind in (0, stat.S_IFREG), stream)


def _of_tar(content: bytes) -> Iterator[_Entry]:
    with (
        gzip.open(BytesIO(content)) as unpacked,
        tarfile.open(fileobj=_Bounded(unpacked), mode="r|") as archive,
    ):
        for number, member in enumerate(archive):
            if number >= _MOST_ENTRIES:
                raise ModelError(f"the archive has more than {_MOST_ENTRIES} entries: refused")
            if member.isdir():
                continue
            is_plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
            stream = archive.extractfile(member) if is_plain else None
            yield _Entry(member.name, is_plain, stream or BytesIO())


class _Bounded(BufferedIOBase):
    """A stream that ends in an error once it has given more than an archive may hold.

    Even the headers of a tar file may announce any size, and are read whole.
    """

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._room = LARGEST_ARCHIVE

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes."""
        wanted = self._room + 1 if size is None or size < 0 else min(size, self._room + 1)
        content = self._stream.read(wanted)
        self._room -= len(content)
        if self._room < 0:
            raise ModelError(_TOO_MUCH)
        return content
