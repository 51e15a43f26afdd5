"""Whatever can prefer one version to the other: a model, the floor, or sheer length."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from themis_bench.floor import Floor
from themis_bench.metrics import Floats
from themis_bench.pairs import Pair
from themis_lsp.diff import hunks_between
from themis_lsp.unit import split_lines
from themis_model.calibrate import Calibration, State
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Window
from themis_model.scorer import Scorer

LONGER = "longer"
_FLOOR = "floor:"


class Judge(Protocol):
    """Gives every pair one reward difference per criterion."""

    name: str
    digest: str
    provider: str
    calibration: Calibration | None

    def deltas(self, pairs: Sequence[Pair]) -> list[Floats | None]:
        """Reward of ``chosen`` minus reward of ``rejected``, ``[5]`` each; None where the change fits no window."""
        ...


class Length:
    """Prefers the text with more characters, on every criterion."""

    name = LONGER
    digest = ""
    provider = "none"
    calibration: Calibration | None = None

    def deltas(self, pairs: Sequence[Pair]) -> list[Floats | None]:
        """The sign of the length difference."""
        return [np.full(len(CRITERIA), float(pair.longer)) for pair in pairs]


class Model:
    """Judges as a review does: the window with the largest |Δ| of a criterion counts."""

    def __init__(self, scorer: Scorer) -> None:
        self.name = scorer.info.name
        self.digest = scorer.info.digest
        self.provider = scorer.info.provider
        self.calibration: Calibration | None = scorer.info.calibration
        self._scorer = scorer

    def deltas(self, pairs: Sequence[Pair]) -> list[Floats | None]:
        """Differences of rewards, exactly antisymmetric in the two versions."""
        seen = [self._windows(pair) for pair in pairs]
        views = [view for windows in seen for window in windows for view in (window.after, window.before)]
        rewards = iter(self._scorer.score(views).astype(np.float64))
        found: list[Floats | None] = []
        for windows in seen:
            differences = np.array([next(rewards) - next(rewards) for _ in windows])
            found.append(_heaviest(differences) if len(windows) else None)
        return found

    def _windows(self, pair: Pair) -> Sequence[Window]:
        before, after = split_lines(pair.rejected), split_lines(pair.chosen)
        hunks = hunks_between(before, after)
        return self._scorer.encoder.windows(before, after, hunks, pair.language).windows


def knows(judge: Judge, criterion: Criterion) -> bool:
    """Whether a judge was ever taught this criterion."""
    return judge.calibration is None or judge.calibration.curves[criterion].state is not State.NO_DATA


def open_judge(spec: str, threads: int = 2) -> Judge:
    """``longer``, ``floor:FILE`` or the folder of a bundle; an empty spec is the bundle that ships with Themis.

    Raises:
        ThemisError: it cannot be loaded.
    """
    if spec == LONGER:
        return Length()
    if spec.startswith(_FLOOR):
        return Model(Floor.load(Path(spec.removeprefix(_FLOOR))))
    from themis_model.onnx import load

    return Model(load(Path(spec) if spec else None, "cpu", threads))


def _heaviest(differences: Floats) -> Floats:
    rows = np.argmax(np.abs(differences), axis=0)
    heaviest: Floats = differences[rows, np.arange(differences.shape[1])]
    return heaviest
