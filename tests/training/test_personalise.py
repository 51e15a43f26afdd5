"""A bundle corrected by a history of its own: what is learned, what is measured, and when it is refused."""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from tests.repo import Repo
from tests.test_cli import themis
from themis_lsp.change import FileChange
from themis_lsp.edits import edits_of
from themis_lsp.error import UsageError
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.assent import MEASURES, Assent, Clue
from themis_model.bundle import DEFAULT, read_bundle
from themis_model.calibrate import Calibration, Curve, Mix, State, Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import View
from themis_model.onnx import load
from themis_model.scorer import FloatArray, Scorer
from themis_training.calibration import Evidence
from themis_training.mined import Kind
from themis_training.personal.history import mine_history
from themis_training.personal.personalise import LEAST_LABELLED, Personal, PersonalError, Steps, personalise
from themis_training.personal.recalibrate import NOISE, Own, fit_moved, recalibrate
from themis_training.personal.scored import ScoredEdit
from themis_training.personal.tail import Seen, compare, table
from themis_training.personal.write import write_personal

pytestmark = pytest.mark.training

DAY = 86_400
BEGIN = 1_600_000_000  # in September 2020
NAMES = ("basket", "parcel", "order", "refund", "coupon", "tariff", "ledger", "stock")
LOOP = """\
def {name}_{n}(rows):
    total = {n}
    for row in rows:
        total += {call}row, '{name}')
    return total


"""
CALLS = (
    ("get(left, ", "read(left, "), ("get(right, ", "read(right, "), ("take(top, ", "fetch(top, "),
    ("ask(tail, ", "query(tail, "),
)  # fmt: skip
PLAIN = "def {name}_{n}(rows):\n    first = rows[{n}]\n    return {verb}(first, '{name}')\n"


@dataclass(frozen=True)
class Commit:
    message: str
    path: str
    text: str
    at: int = 0


@cache
def house() -> list[tuple[str, str]]:
    """Old and new calls, one longer and one shorter: the shipped model likes the new ones least of all."""
    scorer = load(DEFAULT, "cpu", 1)

    def worse(calls: tuple[str, str]) -> float:
        texts = [LOOP.format(name="basket", n=0, call=call) for call in calls]
        edits = edits_of([FileChange("shop/basket_0.py", *texts)])
        (verdict,) = review(edits, scorer, Settings((Criterion.RUNTIME_EFFICIENCY,))).verdicts
        assert verdict.p is not None
        return verdict.p.worse

    longer = max(CALLS, key=worse)
    return [longer, max(((new, old) for old, new in CALLS if (old, new) != longer), key=worse)]


def history(claims: int, ordinary: int, *, honest: bool = True) -> list[Commit]:
    """Functions fixed in the house's way, in a criterion the shipped model leaves open, beside edits that mean nothing.

    In a history that is not honest, every second one is turned round under the same words.
    """
    pairs: list[tuple[Commit, Commit]] = []
    for n in range(max(claims, ordinary)):
        name = NAMES[n % len(NAMES)]
        if n < claims:
            texts = [LOOP.format(name=name, n=n, call=call) for call in house()[n % 2]]
            if not honest and n // 8 % 2:
                texts.reverse()
            path = f"shop/{name}_{n}.py"
            pairs.append((Commit("Add a file", path, texts[0]), Commit(f"Speed up the {name} of {n}", path, texts[1])))
        if n < ordinary:
            path = f"shop/plain_{name}_{n}.py"
            old, new = (PLAIN.format(name=name, n=n, verb=verb) for verb in ("load", NAMES[n % 7]))
            pairs.append((Commit("Add a file", path, old), Commit(f"Ask for the {name} of {n}", path, new)))
    done = [first for first, _ in pairs] + [second for _, second in pairs]
    return [replace(commit, at=BEGIN + n * DAY) for n, commit in enumerate(done)]


