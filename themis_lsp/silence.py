"""Which findings of an edit are silenced by comments in it, and what is to be said of those comments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from themis_lsp.change import Edit
from themis_lsp.suppress import Suppression, added, decide, suppressions, without_reason
from themis_lsp.verdict import Verdict
from themis_model.criterion import Criterion

_MARK = "themis:"


@dataclass(frozen=True, slots=True)
class Note:
    """Something to say of a suppression comment.

    Attributes:
        path: the file.
        line: where the comment is, 1-based, in the new file.
        message: one sentence.
    """

    path: str
    line: int
    message: str


class Comment(NamedTuple):
    """A suppression comment, as far as it silences a regression.

    Attributes:
        line: where it is, 1-based, in the new file.
        reason: why, in its author's words; may be empty.
        is_new: the change under review brings it in.
    """

    line: int
    reason: str
    is_new: bool


class By(StrEnum):
    """What silences a regression."""

    COMMENT = "comment"  # in the code
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Silenced:
    """A regression that would be a finding, had nobody said that it need not be.

    Attributes:
        verdict: the judgement.
        first, last: the lines around everything that was judged, 1-based, in the new file.
        fingerprint: as the finding would have it.
        by: what silences it.
        comment: the comment that silences it, if one does.
    """

    verdict: Verdict
    first: int
    last: int
    fingerprint: str
    by: By
    comment: Comment | None = None


def silenced(
    edit: Edit, spoken: Sequence[Criterion], speaking: Collection[Criterion]
) -> tuple[Mapping[Criterion, Comment], tuple[Note, ...]]:
    """Decide on one edit.

    Args:
        edit: its new lines hold the comments.
        spoken: criteria with a finding.
        speaking: criteria the model can speak of.

    Returns:
        The criteria that are silenced, each with the comment that does it, and notes on comments that are new, broken
        or without effect.
    """
    if not any(_MARK in line for line in edit.after.lines):
        return {}, ()
    found = suppressions(edit.after.lines, edit.language)
    changed = [(h.after_start + 1, max(h.after_end, h.after_start + 1)) for h in edit.hunks]
    fresh = [s for s in added(suppressions(edit.before.lines, edit.language), found, edit.hunks) if s.criteria]
    # Of several comments the one counts that a gate may heed.
    best = sorted(found, key=lambda s: (not s.reason, s in fresh))
    outcome = decide(best, [(criterion, changed) for criterion in spoken], changed, speaking)
    quiet = {
        criterion: Comment(edit.after.numbers[by.line - 1] + 1, by.reason, by in fresh)
        for criterion, by in zip(spoken, outcome.suppressed, strict=True)
        if by
    }
    # What is new without a reason is told once, with its news.
    missing = [(s, without_reason(s.names)) for s in fresh]
    told = [(s.line, problem) for s in found for problem in s.problems if (s, problem) not in missing]
    told += [(u.suppression.line, f"ignore[{u.criterion.short}] silences nothing here") for u in outcome.unused]
    told += [(s.line, _news_of(s)) for s in fresh]
    return quiet, tuple(Note(edit.path, edit.after.numbers[line - 1] + 1, text) for line, text in sorted(told))


def _news_of(suppression: Suppression) -> str:
    added_here = f"this change adds ignore[{suppression.names}]"
    if suppression.reason:
        return f"{added_here}: {suppression.reason}"
    return f"{added_here}, but {without_reason(suppression.names)}"
