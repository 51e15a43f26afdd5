"""The linear floor: it learns what differs and nothing from length, and comes back from disk as it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from themis_bench.floor import Floor, features_of
from themis_bench.floor_fit import Example, fit_floor, minimum, weights_of
from themis_bench.judge import Judge, Length, Model, knows, open_judge
from themis_bench.metrics import Floats
from themis_bench.pairs import DataError, Pair
from themis_model.criterion import CRITERIA, Criterion
from themis_model.fake import FakeScorer

SECURITY = Criterion.SECURITY_HARDNESS


def pair(chosen: str, rejected: str, project: str) -> Pair:
    return Pair("1", "ours", "python", SECURITY, chosen, rejected, project)


def examples(count: int) -> list[Pair]:
    """Checked calls are better than blind ones, whatever the length, in functions of their own."""
    pairs = []
    for n in range(count):
        body = [f"def task_{n}(a):", *(f"    step_{i}(a)" for i in range(n % 5))]
        good, bad = [*body, "    check(a)", "    run_safely(a)"], [*body, "    run_blindly(a)"]
        if n % 2:
            bad += ["    note(a)"] * 3
        pairs.append(pair("\n".join(good), "\n".join(bad), f"project-{n % 7}"))
    return pairs


def test_the_floor_learns_and_comes_back_from_disk(tmp_path: Path) -> None:
    pairs = examples(80)
    floor = fit_floor(pairs[:60], data="digest")
    floor.save(tmp_path / "floor.npz")
    again = Floor.load(tmp_path / "floor.npz")
    assert again.info == floor.info
    assert again.origin == floor.origin
    assert again.origin.pairs == (0, 0, 0, 60, 0)
    for judge in (Model(floor), open_judge(f"floor:{tmp_path / 'floor.npz'}")):
        deltas = [found[CRITERIA.index(SECURITY)] for found in judge.deltas(pairs[60:]) if found is not None]
        assert len(deltas) == 20
        assert min(deltas) > 0
        assert knows(judge, SECURITY)
        assert not knows(judge, CRITERIA[0])


def test_the_floor_does_not_depend_on_the_order_of_the_pairs() -> None:
    pairs = examples(40)
    one, other = Model(fit_floor(pairs)), Model(fit_floor(pairs[::-1]))
    for a, b in zip(one.deltas(pairs), other.deltas(pairs), strict=True):
        assert a is not None
        assert b is not None
        np.testing.assert_allclose(a, b, atol=1e-3)


def test_the_floor_learns_nothing_from_length() -> None:
    """Whoever says more is right in three of four pairs, and nothing else tells the sides apart."""
    short, long = "def f(a):\n    run(a)", "def f(a):\n    run(a)\n    note(a)"
    sides = [(long, short)] * 3 + [(short, long)]
    pairs = [pair(*sides[n % 4], str(n)) for n in range(80)]
    for found in Model(fit_floor(pairs)).deltas(pairs[:4]):
        assert found is not None
        assert abs(found[CRITERIA.index(SECURITY)]) < 1e-3


# project and sign of the length difference of each pair; weights before they are scaled to a mean of 1
WEIGHTS = [
    ([("a", 1), ("a", -1)], [1, 1]),
    ([("a", 0)] * 4 + [("b", 0)], [1, 1, 1, 1, 2]),  # four pairs of one project weigh as two of two
    ([("a", 1), ("b", 1), ("c", 1), ("d", -1)], [2, 2, 2, 6]),
    ([("a", 1), ("b", 1), ("c", -1), ("d", 0)], [0.75, 0.75, 1.5, 1]),
]


@pytest.mark.parametrize(("pairs", "weights"), WEIGHTS)
def test_weights(pairs: list[tuple[str, int]], weights: list[float]) -> None:
    none = np.zeros(0)
    found = weights_of([Example(SECURITY, project, sign, none.astype(int), none) for project, sign in pairs])
    np.testing.assert_allclose(found, np.array(weights) / np.mean(weights))


REFUSED_FLOORS = [(b"", "is not a floor"), (b"no archive", "is not a floor"), (None, "cannot be read")]


@pytest.mark.parametrize(("content", "because"), REFUSED_FLOORS)
def test_floors_are_refused(tmp_path: Path, content: bytes | None, because: str) -> None:
    if content is not None:
        (tmp_path / "floor.npz").write_bytes(content)
    with pytest.raises(DataError, match=because):
        Floor.load(tmp_path / "floor.npz")


def test_features_count_words_their_neighbours_and_their_humps() -> None:
    none, one, two = features_of(""), features_of("x"), features_of("x x")
    assert len(none.buckets) == 0
    # x as a word and as a hump; twice, and once beside itself
    np.testing.assert_allclose(sorted(one.values), np.log1p([1, 1]))
    np.testing.assert_allclose(sorted(two.values), np.log1p([1, 2, 2]))
    shared = set(features_of("readFile").buckets) & set(features_of("read_bytes").buckets)
    assert len(shared) == 1  # the hump read


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=5))
def test_minimum_of_a_convex_function(centre: list[float]) -> None:
    at, steep = np.array(centre), np.arange(1.0, len(centre) + 1)

    def loss(theta: Floats) -> tuple[float, Floats]:
        return float(steep @ (theta - at) ** 2), 2 * steep * (theta - at)

    np.testing.assert_allclose(minimum(loss, len(at)), at, atol=1e-4)


words = st.lists(st.sampled_from(["good", "bad", "other", "if", "x = 1"]), max_size=8)


@given(words, words)
@settings(max_examples=50)
def test_turning_a_pair_round_negates_every_delta(one: list[str], other: list[str]) -> None:
    judges: list[Judge] = [Model(FakeScorer()), Model(fit_floor(examples(30))), Length()]
    forth = replace(pair("", "", "p"), chosen="\n".join(one), rejected="\n".join(other))
    back = replace(pair("", "", "p"), chosen=forth.rejected, rejected=forth.chosen)
    for judge in judges:
        (there,), (again,) = judge.deltas([forth]), judge.deltas([back])
        assert (there is None) == (again is None)
        assert there is None or again is None or np.array_equal(there, -again)
