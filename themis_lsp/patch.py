"""Unified diffs as a source of changes: each file is put on the text it was made from, in memory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from themis_lsp.apply import MisfitError, apply
from themis_lsp.attributes import Attributes
from themis_lsp.change import FileChange, Skip
from themis_lsp.comparison import Comparison
from themis_lsp.content import BINARY, SUBMODULE, SYMLINK, Unread, unjudged_path, unjudged_text
from themis_lsp.delta import MODE_ONLY, shown
from themis_lsp.edits import MOVED
from themis_lsp.error import PatchError
from themis_lsp.repository import Repository

if TYPE_CHECKING:
    from unidiff.patch import PatchedFile, PatchSet

COPIED = "a copy, otherwise unchanged"

_BECAUSE_OF_MODE = {"160000": SUBMODULE, "120000": SYMLINK}
_CRLF = re.compile(r"^@@ -[^\n]*\r$", re.MULTILINE)
_COMBINED = re.compile(r"^(?:diff --(?:cc|combined) |@@@ )", re.MULTILINE)
_PREFIX = re.compile(r"[abciow12]/")  # git's own, and those of diff.mnemonicPrefix and --no-index
_BLOB = re.compile(r"^index ([0-9a-f]+)\.\.[0-9a-f]", re.MULTILINE)
_MOVE = re.compile(r"^(rename|copy) (from|to) (.+)$", re.MULTILINE)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))
_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:[/\\]|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file of a patch.

    Attributes:
        old: its path before, or None if it is new.
        new: its path after, or None if it is deleted.
        places: where its text before may be; several if it was not git who wrote the paths.
        blob: start of the id of the blob it was made from, or empty.
        is_copy: the old file stays.
        file: what unidiff read of it.
    """

    old: str | None
    new: str | None
    places: tuple[str, ...]
    blob: str
    is_copy: bool
    file: "PatchedFile"

    @property
    def path(self) -> str:
        return self.new or self.old or ""


def changes_from_patch(text: str, repository: Repository | None = None, base: str | None = None) -> Comparison:
    """What a unified diff changes, from git or any other tool.

    The text before is the blob that the ``index`` line of a file names, else the file in ``base``, else that in
    HEAD: the first that the hunks fit. Nothing is written. Without a repository, only new and deleted files can
    be had.

    Raises:
        PatchError: it is no unified diff, or names a path outside of the repository; while going through the
            changes: the hunks of a file fit none of these texts.
        GitError: ``base`` is unknown.
    """
    entries = [_entry(file) for file in _parse(text)]
    if repository is None:
        fitter = _Fitter(None, (), Attributes(lambda _: None))
        return Comparison("none", "patch", len(entries), map(fitter.change, entries))
    version = repository.resolve(base) if base else repository.head()
    fitter = _Fitter(
        repository, (base, "HEAD") if base else ("HEAD",), Attributes(partial(repository.text_at, version))
    )
    return Comparison(version, "patch", len(entries), map(fitter.change, entries))


@dataclass(frozen=True, slots=True)
class _Fitter:
    """Finds the text that each file of a patch was made from."""

    repository: Repository | None
    versions: tuple[str, ...]
    attributes: Attributes

    def change(self, entry: _Entry) -> FileChange | Skip:
        if because := _unread(entry) or unjudged_path(entry.path) or self.attributes.unjudged(entry.path):
            return Skip(entry.path, None, because)
        if entry.old is None:
            change: FileChange | Unread = _new(entry)
        elif entry.new is None:
            change = FileChange(entry.path, _removed(entry.file), None)
        else:
            change = self._fitting(entry)
        if isinstance(change, Unread):
            return Skip(entry.path, None, change.because)
        text = change.after if change.before is None else change.before
        because = unjudged_text(change.path, text or "")
        return Skip(change.path, None, because) if because else change

    def _fitting(self, entry: _Entry) -> FileChange | Unread:
        tried: list[str] = []
        for name, place in self._candidates(entry):
            before = self.repository.blob(name) if self.repository else None
            if isinstance(before, Unread):
                return before
            if before is None:
                tried.append(f"{name} (not in this clone)")
                continue
            try:
                after = apply(before, entry.file)
            except MisfitError as error:
                tried.append(f"{name} ({error})")
                continue
            path = entry.path if place == entry.old else place
            moved = entry.old if path != place else None
            return FileChange(path, None, after) if entry.is_copy else FileChange(path, before, after, moved)
        if len(entry.file) == 1 and entry.file[0].source_start == entry.file[0].source_length == 0:
            return _new(entry)  # in the words of tools other than git
        if self.repository is None:
            raise PatchError(f"{entry.path}: the patch shows only parts of it: run inside the repository it is for")
        advice = "name the commit it was made from with --base"
        raise PatchError(f"{entry.path}: the patch does not apply to {' nor to '.join(tried)}: {advice}")

    def _candidates(self, entry: _Entry) -> Iterator[tuple[str, str]]:
        """Names of blobs, and the path that the file then has."""
        if entry.blob:
            yield entry.blob, entry.places[0]
        for version in self.versions:
            for place in entry.places:
                yield f"{version}:{place}", place