def made(root: Path, commits: list[Commit]) -> Repo:
    """A repository with these commits, by way of ``git fast-import``."""
    repo = Repo.make(root)
    lines = []
    for commit in commits:
        who = f"A Person <person@example.org> {commit.at} +0000"
        lines += [
            f"commit refs/heads/main\ncommitter {who}\ndata {len(commit.message.encode())}\n{commit.message}\n",
            f"M 100644 inline {commit.path}\ndata {len(commit.text.encode())}\n{commit.text}\n",
        ]
    repo.git("fast-import", "--quiet", text="".join(lines).encode())
    return repo


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Personal:
    folder = tmp_path_factory.mktemp("history")
    repo = made(folder / "shop", history(260, 330))
    return personalise(repo.root, None, folder / "work", Steps())


def test_what_a_team_says_is_learned(fitted: Personal) -> None:
    assert fitted.history.name == "shop"
    assert fitted.tail.objection == ""
    assert fitted.tail.pairs == {"runtime_efficiency": 78}
    assert fitted.tail.after.balanced.lower > 0.9
    assert fitted.update.rank == 1
    assert "length-balanced" in table(fitted.tail)


def test_the_tail_is_newer_than_whatever_was_fitted_to(fitted: Personal) -> None:
    assert max(edit.known for edit in fitted.older) < min(edit.known for edit in fitted.newest)


def test_the_bundle_is_sound_and_says_whose_it_is(fitted: Personal, tmp_path: Path) -> None:
    write_personal(fitted, tmp_path / "own")
    write_personal(fitted, tmp_path / "own")  # replaces an earlier one
    own, base = read_bundle(tmp_path / "own"), read_bundle()
    assert own.digest != base.digest
    assert (own.tokenizer, own.reasons) == (base.tokenizer, base.reasons)
    assert own.manifest.training["personalised"]["commit"] == fitted.history.head
    card = (tmp_path / "own" / "CARD.md").read_text(encoding="utf-8")
    assert f"{len(fitted.older)} edits of shop, commit {fitted.history.head}" in card
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own"]
    with pytest.raises(UsageError, match="personalised already"):
        personalise(tmp_path, tmp_path / "own", tmp_path / "work", Steps())


def test_the_graph_adds_what_was_fitted_and_stays_antisymmetric(fitted: Personal, tmp_path: Path) -> None:
    write_personal(fitted, tmp_path / "own")
    own = load(tmp_path / "own", "cpu")
    for edit in fitted.newest[:20]:
        for (before, after), want in zip(edit.views, fitted.update.deltas(edit), strict=True):
            there, back = rewards(own, before, after), rewards(own, after, before)
            assert np.abs(there - want).max() <= 1e-4
            assert np.array_equal(there, -back)


def rewards(scorer: Scorer, before: View, after: View) -> FloatArray:
    first, second = scorer.score([before, after])
    return np.asarray(second - first)


