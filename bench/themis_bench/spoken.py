"""What a calibrated judge would say at its own thresholds, and how often it would be right."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np

from themis_bench.accuracy import Scored, column_of
from themis_bench.metrics import Estimate, Floats, length_neutral
from themis_bench.mix import Sample, calibration_error, measured, spoken_share
from themis_model.calibrate import Calibration, Mix, State, Threshold
from themis_model.criterion import CRITERIA, Criterion

_TOLD: Final = 0.5  # between told, 1, and not told, 0


class Spoken(NamedTuple):
    """What a calibrated judge would say of one criterion, at its own thresholds and under its own mix.

    Attributes:
        criterion: what it speaks of.
        worse: regressions: threshold, precision under the mix, its bound, and coverage.
        better: the same of improvements.
        noise: share of neutral edits called worse.
        neutrals: how many neutral edits that is measured on.
        ece: expected calibration error of P(worse).
        told: regressions told, of the labelled pairs turned into some.
    """

    criterion: Criterion
    worse: Threshold
    better: Threshold
    noise: Estimate
    neutrals: int
    ece: float
    told: int


def spoken(rows: Sequence[Scored], judge: int, calibration: Calibration) -> Iterator[Spoken]:
    """For each criterion that speaks: how it would do, labelled pairs being taken both ways round.

    Precision under a mix cannot be told without neutral edits: if there are none, nothing is said.
    """
    neutral = [row for row in rows if row.criterion is None]
    for criterion in CRITERIA:
        curve = calibration.curves[criterion]
        labelled = [row for row in rows if row.criterion is criterion]
        if curve.state is not State.SPEAKS or not labelled or not neutral:
            continue
        weight = length_neutral(np.ones(len(labelled)), [row.longer for row in labelled])

        def p(chosen: Sequence[Scored], sign: int, of: Criterion = criterion) -> Floats:
            deltas = sign * column_of(chosen, judge, of)
            found = [calibration.probabilities(of, float(delta)) or (0.0, 1.0, 0.0) for delta in deltas]
            return np.array(found).reshape(-1, 3)

        def told(chosen: Sequence[Scored], direction: int, of: Criterion = criterion) -> Floats:
            return np.array([row.told[judge][direction, CRITERIA.index(of)] for row in chosen], np.float64)

        up, down, still = p(labelled, 1), p(labelled, -1), p(neutral, 1)
        sides = ((down, labelled, 0), (up, labelled, 1), (still, neutral, 1))
        # Where names decide, a regression is told or not whatever P(worse) alone says.
        one, other, quiet = (told(rows, way) if curve.reasons else shares[:, 0] for shares, rows, way in sides)
        worse = Sample(one, other, quiet, weight / weight.sum())
        # An improvement is what would be told if it was undone.
        better = worse if curve.reasons else Sample(up[:, 2], down[:, 2], still[:, 2], weight / weight.sum())
        shown = (curve.worse, curve.worse) if curve.reasons else (curve.worse, curve.better)
        since, credited = (_TOLD if curve.reasons else at.probability for at in shown)
        mix = calibration.mix
        yield Spoken(
            criterion,
            replace(measured(worse, since, mix), probability=curve.worse.probability),
            replace(
                measured(better, credited, Mix(mix.better, mix.neutral, mix.worse)), probability=shown[1].probability
            ),
            spoken_share(worse.neutral, since),
            len(neutral),
            calibration_error(Sample(down[:, 0], up[:, 0], still[:, 0], weight / weight.sum()), mix),
            int((one >= since).sum()),
        )


def spoken_json(said: Spoken) -> dict[str, Any]:
    """What one criterion would say, for the result file."""
    sides = {side: {n: getattr(getattr(said, side), n) for n in Threshold.__slots__} for side in ("worse", "better")}
    return {**said._asdict(), **sides}
