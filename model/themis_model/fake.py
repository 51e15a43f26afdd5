"""A deterministic scorer with no weights: the public seam for tests and for developing without a bundle."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from themis_model.assent import Clue, clue_of
from themis_model.calibrate import Calibration
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder, View
from themis_model.reason import reason
from themis_model.scorer import FloatArray, ModelInfo
from themis_model.tokens import LANGUAGES, SPECIALS

_WORD = re.compile(r"\w+|[^\w\s]")


class HashTokenizer:
    """One id per word, from its hash: no vocabulary file needed."""

    def encode_lines(self, lines: Sequence[str]) -> list[tuple[int, ...]]:
        """Token ids of each line."""
        return [tuple(_word_id(word) for word in _WORD.findall(line)) for line in lines]


class FakeScorer:
    """Counts listed words: a view's reward is the sum of the weights of the words in it.

    Args:
        weights: reward per criterion added by each occurrence of a word, e.g. ``{"md5": (0, 0, 0, -4, 0)}``.
        calibration: how rewards become probabilities; by default every criterion speaks.
        defects: id of the reason that a word stands for, if the worse view has it and the better one has not.
    """

    def __init__(
        self,
        weights: dict[str, Sequence[float]] | None = None,
        calibration: Calibration | None = None,
        defects: dict[str, str] | None = None,
    ) -> None:
        self.encoder = Encoder(HashTokenizer())
        chosen = {"bad": (-4.0,) * len(CRITERIA), "good": (4.0,) * len(CRITERIA)} if weights is None else weights
        self._weights = {_word_id(word): np.asarray(w, dtype=np.float32) for word, w in chosen.items()}
        self._defects = {_word_id(word): reason for word, reason in (defects or {}).items()}
        digest = hashlib.sha256(repr(sorted(chosen.items())).encode()).hexdigest()
        self.info = ModelInfo("fake", digest, digest, "none", calibration or Calibration.speaking())

    def score(self, views: Sequence[View]) -> FloatArray:
        """Rewards of shape ``[len(views), 5]``."""
        rewards = np.zeros((len(views), len(CRITERIA)), dtype=np.float32)
        for row, view in enumerate(views):
            for token in view.ids:
                if token in self._weights:
                    rewards[row] += self._weights[token]
        return rewards

    def clue(self, worse: View, better: View, criterion: Criterion) -> Clue | None:
        """The reason of the first listed word of that criterion that only the worse view has."""
        gained = (self._defects[token] for token in worse.ids if token in self._defects and token not in better.ids)
        name = next((name for name in gained if reason(name).criterion is criterion), None)
        return clue_of(reason(name), 1.0, worse.text, better.text) if name else None


def _word_id(word: str) -> int:
    first = len(SPECIALS)
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return first + int.from_bytes(digest, "big") % (2**16 - first - len(LANGUAGES))
