"""How strong a correction should be, and what it says of edits it was not fitted to; the tail is not looked at."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from themis_model.calibrate import Calibration
from themis_model.scorer import FloatArray
from themis_training.personal.scored import Floats, ScoredEdit, balanced, largest
from themis_training.personal.update import NO_UPDATE, Strength, Update, fit_table, fit_update, learned, unit_of

RIDGES = (0.3, 1.0, 3.0, 10.0)  # weaker ones lost on two of three tails; see the log
RANKS = (1, 2, 4)
NONE = Strength(math.inf, 0)
FOLDS = 4
_EARLIER = 0.75  # share of the labelled edits that the strength is tried on


def choose_strength(edits: Sequence[ScoredEdit], shipped: Calibration, on_step: Callable[[str], None]) -> Strength:
    """The strength with the least loss on the newest quarter after a fit to the rest, or ``NONE`` if all do harm.

    Args:
        edits: those that may be fitted to, oldest first.
        shipped: the bundle's calibration.
        on_step: told one line about each ridge that was tried.
    """
    earlier, later = divided(edits, _EARLIER)
    columns = sorted(set(learned(earlier)) & {edit.criterion for edit in later})
    if not columns:
        return NONE
    best, least = NONE, validation_loss(NO_UPDATE, later, shipped, columns)
    on_step(f"without a correction: loss {least:.4f}")
    for ridge in RIDGES:
        fitted = fit_table(earlier, shipped, ridge)
        for rank in RANKS:
            loss = validation_loss(fitted.cut(rank), later, shipped, columns)
            on_step(f"ridge {ridge:g}, rank {rank}: loss {loss:.4f}")
            if loss < least:
                best, least = Strength(ridge, rank), loss
    return best


def divided(edits: Sequence[ScoredEdit], share: float) -> tuple[list[ScoredEdit], list[ScoredEdit]]:
    """Edits before and from the moment at which ``share`` of the labelled ones were known; oldest first."""
    labelled = [edit.known for edit in edits if edit.sign]
    cut = labelled[min(int(len(labelled) * share), len(labelled) - 1)] if labelled else 0
    return [edit for edit in edits if edit.known < cut], [edit for edit in edits if edit.known >= cut]


def validation_loss(update: Update, edits: Sequence[ScoredEdit], shipped: Calibration, columns: Sequence[int]) -> float:
    """Mean logistic loss of labelled edits, at the best temperature per criterion, so that only directions count.

    Args:
        update: correction to try.
        edits: what it was not fitted to.
        shipped: the bundle's calibration: says in which unit its reward differences are.
        columns: criteria that count, each as much as it has labelled edits.
    """
    total = count = 0.0
    for column in columns:
        pairs = [edit for edit in edits if edit.criterion == column]
        margins = margins_of([update.deltas(edit) for edit in pairs], pairs, column) * unit_of(shipped, column)
        weight = balanced(pairs)
        losses = [float(weight @ np.logaddexp(0, -gain * margins)) for gain in np.geomspace(0.01, 4, 25)]
        total += min(losses) * len(pairs)
        count += len(pairs)
    return total / count


def margins_of(deltas: Sequence[FloatArray], edits: Sequence[ScoredEdit], column: int) -> Floats:
    """Reward differences of labelled edits, better minus worse, as a review takes them: the largest one of an edit."""
    signs = np.array([edit.sign for edit in edits], np.float64)
    return signs * np.array([float(largest(delta)[column]) for delta in deltas], np.float64)


def unseen_deltas(edits: Sequence[ScoredEdit], shipped: Calibration, strength: Strength) -> list[FloatArray]:
    """Corrected reward differences ``[windows, 5]`` of each edit, from a fit that left its quarter of the time out."""
    found: list[FloatArray] = []
    for block in np.array_split(np.arange(len(edits)), FOLDS):
        inside = set(block.tolist())
        update = fit_update([edit for n, edit in enumerate(edits) if n not in inside], shipped, strength)
        found += [update.deltas(edits[n]) for n in block]
    return found