def _parse(text: str) -> "PatchSet":
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    text = text.removeprefix("\ufeff")
    if _CRLF.search(text):  # the diff itself has such line ends, not only a file in it
        text = text.replace("\r\n", "\n")
    if _COMBINED.search(text):
        raise PatchError("the patch is the combined diff of a merge: make one against a single parent")
    try:
        files = PatchSet(text)
    except (UnidiffParseError, ValueError) as error:  # ValueError: a line number of thousands of digits
        raise PatchError(f"the patch cannot be read, {' '.join(str(error).split())[:200]}: was it cut off?") from error
    if not files and text.strip():
        raise PatchError("the patch names no file: give a unified diff, as git diff writes it")
    return files


def _entry(file: "PatchedFile") -> _Entry:
    info = "".join(file.patch_info or ())
    blob = _BLOB.search(info)
    moves = {side: (kind, name) for kind, side, name in _MOVE.findall(info)}
    old, new = _plain(file.source_file), _plain(file.target_file)
    names = [name for name in (old, new) if name]
    is_git = all(map(_PREFIX.match, names)) and (len(names) == 1 or names[0][0] != names[1][0])
    if moves.keys() == {"from", "to"}:
        old, new = _plain(moves["from"][1]), _plain(moves["to"][1])
        is_git = True
    elif is_git:
        old, new = old and old[2:], new and new[2:]
    for name in (old, new):
        if name == "" or (name and _OUTSIDE.match(name)):
            raise PatchError(f"the patch names {name!r}, which is no path inside a repository: make it at its root")
    shorter = [name.partition("/")[2] for name in (new, old) if name]
    places = (old,) if is_git else dict.fromkeys((new, *shorter[:1], old, *shorter[1:]))
    return _Entry(
        old,
        new,
        tuple(place for place in places if place),
        blob[1] if blob else "",
        any(kind == "copy" for kind, _ in moves.values()),
        file,
    )


def _plain(name: str) -> str | None:
    """A path as text, from the form that git quotes it in; None for no file."""
    if name == "/dev/null":
        return None
    if not (name.startswith('"') and name.endswith('"')):
        return name
    raw = name[1:-1].encode("utf-8", "surrogateescape")
    return shown(_ESCAPE.sub(_unescaped, raw))


def _unescaped(found: re.Match[bytes]) -> bytes:
    code: bytes = found[1]
    return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else bytes([_ESCAPED.get(code[0], code[0])])


def _new(entry: _Entry) -> FileChange:
    try:
        return FileChange(entry.path, None, apply("", entry.file))
    except MisfitError as error:
        raise PatchError(
            f"{entry.path}: the patch says that it is new, and yet {error}: make the patch anew"
        ) from error


def _removed(file: "PatchedFile") -> str:
    return "".join(line.value for hunk in file for line in hunk if line.is_removed)


def _unread(entry: _Entry) -> str | None:
    """Why there is nothing to read, whatever the file is called."""
    file = entry.file
    for mode in (file.source_mode, file.target_mode):
        if mode in _BECAUSE_OF_MODE:
            return _BECAUSE_OF_MODE[mode]
    if file.is_binary_file:
        return BINARY
    if len(file) or entry.old is None or entry.new is None:
        return None
    if entry.is_copy:
        return COPIED
    return MODE_ONLY if entry.old == entry.new else MOVED
