"""A team's edits as a bundle sees them: reward differences of its graph, and features for a correction to it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from themis_bench.metrics import length_neutral, sign_of_length
from themis_lsp.change import Nature
from themis_lsp.snippet import windows_between
from themis_model.criterion import CRITERIA
from themis_model.encode import View
from themis_model.scorer import FloatArray, Scorer
from themis_training.mined import DAILY, Kind, MinedEdit
from themis_training.network import Wide
from themis_training.pairs import MOST_WINDOWS, Example
from themis_training.personal.history import History
from themis_training.reality import claim_about
from themis_training.wide import Difference, differences_of

BUCKETS = 1 << 16  # of the correction; a team's edits touch some ten thousand n-grams
LONGEST_GRAM = 3

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoredEdit:
    """One edit of the team.

    Attributes:
        commit: full hash.
        known: when it could be judged, in seconds since 1970.
        kind: a ``Kind``.
        criterion: column of what people said about it; -1 if they said nothing.
        sign: 1 if they said it improves that, -1 if it was taken back, 0 if they said nothing.
        longer: sign of the length difference, better text minus worse text.
        views: before and after of each window.
        deltas: reward differences of the bundle, after minus before, ``[windows, 5]``.
        features: what a correction sees of each window, after minus before.
    """

    commit: str
    known: int
    kind: str
    criterion: int
    sign: int
    longer: int
    views: tuple[tuple[View, View], ...]
    deltas: FloatArray
    features: tuple[Difference, ...]

    @property
    def is_daily(self) -> bool:
        """Whether it belongs to the even sample of what people commit."""
        return self.kind in DAILY


def scored_edits(
    history: History, scorer: Scorer, counted: Callable[[Sequence[MinedEdit]], Iterable[MinedEdit]] = iter
) -> list[ScoredEdit]:
    """Every edit that the model gets to see, in the order of the history.

    What tokens prove to be neutral is never scored, and is left out, as is what fits no window.

    Args:
        history: what was mined.
        scorer: the bundle to correct.
        counted: passes on the edits it is given, for a progress bar.
    """
    wide = Wide(BUCKETS, LONGEST_GRAM)
    found = []
    for edit, known in zip(counted(history.edits), history.known, strict=True):
        scored = _scored(edit, known, scorer, wide) if edit.nature == Nature.CODE else None
        if scored:
            found.append(scored)
    return found


def _scored(edit: MinedEdit, known: int, scorer: Scorer, wide: Wide) -> ScoredEdit | None:
    windows = windows_between(edit.before, edit.after, edit.language, scorer.encoder)[:MOST_WINDOWS]
    seen = [(w.before, w.after) for w in windows if w.before.ids != w.after.ids]
    if not seen:
        return None
    criterion = claim_about(edit)
    sign = 0 if criterion is None else -1 if edit.kind == Kind.REVERTED else 1
    return ScoredEdit(
        edit.commit, known, edit.kind, -1 if criterion is None else CRITERIA.index(criterion), sign,
        sign * sign_of_length(edit.after, edit.before), tuple(seen), deltas_of(seen, scorer),
        tuple(differences_of(wide, [_example(before, after) for before, after in seen])),
    )  # fmt: skip


def deltas_of(views: Sequence[tuple[View, View]], scorer: Scorer) -> FloatArray:
    """Reward differences, after minus before, ``[len(views), 5]``."""
    rewards = scorer.score([view for pair in views for view in pair])
    return rewards[1::2] - rewards[::2]


def _example(before: View, after: View) -> Example:
    chosen, rejected = (np.array(view.ids, np.uint16) for view in (after, before))
    return Example("", "", after.language, "", -1, chosen, rejected, 0, 1.0)


def largest(deltas: FloatArray) -> FloatArray:
    """The reward difference that counts in a review, ``[5]``, of those of all windows ``[windows, 5]``."""
    row: FloatArray = deltas[np.abs(deltas).argmax(axis=0), range(len(CRITERIA))]
    return row


def balanced(edits: Sequence[ScoredEdit]) -> Floats:
    """Weights that sum to 1, in which labelled edits whose better text is longer and shorter weigh the same."""
    weights = length_neutral(np.ones(len(edits)), [edit.longer for edit in edits])
    normal: Floats = weights / weights.sum()
    return normal
