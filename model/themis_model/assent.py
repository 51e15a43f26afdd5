"""How likely a careful reader is to keep a finding, given what it names: a reward difference alone cannot say.

Readers of real edits refuse some names far more often than others, large edits more often than small ones, and what is
done in another way more often than what is simply gone. So a regression is told only from a probability that knows all
that: log-odds linear in those of P(worse), in what speaks for the name, in how much changed and how, and in the name.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from themis_model.reason import Reason

_OTHERS: Final = re.compile(r"[^a-z_]+")
_LONGEST: Final = 14  # characters of a word
_TOKEN: Final = re.compile(r"[A-Za-z_]\w*|\d+|[^\w\s]")
_CALL: Final = re.compile(r"([A-Za-z_]\w*)\s*\(")
_MOSTLY: Final = 0.6  # share of tokens from which on they are mostly the same
_LEAST: Final = 1e-3  # share and probability below which nothing gets less likely
HIGHEST: Final = 1 - _LEAST  # probability above which nothing gets likelier


class Step(NamedTuple):
    """How the better view became the worse one, in the tokens of the lines that only one of them has.

    Attributes:
        gone: tokens of the better view's.
        come: tokens of the worse view's.
        common: tokens that both have.
        calls: functions that the worse view's call, and the better view does not name.
        uncalled: functions that the better view's call, and the worse view does not name.
    """

    gone: int = 0
    come: int = 0
    common: int = 0
    calls: int = 0
    uncalled: int = 0

    @property
    def kinds(self) -> tuple[str, ...]:
        """What kinds of step it is."""
        kinds = {
            "removal": not self.come,
            "addition": not self.gone,
            "call": self.calls > 0,
            "rewording": self.common / (self.gone + 1) > _MOSTLY,
        }
        return tuple(kind for kind, is_one in kinds.items() if is_one)


class Clue(NamedTuple):
    """What speaks for one named defect in an edit, besides the reward difference.

    Attributes:
        name: id of the reason.
        share: of the evidence for all reasons of the criterion, 0 to 1.
        shown: matches of what the reason's page says it shows that the worse view has more of.
        lost: matches of what it says is lost that the worse view has fewer of.
        removed: lines that only the better view has.
        added: lines that only the worse view has.
        step: from the one to the other.
    """

    name: str
    share: float
    shown: tuple[str, ...]
    lost: tuple[str, ...]
    removed: int
    added: int
    step: Step = Step()

    @property
    def signs(self) -> tuple[str, ...]:
        """The name, and with it each word that its page's patterns see come or go, and each kind of step."""
        seen = [(sign, _word(match)) for sign, matches in (("+", self.shown), ("-", self.lost)) for match in matches]
        seen += [("/", kind) for kind in self.step.kinds]
        return self.name, *sorted({f"{self.name}{sign}{word}" for sign, word in seen})


#: What an ``Assent`` weighs, in the order of ``measures``.
MEASURES: Final = (
    "worse", "share", "shows", "loses", "shown", "lost", "removed", "added", "gone", "come", "kept", "reused", "calls",
    "uncalled",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assent:
    """Log-odds that a careful reader keeps a finding and its name.

    Attributes:
        bias: at 0 of everything.
        weights: by ``MEASURES``; that of ``worse`` is not negative.
        signs: what each of ``Clue.signs`` adds; 0 for those nobody, or hardly anybody, read.
        asks: P(worse) from which on a name is asked for; readings below it there are none.
        shift: added to the log-odds that readers' judgements gave, where somebody's own answers ask for it.
        factor: of those log-odds, likewise.
    """

    bias: float
    weights: Mapping[str, float]
    signs: Mapping[str, float]
    asks: float
    shift: float = 0.0
    factor: float = 1.0

    def probability(self, worse: float, clue: Clue) -> float:
        """The probability that a finding is kept.

        Args:
            worse: P(worse) of the edit, by its reward difference alone.
            clue: what speaks for its name.
        """
        weighed = (self.weights[name] * value for name, value in zip(MEASURES, measures(worse, clue), strict=True))
        return self.answered(self.bias + sum(self.signs.get(sign, 0.0) for sign in clue.signs) + sum(weighed))

    def answered(self, odds: float) -> float:
        """The probability for log-odds as readers' judgements gave them."""
        return likely(self.shift + self.factor * odds)

    def to_json(self) -> dict[str, Any]:
        """The ``assent`` object of a curve in ``manifest.json``."""
        return {
            "bias": self.bias,
            "asks": self.asks,
            "shift": self.shift,
            "factor": self.factor,
            "weights": {name: self.weights[name] for name in MEASURES},
            "signs": {sign: round(self.signs[sign], 4) for sign in sorted(self.signs)},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Assent":
        """Read what ``to_json`` wrote.

        Raises:
            KeyError, TypeError, ValueError: something is missing or no finite number.
        """
        weights = {name: float(value["weights"][name]) for name in MEASURES}
        signs = {str(sign): float(number) for sign, number in value["signs"].items()}
        numbers = [float(value[name]) for name in ("bias", "asks", "shift", "factor")]
        found = cls(numbers[0], weights, signs, *numbers[1:])
        if not all(map(math.isfinite, (*numbers, *weights.values(), *signs.values()))):
            raise ValueError("assent has a number that is not finite")
        return found


def clue_of(reason: Reason, share: float, worse: str, better: str) -> Clue:
    """What two views show of a reason.

    Args:
        reason: that may be told.
        share: of the evidence.
        worse: text of the worse view.
        better: text of the better view.
    """
    shown, lost = reason.seen(worse, better)
    one, other = _lines(worse), _lines(better)
    removed, added = other - one, one - other
    step = _step(list(removed.elements()), list(added.elements()), better, worse)
    return Clue(reason.id, share, shown, lost, removed.total(), added.total(), step)


def _step(removed: Sequence[str], added: Sequence[str], better: str, worse: str) -> Step:
    gone, come = (Counter(token for line in lines for token in _TOKEN.findall(line)) for lines in (removed, added))
    uncalled, called = ({name for line in lines for name in _CALL.findall(line)} for lines in (removed, added))
    return Step(
        gone.total(),
        come.total(),
        (gone & come).total(),
        len(called.difference(_TOKEN.findall(better))),
        len(uncalled.difference(_TOKEN.findall(worse))),
    )


def measures(worse: float, clue: Clue) -> tuple[float, ...]:
    """What an ``Assent`` weighs, in the order of ``MEASURES``."""
    step = clue.step
    return (
        log_odds(worse),
        math.log(max(clue.share, _LEAST)),
        float(bool(clue.shown)),
        float(bool(clue.lost)),
        math.log1p(len(clue.shown)),
        math.log1p(len(clue.lost)),
        math.log1p(clue.removed),
        math.log1p(clue.added),
        math.log1p(step.gone),
        math.log1p(step.come),
        step.common / (step.gone + 1),
        step.common / (step.come + 1),
        math.log1p(step.calls),
        math.log1p(step.uncalled),
    )


def log_odds(probability: float) -> float:
    """``ln(p / (1 - p))``, bounded."""
    sure = min(max(probability, _LEAST), HIGHEST)
    return math.log(sure / (1 - sure))


def likely(odds: float) -> float:
    """The probability with these log-odds."""
    return 1 / (1 + math.exp(-odds)) if odds > 0 else 1 - 1 / (1 + math.exp(odds))


def _word(match: str) -> str:
    """A match without what differs from place to place."""
    return _OTHERS.sub(".", match)[:_LONGEST].strip(".")


def _lines(text: str) -> Counter[str]:
    return Counter(stripped for line in text.splitlines() if (stripped := line.strip()))
