"""The seam between judging and the network that scores: every backend is a ``Scorer``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from themis_model.assent import Clue
from themis_model.calibrate import Calibration
from themis_model.criterion import Criterion
from themis_model.encode import Encoder, View

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a reader of a report needs to know about the model that judged.

    Attributes:
        name: human name of the bundle, e.g. ``themis-small-1``.
        digest: sha256 in hex of all that decides what is said: weights, thresholds, names.
        graph_digest: sha256 in hex of the weights alone: what people answer about Δ belongs to these.
        provider: where the graph really runs, e.g. ``CPUExecutionProvider``.
        calibration: how rewards become probabilities, per criterion.
    """

    name: str
    digest: str
    graph_digest: str
    provider: str
    calibration: Calibration


class Scorer(Protocol):
    """Gives one reward per criterion to each view.

    Same view, same bits: a score must not depend on what else is in the batch.
    """

    @property
    def info(self) -> ModelInfo:
        """What is scoring."""
        ...

    @property
    def encoder(self) -> Encoder:
        """Turns text into the views this scorer reads."""
        ...

    def score(self, views: Sequence[View]) -> FloatArray:
        """Rewards of shape ``[len(views), 5]``, columns in the order of ``CRITERIA``."""
        ...

    def clue(self, worse: View, better: View, criterion: Criterion) -> Clue | None:
        """The likeliest named defect that ``worse`` has more of, and what speaks for it; None if nothing does."""
        ...
