"""Texts that say nearly the same, and texts that share a passage with a benchmark."""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from themis_training.mined import MinedEdit

_Hashes = npt.NDArray[np.uint64]

NEAR = 0.75  # Jaccard similarity from which two edits are near duplicates
SHINGLE = 20  # characters
PASSAGE = 13  # words

_BANDS, _ROWS = 16, 4  # two edits with similarity 0.75 share a band with probability 0.998
_CONTEXT = 5  # lines around a change
_LONGEST = 20_000  # characters that are compared
_WORD = re.compile(r"\w+")
_RANDOM = np.random.default_rng(1)
_FACTORS: _Hashes = _RANDOM.integers(1, 1 << 63, _BANDS * _ROWS, dtype=np.uint64) | np.uint64(1)
_POWERS: _Hashes = np.uint64(0x100000001B3) ** np.arange(SHINGLE, dtype=np.uint64)[::-1]


class NearDuplicates:
    """Edits seen so far, by MinHash signatures in bands (Broder 1997; Leskovec et al., chapter 3)."""

    def __init__(self) -> None:
        self._signatures: list[_Hashes] = []
        self._bands: dict[bytes, list[int]] = defaultdict(list)

    def has_like(self, text: str) -> bool:
        """Whether an earlier text is estimated at ``NEAR`` or more alike; if none is, this one counts from now on."""
        signature = _signature(text)
        keys = [bytes([n]) + band.tobytes() for n, band in enumerate(signature.reshape(_BANDS, _ROWS))]
        near = {number for key in keys for number in self._bands.get(key, ())}
        if any((self._signatures[number] == signature).mean() >= NEAR for number in near):
            return True
        for key in keys:
            self._bands[key].append(len(self._signatures))
        self._signatures.append(signature)
        return False


def _signature(text: str) -> _Hashes:
    """The least hash of all shingles under each of the permutations, ``[bands × rows]``."""
    codes = np.frombuffer(" ".join(text.split())[:_LONGEST].ljust(SHINGLE).encode("utf-32-le"), np.uint32)
    shingles = np.lib.stride_tricks.sliding_window_view(codes.astype(np.uint64), SHINGLE) @ _POWERS
    shingles = np.unique(shingles)
    return np.array([_mixed(shingles * factor).min() for factor in _FACTORS], dtype=np.uint64)


def _mixed(hashes: _Hashes) -> _Hashes:
    mixed: _Hashes = (hashes ^ (hashes >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(32))


def change_text(edit: MinedEdit) -> str:
    """Both versions from a few lines above the first changed line to a few below the last, as a model may see them."""
    before, after = edit.before.split("\n"), edit.after.split("\n")
    head = _alike(before, after)
    tail = _alike(before[head:][::-1], after[head:][::-1])
    start = max(head - _CONTEXT, 0)
    old = before[start : len(before) - max(tail - _CONTEXT, 0)]
    new = after[start : len(after) - max(tail - _CONTEXT, 0)]
    return "\n".join([edit.language, *old, "\f", *new])


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines two texts begin with alike."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def passages(texts: Iterable[str]) -> frozenset[int]:
    """Hashes of all runs of ``PASSAGE`` words; shorter texts have none."""
    return frozenset(hashed for text in texts for hashed in _passages(text))


def _passages(text: str) -> Iterator[int]:
    words = _WORD.findall(text.lower())
    for start in range(len(words) - PASSAGE + 1):
        run = " ".join(words[start : start + PASSAGE]).encode()
        yield zlib.crc32(run) << 32 | zlib.adler32(run)


def shares_passage(text: str, known: frozenset[int]) -> bool:
    """Whether a text has a run of words in common with the texts that ``passages`` was given."""
    return bool(known) and any(hashed in known for hashed in _passages(text))
