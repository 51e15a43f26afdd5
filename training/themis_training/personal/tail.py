"""Before and after, on the newest edits of a history, which nothing was fitted to."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from themis_bench.metrics import Estimate, interval
from themis_bench.mix import precision_under_mix, wilson
from themis_model.assent import Clue
from themis_model.calibrate import Calibration
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import View
from themis_model.scorer import FloatArray
from themis_training.mined import Kind
from themis_training.personal.recalibrate import NOISE
from themis_training.personal.scored import Floats, ScoredEdit, largest


@dataclass(frozen=True, slots=True)
class Figures:
    """One model on the tail. Intervals are 95 %: bootstraps over commits, or Wilson's for shares of edits.

    Attributes:
        plain: accuracy on edits that people spoke of.
        balanced: the same, with longer and shorter better texts counting the same.
        claimed: balanced accuracy on those said to improve something.
        reverted: plain accuracy on those taken back, often too few to balance.
        per_criterion: balanced accuracy by criterion.
        alarms: share of the ordinary edits that are called worse at anything, as a review would tell it: where a
            criterion tells only what it can name, with a name.
        precision: of calling an edit worse, under the mix.
        coverage: share of the regressions that are called worse: edits taken back, and improvements turned round.
        loss: cross-entropy of the three probabilities under the mix.
    """

    plain: Estimate
    balanced: Estimate
    claimed: Estimate
    reverted: Estimate
    per_criterion: dict[str, Estimate]
    alarms: Estimate
    precision: Estimate
    coverage: Estimate
    loss: Estimate


@dataclass(frozen=True, slots=True)
class Tail:
    """The comparison.

    Attributes:
        pairs: labelled edits of the tail, by criterion.
        reverted: how many of them were taken back.
        ordinary: its ordinary and neutral edits.
        before: the bundle as it was.
        after: the personalised one.
        gain: of balanced accuracy, after minus before, over the same resamples.
        hush: of the share of ordinary edits called worse, before minus after.
        relief: of loss, before minus after. It is told, and decides nothing: a model that knows which edits people talk
            about has less of it, whether or not it knows which way they go.
    """

    pairs: dict[str, int]
    reverted: int
    ordinary: int
    before: Figures
    after: Figures
    gain: Estimate
    hush: Estimate
    relief: Estimate

    @property
    def objection(self) -> str:
        """Why the personalised bundle is not better; empty if it is.

        Better is what certainly judges more edits rightly, or certainly raises fewer false alarms.
        """
        if self.after.alarms.value > max(self.before.alarms.value, NOISE):
            return f"it calls {self.after.alarms.value:.1%} of the ordinary edits worse"
        if self.gain.upper < 0:
            return f"balanced accuracy changes by {_signed(self.gain)}"
        if not (self.gain.lower > 0 or self.hush.lower > 0):
            return f"balanced accuracy changes by {_signed(self.gain)}, which may be chance"
        return ""

    def to_json(self) -> dict[str, Any]:
        """For a manifest; what could not be measured is null."""
        found: dict[str, Any] = _finite(asdict(self))
        return found


@dataclass(frozen=True, slots=True)
class Seen:
    """What one model says of the tail.

    Attributes:
        deltas: reward differences ``[windows, 5]`` of each edit, after minus before.
        calibration: what they mean.
        clue: what speaks for a defect that the first view has more of than the second, as a ``Scorer`` says it.
    """

    deltas: Sequence[FloatArray]
    calibration: Calibration
    clue: Callable[[View, View, Criterion], Clue | None]


def compare(edits: Sequence[ScoredEdit], before: Seen, after: Seen, seed: int) -> Tail:
    """Measure two models on the same edits, of which at least one is labelled."""
    pairs = [n for n, edit in enumerate(edits) if edit.sign]
    longer = np.array([edits[n].longer for n in pairs])
    commits = [edits[n].commit for n in pairs]
    old, new = (_margins(edits, seen, pairs) for seen in (before, after))
    daily = [n for n, edit in enumerate(edits) if edit.is_daily]
    loud, quiet = (np.array([_alarms(edits, n, seen) for n in daily], np.float64) for seen in (before, after))
    old_loss, new_loss = (_Loss(edits, seen) for seen in (before, after))
    everyone = [edit.commit for edit in edits]
    names = [CRITERIA[edits[n].criterion].value for n in pairs]
    return Tail(
        {name: names.count(name) for name in sorted(set(names))},
        sum(edits[n].kind == Kind.REVERTED for n in pairs),
        sum(edit.is_daily for edit in edits),
        _figures(edits, before, seed),
        _figures(edits, after, seed),
        interval(lambda w: _fair(new, longer, w) - _fair(old, longer, w), commits, seed),
        interval(lambda w: float(w @ (loud - quiet) / w.sum()), [edits[n].commit for n in daily], seed),
        interval(lambda w: old_loss.mean(w) - new_loss.mean(w), everyone, seed),
    )


def _figures(edits: Sequence[ScoredEdit], seen: Seen, seed: int) -> Figures:
    pairs = [n for n, edit in enumerate(edits) if edit.sign]

    def measured(statistic: Callable[[Floats, Floats, Floats], float], rows: Sequence[int]) -> Estimate:
        margins, longer = _margins(edits, seen, rows), np.array([edits[n].longer for n in rows], np.float64)
        return interval(lambda w: statistic(margins, longer, w), [edits[n].commit for n in rows], seed)

    hits = [_calls_worse(edits, n, seen, turned=edits[n].sign > 0) for n in pairs]
    slips = [_calls_worse(edits, n, seen, turned=edits[n].sign < 0) for n in pairs]
    daily = [n for n, edit in enumerate(edits) if edit.is_daily]
    alarms = wilson(float(np.mean([_alarms(edits, n, seen) for n in daily])) if daily else math.nan, len(daily))
    hit, slip = (wilson(float(np.mean(told)), len(told)) for told in (hits, slips))
    criteria = sorted({edits[n].criterion for n in pairs})
    loss = _Loss(edits, seen)
    return Figures(
        measured(_plain, pairs),
        measured(_fair, pairs),
        measured(_fair, [n for n in pairs if edits[n].sign > 0]),
        measured(_plain, [n for n in pairs if edits[n].sign < 0]),
        {CRITERIA[c].value: measured(_fair, [n for n in pairs if edits[n].criterion == c]) for c in criteria},
        alarms,
        precision_under_mix(hit, slip, alarms, seen.calibration.mix),
        hit,
        interval(loss.mean, [edit.commit for edit in edits], seed),
    )


class _Loss:
    """Cross-entropy of what a model says, each kind of edit weighing what the mix says."""

    def __init__(self, edits: Sequence[ScoredEdit], seen: Seen) -> None:
        self._mix = seen.calibration.mix
        self._told = np.array([bool(edit.sign) for edit in edits])
        self._daily = np.array([edit.is_daily for edit in edits])
        columns = sorted({edit.criterion for edit in edits if edit.sign})
        self._pair, self._still = np.zeros(len(edits)), np.zeros(len(edits))
        for n, (edit, windows) in enumerate(zip(edits, seen.deltas, strict=True)):
            delta = largest(windows)
            if edit.sign:
                better = self._shares(seen, edit.criterion, edit.sign * delta[edit.criterion])
                worse = self._shares(seen, edit.criterion, -edit.sign * delta[edit.criterion])
                self._pair[n] = -self._mix.better * math.log(better[2]) - self._mix.worse * math.log(worse[0])
            if edit.is_daily:
                said = [self._shares(seen, column, delta[column])[1] for column in columns]
                self._still[n] = -self._mix.neutral * float(np.mean(np.log(said)))

    def mean(self, weights: Floats) -> float:
        """Loss under the mix; NaN without labelled edits."""
        told, daily = weights * self._told, weights * self._daily
        if not told.sum() or not daily.sum():
            return math.nan
        return float(told @ self._pair / told.sum() + daily @ self._still / daily.sum())

    def _shares(self, seen: Seen, column: int, delta: float) -> tuple[float, float, float]:
        told = seen.calibration.probabilities(CRITERIA[column], float(delta)) or self._mix
        return max(told[0], 1e-9), max(told[1], 1e-9), max(told[2], 1e-9)


def _margins(edits: Sequence[ScoredEdit], seen: Seen, rows: Sequence[int]) -> Floats:
    """Reward differences, better minus worse, of the labelled edits in ``rows``."""
    return np.array([edits[n].sign * float(largest(seen.deltas[n])[edits[n].criterion]) for n in rows], np.float64)


def _plain(margins: Floats, _longer: Floats, weights: Floats) -> float:
    """Share that is right; a model without a head for a criterion says 0 of all edits, which is right by half."""
    total = float(weights.sum())
    return float(weights @ ((margins > 0) + 0.5 * (margins == 0))) / total if total else math.nan


def _fair(margins: Floats, longer: Floats, weights: Floats) -> float:
    """The mean of ``_plain`` where the better text is longer and where it is shorter."""
    return sum(_plain(margins, longer, weights * (longer == side)) for side in (1, -1)) / 2


def _calls_worse(edits: Sequence[ScoredEdit], n: int, seen: Seen, *, turned: bool) -> bool:
    return _is_worse(edits, n, seen, edits[n].criterion, turned=turned)


def _alarms(edits: Sequence[ScoredEdit], n: int, seen: Seen) -> bool:
    return any(_is_worse(edits, n, seen, column, turned=False) for column in range(len(CRITERIA)))


def _is_worse(edits: Sequence[ScoredEdit], n: int, seen: Seen, column: int, *, turned: bool) -> bool:
    """Whether a review would tell of a regression, by the window that counts."""
    criterion = CRITERIA[column]
    deltas, curve = seen.deltas[n][:, column], seen.calibration.curves[criterion]
    heaviest = int(np.abs(deltas).argmax())
    told = seen.calibration.probabilities(criterion, float(deltas[heaviest]) * (-1 if turned else 1))
    if told is None or told.worse < curve.asks:
        return False  # asking for names costs two passes
    before, after = edits[n].views[heaviest][:: -1 if turned else 1]
    return curve.told(told.worse, seen.clue(after, before, criterion) if curve.reasons else None) is not None


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, Estimate):
        return {key: _finite(inner) for key, inner in value._asdict().items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table(tail: Tail) -> str:
    """The comparison as text, one figure a line."""
    rows = [
        ("accuracy, plain", tail.before.plain, tail.after.plain),
        ("accuracy, length-balanced", tail.before.balanced, tail.after.balanced),
        ("  claimed", tail.before.claimed, tail.after.claimed),
        (f"  reverted ({tail.reverted}), plain", tail.before.reverted, tail.after.reverted),
        *(
            (f"  {name} ({count})", tail.before.per_criterion[name], tail.after.per_criterion[name])
            for name, count in tail.pairs.items()
        ),
        (f"ordinary edits called worse ({tail.ordinary})", tail.before.alarms, tail.after.alarms),
        ("precision under the mix", tail.before.precision, tail.after.precision),
        ("regressions called worse", tail.before.coverage, tail.after.coverage),
        ("loss under the mix", tail.before.loss, tail.after.loss),
    ]
    width = max(len(name) for name, _, _ in rows)
    lines = [f"{'':{width}}  {'before':22}  after"]
    lines += [f"{name:{width}}  {_told(before):22}  {_told(after)}" for name, before, after in rows]
    lines.append(f"balanced accuracy {_signed(tail.gain)}; loss {_signed(_negative(tail.relief))}")
    return "\n".join(line.rstrip() for line in lines)


def _told(value: Estimate) -> str:
    if math.isnan(value.value):
        return "–"
    if math.isnan(value.lower):
        return f"{value.value:.3f}"
    return f"{value.value:.3f} [{value.lower:.3f}, {value.upper:.3f}]"


def _signed(value: Estimate) -> str:
    return f"{value.value:+.3f} [{value.lower:+.3f}, {value.upper:+.3f}]"


def _negative(value: Estimate) -> Estimate:
    return Estimate(-value.value, -value.upper, -value.lower)
