"""What changed: the values that every way in (git, patch, editor, rank) is turned into."""

from dataclasses import dataclass
from enum import StrEnum

from themis_model.encode import Hunk, Lines


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after: the single input of a review.

    Attributes:
        path: where the file is now (or was, if it is deleted), with forward slashes.
        before: old text, or None if there was no such file.
        after: new text, or None if the file is deleted.
        old_path: where the file was, if it was renamed.
    """

    path: str
    before: str | None
    after: str | None
    old_path: str | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Something that changed and is not judged, and why.

    Attributes:
        path: the file.
        unit: the unit within it, or None for the whole file.
        because: the reason, in words that end a sentence.
        line: where the unit begins in the new file, 1-based, where that is known.
    """

    path: str
    unit: str | None
    because: str
    line: int | None = None


class UnitKind(StrEnum):
    """What tree-sitter cut out."""

    FUNCTION = "function"
    CLASS = "class"
    MODULE = "module"


class Nature(StrEnum):
    """What kind of difference an edit is, as far as its tokens can prove."""

    CODE = "code"
    LAYOUT = "layout"  # only comments, white space or line breaks differ
    RENAME = "rename"  # besides that, only local names differ, consistently


@dataclass(frozen=True, slots=True)
class Version:
    """One side of an edit.

    Attributes:
        lines: the unit's lines, without line ends.
        numbers: for each line, its 0-based number in the file; a remainder's lines need not be contiguous.
        text: the same lines as the encoder takes them (``themis_lsp.local``).
    """

    lines: tuple[str, ...]
    numbers: tuple[int, ...]
    text: Lines


@dataclass(frozen=True, slots=True)
class Edit:
    """One unit that is present in both versions and whose text differs.

    Attributes:
        path: the file now.
        unit: qualified name now, e.g. ``Account.withdraw``.
        kind: function, class remainder or module remainder.
        language: key from ``themis_model.tokens.LANGUAGES``.
        before: old text.
        after: new text.
        hunks: minimal replace blocks, in order; long blocks are split where lines correspond.
        nature: what its tokens prove about the difference.
        incomplete: the changed region does not parse.
        old_path: where it was, if it moved from another file.
        old_unit: what it was called, if it was renamed.
    """

    path: str
    unit: str
    kind: UnitKind
    language: str
    before: Version
    after: Version
    hunks: tuple[Hunk, ...]
    nature: Nature = Nature.CODE
    incomplete: bool = False
    old_path: str | None = None
    old_unit: str | None = None

    @property
    def line(self) -> int:
        """Where it begins in the new file, 1-based."""
        return self.after.numbers[0] + 1 if self.after.numbers else 1

    def reads_alike(self, hunk: Hunk) -> bool:
        """Whether a hunk changes nothing that a model reads: comments, local names and blank lines alone."""
        before = self.before.text.read[hunk.before_start : hunk.before_end]
        after = self.after.text.read[hunk.after_start : hunk.after_end]
        one, other = ([line.rstrip() for line in lines if line.strip()] for lines in (before, after))
        return one == other
