"""Precision as users meet it: under the stated mix of worse, neutral and better edits.

A finding is right if the edit made the code worse. With ``hit`` the share of worse edits spoken of, and ``slip`` and
``noise`` the shares of better and neutral edits wrongly called worse,
``precision = worse·hit / (worse·hit + better·slip + neutral·noise)``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from themis_model.calibrate import Mix, Threshold

Array = npt.NDArray[np.float64]

NEVER = Threshold(1.01)


@dataclass(frozen=True, slots=True)
class Sample:
    """Probabilities that an edit goes a given direction, for edits whose true direction is known.

    Attributes:
        right: for edits that do go that way.
        opposite: for edits that go the other way.
        neutral: for ordinary and neutral edits.
        weight: of each entry of ``right`` and ``opposite``, summing to 1; neutral edits weigh the same.
    """

    right: Array
    opposite: Array
    neutral: Array
    weight: Array


@dataclass(frozen=True, slots=True)
class Standard:
    """What a direction must prove before it may speak.

    Attributes:
        precision: at least, under the mix.
        lower: Wilson 95 % lower bound of the precision, at least.
        noise: largest share of neutral edits spoken of.
    """

    precision: float = 0.8
    lower: float = 0.7
    noise: float = 0.0025


def wilson(share: float, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson score interval of a share seen in ``count`` trials (Wilson 1927); (0, 1) without any."""
    if count == 0:
        return 0.0, 1.0
    centre = share + z * z / (2 * count)
    spread = z * float(np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)))
    scale = 1 + z * z / count
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def measured(sample: Sample, probability: float, shares: Mix) -> Threshold:
    """What holds when every edit at or above ``probability`` is spoken of; ``shares.worse`` is the spoken direction's.

    The bound treats the precision as seen in as many trials as edits were spoken of in the sample.
    """
    spoken = sample.right >= probability
    slipped = sample.opposite >= probability
    noisy = sample.neutral >= probability
    hit = float(sample.weight[spoken].sum())
    slip = float(sample.weight[slipped].sum())
    noise = float(noisy.mean()) if len(noisy) else 0.0
    told = shares.worse * hit + shares.better * slip + shares.neutral * noise
    precision = shares.worse * hit / told if told else 0.0
    judged = int(spoken.sum() + slipped.sum() + noisy.sum())
    return Threshold(probability, precision, wilson(precision, judged)[0], hit, judged)


def choose_threshold(sample: Sample, shares: Mix, standard: Standard) -> Threshold:
    """The lowest probability from which on the standard is met, or ``NEVER``."""
    chosen = NEVER
    for probability in np.unique(sample.right)[::-1]:
        found = measured(sample, float(probability), shares)
        noise = float((sample.neutral >= probability).mean()) if len(sample.neutral) else 0.0
        if noise > standard.noise:
            break
        if found.precision >= standard.precision and found.lower >= standard.lower:
            chosen = found
    return chosen