def test_the_command_gives_the_same_bundle_again_and_a_review_uses_it(fitted: Personal, tmp_path: Path) -> None:
    write_personal(fitted, tmp_path / "one")
    repo = made(tmp_path / "shop", history(260, 330))
    ran = themis("train", "personalise", "shop", "--out", "two", folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "wrote two: themis review --model two" in ran.stdout
    one, two = (json.loads((tmp_path / name / "manifest.json").read_text("utf-8")) for name in ("one", "two"))
    assert one == two
    last = "shop/plain_basket_0.py"
    repo.git("reset", "--quiet", "--hard")
    repo.write(last, (repo.root / last).read_text("utf-8").replace("first = rows", "first = list(rows)"))
    seen = themis("review", "--model", str(tmp_path / "two"), "--output-format", "json", folder=repo.root)
    assert json.loads(seen.stdout)["model"] == {
        "name": one["name"], "digest": read_bundle(tmp_path / "one").digest,
        "graph_digest": one["files"]["model.onnx"],
    }  # fmt: skip


def test_words_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    repo = made(tmp_path / "shop", history(200, 310, honest=False))
    found = personalise(repo.root, None, tmp_path / "work", Steps())
    assert found.tail.objection
    assert not found.tail.gain.lower > 0


@pytest.mark.parametrize(
    ("claims", "ordinary", "want"),
    [
        (20, 310, f"20 edits whose commit says what it improves or that were reverted, of {LEAST_LABELLED} needed"),
        (160, 100, "260 ordinary ones, of 300"),
    ],
)
def test_too_little_is_refused_with_the_numbers(tmp_path: Path, claims: int, ordinary: int, want: str) -> None:
    repo = made(tmp_path / "shop", history(claims, ordinary))
    with pytest.raises(PersonalError, match=want):
        personalise(repo.root, None, tmp_path / "work", Steps())


@pytest.mark.parametrize(
    ("arguments", "holds", "want"),
    [
        (["--out", "notes"], "notes/a.txt", "notes holds something other than a bundle"),
        (["--out", "own"], "", "the history of shop is too short"),
        (["--out", "own", "--model", "nowhere"], "", "nowhere"),
    ],
)
def test_the_command_refuses_in_one_line_and_writes_nothing(
    tmp_path: Path, arguments: list[str], holds: str, want: str
) -> None:
    repo = made(tmp_path / "shop", history(3, 3))
    if holds:
        Repo(tmp_path).write(holds, "Buy milk.\n")
    ran = themis("train", "personalise", str(repo.root), *arguments, folder=tmp_path)
    assert ran.returncode == 2
    assert want in ran.stderr.splitlines()[-1]
    assert not (tmp_path / "own").exists()


def test_an_interrupted_run_goes_on_with_the_years_it_has(tmp_path: Path) -> None:
    repo = made(tmp_path / "shop", history(150, 150))
    for again in ("", " (mined before)"):
        lines: list[str] = []
        mine_history(repo.root, tmp_path / "work", lines.append)
        assert [line.partition(":")[0] for line in lines] == ["2020", "2021", "2022"]
        assert all(line.endswith(f"commits{again}") for line in lines)


FEE, FEES = "def fee(rows):\n    return rows[0] + 1\n", "def fee(rows):\n    return rows[-1] + 1\n"
TEST = "def test_fee():\n    assert fee([1]) == {n}\n"


@pytest.mark.parametrize(
    ("message", "path", "want"),
    [
        ("Fix the fee of an empty basket", "test_fee.py", "functional_correctness"),  # the test beside it is no reason
        ("Speed up the fee", "test_fee.py", "runtime_efficiency"),
        ("Fix the fee and rename the basket", "test_fee.py", ""),
        ("Ask for the fee", "test_fee.py", ""),
        ("Fix the fee of an empty basket", "tax.py", None),  # two files of code: which one is it about?
    ],
)
def test_what_a_team_says_of_its_edits(tmp_path: Path, message: str, path: str, want: str | None) -> None:
    repo = Repo.make(tmp_path / "shop")
    repo.write("fee.py", FEE)
    repo.write(path, TEST.format(n=1))
    repo.commit()
    repo.write("fee.py", FEES)
    repo.stage(path, TEST.format(n=2))
    repo.git("commit", "--quiet", "--all", f"--message={message}")
    found = mine_history(repo.root, tmp_path / "work", lambda _: None).edits
    assert [edit.criterion for edit in found] == ([] if want is None else [want])


def test_an_edit_that_was_taken_back_counts_from_then_on(tmp_path: Path) -> None:
    steps = (("Begin", FEE), ("Take the last fee", FEES), ('Revert "Take the last fee"', FEE))
    commits = [Commit(message, "fee.py", text, BEGIN + n * DAY) for n, (message, text) in enumerate(steps)]
    found = mine_history(made(tmp_path / "shop", commits).root, tmp_path / "work", lambda _: None)
    kinds = {edit.kind: known for edit, known in zip(found.edits, found.known, strict=True)}
    assert kinds[Kind.REVERTED] == BEGIN + 2 * DAY


DELTAS = np.random.default_rng(1).normal(0.5, 1.0, 200)
QUIET = np.random.default_rng(2).normal(0.0, 0.3, 400)
SHIPPED = Curve(State.SPEAKS, 1.0, -2.0, 1.5, 0.5, Threshold(0.8, 0.9, 0.8, 0.2, 150), Threshold(0.9))
NAMED = replace(SHIPPED, worse=Threshold(0.5), reasons={"weak-hash": SHIPPED.worse})
ASSENTED = replace(
    NAMED, worse=SHIPPED.worse, assent=Assent(0.5, dict.fromkeys(MEASURES, 0.0) | {"worse": 0.5}, {}, 0.1)
)


def test_a_curve_moves_as_far_as_the_evidence_is_strong() -> None:
    """This team calls better what the bundle calls worse."""
    slopes = [SHIPPED.slope]
    for count in (4, 40, 200):
        evidence = Evidence(-DELTAS[:count], np.tile([1.0, -1.0], count // 2), QUIET)
        moved = fit_moved(SHIPPED, Own(evidence, evidence), Mix())
        assert moved.slope >= abs(moved.spread)
        slopes.append(moved.slope)
    assert slopes == sorted(slopes, reverse=True)
    assert slopes[-1] < SHIPPED.slope / 2


@pytest.mark.parametrize(("base", "name"), [(SHIPPED, None), (NAMED, "weak-hash"), (ASSENTED, "weak-hash")])
@pytest.mark.parametrize(("gain", "quiet"), [(1.0, 0.3), (4.0, 0.3), (0.2, 0.3), (1.0, 3.0)])
def test_unproven_thresholds_never_speak_where_the_bundle_kept_silent(
    base: Curve, name: str | None, gain: float, quiet: float
) -> None:
    shipped = Calibration(Mix(), dict.fromkeys(CRITERIA, base))
    edits = [labelled(n, float(delta), 0.0) for n, delta in enumerate(gain * DELTAS[:40])]
    edits += [labelled(n, 0.0, float(delta)) for n, delta in enumerate(quiet / 0.3 * QUIET)]
    moved = recalibrate(shipped, edits, [edit.deltas for edit in edits])
    curve = moved.curves[CRITERIA[0]]
    said = [
        (moved.probabilities(CRITERIA[0], d), shipped.probabilities(CRITERIA[0], d)) for d in np.linspace(-9, 9, 181)
    ]
    for new, old in said:
        assert new is not None
        assert old is not None
        assert curve.told(new.worse, named(name)) is None or base.told(old.worse, named(name)) is not None
    alarms = [moved.probabilities(CRITERIA[0], float(edit.deltas[0, 0])) for edit in edits if edit.is_daily]
    if base.assent is None:  # what readers decide is told by more than a reward difference; the tail counts that
        assert sum(p is not None and curve.told(p.worse, named(name)) is not None for p in alarms) <= NOISE * len(
            alarms
        )


def named(name: str | None) -> Clue | None:
    return Clue(name, 0.9, ("md5",), (), 1, 1) if name else None


def labelled(n: int, delta: float, daily: float) -> ScoredEdit:
    kind, sign = (Kind.CLAIMED, 1) if delta else (Kind.ORDINARY, 0)
    deltas = np.full((1, len(CRITERIA)), delta or daily, np.float32)
    return ScoredEdit(str(n), n, kind, sign - 1, sign, sign * (-1) ** n, (), deltas, ())


# names a view is given, share of ordinary edits called worse, and of regressions
NAMED_OR_NOT = [({}, 0.0, 0.0), ({"after": "weak-hash"}, 1.0, 0.0), ({"before": "weak-hash"}, 0.0, 1.0)]


@pytest.mark.parametrize(("names", "alarms", "coverage"), NAMED_OR_NOT)
def test_the_tail_counts_what_a_review_would_tell(names: dict[str, str], alarms: float, coverage: float) -> None:
    pair = (View("python", "before", (7, 8)), View("python", "after", (7, 9)))
    edits = [replace(labelled(n, 9.0 * (n % 2), -9.0), views=(pair,)) for n in range(40)]
    calibration = Calibration(Mix(), dict.fromkeys(CRITERIA, NAMED))
    seen = Seen(
        [edit.deltas for edit in edits], calibration, lambda worse, _better, _criterion: named(names.get(worse.text))
    )
    told = compare(edits, seen, seen, 1).after
    assert (told.alarms.value, told.coverage.value) == (alarms, coverage)
