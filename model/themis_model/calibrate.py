"""What a reward difference means: probabilities under a stated mix of edits, and when to keep silent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from themis_model.assent import Assent, Clue
from themis_model.criterion import CRITERIA, Criterion


class State(StrEnum):
    """Whether a criterion may speak, and if not, why."""

    SPEAKS = "speaks"
    NO_DATA = "no data"
    NOT_PRECISE = "not precise enough"


class Mix(NamedTuple):
    """Shares of edits that make code worse, leave it as it is, and make it better; they sum to 1."""

    worse: float = 0.1
    neutral: float = 0.6
    better: float = 0.3


class Probabilities(NamedTuple):
    """P(worse), P(neutral) and P(better) of one edit for one criterion; they sum to 1."""

    worse: float
    neutral: float
    better: float

    def given(self, worse: float) -> "Probabilities":
        """The same once the edit is known to be worse with another probability: the others keep their ratio."""
        rest = (1 - worse) / (self.neutral + self.better or 1.0)
        return Probabilities(worse, self.neutral * rest, self.better * rest)

    @property
    def undone(self) -> "Probabilities":
        """The same seen from the other side: of an edit, if these are of what undoes it."""
        return Probabilities(*reversed(self))


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which probability on a direction is spoken of, and what was measured there.

    Attributes:
        probability: speak at or above this; 1.01 means never.
        precision: share of spoken verdicts that were right, under the stated mix.
        lower: Wilson 95 % lower bound of ``precision``.
        coverage: share of the edits of that direction that are spoken of.
        judged: number of spoken verdicts behind the figures.
    """

    probability: float
    precision: float = 0.0
    lower: float = 0.0
    coverage: float = 0.0
    judged: int = 0


@dataclass(frozen=True, slots=True)
class Curve:
    """Δ → probabilities for one criterion: log-odds linear in Δ and |Δ|, mirrored for the two directions.

    With ``z = Δ / scale``: ``ln(P(better)/P(neutral)) = bias + slope·z + spread·|z|`` and the same with ``-z`` for
    worse, plus the log ratio of the mix's two shares.

    Attributes:
        state: whether the criterion may speak.
        scale: unit of Δ, its standard deviation on the calibration edits.
        bias: log-odds of better against neutral at Δ = 0.
        slope: how fast certainty grows with Δ; not below ``abs(spread)``, so that P is monotone.
        spread: how much larger |Δ| speaks against neutral in either direction.
        worse: threshold for regressions.
        better: threshold for improvements; without meaning where there are ``reasons``: what is told if it is undone is
            an improvement.
        ece: expected calibration error under the mix, ten equal-mass bins.
        reasons: if there are any, a regression is told only with one of these names, from a probability of its own on;
            precision and coverage are those of findings with that name, as readers judged them.
        assent: if there is one, these probabilities and ``worse`` are its own, not P(worse).
    """

    state: State
    scale: float = 1.0
    bias: float = 0.0
    slope: float = 1.0
    spread: float = 0.0
    worse: Threshold = Threshold(1.01)
    better: Threshold = Threshold(1.01)
    ece: float = 0.0
    reasons: Mapping[str, Threshold] = field(default_factory=dict)
    assent: Assent | None = None

    @property
    def asks(self) -> float:
        """P(worse) below which nothing is told, whatever may be seen in the edit."""
        return self.worse.probability if self.assent is None else self.assent.asks

    def told(self, worse: float, clue: Clue | None) -> float | None:
        """How likely a regression is to be one, if it is told; else None.

        Args:
            worse: P(worse).
            clue: what it could be named.
        """
        if self.state is not State.SPEAKS or worse < self.asks:
            return None
        at = self.reasons.get(clue.name) if clue else None
        if self.reasons and at is None:
            return None
        likely = self.likely(worse, clue)
        return likely if likely >= max(at.probability if at else 0.0, self.worse.probability) else None

    def likely(self, worse: float, clue: Clue | None) -> float:
        """How likely a regression is to be one, told or not: the assent's word where there is a name it may tell.

        Args:
            worse: P(worse).
            clue: what it could be named.
        """
        if self.assent is None or clue is None or clue.name not in self.reasons:
            return worse
        return self.assent.probability(worse, clue)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curves of all five criteria and the mix they hold for."""

    mix: Mix
    curves: Mapping[Criterion, Curve]

    def probabilities(self, criterion: Criterion, delta: float) -> Probabilities | None:
        """Probabilities of one Δ, or None for a criterion that has no data."""
        curve = self.curves[criterion]
        if curve.state is State.NO_DATA:
            return None
        z = delta / curve.scale
        rise = curve.slope * z
        common = curve.bias + curve.spread * abs(z)
        better = common + rise
        worse = common - rise + math.log(self.mix.worse / self.mix.better)
        top = max(better, worse, 0.0)
        shares = (math.exp(worse - top), math.exp(-top), math.exp(better - top))
        total = sum(shares)
        return Probabilities(*(share / total for share in shares))

    @classmethod
    def speaking(cls, threshold: float = 0.8) -> "Calibration":
        """Every criterion speaks from ``threshold`` on: for fakes and for models nobody calibrated yet."""
        limit = Threshold(threshold)
        curve = Curve(State.SPEAKS, bias=-2.0, slope=2.0, worse=limit, better=limit)
        return cls(Mix(), dict.fromkeys(CRITERIA, curve))

    def to_json(self) -> dict[str, Any]:
        """The ``calibration`` object of ``manifest.json``."""
        return {"mix": list(self.mix), "curves": {c.value: _curve_json(self.curves[c]) for c in CRITERIA}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Calibration":
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: if a criterion is missing or a number is not finite.
        """
        try:
            curves = {c: _curve(value["curves"][c.value]) for c in CRITERIA}
            mix = Mix(*map(float, value["mix"]))
        except (KeyError, TypeError, AttributeError) as problem:
            raise ValueError(f"calibration is incomplete: {problem}") from None
        return cls(mix, curves)


