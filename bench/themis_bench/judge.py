"""Whatever can prefer one version to the other: a model, the floor, or sheer length."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from themis_bench.floor import Floor
from themis_bench.metrics import Floats
from themis_bench.pairs import Pair
from themis_lsp.snippet import windows_between
from themis_model.assent import Clue
from themis_model.calibrate import Calibration, State
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Window
from themis_model.scorer import Scorer

LONGER = "longer"
Bools = npt.NDArray[np.bool_]
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

    def told(self, pair: Pair, deltas: Floats | None) -> Bools:
        """Whether a regression would be told, if it is likely enough: ``[2, 5]``, towards ``rejected`` and ``chosen``.

        Args:
            pair: what was judged.
            deltas: what ``deltas`` gave for it.
        """
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

    def told(self, pair: Pair, deltas: Floats | None) -> Bools:  # noqa: ARG002  (length asks for no name)
        """Always."""
        return np.ones((2, len(CRITERIA)), bool)


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

    def told(self, pair: Pair, deltas: Floats | None) -> Bools:
        """Where a criterion tells only what it can name: whether it can, in either direction."""
        told = np.ones((2, len(CRITERIA)), bool)
        calibration = self._scorer.info.calibration
        for column, criterion in enumerate(CRITERIA):
            curve = calibration.curves[criterion]
            for row, sign in enumerate((-1, 1) if curve.reasons and deltas is not None else ()):
                p = calibration.probabilities(criterion, sign * float(deltas[column]) if deltas is not None else 0.0)
                if p and p.worse >= curve.asks:
                    told[row, column] = curve.told(p.worse, self._clue(pair, column, row == 0)) is not None
                else:
                    told[row, column] = False
        return told

    def _clue(self, pair: Pair, column: int, is_down: bool) -> Clue | None:
        """What speaks for a name of what the window that counts made worse."""
        windows = self._windows(pair)
        rewards = self._scorer.score([view for window in windows for view in (window.before, window.after)])[:, column]
        heaviest = windows[int(np.argmax(np.abs(rewards[1::2].astype(np.float64) - rewards[::2])))]
        worse, better = (heaviest.before, heaviest.after) if is_down else (heaviest.after, heaviest.before)
        return self._scorer.clue(worse, better, CRITERIA[column])

    def _windows(self, pair: Pair) -> Sequence[Window]:
        return windows_between(pair.rejected, pair.chosen, pair.language, self._scorer.encoder)


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
