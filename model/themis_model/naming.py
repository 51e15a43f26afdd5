"""Which named defect an edit brought in: how a bundle's second graph is read, and when it may speak.

The graph gives each view one evidence per reason. As with rewards only differences between the versions count: what
the worse version has more of. Per criterion a softmax over its reasons, sharpened or softened by one measured factor,
says how sure a name is; below its threshold there is none, and where a criterion tells only what it can name, silence.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from themis_model.assent import Clue, clue_of
from themis_model.calibrate import Threshold, threshold_from_json, threshold_to_json
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import View
from themis_model.reason import reason, reasons
from themis_model.scorer import FloatArray

NEVER = Threshold(1.01)
FAINT = 0.02  # share of the evidence below which a name is not worth looking for


@dataclass(frozen=True, slots=True)
class Naming:
    """What a bundle says of its second graph.

    Attributes:
        reasons: ids in the order of the graph's outputs.
        sharpness: per criterion, factor of the differences before the softmax.
        thresholds: per reason that may be told, from which probability on, with its measured precision; coverage is
            the share of held-out pairs with that reason which get its name.
    """

    reasons: tuple[str, ...]
    sharpness: Mapping[Criterion, float]
    thresholds: Mapping[str, Threshold]

    def shares(self, criterion: Criterion, gained: FloatArray) -> dict[str, float]:
        """How the evidence is shared among the reasons of a criterion; they sum to 1.

        Args:
            criterion: what got worse.
            gained: evidence of the worse view minus that of the better one, ``[len(reasons)]``.
        """
        known = [n for n, name in enumerate(self.reasons) if reasons()[name].criterion is criterion]
        if not known:
            return {}
        logits = self.sharpness.get(criterion, 1.0) * gained[known].astype(np.float64)
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        return {self.reasons[n]: float(share) for n, share in zip(known, shares, strict=True)}

    def clue(self, criterion: Criterion, gained: FloatArray, worse: View, better: View) -> Clue | None:
        """The likeliest reason that a reader could point at, with what speaks for it; None if there is none.

        Args:
            criterion: what got worse.
            gained: as for ``shares``.
            worse: the worse view.
            better: the better view.
        """
        for name, share in sorted(self.shares(criterion, gained).items(), key=lambda item: -item[1]):
            if share < FAINT:
                return None
            if share >= self.thresholds.get(name, NEVER).probability and reason(name).is_visible(
                worse.text, better.text
            ):
                return clue_of(reason(name), share, worse.text, better.text)
        return None

    def to_json(self) -> dict[str, Any]:
        """The ``naming`` object of ``manifest.json``."""
        return {
            "reasons": list(self.reasons),
            "sharpness": {c.value: self.sharpness[c] for c in CRITERIA if c in self.sharpness},
            "thresholds": {name: threshold_to_json(self.thresholds[name]) for name in sorted(self.thresholds)},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Naming":
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: something is missing or no number, or a reason has no page in this version.
        """
        try:
            names = tuple(map(str, value["reasons"]))
            sharpness = {Criterion(name): float(number) for name, number in value["sharpness"].items()}
            thresholds = {str(name): threshold_from_json(row) for name, row in value["thresholds"].items()}
        except (KeyError, TypeError, AttributeError) as problem:
            raise ValueError(f"naming is incomplete: {problem}") from None
        if unknown := {*names, *thresholds} - set(reasons()):
            raise ValueError(f"naming has reasons without a page: {', '.join(sorted(unknown))}")
        if not all(map(math.isfinite, sharpness.values())):
            raise ValueError("naming has a number that is not finite")
        return cls(names, sharpness, thresholds)
