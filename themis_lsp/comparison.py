"""The ways to ask a repository what changed: the work tree, the index, and ranges of commits.

``paths`` limit each of them to files, folders, or patterns as git knows them, relative to the folder the
repository was opened from; none means everything. Each raises GitError if a path is outside of the repository
or nowhere, a revision is unknown, or the clone lacks what is needed to compare.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from themis_lsp.attributes import Attributes
from themis_lsp.change import FileChange, Skip
from themis_lsp.content import Unread, read_text, unjudged_path, unjudged_text
from themis_lsp.delta import Delta, Side, deltas_in, shown
from themis_lsp.error import GitError
from themis_lsp.rename import paired
from themis_lsp.repository import Repository
from themis_lsp.worktree import LISTING, WorkTree

MISSING = "this clone lacks one of its versions"
NOT_UTF8 = "not in UTF-8, so its committed version cannot be compared with what the editor shows"
UNDECODED = "\ufffd"

_RAW = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two states of the files, and what differs between them.

    Attributes:
        base: id of the commit compared with; of the empty tree if there is no commit yet.
        head: id of the commit that is judged, or ``work tree``, ``index`` or ``patch``.
        total: number of changes.
        changes: read one at a time; can be gone through once, while the repository is open.
    """

    base: str
    head: str
    total: int
    changes: Iterator[FileChange | Skip]


def compare_work_tree(repository: Repository, paths: Sequence[str] = ()) -> Comparison:
    """Everything that is not committed, staged or not, and untracked files, against HEAD."""
    return _with_work_tree(repository, repository.head(), paths)


def compare_index(repository: Repository, paths: Sequence[str] = ()) -> Comparison:
    """What is staged, in the index of ``GIT_INDEX_FILE`` if that is set, against HEAD."""
    tree = repository.work_tree()
    base = repository.head()
    return _compare(repository, base, "index", _staged(repository, base, paths), paths, tree)


def compare_range(repository: Repository, spec: str, paths: Sequence[str] = ()) -> Comparison:
    """``A..B``; ``A...B``, which is from the merge-base of the two to B; or ``A``, from there to the work tree."""
    for dots in ("...", ".."):
        left, found, right = spec.partition(dots)
        if found:
            left, right = left or "HEAD", right or "HEAD"
            base = repository.merge_base(left, right) if dots == "..." else repository.resolve(left)
            head = repository.resolve(right)
            raw = repository.output("diff-tree", *_RAW, base, head, "--", *_pathspecs(repository, paths))
            tree = repository.work_tree() if repository.has_work_tree else None
            return _compare(repository, base, head, deltas_in(raw), paths, tree)
    return _with_work_tree(repository, repository.resolve(spec), paths)


def compare_since(repository: Repository, ref: str, paths: Sequence[str] = ()) -> Comparison:
    """The work tree against the merge-base of HEAD and another branch: what a pull request would hold."""
    repository.work_tree()
    return _with_work_tree(repository, repository.merge_base(ref, "HEAD"), paths)


def compare_text(repository: Repository, base: str, attributes: Attributes, path: str, text: str) -> FileChange | Skip:
    """One file as an editor holds it, against its version in a commit.

    Args:
        repository: has the commit.
        base: id of the commit or tree.
        attributes: those of the same commit.
        path: of the file, from the root of the repository.
        text: what the editor holds.
    """
    if because := unjudged_path(path) or attributes.unjudged(path):
        return Skip(path, None, because)
    after = read_text(text.encode("utf-8", "replace"))
    before = repository.blob(f"{base}:{path}")
    if before is None and repository.lists(base, path):
        before = Unread(MISSING)
    if isinstance(before, Unread):
        return Skip(path, None, before.because)
    if isinstance(after, Unread):
        return Skip(path, None, after.because)
    if UNDECODED in (before or "") and UNDECODED not in text:
        return Skip(path, None, NOT_UTF8)  # the editor reads it as something else, so every such line would differ
    if because := unjudged_text(path, text if before is None else before):
        return Skip(path, None, because)
    return FileChange(path, before, text)


