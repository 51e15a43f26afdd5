"""Reading unified diffs, and applying their hunks exactly or not at all.

unidiff reads the hunks. It finds the two paths of a git header by its spaces, so each header is read here and
handed on with a number in place of the paths.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from themis_lsp.delta import shown
from themis_lsp.error import PatchError

if TYPE_CHECKING:
    from unidiff.patch import Hunk, PatchedFile

LARGEST = 20_000_000  # bytes
TOO_LARGE = "the patch is larger than 20 MB or a million lines: split it, or review a range of commits"

_MOST_LINES = 1_000_000
_CRLF = re.compile(r"^@@ -[^\n]*\r$", re.MULTILINE)
_COMBINED = re.compile(r"^(?:diff --(?:cc|combined) |@@@ )", re.MULTILINE)
_HEADER = re.compile(r"^diff --git (.*)\n((?:(?!@@ |diff --git ).*(?:\n|$))*)", re.MULTILINE)
_NUMBER = re.compile(r"diff --git a/(\d+) ")
_NAMED = re.compile(r"^(---|\+\+\+) (?!/dev/null)([^\t\n]+).*$", re.MULTILINE)
_MOVE = re.compile(r"^(?:rename|copy) (from|to) (.+)$", re.MULTILINE)
_BLOB = re.compile(r"^index ([0-9a-f]+)\.\.[0-9a-f]", re.MULTILINE)
_PREFIX = re.compile(r"[abciow12]/")  # git's own, and those of diff.mnemonicPrefix and --no-index
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))
_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:[/\\]|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)


class MisfitError(Exception):
    """A hunk does not fit the text; the message says where, and no more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a diff.

    Attributes:
        old: its path before, or None if it is new.
        new: its path after, or None if it is deleted.
        places: where its text before may be; several if it was not git that wrote the paths.
        blob: start of the id of the blob it was made from, or empty.
        is_copy: the old file stays.
        is_binary: its content is not given as lines.
        modes: as git writes them, before and after; None where that is not said.
        hunks: in order.
    """

    old: str | None
    new: str | None
    places: tuple[str, ...]
    blob: str
    is_copy: bool
    is_binary: bool
    modes: tuple[str | None, str | None]
    hunks: "Sequence[Hunk]"

    @property
    def path(self) -> str:
        """Where it is now, or was if it is deleted."""
        return self.new or self.old or ""


def entries_in(text: str) -> list[Entry]:
    """The files of a diff, from git or any other tool, in order.

    Raises:
        PatchError: it is no unified diff, too large, or names a path that is not inside a repository.
    """
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    if len(text) > LARGEST or text.count("\n") > _MOST_LINES:
        raise PatchError(TOO_LARGE)
    text = text.removeprefix("\ufeff")
    if _CRLF.search(text):  # the diff itself has such line ends, not only a file in it
        text = text.replace("\r\n", "\n")
    if _COMBINED.search(text):
        raise PatchError("the patch is the combined diff of a merge: make one against a single parent")
    headers: list[tuple[str, str]] = []

    def numbered(found: re.Match[str]) -> str:
        number = len(headers)
        headers.append((found[1], found[2]))
        return f"diff --git a/{number} b/{number}\n" + _NAMED.sub(
            lambda line: f"{line[1]} {'a' if line[1] == '---' else 'b'}/{number}", found[2]
        )

    try:
        files = PatchSet(_HEADER.sub(numbered, text))
    except (UnidiffParseError, ValueError) as error:  # ValueError: a line number of thousands of digits
        raise PatchError(f"the patch cannot be read, {' '.join(str(error).split())[:200]}: was it cut off?") from error
    if not files and text.strip():
        raise PatchError("the patch names no file: give a unified diff, as git diff writes it")
    return [_entry(file, headers) for file in files]


def apply(text: str, hunks: "Sequence[Hunk]") -> str:
    """The text after a change; untouched lines keep their line ends, which are not compared.

    Raises:
        MisfitError: a context or removed line is not where its hunk says.
    """
    old = _lines(text)
    new: list[str] = []
    at = 0
    for number, hunk in enumerate(hunks, 1):
        start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
        if not at <= start <= len(old):
            raise MisfitError(f"hunk {number} starts at line {hunk.source_start} of {len(old)}")
        new += old[at:start]
        at = start
        kind = ""
        for line in hunk:
            if line.is_context or line.is_removed:
                if at == len(old) or _bare(old[at]) != _bare(line.value):
                    raise MisfitError(f"hunk {number} does not fit at line {at + 1}")
                new += old[at : at + 1] if line.is_context else ()
                at += 1
            elif line.is_added:
                new.append(line.value)
            elif line.line_type == "\\" and kind == "+":  # No newline at end of file
                new[-1] = new[-1].removesuffix("\n")
            kind = line.line_type
    return "".join(new + old[at:])


def removed(hunks: "Sequence[Hunk]") -> str:
    """The text of a file that a diff deletes."""
    return "".join(line.value for hunk in hunks for line in hunk if line.is_removed)


def _entry(file: "PatchedFile", headers: Sequence[tuple[str, str]]) -> Entry:
    number = _NUMBER.match(file.patch_info[0]) if file.patch_info else None
    if number:
        names, header = headers[int(number[1])]
        old, new = _git_paths(names, header)
        old = None if file.source_file == "/dev/null" else old
        new = None if file.target_file == "/dev/null" else new
        places = [old]
    else:
        header = ""
        old, new = _plain_paths(file)
        shorter = [path.partition("/")[2] for path in (new, old) if path]
        places = [new, *shorter[:1], old, *shorter[1:]]
    for path in (old, new):
        if path == "" or (path and _OUTSIDE.match(path)):
            raise PatchError(f"the patch names {path!r}, which is no path inside a repository: make it at its root")
    blob = _BLOB.search(header)
    return Entry(
        old,
        new,
        tuple(dict.fromkeys(place for place in places if place)),
        blob[1] if blob else "",
        "\ncopy from " in f"\n{header}",
        file.is_binary_file,
        (file.source_mode, file.target_mode),
        file,
    )


def _git_paths(names: str, header: str) -> tuple[str | None, str | None]:
    """Both paths from a git header: what follows ``diff --git``, and the lines after it."""
    moved = {side: _unquoted(path) for side, path in _MOVE.findall(header)}
    if moved.keys() == {"from", "to"}:
        return moved["from"], moved["to"]
    half = len(names) // 2  # both paths are the same but for their prefixes
    old, new = _without_prefixes(_unquoted(names[:half]), _unquoted(names[half + 1 :]))
    if old == new:
        return old, new
    named = {sign: _unquoted(path) for sign, path in _NAMED.findall(header)}
    return _without_prefixes(named.get("---"), named.get("+++"))


def _plain_paths(file: "PatchedFile") -> tuple[str | None, str | None]:
    paths = (None if path == "/dev/null" else _unquoted(path) for path in (file.source_file, file.target_file))
    return _without_prefixes(*paths)


def _without_prefixes(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Paths without ``a/`` and ``b/``, or the like; a folder that is called so stays."""
    given = [path for path in (old, new) if path is not None]
    if all(map(_PREFIX.match, given)) and (len(given) < 2 or given[0][0] != given[1][0]):
        return old and old[2:], new and new[2:]
    return old, new


def _unquoted(path: str) -> str:
    """A path in the form that git quotes it in, as text."""
    if not (len(path) > 1 and path.startswith('"') and path.endswith('"')):
        return path
    return shown(_ESCAPE.sub(_unescaped, path[1:-1].encode("utf-8", "surrogateescape")))


def _unescaped(found: re.Match[bytes]) -> bytes:
    code: bytes = found[1]
    return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else bytes([_ESCAPED.get(code[0], code[0])])


def _lines(text: str) -> list[str]:
    """Lines with their ends; as in git, only a line feed ends one."""
    *whole, last = text.split("\n")
    return [f"{line}\n" for line in whole] + ([last] if last else [])


def _bare(line: str) -> str:
    return line.rstrip("\r\n")
