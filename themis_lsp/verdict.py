"""What Themis says of one edit on one criterion."""

from dataclasses import dataclass
from enum import StrEnum

from themis_model.calibrate import Probabilities
from themis_model.criterion import Criterion


class Direction(StrEnum):
    """Which way an edit went."""

    WORSE = "worse"
    BETTER = "better"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One edit judged on one criterion; the row of the JSON report.

    Attributes:
        path: the file now.
        unit: qualified name of the unit now.
        line: where the unit begins in the new file, 1-based; overloads share a name.
        criterion: what was judged.
        direction: ``worse``, ``better``, or ``none`` with the reason in ``because``.
        delta: reward(after) − reward(before), in the model's own unit; 0.0 where nothing was scored.
        p: calibrated probabilities, or None where the criterion has no data or nothing was scored.
        because: why there is no verdict; empty otherwise.
        mends: id of the defect that an improvement takes away, where it is known; else empty.
    """

    path: str
    unit: str
    line: int
    criterion: Criterion
    direction: Direction
    delta: float
    p: Probabilities | None
    because: str = ""
    mends: str = ""
