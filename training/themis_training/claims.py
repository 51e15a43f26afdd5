"""A small classifier of commit messages, one logistic regression per criterion over hashed words and word pairs.

It plays the part of the ModernBERT classifiers in the Themis paper. The term lists of ``intent.toml`` label messages;
in every other pass the terms are masked, so that it learns what people write around them. Each message is judged by a
model that has seen nothing of its repository. Probabilities are calibrated on these judgements, among the messages
that name a criterion at all: some claim it, others only mention it, in tests, in lists or beside something else.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from themis_model.criterion import CRITERIA, Criterion
from themis_training.intent import claim_of, masked, named_by
from themis_training.reverts import is_revert

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_BUCKETS = 1 << 17
_FOLDS = 3
_LONGEST = 60  # words of a message that are read
_PER_CLAIM = 1  # messages that name nothing learned from, for each one that claims something
_STEPS = 80
_RATE = 0.05
_RIDGE = 3e-6
_WORD = re.compile(r"[a-z][a-z']+|\x00|#|\d")


@dataclass(frozen=True, slots=True)
class Message:
    """A commit message, and whose it is.

    Attributes:
        repo: ``owner/name``.
        text: whole message.
    """

    repo: str
    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """How the classifier does on repositories it has not seen, measured against the terms, not against the truth.

    Attributes:
        criterion: which.
        named: messages with a term of it.
        claims: those that claim it.
        average_precision: of ranking what names it by the model with all terms masked.
        calibration_error: mean distance between probability and frequency over ten equal-mass bins.
    """

    criterion: Criterion
    named: int
    claims: int
    average_precision: float
    calibration_error: float


@dataclass(frozen=True, slots=True)
class Claims:
    """What messages claim, and how the classifier does.

    Attributes:
        of: criterion and its probability for each message that claims one.
        held: per criterion.
    """

    of: dict[Message, tuple[Criterion, float]]
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class _Bag:
    """Features of ``count`` messages: message ``rows[i]`` has the feature ``buckets[i]``, which is below ``size``."""

    rows: Numbers
    buckets: Numbers
    count: int
    size: int

    def of(self, kept: Flags) -> "_Bag":
        entries = kept[self.rows]
        renumbered = np.cumsum(kept) - 1
        return _Bag(renumbered[self.rows[entries]], self.buckets[entries], int(kept.sum()), self.size)


def claims_of(messages: Sequence[Message]) -> Claims:
    """What each message claims by its terms, and how probable that is; the same messages give the same answer."""
    known = sorted({m for m in messages if not is_revert(m.text)}, key=lambda m: (m.repo, m.text))
    told = [claim_of(message.text) for message in known]
    if not any(told):
        return Claims({}, ())
    named = [named_by(message.text) for message in known]
    labels = np.array([[claim is criterion for criterion in CRITERIA] for claim in told], dtype=np.float64)
    logits, blind = _unseen(known, np.array([bool(names) for names in named]), labels)
    found: dict[Message, tuple[Criterion, float]] = {}
    held: list[Held] = []
    for column, criterion in enumerate(CRITERIA):
        rows = np.array([row for row, names in enumerate(named) if criterion in names], dtype=np.int64)
        if not len(rows):
            continue
        hits, here = labels[rows, column], logits[rows, column]
        slope, shift = _platt(here, hits)
        probable = _sigmoid(slope * here + shift)
        found |= {
            known[row]: (criterion, float(p)) for row, p in zip(rows, probable, strict=True) if told[row] is criterion
        }
        precision = _average_precision(blind[rows, column], hits)
        held.append(Held(criterion, len(rows), int(hits.sum()), precision, _calibration_error(probable, hits)))
    return Claims(found, tuple(held))


def _unseen(messages: Sequence[Message], named: Flags, labels: Floats) -> tuple[Floats, Floats]:
    """Logits by models that never saw the repository: with and without terms on average, and without terms."""
    fold = np.array([_hashed(message.repo.casefold()) % _FOLDS for message in messages])
    draw = np.array([_hashed(f"learn {message.text}") / _BUCKETS for message in messages])
    claims = labels.sum(axis=1) > 0
    learned = claims | named | (draw < _PER_CLAIM * claims.mean())
    views = _bags([_features(m.text) for m in messages], [_features(masked(m.text)) for m in messages])
    logits, blind = np.zeros_like(labels), np.zeros_like(labels)
    for number in range(_FOLDS):
        train, test = learned & (fold != number), fold == number
        weights, biases = _fit([view.of(train) for view in views], labels[train])
        plain, without = (_logits(view.of(test), weights) + biases for view in views)
        logits[test], blind[test] = (plain + without) / 2, without
    return logits, blind


def _features(text: str) -> set[int]:
    """Hashed words and word pairs of a message, and whether they stand in its subject."""
    subject, _, rest = text.lower().partition("\n")
    said, more = ["^", *_WORD.findall(subject)], _WORD.findall(rest)[:_LONGEST]
    grams = (*said, *map(_pair, pairwise(said)), *(f"\n{gram}" for gram in (*more, *map(_pair, pairwise(more)))))
    return {_hashed(gram) for gram in grams}


def _pair(words: tuple[str, str]) -> str:
    return " ".join(words)


def _bags(*views: Sequence[set[int]]) -> tuple[_Bag, ...]:
    """Several views of the same messages; buckets are renumbered so that none is unused."""
    entries = [np.fromiter((bucket for one in view for bucket in sorted(one)), np.int64) for view in views]
    used, places = np.unique(np.concatenate(entries), return_inverse=True)
    ends = np.cumsum([len(one) for one in entries])[:-1]
    return tuple(
        _Bag(np.repeat(np.arange(len(view)), [len(one) for one in view]), buckets, len(view), len(used))
        for view, buckets in zip(views, np.split(places, ends), strict=True)
    )


@cache
def _hashed(gram: str) -> int:
    return zlib.crc32(gram.encode()) % _BUCKETS


def _logits(features: _Bag, weights: Floats) -> Floats:
    """Sum of weights over the root of the number of features, ``[messages, criteria]``."""
    sums = [np.bincount(features.rows, column[features.buckets], features.count) for column in weights.T]
    return np.stack(sums, axis=1) / _norm(features)[:, None]


def _norm(features: _Bag) -> Floats:
    return np.sqrt(np.maximum(np.bincount(features.rows, minlength=features.count), 1.0))


def _fit(views: Sequence[_Bag], labels: Floats) -> tuple[Floats, Floats]:
    """Weights ``[size, criteria]`` and biases ``[criteria]``, by Adam on whole batches that alternate between views.

    Minimises the logistic loss in which the claims of a criterion weigh as much as all other messages.
    """
    shares = labels.mean(axis=0) if len(labels) else np.zeros(len(CRITERIA))
    balance = np.where(labels > 0, 0.5 / np.maximum(shares, 1e-9), 0.5 / np.maximum(1 - shares, 1e-9))
    theta = np.zeros((views[0].size + 1, len(CRITERIA)))  # the last row is the bias
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    for step in range(1, _STEPS + 1):
        view = views[step % 2]
        errors = balance / max(len(labels), 1) * (_sigmoid(_logits(view, theta[:-1]) + theta[-1]) - labels)
        shared = (errors / _norm(view)[:, None])[view.rows]
        sums = [np.bincount(view.buckets, column, view.size + 1) for column in shared.T]
        gradient = np.stack(sums, axis=1) + _RIDGE * theta
        gradient[-1] = errors.sum(axis=0)
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        theta -= _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-9)
    return theta[:-1], theta[-1]


def _platt(logits: Floats, labels: Floats) -> tuple[float, float]:
    """Slope and offset by Newton's method on the logistic loss, with Platt's smoothed targets."""
    positives = labels.sum()
    targets = np.where(labels > 0, (positives + 1) / (positives + 2), 1 / (len(labels) - positives + 2))
    columns = np.stack([logits, np.ones_like(logits)], axis=1)
    theta = np.array([1.0, 0.0])
    for _ in range(50):
        p = _sigmoid(columns @ theta)
        hessian = columns.T @ (columns * (p * (1 - p))[:, None]) + 1e-6 * np.eye(2)
        theta = theta - np.clip(np.linalg.solve(hessian, columns.T @ (p - targets)), -1.0, 1.0)
    return max(float(theta[0]), 0.0), float(theta[1])


def _average_precision(scores: Floats, labels: Floats) -> float:
    hits = labels[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / max(hits.sum(), 1.0))


def _calibration_error(probabilities: Floats, labels: Floats) -> float:
    bins = np.array_split(np.argsort(probabilities, kind="stable"), 10)
    gaps = [abs(probabilities[b].mean() - labels[b].mean()) * len(b) for b in bins if len(b)]
    return float(sum(gaps) / len(labels))


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)), dtype=np.float64)