_NUMBERS = ("scale", "bias", "slope", "spread", "ece")
_SIDES = ("worse", "better")


def _curve_json(curve: Curve) -> dict[str, Any]:
    numbers = {name: getattr(curve, name) for name in _NUMBERS}
    sides = {side: threshold_to_json(getattr(curve, side)) for side in _SIDES}
    reasons = {name: threshold_to_json(curve.reasons[name]) for name in sorted(curve.reasons)}
    assent = {"assent": curve.assent.to_json()} if curve.assent else {}
    return {"state": curve.state.value, **numbers, **sides, "reasons": reasons, **assent}


def _curve(value: Mapping[str, Any]) -> Curve:
    numbers = {name: float(value[name]) for name in _NUMBERS}
    if not all(map(math.isfinite, numbers.values())) or numbers["scale"] <= 0:
        raise ValueError(f"calibration has a number that is not finite or not positive: {numbers}")
    return Curve(
        State(value["state"]),
        **numbers,
        worse=threshold_from_json(value["worse"]),
        better=threshold_from_json(value["better"]),
        reasons={str(name): threshold_from_json(row) for name, row in value.get("reasons", {}).items()},
        assent=Assent.from_json(value["assent"]) if value.get("assent") else None,
    )


def threshold_to_json(threshold: Threshold) -> dict[str, Any]:
    """A threshold as manifests have it."""
    return {name: getattr(threshold, name) for name in Threshold.__slots__}


def threshold_from_json(value: Mapping[str, Any]) -> Threshold:
    """Read what ``threshold_to_json`` wrote; other keys do not matter."""
    shares = {name: float(value[name]) for name in ("probability", "precision", "lower", "coverage")}
    return Threshold(**shares, judged=int(value["judged"]))
