"""Pairs as the model reads them: one example per window, with the weights that make length uninformative."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from themis_lsp.change import Nature
from themis_lsp.diff import hunks_between
from themis_lsp.unit import split_lines
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder, Window
from themis_model.scorer import FloatArray
from themis_training.data import Pair
from themis_training.mined import MinedEdit

Weights = npt.NDArray[np.float64]
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
        criterion: column of the reward it teaches.
        chosen: token ids of the better view.
        rejected: token ids of the worse view.
        longer: sign of the character length difference, chosen minus rejected: -1, 0 or 1.
        share: 1 / number of windows of the pair.
        tie: an ordinary edit: neither side is better, so the rewards should agree.
    """

    pair: str
    source: str
    language: str
    project: str
    criterion: int
    chosen: tuple[int, ...]
    rejected: tuple[int, ...]
    longer: int
    share: float
    tie: bool = False


def windows_of(rejected: str, chosen: str, language: str, encoder: Encoder) -> tuple[Window, ...]:
    """The windows of a pair, exactly as a review would see the edit from ``rejected`` to ``chosen``."""
    before, after = split_lines(rejected), split_lines(chosen)
    return encoder.windows(before, after, hunks_between(before, after), language).windows


def examples_of(pairs: Iterable[Pair], encoder: Encoder) -> Iterator[Example]:
    """Encode pairs; those whose views are equal, or that fit no window, teach nothing and are left out."""
    for pair in pairs:
        seen = [(w.after.ids, w.before.ids) for w in windows_of(pair.rejected, pair.chosen, pair.language, encoder)]
        seen = [views for views in seen if views[0] != views[1]][:MOST_WINDOWS]
        longer = (len(pair.chosen) > len(pair.rejected)) - (len(pair.chosen) < len(pair.rejected))
        for chosen, rejected in seen:
            yield Example(
                pair.id, pair.source, pair.language, pair.project, CRITERIA.index(pair.criterion),
                chosen, rejected, longer, 1 / len(seen),
            )  # fmt: skip


def largest_margins(score: Score, changes: Sequence[tuple[str, str, str]], encoder: Encoder) -> FloatArray:
    """Reward differences ``[changes, 5]``, after minus before; as in a review, the window with the largest one counts.

    Args:
        score: views as token ids to rewards ``[views, 5]``.
        changes: before, after and language of each.
        encoder: makes the views. A change that fits no window gets 0.
    """
    seen = [windows_of(before, after, language, encoder) for before, after, language in changes]
    rewards = iter(score([view.ids for windows in seen for w in windows for view in (w.before, w.after)]))
    margins = np.zeros((len(changes), len(CRITERIA)), np.float32)
    for row, windows in enumerate(seen):
        deltas = np.array([-next(rewards) + next(rewards) for _ in windows]).reshape(-1, len(CRITERIA))
        if len(deltas):
            margins[row] = deltas[np.abs(deltas).argmax(axis=0), range(len(CRITERIA))]
    return margins


def ties_of(edits: Iterable[MinedEdit], criteria: Sequence[Criterion], encoder: Encoder) -> Iterator[Example]:
    """Ordinary real edits as ties of each criterion; those that tokens settle are never scored, hence left out."""
    for number, edit in enumerate(edits):
        if edit.nature != Nature.CODE:
            continue
        for window in windows_of(edit.before, edit.after, edit.language, encoder)[:1]:
            for criterion in criteria:
                yield Example(
                    f"{edit.repo}/{number}", "ordinary", edit.language, edit.repo, CRITERIA.index(criterion),
                    window.after.ids, window.before.ids, 0, 1.0, tie=True,
                )  # fmt: skip


def with_ties(weights: Weights, pairs: Sequence[Example], ties: Sequence[Example], ratio: float) -> Weights:
    """Weights of pairs followed by ties: per criterion, all ties together weigh ``ratio`` times all pairs."""
    columns = np.array([example.criterion for example in pairs])
    totals = {int(column): weights[columns == column].sum() for column in np.unique(columns)}
    numbers = Counter(tie.criterion for tie in ties)
    added = [ratio * totals.get(tie.criterion, 0.0) / numbers[tie.criterion] for tie in ties]
    return np.concatenate([weights, np.array(added, dtype=np.float64)])


def length_neutral(
    examples: Sequence[Example], caps: dict[str, float] | None = None, per_project: float = 1e9
) -> Weights:
    """Weight per example, ``[len(examples)]``, mean 1: longer and shorter chosen sides weigh the same.

    Args:
        examples: what is trained on.
        caps: weight per source before balancing, for sources that would drown the others.
        per_project: total weight one project may have before balancing.

    The balance holds within each criterion and source group, so no source brings the length shortcut back.
    """
    weights = np.array([e.share * (caps or {}).get(e.source, 1.0) for e in examples], dtype=np.float64)
    _cap_totals(weights, [(e.source, e.project) for e in examples], per_project)
    strata: dict[tuple[int, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, example in enumerate(examples):
        strata[example.criterion, example.source][example.longer].append(row)
    for signs in strata.values():
        longer, shorter = signs.get(1, []), signs.get(-1, [])
        if longer and shorter:
            goal = (weights[longer].sum() + weights[shorter].sum()) / 2
            weights[longer] *= goal / weights[longer].sum()
            weights[shorter] *= goal / weights[shorter].sum()
    normal: Weights = weights / weights.mean()
    return normal


def _cap_totals(weights: Weights, keys: Sequence[tuple[str, str]], most: float) -> None:
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    for members in rows.values():
        total = weights[members].sum()
        if total > most:
            weights[members] *= most / total
