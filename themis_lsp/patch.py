"""Unified diffs as a source of changes: each file is put on the text it was made from, in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from themis_lsp.attributes import Attributes
from themis_lsp.change import FileChange, Skip
from themis_lsp.comparison import Comparison
from themis_lsp.content import BINARY, SUBMODULE, SYMLINK, Unread, read_text, unjudged_path, unjudged_text
from themis_lsp.delta import MODE_ONLY
from themis_lsp.edits import MOVED
from themis_lsp.error import PatchError
from themis_lsp.repository import Repository
from themis_lsp.unified import Entry, MisfitError, apply, entries_in, removed

COPIED = "a copy, otherwise unchanged"

_BECAUSE_OF_MODE = {"160000": SUBMODULE, "120000": SYMLINK}


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
    entries = entries_in(text)
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

    def change(self, entry: Entry) -> FileChange | Skip:
        if because := _unread(entry) or unjudged_path(entry.path) or self.attributes.unjudged(entry.path):
            return Skip(entry.path, None, because)
        if entry.old is None:
            change: FileChange | Unread = _new(entry)
        elif entry.new is None:
            change = FileChange(entry.path, removed(entry.hunks), None)
        else:
            change = self._fitting(entry)
        if isinstance(change, Unread):
            return Skip(entry.path, None, change.because)
        after = read_text((change.after or "").encode("utf-8", "replace"))
        if isinstance(after, Unread):
            return Skip(change.path, None, after.because)
        because = unjudged_text(change.path, after if change.before is None else change.before)
        return Skip(change.path, None, because) if because else change

    def _fitting(self, entry: Entry) -> FileChange | Unread:
        tried: list[str] = []
        for name, place in self._candidates(entry):
            before = self.repository.blob(name) if self.repository else None
            if isinstance(before, Unread):
                return before
            if before is None:
                tried.append(f"{name} (not in this clone)")
                continue
            try:
                after = apply(before, entry.hunks)
            except MisfitError as error:
                tried.append(f"{name} ({error})")
                continue
            path = entry.path if place == entry.old else place
            moved = entry.old if path != place else None
            return FileChange(path, None, after) if entry.is_copy else FileChange(path, before, after, moved)
        if len(entry.hunks) == 1 and entry.hunks[0].source_start == entry.hunks[0].source_length == 0:
            return _new(entry)  # in the words of tools other than git
        if self.repository is None:
            raise PatchError(f"{entry.path}: the patch shows only parts of it: run inside the repository it is for")
        advice = "name the commit it was made from with --base"
        raise PatchError(f"{entry.path}: the patch does not apply to {' nor to '.join(tried)}: {advice}")

    def _candidates(self, entry: Entry) -> Iterator[tuple[str, str]]:
        """Names of blobs, and the path that the file then has."""
        if entry.blob:
            yield entry.blob, entry.places[0]
        for version in self.versions:
            for place in entry.places:
                yield f"{version}:{place}", place


def _new(entry: Entry) -> FileChange:
    try:
        return FileChange(entry.path, None, apply("", entry.hunks))
    except MisfitError as error:
        raise PatchError(
            f"{entry.path}: the patch says that it is new, and yet {error}: make the patch anew"
        ) from error


def _unread(entry: Entry) -> str | None:
    """Why there is nothing to read, whatever the file is called."""
    for mode in entry.modes:
        if mode in _BECAUSE_OF_MODE:
            return _BECAUSE_OF_MODE[mode]
    if entry.is_binary:
        return BINARY
    if entry.hunks or entry.old is None or entry.new is None:
        return None
    if entry.is_copy:
        return COPIED
    return MODE_ONLY if entry.old == entry.new else MOVED
