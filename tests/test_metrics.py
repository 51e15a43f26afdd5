"""Metrics: every row was worked out by hand, and what must hold for all inputs is tried on many."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis_bench.metrics import (
    accuracy,
    balanced_accuracy,
    expected_calibration_error,
    interval,
    longer_is_better,
    macro_average,
    sign_of_length,
)
from themis_bench.mix import (
    NEVER,
    Sample,
    Standard,
    calibration_error,
    choose_threshold,
    measured,
    precision_under_mix,
    spoken_share,
    wilson,
)
from themis_model.calibrate import Mix

NAN = math.nan
MIX = Mix(worse=0.1, neutral=0.6, better=0.3)


def check(found: float, expected: float, within: float = 1e-12) -> None:
    assert found == pytest.approx(expected, abs=within, nan_ok=True)


# deltas, sign of the length difference, weights; accuracy, balanced, "longer is better"
ACCURACIES = [
    ([1, 2, -1, 3], [1, 1, -1, -1], None, 3 / 4, (1 + 1 / 2) / 2, 1 / 2),
    ([0.0, 1.0], [1, -1], None, 1 / 2, 1 / 2, 1 / 2),  # a tie is wrong
    ([1, 1, 1, -1], [1, 1, 1, -1], None, 3 / 4, 1 / 2, 3 / 4),  # follows the length
    ([1, -1, 1], [1, -1, 0], None, 2 / 3, 1 / 2, 1 / 3),  # equal lengths are in no stratum
    ([1, -1, 1, -1], [1, 1, -1, -1], [3, 1, 1, 1], 4 / 6, (3 / 4 + 1 / 2) / 2, 4 / 6),
    ([1, 1], [1, 1], None, 1, NAN, 1),  # no pair whose better side is shorter
    ([], [], None, NAN, NAN, NAN),
]


@pytest.mark.parametrize(("deltas", "longer", "weights", "plain", "balanced", "baseline"), ACCURACIES)
def test_accuracies(
    deltas: list[float], longer: list[int], weights: list[float] | None, plain: float, balanced: float, baseline: float
) -> None:
    check(accuracy(deltas, weights), plain)
    check(balanced_accuracy(deltas, longer, weights), balanced)
    check(longer_is_better(longer, weights), baseline)


@given(st.lists(st.tuples(st.floats(-5, 5).filter(bool), st.sampled_from([-1, 0, 1])), min_size=1))
def test_turning_every_pair_round_turns_every_accuracy_round(pairs: list[tuple[float, int]]) -> None:
    delta, longer = np.array([d for d, _ in pairs]), np.array([s for _, s in pairs])
    check(accuracy(-delta), 1 - accuracy(delta))
    check(balanced_accuracy(-delta, -longer), 1 - balanced_accuracy(delta, longer))
    for value in (accuracy(delta), balanced_accuracy(delta, longer)):
        assert math.isnan(value) or 0 <= value <= 1


@given(st.lists(st.sampled_from([-1, 1]), min_size=2).filter(lambda signs: len(set(signs)) == 2))
def test_longer_is_better_is_worth_nothing_once_balanced(longer: list[int]) -> None:
    check(balanced_accuracy(longer, longer), 0.5)


@pytest.mark.parametrize(("chosen", "rejected", "sign"), [("ab", "a", 1), ("a", "ab", -1), ("ab", "ba", 0)])
def test_sign_of_length(chosen: str, rejected: str, sign: int) -> None:
    assert sign_of_length(chosen, rejected) == sign


@pytest.mark.parametrize(("values", "mean"), [([0.5, 1.0], 0.75), ([0.5, NAN], 0.5), ([NAN], NAN), ([], NAN)])
def test_macro_average(values: list[float], mean: float) -> None:
    check(macro_average(values), mean)


# confidences, whether it happened, weights, bins; error
CALIBRATION = [
    ([0.2, 0.8], [0, 1], None, 2, (0.2 + 0.2) / 2),
    ([0.2, 0.2, 0.8, 0.8], [0, 1, 1, 1], None, 2, (abs(0.4 - 1) + abs(1.6 - 2)) / 4),
    ([0.5] * 4, [1, 1, 0, 0], None, 10, 0.0),  # equal confidences share a bin whatever the order
    ([0.5] * 4, [0, 1, 0, 1], None, 10, 0.0),
    ([0.2, 0.8], [0, 1], [3, 1], 1, abs(3 * 0.2 + 0.8 - 1) / 4),
    ([1.0, 0.0], [0, 1], None, 2, 1.0),
    ([], [], None, 10, NAN),
]


@pytest.mark.parametrize(("confidences", "happened", "weights", "bins", "error"), CALIBRATION)
def test_expected_calibration_error(
    confidences: list[float], happened: list[int], weights: list[float] | None, bins: int, error: float
) -> None:
    check(expected_calibration_error(confidences, happened, weights, bins), error)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(1, 5)), min_size=1))
def test_calibration_error_is_bounded_and_blind_to_order(items: list[tuple[float, bool, int]]) -> None:
    confidences, happened, weights = (list(column) for column in zip(*items, strict=True))
    error = expected_calibration_error(confidences, happened, weights)
    assert 0 <= error <= 1
    check(expected_calibration_error(confidences[::-1], happened[::-1], weights[::-1]), error, within=1e-9)


# share, trials; bounds as tabulated by Newcombe (1998, table I, method 3)
WILSON = [
    (81 / 263, 263, 0.2553, 0.3662),
    (15 / 148, 148, 0.0624, 0.1605),
    (0.0, 20, 0.0000, 0.1611),
    (1 / 29, 29, 0.0061, 0.1718),
    (1.0, 20, 0.8389, 1.0),
    (NAN, 0, 0.0, 1.0),
]


@pytest.mark.parametrize(("share", "trials", "lower", "upper"), WILSON)
def test_wilson(share: float, trials: int, lower: float, upper: float) -> None:
    found = wilson(share, trials)
    check(found.lower, lower, within=5e-5)
    check(found.upper, upper, within=5e-5)


def test_spoken_share_counts_effective_trials() -> None:
    said = np.array([0.9, 0.8, 0.1, 0.1])
    assert spoken_share(said, 0.8) == wilson(0.5, 4)
    # Kish: (3 + 1)² / (3² + 1²) = 1.6 trials
    assert spoken_share(np.array([0.9, 0.1]), 0.5, np.array([3.0, 1.0])) == wilson(0.75, 1.6)


# hits of n pairs, slips of n pairs, noise of m neutral edits; precision under 10 % worse, 30 % better, 60 % neutral
PRECISIONS = [
    (50, 400, 0, 0, 1000, 1.0),
    (200, 400, 10, 0, 1000, 0.05 / (0.05 + 0.0075)),
    (200, 400, 10, 2, 1000, 0.05 / (0.05 + 0.0075 + 0.0012)),
    (0, 400, 4, 0, 1000, 0.0),
    (0, 400, 0, 0, 1000, NAN),
]


@pytest.mark.parametrize(("hits", "pairs", "slips", "noisy", "neutral", "precision"), PRECISIONS)
def test_precision_under_mix(hits: int, pairs: int, slips: int, noisy: int, neutral: int, precision: float) -> None:
    shares = wilson(hits / pairs, pairs), wilson(slips / pairs, pairs), wilson(noisy / neutral, neutral)
    found = precision_under_mix(*shares, MIX)
    check(found.value, precision)
    assert math.isnan(precision) or 0 <= found.lower <= precision <= found.upper <= 1


def test_no_wrong_verdict_among_few_edits_proves_little() -> None:
    few = precision_under_mix(wilson(0.2, 50), wilson(0.0, 50), wilson(0.0, 50), MIX)
    many = precision_under_mix(wilson(0.2, 5000), wilson(0.0, 5000), wilson(0.0, 5000), MIX)
    assert few.value == many.value == 1.0
    assert few.lower < 0.4
    assert many.lower > 0.95


def test_the_bound_holds_about_as_often_as_it_says() -> None:
    """True precision 0.797; 95 % bounds should lie above it in about 2.5 % of the draws, and not in never."""
    draw = np.random.default_rng(1)
    hit, slip, noise = 0.4, 0.03, 0.002
    truth = 0.1 * hit / (0.1 * hit + 0.3 * slip + 0.6 * noise)
    misses = 0
    for _ in range(1000):
        seen = [wilson(draw.binomial(n, p) / n, n) for n, p in ((400, hit), (400, slip), (2000, noise))]
        misses += precision_under_mix(seen[0], seen[1], seen[2], MIX).lower > truth
    assert 0 < misses <= 40


def sample(right: list[float], opposite: list[float], neutral: list[float]) -> Sample:
    pairs = len(right)
    return Sample(np.array(right), np.array(opposite), np.array(neutral), np.full(pairs, 1 / max(1, pairs)))


def test_measured() -> None:
    found = measured(sample([0.9, 0.8, 0.3, 0.2], [0.1, 0.8, 0.1, 0.1], [0.0] * 9 + [0.9]), 0.8, MIX)
    check(found.coverage, 2 / 4)
    check(found.precision, 0.1 * 0.5 / (0.1 * 0.5 + 0.3 * 0.25 + 0.6 * 0.1))
    assert (found.probability, found.judged) == (0.8, 4)


# right, opposite, neutral, noise allowed; chosen probability, with precision 0.8 and a lower bound of 0.5 asked for
THRESHOLDS = [
    ([0.9] * 200 + [0.5] * 200, [0.1] * 400, [0.0] * 2000, 0.0025, 0.5),
    ([0.9] * 200 + [0.5] * 200, [0.5] * 40 + [0.1] * 360, [0.0] * 2000, 0.0025, 0.9),  # wrong too often below 0.9
    ([0.9] * 200 + [0.5] * 200, [0.1] * 400, [0.5] * 6 + [0.0] * 1994, 0.0025, 0.9),  # too noisy below 0.9
    ([0.9] * 200 + [0.5] * 200, [0.1] * 400, [0.95] * 6 + [0.0] * 1994, 0.0025, NEVER.probability),
    ([0.9] * 4, [0.1] * 4, [0.0] * 2000, 0.0025, NEVER.probability),  # too few to prove anything
    ([0.9] * 400, [0.1] * 400, [], 1.0, NEVER.probability),  # nothing known of neutral edits
    ([], [], [0.0] * 10, 0.0025, NEVER.probability),
]


@pytest.mark.parametrize(("right", "opposite", "neutral", "noise", "probability"), THRESHOLDS)
def test_choose_threshold(
    right: list[float], opposite: list[float], neutral: list[float], noise: float, probability: float
) -> None:
    chosen = choose_threshold(sample(right, opposite, neutral), MIX, Standard(0.8, 0.5, noise))
    assert chosen.probability == probability


def test_calibration_error_weighs_kinds_of_edits_as_the_mix_does() -> None:
    # One confidence, so one bin: 10 % of the mass happened.
    check(calibration_error(sample([0.4] * 3, [0.4] * 3, [0.4] * 50), MIX), 0.4 - 0.1)


def test_intervals_are_seeded_and_widen_when_pairs_come_in_clusters() -> None:
    deltas = np.array([1.0, -1.0] * 50)

    def share(weights: np.ndarray) -> float:
        return accuracy(deltas, weights)

    apart = interval(share, [str(n) for n in range(100)], seed=3)
    together = interval(share, [str(n % 4) for n in range(100)], seed=3)
    assert apart == interval(share, [str(n) for n in range(100)], seed=3)
    assert apart != interval(share, [str(n) for n in range(100)], seed=4)
    assert apart.lower < apart.value == 0.5 < apart.upper
    check(apart.upper - apart.lower, 2 * 1.96 * 0.05, within=0.04)  # the binomial interval of 100 coin tosses
    assert together.upper - together.lower > 2 * (apart.upper - apart.lower)


@pytest.mark.parametrize(("deltas", "clusters"), [([1.0, -1.0], ["a", "a"]), ([1.0], ["a"])])
def test_one_cluster_has_no_interval(deltas: list[float], clusters: list[str]) -> None:
    found = interval(lambda weights: accuracy(deltas, weights), clusters)
    check(found.value, accuracy(deltas))
    assert math.isnan(found.lower)
    assert math.isnan(found.upper)
