"""The linear floor: what any trained model has to beat, as a scorer of its own.

A view's features are the n-grams (1 to 3) of its words and the humps of its identifiers, hashed into 2^20 buckets,
each valued ``ln(1 + count)``; a reward is one weighted sum of them per criterion. Logarithms make the first
occurrence of something count most, which beat plain counts and mere presence on pairs of unseen projects.
"""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from themis_bench.metrics import Floats
from themis_bench.pairs import DataError
from themis_model.calibrate import Calibration, Curve, Mix, State
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import WINDOW_RULE, Encoder, View
from themis_model.scorer import FloatArray, ModelInfo
from themis_model.tokens import SPECIALS

BUCKETS: Final = 1 << 20
LONGEST_GRAM: Final = 3
FEATURES: Final = 1  # changing what follows below means a new number

_WORD = re.compile(r"\w+|[^\w\s]")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Multiplying by odd numbers and keeping the highest bits spreads n-grams evenly (Dietzfelbinger et al. 1997).
_MULTIPLIERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
_SHIFT = np.uint64(64 - 20)
_HUMP_SALT = np.uint64(0x27D4EB2F165667C5)


class Features(NamedTuple):
    """A sparse vector: bucket numbers, ascending, and their values."""

    buckets: npt.NDArray[np.int64]
    values: Floats


def features_of(text: str) -> Features:
    """The features of one view's text."""
    words = [_hashed(word) for line in text.split("\n") for word in _WORD.findall(line)]
    codes = np.array([code for code, _ in words], dtype=np.uint64)
    humps = np.array([hump for _, found in words for hump in found], dtype=np.uint64)
    mixed = [_grams(codes, length) for length in range(1, LONGEST_GRAM + 1)]
    mixed.append(humps * _HUMP_SALT)
    buckets, counts = np.unique(np.concatenate(mixed) >> _SHIFT, return_counts=True)
    return Features(buckets.astype(np.int64), np.log1p(counts))


def _grams(codes: npt.NDArray[np.uint64], length: int) -> npt.NDArray[np.uint64]:
    count = max(0, len(codes) - length + 1)
    mixed = np.full(count, length, dtype=np.uint64)
    for offset in range(length):
        mixed = (mixed ^ codes[offset : offset + count]) * _MULTIPLIERS[offset]
    return mixed


@lru_cache(maxsize=1 << 16)
def _hashed(word: str) -> tuple[int, tuple[int, ...]]:
    return _code(word), tuple(_code(hump.lower()) for hump in _HUMP.findall(word))


def _code(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))


class WordTokenizer:
    """One token per word, only to tell how much fits into a window: no vocabulary file needed."""

    def encode_lines(self, lines: Sequence[str]) -> list[tuple[int, ...]]:
        """Token ids of each line."""
        return [tuple(len(SPECIALS) + _code(word) for word in _WORD.findall(line)) for line in lines]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a floor was fitted on.

    Attributes:
        pairs: number of pairs per criterion; 0 where it knows nothing.
        data: digest of the data and of the split, in hex.
    """

    pairs: tuple[int, ...]
    data: str


class Floor:
    """One linear model per criterion, behind the same protocol as the real one.

    Args:
        weights: ``[5, BUCKETS]``.
        origin: what it was fitted on.
    """

    def __init__(self, weights: FloatArray, origin: Origin) -> None:
        self.encoder = Encoder(WordTokenizer())
        self.origin = origin
        self._weights = weights
        digest = sha256(np.ascontiguousarray(weights).tobytes()).hexdigest()
        curves = {c: Curve(_state(count)) for c, count in zip(CRITERIA, origin.pairs, strict=True)}
        self.info = ModelInfo("floor", digest, digest, "numpy", Calibration(Mix(), curves))

    def score(self, views: Sequence[View]) -> FloatArray:
        """Rewards of shape ``[len(views), 5]``."""
        rewards = np.zeros((len(views), len(CRITERIA)), dtype=np.float32)
        for row, view in enumerate(views):
            buckets, values = features_of(view.text)
            rewards[row] = self._weights[:, buckets] @ values
        return rewards

    def clue(self, worse: View, better: View, criterion: Criterion) -> None:
        """It knows no defects."""

    def save(self, path: Path) -> None:
        """Write a ``.npz`` file; equal floors give equal arrays."""
        used = np.flatnonzero(self._weights.any(axis=0))
        arrays = {
            "format": np.array([FEATURES, WINDOW_RULE]),
            "pairs": np.array(self.origin.pairs),
            "data": np.array(self.origin.data),
            "buckets": used,
            "weights": self._weights[:, used],
        }
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Floor":
        """Read what ``save`` wrote.

        Raises:
            DataError: it is missing, malformed, or made for other features or another window rule.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                if tuple(arrays["format"]) != (FEATURES, WINDOW_RULE):
                    raise DataError(f"{path} was made for other features; fit it again: themis bench floor --help")
                weights = np.zeros((len(CRITERIA), BUCKETS), dtype=np.float32)
                weights[:, arrays["buckets"]] = arrays["weights"]
                origin = Origin(tuple(map(int, arrays["pairs"])), str(arrays["data"]))
                return cls(weights, origin)
        except OSError as problem:
            raise DataError(f"{path} cannot be read: {problem.strerror or problem}") from None
        except (ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as problem:
            raise DataError(f"{path} is not a floor: {problem}") from None


def _state(pairs: int) -> State:
    return State.NOT_PRECISE if pairs else State.NO_DATA