def _with_work_tree(repository: Repository, base: str, paths: Sequence[str]) -> Comparison:
    tree = repository.work_tree()
    return _compare(repository, base, "work tree", _uncommitted(repository, base, tree, paths), paths, tree)


def _pathspecs(repository: Repository, paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        magic = "top" if repository.is_pattern(path) else "top,literal"
        yield f":({magic}){repository.inside(path)}"


def _staged(repository: Repository, base: str, paths: Sequence[str]) -> Iterator[Delta]:
    options = ("--cached", "--ita-invisible-in-index", *_RAW)
    return deltas_in(repository.output("diff-index", *options, base, "--", *_pathspecs(repository, paths)))


def _uncommitted(repository: Repository, base: str, tree: WorkTree, paths: Sequence[str]) -> Iterator[Delta]:
    staged = {delta.path: delta for delta in _staged(repository, base, paths)}
    listing = repository.output(*LISTING, "--", *_pathspecs(repository, paths))
    for found in tree.differing(listing):
        known = staged.pop(found.path, None)
        old = known.old if known else found.indexed
        new = Side(found.mode, None) if found.mode is not None else None
        undone = known is not None and old is not None and new is not None and tree.holds(found.path, old)
        if found.conflict or ((old or new) and not undone):
            yield Delta(found.path, old, new, conflict=found.conflict)
    yield from staged.values()


def _compare(
    repository: Repository,
    base: str,
    head: str,
    found: Iterable[Delta],
    paths: Sequence[str],
    tree: WorkTree | None,
) -> Comparison:
    source = _Source(repository, tree, Attributes(partial(repository.text_at, base)))
    deltas = paired(list(found), source.only_text)
    for path in paths:
        if tree and not repository.is_pattern(path) and not _is_somewhere(repository, path, deltas):
            raise GitError(f"{path} is neither on disk nor among the changes: check how it is written")
    return Comparison(base, head, len(deltas), map(source.change, deltas))


def _is_somewhere(repository: Repository, path: str, deltas: Iterable[Delta]) -> bool:
    inside = repository.inside(path)
    if os.path.lexists(repository.root / inside):
        return True
    names = (shown(name) for delta in deltas for name in (delta.path, delta.old_path) if name)
    return any(name == inside or name.startswith(f"{inside}/") for name in names)


@dataclass(frozen=True, slots=True)
class _Source:
    """Reads both versions of what differs, or says why they are not judged."""

    repository: Repository
    tree: WorkTree | None
    attributes: Attributes

    def change(self, delta: Delta) -> FileChange | Skip:
        path = shown(delta.path)
        if because := delta.unreadable or unjudged_path(path) or self.attributes.unjudged(path):
            return Skip(path, None, because)
        before = self._text(delta.old_path or delta.path, delta.old) if delta.old else None
        if isinstance(before, Unread):
            return Skip(path, None, before.because)
        after = self._text(delta.path, delta.new) if delta.new else None
        if isinstance(after, Unread):
            return Skip(path, None, after.because)
        # What says that it is generated says so before the change: a change cannot exempt itself.
        if because := unjudged_text(path, (after or "") if before is None else before):
            return Skip(path, None, because)
        return FileChange(path, before, after, shown(delta.old_path) if delta.old_path else None)

    def only_text(self, delta: Delta) -> str | None:
        """The text of a file that is new or deleted."""
        side = delta.new or delta.old
        text = self._text(delta.path, side) if side else None
        return text if isinstance(text, str) else None

    def _text(self, path: bytes, side: Side) -> str | Unread:
        if side.id is not None:
            text = self.repository.blob(side.id)
            return Unread(MISSING) if text is None else text
        data = self.tree.read(path) if self.tree else Unread(MISSING)
        return data if isinstance(data, Unread) else read_text(data)
