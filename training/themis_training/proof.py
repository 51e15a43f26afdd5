"""What readers' judgements prove: how likely a finding is kept, and which of them a bundle may tell."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import chain, combinations
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from themis_bench.mix import wilson
from themis_model.assent import MEASURES, Assent, Clue, Step, measures
from themis_model.calibrate import Calibration, Curve, State, Threshold
from themis_model.criterion import Criterion
from themis_model.naming import Naming
from themis_model.reason import reason
from themis_training.judged import ASKS, LIKELIER_THAN_NOT, Possible
from themis_training.reading import fold_of

Floats = npt.NDArray[np.float64]

#: Share of what would be told that is kept, at least: what comes to 0.8 under the stated mix. Evenly drawn edits have
#: more regressions in correctness and readability than the mix has, and far fewer in the others (``training/LOG.md``).
_PRECISION: Final = {
    Criterion.FUNCTIONAL_CORRECTNESS: 0.82,
    Criterion.RUNTIME_EFFICIENCY: 0.8,
    Criterion.MEMORY_EFFICIENCY: 0.75,
    Criterion.SECURITY_HARDNESS: 0.7,
    Criterion.READABILITY_MAINTAINABILITY: 0.84,
}
_PROOF: Final = 10  # findings that a criterion would tell and that were read
_DOUBT: Final = 2.0  # readings that say as much as all others on average, before the first one counts
_FEW: Final = 5  # readings where a name is likelier than not; after so many, one that was never told is not
_SEEN: Final = 3  # told readings of a name; with fewer nothing speaks against it
_VOTES: Final = 8  # findings with one name in one repository that count: its authors do the same thing many times
_ASKED_IN_VAIN: Final = 0.02  # of what could be told is never asked about
_FOLDS: Final = 5
_RIDGE, _RIDGE_OF_SIGNS = 0.1, 1.0
_OFTEN: Final = 20  # findings with a sign that is no name; with fewer it says nothing
_STEPS: Final = 60


class By(StrEnum):
    """Who says whether a finding is right."""

    READER = "reader"  # asked about this very finding
    SURVEY = "survey"  # asked what the edit does to all criteria
    WRITTEN = "written"  # whoever wrote the edit to be told, or not


class Weighed(NamedTuple):
    """A finding that was judged, as a bundle sees it.

    Attributes:
        finding: what was told, or could have been.
        worse: P(worse), of a model that has not learned from it.
        clue: what speaks for its name, likewise.
        kept: share of readers who would keep it with its name.
        by: who says so.
    """

    finding: Possible
    worse: float
    clue: Clue
    kept: float
    by: By = By.READER

    @property
    def asked(self) -> bool:
        """Whether a reader was asked about this very finding."""
        return self.by is By.READER


_UNASKED: Final = {By.SURVEY: 0.1, By.WRITTEN: 0.1}  # weight of a finding that nobody was asked about


class _Design(NamedTuple):
    """Features of findings: each measure in units of its spread, who says so if no reader, and one for each sign."""

    matrix: Floats
    signs: tuple[str, ...]
    middle: Floats
    spread: Floats


def settled(calibration: Calibration, naming: Naming, judged: Sequence[Weighed]) -> Calibration:
    """Calibration with the assents and thresholds that reading justifies.

    Per criterion, the lowest probability from which on enough of what would be told is kept, each finding being judged
    by an assent that saw nothing of its repository. What is measured here was also chosen here, so it flatters; see
    ``measured``.

    Args:
        calibration: of the bundle.
        naming: its names.
        judged: findings, on edits as they happened and turned round. Those that nobody was asked about teach an assent,
            but prove nothing.
    """
    curves = {}
    for criterion, curve in calibration.curves.items():
        rows = [one for one in judged if one.finding.criterion is criterion]
        names = [name for name in naming.reasons if reason(name).criterion is criterion]
        curves[criterion] = _settled(curve, rows, names) if rows else _silent(curve)
    return replace(calibration, curves=curves)


def _settled(curve: Curve, rows: Sequence[Weighed], names: Sequence[str]) -> Curve:
    if curve.state is State.NO_DATA:
        return curve
    rows, weights, unseen = _taught(rows)
    asked = np.flatnonzero([one.asked for one in rows])
    kept = np.array([one.kept for one in rows])
    enough = _PRECISION[rows[0].finding.criterion]
    at = _lowest(unseen[asked], kept[asked], weights[asked], enough) if len(asked) else None
    if at is None:
        return _silent(curve)
    told: dict[str, list[int]] = defaultdict(list)
    for n in np.flatnonzero(unseen >= at.probability).tolist():
        told[rows[n].clue.name].append(n)
    assent, surest = fitted(rows, weights), max(one.worse for one in rows)
    doubted = Counter(one.clue.name for one in rows if one.asked and one.worse >= LIKELIER_THAN_NOT)
    reasons = {}
    for name in names:
        proof = [n for n in told[name] if rows[n].asked]
        is_open = doubted[name] < _FEW and _best(assent, name, surest) >= at.probability
        if (told[name] or is_open) and not _is_refused(kept[proof]):
            reasons[name] = measured_at(at.probability, kept[proof], weights[proof])
    surely = np.array([one.worse for one in rows])[unseen >= at.probability]
    # Below this hardly anything is told, so asking is not worth two passes.
    assent = replace(assent, asks=max(ASKS, float(np.quantile(surely, _ASKED_IN_VAIN))))
    return replace(curve, state=State.SPEAKS, worse=at, reasons=reasons, assent=assent)


def _taught(rows: Sequence[Weighed]) -> tuple[Sequence[Weighed], Floats, Floats]:
    """Findings, their weights, and how likely each is kept, held out; with those others where they teach anything."""
    there = {one.by for one in rows} - {By.READER}
    choices = []
    for others in chain.from_iterable(combinations(sorted(there), count) for count in range(len(there) + 1)):
        chosen = [one for one in rows if one.asked or one.by in others]
        if not chosen:
            continue
        weights = weights_of(chosen)
        unseen = held_out(chosen, weights)
        choices.append((_loss(chosen, weights, unseen), chosen, weights, unseen))
    return min(choices, key=lambda choice: choice[0])[1:]


def _loss(rows: Sequence[Weighed], weights: Floats, told: Floats) -> float:
    """Mean cross-entropy of what readers were asked about, in nats."""
    asked = np.array([one.asked for one in rows])
    kept, sure = np.array([one.kept for one in rows])[asked], np.clip(told[asked], 1e-6, 1 - 1e-6)
    losses = -kept * np.log(sure) - (1 - kept) * np.log(1 - sure)
    return float(weights[asked] @ losses / max(weights[asked].sum(), 1e-9))


def _best(assent: Assent, name: str, worse: float) -> float:
    """The probability of a finding with this name if everything speaks for it, and P(worse) is as high as ever."""
    seen = (
        Clue(name, 1.0, shown, lost, step.gone, step.come, step)
        for shown, lost, step in (((name,), (), Step(0, 1)), ((), (name,), Step(1)), ((name,), (name,), Step(1, 1)))
    )
    return max(assent.probability(worse, clue) for clue in seen)


def _is_refused(kept: Floats) -> bool:
    """Whether a name is refused at least as often as kept, as far as that can be seen."""
    return len(kept) >= _SEEN and float(kept.mean()) <= LIKELIER_THAN_NOT


def _silent(curve: Curve) -> Curve:
    if curve.state is State.NO_DATA:
        return curve
    return replace(curve, state=State.NOT_PRECISE, reasons={}, assent=None)


def _lowest(told: Floats, kept: Floats, weights: Floats, share: float) -> Threshold | None:
    """The lowest probability from which on such a share is kept, doubt included; None if there is none."""
    order = np.argsort(-told, kind="stable")
    weight, right = np.cumsum(weights[order]), np.cumsum((weights * kept)[order])
    prior = float(weights @ kept / weights.sum())
    enough = (right + _DOUBT * prior) / (weight + _DOUBT) >= share
    chosen = [n for n in np.flatnonzero(enough) if n + 1 >= _PROOF and told[order[n]] >= LIKELIER_THAN_NOT]
    if not chosen:
        return None
    rows = order[: chosen[-1] + 1]
    return measured_at(float(told[rows[-1]]), kept[rows], weights[rows])


def measured_at(probability: float, kept: Floats, weights: Floats) -> Threshold:
    """A threshold with the share of findings there that were kept, and its bound for the effective number of them."""
    if not len(kept):
        return Threshold(probability)
    share = float(weights @ kept / weights.sum())
    bounds = wilson(min(share, 1.0), float(weights.sum() ** 2 / (weights @ weights)))
    return Threshold(probability, bounds.value, bounds.lower, 0.0, len(kept))


def weights_of(rows: Sequence[Weighed]) -> Floats:
    """Weight of each finding, at most 1: many of one repository with one name count as few.

    Judged edits are many, nearly all of which nobody would have told, so each weighs little; so do written ones.
    """
    votes = Counter((one.finding.repository, one.finding.defect) for one in rows if one.asked)
    weights = [
        min(1.0, _VOTES / votes[o.finding.repository, o.finding.defect]) if o.asked else _UNASKED[o.by] for o in rows
    ]
    return np.array(weights)


def held_out(rows: Sequence[Weighed], weights: Floats) -> Floats:
    """The probability of each finding, by an assent that was fitted without its repository."""
    folds = np.array([fold_of(one.finding.repository, _FOLDS) for one in rows])
    told = np.zeros(len(rows))
    for fold in range(_FOLDS):
        own, others = (np.flatnonzero(part).tolist() for part in (folds == fold, folds != fold))
        if own and others:
            assent = fitted([rows[n] for n in others], weights[others])
            told[own] = [assent.probability(rows[n].worse, rows[n].clue) for n in own]
    return told


def fitted(rows: Sequence[Weighed], weights: Floats) -> Assent:
    """The most likely assent under a penalty that is harder on signs than on what is measured of all findings."""
    kept = np.array([one.kept for one in rows])
    design = _design(rows)
    count = len(MEASURES)
    # Who is asked about all criteria, or writes edits, sees more and less: what that shifts is fitted, then left out.
    penalty = np.array([1e-6] + [_RIDGE] * (count + len(_UNASKED)) + [_RIDGE_OF_SIGNS] * len(design.signs))
    free = _logistic(design.matrix, kept, weights, penalty)
    if free[1] < 0:  # what is likelier worse may not be kept less often, or the curve could not be moved
        design.matrix[:, 1] = 0.0
        free = _logistic(design.matrix, kept, weights, penalty)
    slopes = free[1 : count + 1] / design.spread
    return Assent(
        float(free[0] - slopes @ design.middle),
        dict(zip(MEASURES, slopes.tolist(), strict=True)),
        dict(zip(design.signs, free[count + 1 + len(_UNASKED) :].tolist(), strict=True)),
        ASKS,
    )


def _design(rows: Sequence[Weighed]) -> _Design:
    values = np.array([measures(one.worse, one.clue) for one in rows])
    middle, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    seen = [one.clue.signs for one in rows]
    counts = Counter(sign for signs in seen for sign in signs)
    names = {one.clue.name for one in rows}
    known = {s: n for n, s in enumerate(sorted(s for s in counts if s in names or counts[s] >= _OFTEN))}
    marked = np.zeros((len(rows), len(known)))
    for row, signs in enumerate(seen):
        marked[row, [known[sign] for sign in signs if sign in known]] = 1
    shift = np.array([[one.by is by for by in _UNASKED] for one in rows], np.float64)
    matrix = np.hstack([np.ones((len(rows), 1)), (values - middle) / spread, shift, marked])
    return _Design(matrix, tuple(known), middle, spread)


def _logistic(matrix: Floats, kept: Floats, weights: Floats, penalty: Floats) -> Floats:
    """Newton's method; the penalty makes it strictly convex."""
    free = np.zeros(matrix.shape[1])
    for _ in range(_STEPS):
        told = 1 / (1 + np.exp(-np.clip(matrix @ free, -30, 30)))
        slope = matrix.T @ (weights * (told - kept)) + penalty * free
        curvature = (matrix * (weights * told * (1 - told))[:, None]).T @ matrix + np.diag(penalty)
        step = np.linalg.solve(curvature, slope)
        free = free - step
        if np.abs(step).max() < 1e-8:
            break
    return free


