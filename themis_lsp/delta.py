"""Which files differ between two states of a repository, before any of them is read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from themis_lsp.content import SUBMODULE, SYMLINK

CONFLICT = "it has unresolved merge conflicts"
MODE_ONLY = "only its mode changed"

_KIND = 0o170000
_BECAUSE_OF_KIND = {0o120000: SYMLINK, 0o160000: SUBMODULE}
_RAW = re.compile(rb":(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])\d*\0([^\0]+)\0")


class Side(NamedTuple):
    """One version of a file: its git mode, and the id of its blob, or None for the file in the work tree."""

    mode: int
    id: str | None


@dataclass(frozen=True, slots=True)
class Delta:
    """One file that differs.

    Attributes:
        path: where it is now, or was if it is deleted; as git has it, which need not be text.
        old: the version before, or None if there was none.
        new: the version after, or None if there is none.
        old_path: where it was, if it was renamed.
        conflict: it is in the middle of a merge and has no single version.
    """

    path: bytes
    old: Side | None
    new: Side | None
    old_path: bytes | None = None
    conflict: bool = False

    @property
    def unreadable(self) -> str | None:
        """Why there is nothing to read, whatever the file is called."""
        if self.conflict:
            return CONFLICT
        kinds = [side.mode & _KIND for side in (self.old, self.new) if side]
        for kind in kinds:
            if kind in _BECAUSE_OF_KIND:
                return _BECAUSE_OF_KIND[kind]
        same = self.old and self.new and self.old.id == self.new.id and not self.old_path
        return MODE_ONLY if same else None


def deltas_in(raw: bytes) -> Iterator[Delta]:
    """Parse what ``git diff-tree -r -z`` or ``git diff-index --cached -z`` says, without rename detection."""
    for found in _RAW.finditer(raw):
        old_mode, new_mode, old_id, new_id, status, path = found.groups()
        old = Side(int(old_mode, 8), old_id.decode()) if int(old_mode, 8) else None
        new = Side(int(new_mode, 8), new_id.decode()) if int(new_mode, 8) else None
        yield Delta(path, old, new, conflict=status == b"U")


def shown(path: bytes) -> str:
    """A path as text; bytes that are not UTF-8 are written as escapes, so that every report can carry them."""
    return path.decode("utf-8", "backslashreplace")
