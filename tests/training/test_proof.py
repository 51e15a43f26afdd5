"""What readings prove: how likely a finding is kept, from where on it is told, and what keeps silent."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

pytest.importorskip("torch")

from themis_model.assent import Clue
from themis_model.calibrate import Calibration, Curve, State, Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.naming import Naming
from themis_model.reason import reason
from themis_training.judged import ASKS, Possible, with_coverage
from themis_training.proof import By, Weighed, fitted, held_out, measured, settled, summary, tally, told_of, weights_of

pytestmark = pytest.mark.training

SECURITY, MEMORY = Criterion.SECURITY_HARDNESS, Criterion.MEMORY_EFFICIENCY
NAMES = ("weak-hash", "weak-random", "sql-injection", "memory-leak")
NAMING = Naming(NAMES, {SECURITY: 1.0}, {})
STATES = {SECURITY: State.SPEAKS, MEMORY: State.NOT_PRECISE}
CALIBRATION = Calibration(
    Calibration.speaking().mix, {c: Curve(STATES.get(c, State.NO_DATA), worse=Threshold(0.7)) for c in CRITERIA}
)


def read(
    name: str, worse: float, kept: bool, number: int, *, size: int = 1, repository: str = "", named: bool = True
) -> Weighed:
    """One judged finding; by default each is of a repository of its own."""
    finding = Possible(
        f"{name}{number}", repository or f"a/{name}{number}", "0" * 40, "a.py", "f", "python", bool(number % 2),
        reason(name).criterion, worse, name, "", kept, named if kept else None,
    )  # fmt: skip
    return Weighed(finding, worse, Clue(name, 0.9, ("md5",), (), size, size), float(kept and named))


def many(name: str, worse: float, kept: int, refused: int) -> list[Weighed]:
    return [read(name, worse, n < kept, n) for n in range(kept + refused)]


def told(rows: Sequence[Weighed], criterion: Criterion = SECURITY) -> set[str]:
    return set(settled(CALIBRATION, NAMING, rows).curves[criterion].reasons)


KEPT, DOUBTED = many("weak-hash", 0.9, 40, 2), many("weak-random", 0.9, 6, 36)
# findings, what is told: names without readings are told where names are on average
SETTLED: list[tuple[list[Weighed], set[str]]] = [
    (KEPT, {"weak-hash", "weak-random", "sql-injection"}),
    ([*KEPT, *DOUBTED], {"weak-hash"}),
    (DOUBTED, set()),
    (KEPT[:8], set()),  # too few
    ([one._replace(by=By.SURVEY) for one in KEPT], set()),  # nobody was asked whether to tell it
    ([read("weak-hash", 0.9, True, n, named=False) for n in range(40)], set()),  # worth telling under another name
]


@pytest.mark.parametrize(("rows", "names"), SETTLED)
def test_what_readings_prove(rows: list[Weighed], names: set[str]) -> None:
    curves = settled(CALIBRATION, NAMING, rows).curves
    assert set(curves[SECURITY].reasons) == names
    assert curves[SECURITY].state is (State.SPEAKS if names else State.NOT_PRECISE)
    assert (curves[SECURITY].assent is not None) is bool(names)
    assert curves[MEMORY].state is State.NOT_PRECISE
    assert curves[Criterion.READABILITY_MAINTAINABILITY].state is State.NO_DATA


def test_a_criterion_that_was_silent_may_speak() -> None:
    assert told(many("memory-leak", 0.6, 40, 2), MEMORY) == {"memory-leak"}


def test_what_is_refused_as_often_as_kept_is_not_told_however_good_the_rest() -> None:
    rows = [*many("weak-hash", 0.9, 200, 0), *many("weak-random", 0.999, 2, 3)]
    assert "weak-random" not in told(rows)


def test_an_assent_learns_what_readers_mind() -> None:
    draw = random.Random(3)
    rows = []
    for n in range(600):
        worse, size, name = draw.uniform(0.1, 0.99), draw.choice((1, 30)), draw.choice(("weak-hash", "weak-random"))
        odds = 4 * (worse - 0.5) + (1.5 if size == 1 else -1.5) + (1 if name == "weak-hash" else -1)
        rows.append(read(name, worse, draw.random() < 1 / (1 + 2.718**-odds), n, size=size))
    assent = fitted(rows, weights_of(rows))
    likely = {
        (worse, size, name): assent.probability(worse, Clue(name, 0.9, ("md5",), (), size, size))
        for worse in (0.3, 0.95) for size in (1, 30) for name in ("weak-hash", "weak-random")
    }  # fmt: skip
    assert likely[0.95, 1, "weak-hash"] > 0.9
    assert likely[0.3, 30, "weak-random"] < 0.1
    for key, p in likely.items():
        for place, better in ((0, 0.95), (1, 1), (2, "weak-hash")):
            other = (*key[:place], better, *key[place + 1 :])
            assert likely[other] >= p  # type: ignore[index]
    assert assent.asks == ASKS


def test_what_is_likelier_worse_is_never_told_less() -> None:
    rows = [read("weak-hash", 0.3 + 0.6 * (n % 2), n % 2 == 0, n) for n in range(60)]
    assert fitted(rows, weights_of(rows)).weights["worse"] == 0


def test_judged_edits_that_nobody_was_asked_about_teach_and_shift_nothing() -> None:
    asked = many("weak-hash", 0.9, 60, 20)
    beside = [one._replace(by=By.SURVEY) for one in many("weak-hash", 0.9, 10, 190)]
    clue = asked[0].clue
    alone, both = (fitted(rows, weights_of(rows)).probability(0.9, clue) for rows in (asked, [*asked, *beside]))
    assert both == pytest.approx(alone, abs=0.02)
    rows = [*asked, *[one._replace(by=By.SURVEY) for one in many("weak-random", 0.9, 0, 100)], *beside]
    other = fitted(rows, weights_of(rows)).probability(0.9, Clue("weak-random", 0.9, ("md5",), (), 1, 1))
    assert other < alone - 0.2, "what they say of one name beside another counts"


def test_a_repository_has_few_votes() -> None:
    mass = [read("weak-hash", 0.9, True, n, repository="mass/edit") for n in range(40)]
    assert weights_of(mass).sum() == pytest.approx(8)
    assert weights_of(KEPT).sum() == len(KEPT)


def test_a_finding_is_judged_without_its_repository() -> None:
    own = [read("weak-hash", 0.9, False, n, repository="own/one") for n in range(30)]
    rows = [*KEPT, *own]
    unseen, seen = held_out(rows, weights_of(rows)), fitted(rows, weights_of(rows))
    assert unseen[-1] > seen.probability(0.9, rows[-1].clue)


def test_what_is_measured_comes_from_other_readings() -> None:
    calibration = settled(CALIBRATION, NAMING, KEPT)
    other = [read("weak-hash", 0.9, n % 4 > 0, n, named=n % 4 > 1) for n in range(8)]
    silent = many("memory-leak", 0.9, 5, 0)
    assert told_of(calibration, [*other, *silent]) == other
    accuracy = {"spoken": [{"criterion": "security_hardness", "worse": {"coverage": 0.2}}]}
    worse = with_coverage(measured(calibration, other), accuracy).curves[SECURITY].worse
    assert (worse.precision, worse.judged, worse.coverage) == (0.75, 8, 0.2)
    assert 0 < worse.lower < 0.75
    found = summary(calibration, [*other, *silent])
    assert (found["read"], found["kept"], found["named"]) == (8, 6, 4)
    assert found["ways"] == {"as happened, kept": 2, "as happened, not": 2, "turned, kept": 4}
    assert found["defects"] == tally(other) == {"weak-hash": {"read": 8, "kept": 6, "named": 4}}


def test_names_are_not_told_below_what_their_criterion_needs() -> None:
    curve = settled(CALIBRATION, NAMING, KEPT).curves[SECURITY]
    sure, faint = (Clue("weak-hash", share, ("md5",), (), 1, 1) for share in (0.9, 0.001))
    assert curve.told(0.9, sure) is not None
    assert curve.told(0.9, sure._replace(name="memory-leak")) is None
    assert curve.told(ASKS / 2, sure) is None
    assert curve.told(0.9, None) is None
    assert replace(curve, state=State.NOT_PRECISE).told(0.9, sure) is None
    assert curve.assent is not None
    strict = replace(curve, assent=replace(curve.assent, weights={**curve.assent.weights, "share": 5.0}, bias=0.0))
    assert strict.told(0.9, faint) is None
