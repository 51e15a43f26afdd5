"""Names of defects: which one is told, when none is, and what a manifest must say of them."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from themis_model.assent import Step, clue_of
from themis_model.calibrate import Threshold
from themis_model.criterion import Criterion
from themis_model.encode import View
from themis_model.naming import Naming
from themis_model.reason import reason

SECURITY, CORRECTNESS = Criterion.SECURITY_HARDNESS, Criterion.FUNCTIONAL_CORRECTNESS
NAMING = Naming(
    ("sql-injection", "weak-hash", "off-by-one", "missing-await"),
    {SECURITY: 1.0, CORRECTNESS: 2.0},
    {name: Threshold(0.8, 0.9, 0.8, 0.5, 60) for name in ("sql-injection", "weak-hash")},
)


def view(text: str) -> View:
    return View("python", text, ())


SQL = ('run("select 1 from t where x = " + x)', 'run("select 1 from t where x = ?", x)')
HASH = ("md5(x)", "sha256(x)")
# evidence the worse version gained, criterion, the worse and the better text, the name told
TOLD = [
    ((4.0, 0.0, 0.0, 0.0), SECURITY, *SQL, "sql-injection"),
    ((0.0, 4.0, 9.0, 9.0), SECURITY, *HASH, "weak-hash"),  # reasons of other criteria do not compete
    ((0.0, 4.0, 0.0, 0.0), SECURITY, *reversed(HASH), None),  # nothing to point at: the weak hash went away
    ((4.0, 0.0, 0.0, 0.0), SECURITY, *HASH, None),  # no SQL in sight
    ((1.0, 0.5, 0.0, 0.0), SECURITY, *SQL, None),  # not sure enough
    ((2.0, 3.0, 0.0, 0.0), SECURITY, *SQL, None),  # the likelier one cannot be seen, and this one is not sure enough
    ((0.0, 0.0, 9.0, 0.0), CORRECTNESS, "x < 2", "x < 1", None),  # never proven, hence never told
    ((9.0, 9.0, 9.0, 0.0), Criterion.MEMORY_EFFICIENCY, "x", "y", None),  # no reason known
]


@pytest.mark.parametrize(("gained", "criterion", "worse", "better", "told"), TOLD)
def test_the_name_told(
    gained: tuple[float, ...], criterion: Criterion, worse: str, better: str, told: str | None
) -> None:
    clue = NAMING.clue(criterion, np.array(gained, np.float32), view(worse), view(better))
    assert (clue and clue.name) == told


# thresholds, the clue to a query that got worse while a hash got better: what is seen counts, not what is likeliest
SEEN = [({"sql-injection": 0.02, "weak-hash": 0.02}, "sql-injection"), ({"weak-hash": 0.02}, None)]


@pytest.mark.parametrize(("thresholds", "name"), SEEN)
def test_the_likeliest_that_can_be_pointed_at(thresholds: dict[str, float], name: str | None) -> None:
    opened = replace(NAMING, thresholds={reason: Threshold(at) for reason, at in thresholds.items()})
    gained = np.array([2.0, 3.0, 0.0, 0.0], np.float32)
    clue = opened.clue(SECURITY, gained, view(f"a\n  {SQL[0]}\nb\n"), view(f"a\n  {SQL[1]}\n  log(x)\nb\n"))
    assert (clue and clue.name) == name
    if clue:
        assert clue.share == pytest.approx(1 / (1 + np.exp(1)))
        assert (len(clue.shown), clue.lost, clue.removed, clue.added) == (1, (), 2, 1)


def test_what_is_too_faint_is_no_clue() -> None:
    opened = replace(NAMING, thresholds=dict.fromkeys(NAMING.reasons, Threshold(0.0)))
    assert opened.clue(SECURITY, np.array([0.0, 4.5, 0.0, 0.0], np.float32), *map(view, SQL)) is None


def test_sharpness_counts() -> None:
    soft = NAMING.shares(SECURITY, np.array([1, 0, 0, 0], np.float32))
    sharp = NAMING.shares(CORRECTNESS, np.array([0, 0, 1, 0], np.float32))
    assert soft["sql-injection"] == pytest.approx(1 / (1 + np.exp(-1)))
    assert sharp["off-by-one"] == pytest.approx(1 / (1 + np.exp(-2)))


def test_a_manifest_brings_it_back() -> None:
    back = Naming.from_json(json.loads(json.dumps(NAMING.to_json())))
    assert (back.reasons, back.thresholds) == (NAMING.reasons, NAMING.thresholds)
    assert back.sharpness[SECURITY] == NAMING.sharpness[SECURITY]


# what is wrong, words of the message
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({}, "incomplete"),
    ({"reasons": ["no-such-page"], "sharpness": {}, "thresholds": {}}, "no-such-page"),
    ({"reasons": [], "sharpness": {"taste": 1}, "thresholds": {}}, "taste"),
    ({"reasons": [], "sharpness": {SECURITY.value: "nan"}, "thresholds": {}}, "not finite"),
    ({"reasons": [], "sharpness": {}, "thresholds": {"weak-hash": {}}}, "incomplete"),
]


@pytest.mark.parametrize(("value", "words"), MALFORMED)
def test_what_is_malformed_is_refused(value: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Naming.from_json(value)


OPENED = "f = open(path)\nread(f)"
# the better and the worse text, how the one became the other, of which kinds that is
STEPS = [
    (f"{OPENED}\nclose(f)", OPENED, Step(4, 0, 0, 0, 1), ["removal"]),
    (f"{OPENED}\nclose(f)", f"{OPENED}\nf.close()", Step(4, 5, 4, 0, 0), ["rewording"]),  # the same call elsewhere
    (f"{OPENED}\nclose(f)", f"{OPENED}\nfinish(f)", Step(4, 4, 3, 1, 1), ["call"]),
    (OPENED, f"{OPENED}\nprint(f)", Step(0, 4, 0, 1, 0), ["addition", "call"]),
    (OPENED, f"{OPENED}\nread(f)", Step(0, 4, 0, 0, 0), ["addition"]),  # what is called already
]


@pytest.mark.parametrize(("better", "worse", "step", "kinds"), STEPS)
def test_a_clue_says_how_one_version_became_the_other(better: str, worse: str, step: Step, kinds: list[str]) -> None:
    clue = clue_of(reason("unclosed-resource"), 0.9, worse, better)
    assert clue.step == step
    assert list(clue.step.kinds) == kinds
    assert {f"unclosed-resource/{kind}" for kind in kinds} == {sign for sign in clue.signs if "/" in sign}