def told_of(calibration: Calibration, judged: Iterable[Weighed]) -> list[Weighed]:
    """Those of the findings that are told."""
    return [one for one in judged if calibration.curves[one.finding.criterion].told(one.worse, one.clue) is not None]


def measured(calibration: Calibration, judged: Sequence[Weighed]) -> Calibration:
    """The same thresholds with the precision that other readings found.

    Args:
        calibration: as ``settled`` made it.
        judged: findings on edits of repositories that no threshold was chosen on.
    """
    told = told_of(calibration, judged)
    curves = {}
    for criterion, curve in calibration.curves.items():
        own = [one for one in told if one.finding.criterion is criterion]
        at = measured_at(curve.worse.probability, _kept(own), np.ones(len(own)))
        curves[criterion] = replace(curve, worse=at) if curve.reasons else curve
    return replace(calibration, curves=curves)


def _kept(rows: Sequence[Weighed]) -> Floats:
    """Whether each is worth telling, whatever it is called."""
    return np.array([bool(one.finding.kept) for one in rows], np.float64)


def tally(judged: Sequence[Weighed]) -> dict[str, dict[str, int]]:
    """Per defect, how many findings were read, kept, and rightly named."""
    own: dict[str, list[Weighed]] = defaultdict(list)
    for one in judged:
        if one.asked:
            own[one.finding.defect].append(one)
    return {
        name: {
            "read": len(o),
            "kept": int(_kept(o).sum()),
            "named": sum(bool(x.finding.kept and x.finding.named) for x in o),
        }
        for name, o in sorted(own.items())
    }


def summary(calibration: Calibration, judged: Sequence[Weighed]) -> dict[str, Any]:
    """What readings of other repositories say of everything that is told."""
    told = told_of(calibration, judged)
    kept = int(_kept(told).sum())
    ways = Counter(
        f"{'turned' if one.finding.turned else 'as happened'}, {'kept' if one.finding.kept else 'not'}" for one in told
    )
    lower = wilson(kept / len(told), len(told)).lower if told else 0.0
    named = sum(bool(one.finding.kept and one.finding.named) for one in told)
    return {"read": len(told), "kept": kept, "named": named, "lower": lower, "ways": ways, "defects": tally(told)}
