"""A scorer that remembers, for whoever asks about nearly the same views again and again, as editors do."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

from themis_model.assent import Clue
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder, View
from themis_model.scorer import FloatArray, ModelInfo, Scorer

_STRIDE = 4  # views between two looks at whether to go on: some tens of milliseconds


class RememberingScorer:
    """Another scorer, asked only for views that were not seen lately; the rewards are the same bits.

    Args:
        scorer: gives the rewards.
        most: number of views remembered; the least recently used is forgotten first.
        before_each: called before each few views are scored, so that a caller can end the work by raising.
    """

    def __init__(self, scorer: Scorer, most: int, before_each: Callable[[], None]) -> None:
        self._scorer = scorer
        self._most = most
        self._before_each = before_each
        self._known: OrderedDict[tuple[int, ...], FloatArray] = OrderedDict()

    @property
    def info(self) -> ModelInfo:
        """What is scoring."""
        return self._scorer.info

    @property
    def encoder(self) -> Encoder:
        """Turns text into the views the scorer reads."""
        return self._scorer.encoder

    def score(self, views: Sequence[View]) -> FloatArray:
        """Rewards of shape ``[len(views), 5]``."""
        rewards = {view.ids: self._known[view.ids] for view in views if view.ids in self._known}
        unknown = list({view.ids: view for view in views if view.ids not in rewards}.values())
        for start in range(0, len(unknown), _STRIDE):
            self._before_each()
            asked = unknown[start : start + _STRIDE]
            rewards.update(zip((view.ids for view in asked), self._scorer.score(asked), strict=True))
        for ids, row in rewards.items():
            self._known[ids] = row
            self._known.move_to_end(ids)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        rows = [rewards[view.ids] for view in views]
        return np.stack(rows) if rows else np.zeros((0, len(CRITERIA)), np.float32)

    def clue(self, worse: View, better: View, criterion: Criterion) -> Clue | None:
        """What speaks for a named defect; asked of what may be told only, so not worth remembering."""
        self._before_each()
        return self._scorer.clue(worse, better, criterion)
