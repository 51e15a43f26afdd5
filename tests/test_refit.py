"""Curves moved by answers: towards them, no further than they are many, and never to speak of more than before."""

import math
from dataclasses import replace
from itertools import product

import pytest

from themis_model.assent import MEASURES, Assent, Clue, likely, log_odds
from themis_model.calibrate import Curve, Mix, State, Threshold
from themis_model.refit import Judgement, loss, probabilities, raised_names, refit, said_there, tells

LIMIT = Threshold(0.7, 0.9, 0.8, 0.2, 300)
CURVE = Curve(State.SPEAKS, scale=0.7, bias=-1.3, slope=0.58, spread=0.57, worse=LIMIT, better=LIMIT)
MIX = Mix()


def answers(count: int, agreed: float) -> list[Judgement]:
    """So many answers about findings of all strengths, the given share of them agreeing, evenly spread."""
    deltas = [-1.9 - 1.5 * n / count for n in range(count)]
    return [Judgement(d, math.floor((n + 1) * agreed) > math.floor(n * agreed)) for n, d in enumerate(deltas)]


def clue(name: str | None, share: float = 0.9) -> Clue | None:
    return Clue(name, share, ("md5",), (), 2, 3) if name else None


def spoken(curve: Curve, sign: int) -> list[bool]:
    limit = (curve.worse if sign < 0 else curve.better).probability
    return [probabilities(curve, sign * n / 50, MIX)[1 + sign] >= limit for n in range(500)]


# how many answers, the share that agrees, P(worse) of a finding at least, at most (0.76 as shipped)
MOVES = [
    (30, 1.0, 0.77, 0.82),
    (400, 1.0, 0.88, 0.98),
    (30, 0.5, 0.60, 0.72),
    (400, 0.5, 0.45, 0.56),
    (400, 0.0, 0.10, 0.30),
]


@pytest.mark.parametrize(("count", "agreed", "least", "most"), MOVES)
def test_a_curve_moves_as_far_as_the_answers_are_many(count: int, agreed: float, least: float, most: float) -> None:
    told = answers(count, agreed)
    moved = refit(CURVE, told, MIX)
    assert least < probabilities(moved, -2.3, MIX).worse < most
    assert loss(moved, told, MIX) < loss(CURVE, told, MIX)
    assert moved.slope >= abs(moved.spread), "P has to be monotone"
    for sign in (-1, 1):
        shipped, now = spoken(CURVE, sign), spoken(moved, sign)
        assert any(shipped)
        assert not [n for n, speaks in enumerate(now) if speaks and not shipped[n]], "spoken of what was not before"


@pytest.mark.parametrize("agreed", [0.0, 1.0])
def test_no_name_is_told_from_a_smaller_difference_than_before(agreed: float) -> None:
    named = replace(CURVE, worse=Threshold(0.5), reasons={"weak-hash": Threshold(0.9), "sql-injection": LIMIT})
    moved = refit(named, answers(400, agreed), MIX)
    for name in (*named.reasons, None):
        shipped, now = (
            [curve.told(probabilities(curve, -n / 50, MIX).worse, clue(name)) is not None for n in range(500)]
            for curve in (named, moved)
        )
        assert any(shipped) is (name is not None)
        assert not [n for n, tells in enumerate(now) if tells and not shipped[n]], name


WEIGHTS = dict.fromkeys(MEASURES, 0.0) | {"worse": 0.7, "share": 1.2, "removed": -0.4}
ASSENT = Assent(1.0, WEIGHTS, {"weak-hash": 0.5, "sql-injection": -0.3}, 0.08)
ASSENTED = replace(CURVE, reasons={"weak-hash": LIMIT, "sql-injection": LIMIT}, assent=ASSENT)


MOVED = [
    replace(ASSENTED, bias=-0.2), replace(ASSENTED, slope=1.1), replace(ASSENTED, slope=0.6, bias=-2.0),
    replace(ASSENTED, spread=0.1),
]  # fmt: skip


@pytest.mark.parametrize("curve", MOVED)
def test_a_moved_curve_tells_nothing_more_however_sure_readers_are(curve: Curve) -> None:
    moved = raised_names(ASSENTED, curve, MIX)
    told = 0
    for name, share, n in product(ASSENT.signs, (0.05, 0.3, 0.6, 1.0), range(500)):
        shipped, now = (
            one.told(probabilities(one, -n / 50, MIX).worse, clue(name, share)) for one in (ASSENTED, moved)
        )
        told += now is not None
        assert now is None or shipped is not None, (name, share, n)
    assert told, "it still tells something"


# answers, the share that agrees, what is said where 0.8 was, at least and at most
ANSWERED = [(30, 1.0, 0.81, 0.88), (400, 1.0, 0.93, 0.99), (400, 0.8, 0.78, 0.82), (400, 0.2, 0.2, 0.4)]


@pytest.mark.parametrize(("count", "agreed", "least", "most"), ANSWERED)
def test_answers_move_what_readers_said(count: int, agreed: float, least: float, most: float) -> None:
    given = [
        Judgement(-2.0, math.floor((n + 1) * agreed) > math.floor(n * agreed), "weak-hash", 0.7 + 0.2 * n / count)
        for n in range(count)
    ]
    moved = refit(ASSENTED, given, MIX)
    assert moved.assent is not None
    assert least < moved.assent.answered(log_odds(0.8)) < most
    assert loss(moved, given, MIX) <= loss(ASSENTED, given, MIX)
    assert replace(moved, assent=ASSENT, reasons=ASSENTED.reasons, worse=CURVE.worse) == ASSENTED, "nothing else moves"
    for said in (0.3, 0.69, 0.71, 0.8, 0.95):
        judged = Judgement(-2.0, True, "weak-hash", said)
        assert tells(ASSENTED, judged, MIX) is (said > LIMIT.probability)
        assert not tells(moved, judged, MIX) or said > LIMIT.probability, "told now, and not before"


def test_likely_is_the_inverse_of_log_odds() -> None:
    assert [likely(log_odds(p)) for p in (0.01, 0.5, 0.9)] == pytest.approx([0.01, 0.5, 0.9])
    assert likely(-800) == 0.0


def test_without_answers_nothing_moves() -> None:
    assert refit(CURVE, [], MIX) == CURVE


def test_a_criterion_that_never_speaks_stays_silent() -> None:
    silent = replace(CURVE, state=State.NOT_PRECISE, worse=Threshold(1.01), better=Threshold(1.01))
    moved = refit(silent, answers(100, 0.9), MIX)
    assert (moved.state, moved.worse, moved.better) == (silent.state, silent.worse, silent.better)


def test_what_is_said_where_another_begins_to_speak() -> None:
    assert said_there(CURVE, CURVE, MIX, -1) == pytest.approx(LIMIT.probability)
    assert said_there(CURVE, CURVE, MIX, 1) == pytest.approx(LIMIT.probability)
    assert said_there(CURVE, replace(CURVE, bias=-3.0), MIX, -1) < LIMIT.probability


@pytest.mark.parametrize("cut", [-3.337, -3.375, -3.387])
def test_answers_that_one_difference_parts_leave_a_curve_of_some_steepness(cut: float) -> None:
    deltas = [-1.9 - 1.5 * n / 5000 for n in range(5000)]
    moved = refit(CURVE, [Judgement(delta, delta < cut) for delta in deltas], MIX)
    factor = moved.slope / CURVE.slope
    assert math.exp(-3) <= factor * 1.0001
    assert factor <= math.exp(3) * 1.0001
    assert moved.spread / CURVE.spread == pytest.approx(factor)
