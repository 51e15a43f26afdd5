"""Pairs and ties as the model reads them: one example per window."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from themis_lsp.change import Nature
from themis_lsp.snippet import windows_between
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder
from themis_model.scorer import FloatArray
from themis_training.data import Pair
from themis_training.mined import DAILY, Kind, MinedEdit

Ids = npt.NDArray[np.uint16]  # token ids of one view; vocabularies stay far below 65,536
Score = Callable[[Sequence[Sequence[int]]], FloatArray]

MOST_WINDOWS = 4  # of one pair; edits scattered further teach little about any one place


@dataclass(frozen=True, slots=True)
class Example:
    """One window of a pair.

    Attributes:
        pair: id of the pair.
        source: dataset.
        language: key.
        project: origin.
        criterion: column of the reward it teaches; -1 for a tie.
        chosen: token ids of the better view.
        rejected: token ids of the worse view.
        longer: sign of the character length difference, chosen minus rejected: -1, 0 or 1.
        share: 1 / number of windows of the pair.
        tied: columns in which the rewards should agree, since neither side is better; empty for a pair.
        reason: id of the named defect of the worse view, or empty.
        sure: share of readers who would choose the chosen side; no matter for a tie.
    """

    pair: str
    source: str
    language: str
    project: str
    criterion: int
    chosen: Ids
    rejected: Ids
    longer: int
    share: float
    tied: tuple[int, ...] = ()
    reason: str = ""
    sure: float = 1.0

    @property
    def wins(self) -> float:
        """Share of the wins that the chosen side has; a half for a tie."""
        return 0.5 if self.tied else self.sure


def examples_of(pairs: Iterable[Pair], encoder: Encoder) -> Iterator[Example]:
    """Encode pairs; those whose views are equal, or that fit no window, teach nothing and are left out."""
    for pair in pairs:
        seen = [
            (w.after.ids, w.before.ids) for w in windows_between(pair.rejected, pair.chosen, pair.language, encoder)
        ]
        seen = [views for views in seen if views[0] != views[1]][:MOST_WINDOWS]
        longer = (len(pair.chosen) > len(pair.rejected)) - (len(pair.chosen) < len(pair.rejected))
        for chosen, rejected in seen:
            yield Example(
                pair.id, pair.source, pair.language, pair.project, CRITERIA.index(pair.criterion),
                _ids(chosen), _ids(rejected), longer, 1 / len(seen), reason=pair.reason,
            )  # fmt: skip


def _ids(view: Sequence[int]) -> Ids:
    return np.array(view, np.uint16)


def largest_margins(score: Score, changes: Sequence[tuple[str, str, str]], encoder: Encoder) -> FloatArray:
    """Reward differences ``[changes, 5]``, after minus before; as in a review, the window with the largest one counts.

    Args:
        score: views as token ids to rewards ``[views, 5]``.
        changes: before, after and language of each.
        encoder: makes the views. A change that fits no window gets 0.
    """
    seen = [windows_between(before, after, language, encoder) for before, after, language in changes]
    rewards = iter(score([view.ids for windows in seen for w in windows for view in (w.before, w.after)]))
    margins = np.zeros((len(changes), len(CRITERIA)), np.float32)
    for row, windows in enumerate(seen):
        deltas = np.array([-next(rewards) + next(rewards) for _ in windows]).reshape(-1, len(CRITERIA))
        if len(deltas):
            margins[row] = deltas[np.abs(deltas).argmax(axis=0), range(len(CRITERIA))]
    return margins


def ties_of(edits: Iterable[MinedEdit], criteria: Sequence[Criterion], encoder: Encoder) -> Iterator[Example]:
    """Real edits as ties: of all criteria if known to be neutral, else of ``criteria``.

    What tokens settle is never scored, hence left out.
    """
    ordinary = tuple(CRITERIA.index(criterion) for criterion in criteria)
    for number, edit in enumerate(edits):
        tied = tuple(range(len(CRITERIA))) if edit.kind == Kind.NEUTRAL else ordinary
        if edit.kind not in DAILY or edit.nature != Nature.CODE or not tied:
            continue
        for window in windows_between(edit.before, edit.after, edit.language, encoder)[:1]:
            if window.after.ids != window.before.ids:
                yield Example(
                    f"{edit.repo}/{number}", edit.kind, edit.language, edit.repo, -1, _ids(window.after.ids),
                    _ids(window.before.ids), 0, 1.0, tied,
                )  # fmt: skip
