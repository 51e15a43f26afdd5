"""Feedback stays on the machine and comes out as pairs; settings are shown with who set them."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.repo import Repo
from tests.test_commands import BASE, WORSE, context, reviewed, told
from tests.test_refit import CURVE, MIX
from themis_bench.pairs import read_pairs
from themis_cli import config, feedback
from themis_cli.context import Context
from themis_cli.pull import working
from themis_cli.recalibrate import calibrate
from themis_cli.source import Selection
from themis_lsp.error import ThemisError, UsageError
from themis_lsp.home import models_folder
from themis_model.bundle import DEFAULT, MANIFEST, read_bundle
from themis_model.calibrate import Calibration, Threshold
from themis_model.criterion import CRITERIA, Criterion


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """One committed file, made worse in the work tree."""
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py="import sys\n\n\n" + BASE)
    repo.write("a.py", "import sys\n\n\n" + WORSE)
    return repo


def world(repo: Repo) -> Context:
    found = context(repo.root)
    home = str(repo.root.parent / "home")
    return replace(found, environ={**found.environ, "XDG_DATA_HOME": home, "LOCALAPPDATA": home})


def staged(repo: Repo) -> Selection:
    repo.git("add", "a.py")
    repo.write("a.py", BASE)
    return Selection(staged=True)


def by_range(repo: Repo) -> Selection:
    repo.commit()
    repo.write("a.py", "")
    repo.commit()
    return Selection(["HEAD~2..HEAD~1"])


def fingerprint(repo: Repo, selection: Selection) -> str:
    reviewed(repo, selection=selection, form="json", file=repo.root.parent / "review.json")
    (finding,) = json.loads((repo.root.parent / "review.json").read_text("utf-8"))["findings"]
    return str(finding["fingerprint"])


REPORT = Path("../review.json")


@pytest.mark.parametrize("ask", [lambda _: Selection(), staged, by_range])
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_the_last_answer_becomes_a_pair(repo: Repo, ask: Callable[[Repo], Selection], suffix: str) -> None:
    name = fingerprint(repo, ask(repo))
    here = world(repo)
    feedback.give(name[:6], REPORT, here, agrees=False)
    feedback.export(Path(f"../no.{suffix}"), here)
    feedback.give(name, REPORT, here, agrees=True)
    feedback.export(Path(f"../yes.{suffix}"), here)
    (no,), (yes,) = (read_pairs(repo.root.parent / f"{word}.{suffix}") for word in ("no", "yes"))
    assert (no.criterion, no.chosen, no.rejected) == (None, WORSE.rstrip("\n"), BASE.rstrip("\n"))
    assert (yes.criterion, yes.chosen, yes.rejected) == ("security_hardness", BASE.rstrip("\n"), WORSE.rstrip("\n"))
    assert (yes.language, yes.project, yes.source) == ("python", "repo", "feedback")
    first, written, second, _ = told(here.out).splitlines()
    assert first.startswith(f"disagreed with {name} (digest); kept in ")
    assert written == f"1 pair written to ../no.{suffix}"
    assert second.startswith(f"agreed with {name} (digest), which replaces your earlier answer (disagreed); kept in ")
    assert len(feedback.store(here.environ).read_text("utf-8").splitlines()) == 2


TOP = "import sys\n\n\n"
LONG = "def digest(data):\n    seed = sha256(data)\n    step()\n    # salt\n    step()\n    return sha256(seed)\n"
LONG_WORSE = LONG.replace("sha256", "md5").replace("salt", "soup")
NAMED = LONG.replace("# salt", "salt = step()")
NAMED_WORSE = NAMED.replace("sha256", "md5").replace("salt", "soup")
IN_STEPS = WORSE.replace("    return", "    step()\n    return")
GROWN = WORSE.replace("(data):\n", "(data, more):\n    more()\n")

# before and after in the review, the texts that are committed one after the other, before the work tree is as it was
COMMITTED = [
    (BASE, WORSE, [TOP + WORSE]),
    (LONG, LONG_WORSE, [TOP + LONG_WORSE]),
    (NAMED, NAMED_WORSE, [TOP + NAMED_WORSE]),
    (BASE, WORSE, [TOP + WORSE, "import os\n" + TOP + GROWN]),
    (BASE, WORSE, [f"# first\n{TOP}{IN_STEPS}", f"# first\n{TOP}{WORSE}"]),
]


@pytest.mark.parametrize("ask", [lambda _: Selection(), staged])
@pytest.mark.parametrize(("before", "after", "commits"), COMMITTED)
@pytest.mark.parametrize("is_gone", [False, True])
def test_an_answer_may_come_after_the_commit(
    repo: Repo, ask: Callable[[Repo], Selection], before: str, after: str, commits: list[str], is_gone: bool
) -> None:
    repo.commit(a_py=TOP + before)
    repo.write("a.py", TOP + after)
    name = fingerprint(repo, ask(repo))
    for committed in commits:
        repo.commit(a_py=committed)
    repo.write("a.py", TOP + before)
    if is_gone:
        repo.remove("a.py")
        repo.commit()
    here = world(repo)
    feedback.give(name, REPORT, here, agrees=True)
    (answer,) = feedback.answers(here.environ)
    assert (answer["before"], answer["after"]) == (before.rstrip("\n"), after.rstrip("\n"))


def patched(repo: Repo) -> Selection:
    repo.write("a.diff", repo.git("diff") + "\n")
    return Selection(diff_file="a.diff")


def changed_since(repo: Repo) -> None:
    repo.write("a.py", BASE)


def changed_since_and_committed(repo: Repo) -> None:
    """The same unit at the same place, with another text."""
    repo.commit(a_py=TOP + BASE.replace("sha256", "crc32"))


# what was reviewed, what happened then, words of the refusal
REFUSED: list[tuple[Callable[[Repo], Selection], Callable[[Repo], None], str]] = [
    (patched, lambda _: None, "the report is of a patch"),
    (
        lambda _: Selection(),
        changed_since,
        "neither the work tree nor a commit since .{10} has this edit of a.py any more",
    ),
    (staged, changed_since_and_committed, "neither the index nor a commit since .{10} has this edit of a.py any more"),
]


@pytest.mark.parametrize(("ask", "happens", "words"), REFUSED)
def test_an_answer_needs_the_edit(
    repo: Repo, ask: Callable[[Repo], Selection], happens: Callable[[Repo], None], words: str
) -> None:
    name = fingerprint(repo, ask(repo))
    happens(repo)
    with pytest.raises(ThemisError, match=words):
        feedback.give(name, REPORT, world(repo), agrees=True)


def test_without_answers_there_is_nothing_to_export(repo: Repo) -> None:
    with pytest.raises(UsageError, match="there is no feedback yet"):
        feedback.export(Path("x.jsonl"), world(repo))


ROW: dict[str, Any] = {
    "schema": feedback.SCHEMA, "fingerprint": "0" * 16, "agrees": True, "criterion": "security_hardness", "delta": -2.0,
    "defect": None, "project": "repo", "path": "a.py", "unit": "f", "language": "python", "before": "", "after": "",
    "model": {"graph_digest": "0" * 64},
}  # fmt: skip

# values that spoil a row
DAMAGED: list[dict[str, Any]] = [
    {"schema": "themis-feedback/2"}, {"fingerprint": []}, {"fingerprint": 7}, {"agrees": "no"}, {"path": None},
    {"criterion": "beauty"}, {"defect": 7}, {"delta": None}, {"delta": math.nan}, {"delta": 10**400}, {"model": "x"},
    {"model": {}}, {"model": {"graph_digest": 7}}, {"after": 7},
]  # fmt: skip


@pytest.mark.parametrize("line", ["{}", "[" * 100_000, "7", *(json.dumps(ROW | values) for values in DAMAGED)])
def test_a_damaged_store_is_named(repo: Repo, line: str) -> None:
    here = world(repo)
    kept = feedback.store(here.environ)
    kept.parent.mkdir(parents=True)
    kept.write_text(f"{json.dumps(ROW)}\n{line}\n", "utf-8")
    with pytest.raises(UsageError, match=r"line 2 of .*feedback\.jsonl is no themis-feedback/1 row"):
        feedback.export(Path("x.jsonl"), here)


@pytest.fixture
def base(tmp_path: Path) -> str:
    """A model whose security curve is known: where it speaks does not depend on which model ships with Themis."""
    folder = tmp_path / "base"
    shutil.copytree(DEFAULT, folder)
    file = folder / MANIFEST
    named = replace(CURVE, worse=Threshold(0.5), reasons={"weak-hash": CURVE.worse})
    calibration = Calibration(MIX, {**dict.fromkeys(CRITERIA, CURVE), Criterion.SECURITY_HARDNESS: named})
    manifest = json.loads(file.read_text("utf-8")) | {"calibration": calibration.to_json()}
    file.write_text(json.dumps(manifest), "utf-8")
    return str(folder)


def answered(
    here: Context,
    count: int,
    right: float,
    files: int = 9,
    digest: str | None = None,
    defect: str | None = "weak-hash",
) -> None:
    """Answers about security findings of all strengths, the given share agreeing, evenly spread."""
    kept = feedback.store(here.environ)
    kept.parent.mkdir(parents=True, exist_ok=True)
    row = ROW | {"defect": defect, "model": {"graph_digest": digest or read_bundle().graph_digest}}
    rows = [
        {
            **row, "fingerprint": f"{digest}{defect}{n}", "delta": -1.9 - 1.5 * n / count, "path": f"{n % files}.py",
            "agrees": int((n + 1) * right) > int(n * right),
        }
        for n in range(count)
    ]  # fmt: skip
    with kept.open("a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(one)}\n" for one in rows)


# how many answers, the share that agrees, in how many files, of which model, words of the refusal
TOO_FEW = [
    (29, 0.5, 9, None, "30 about one criterion are needed, in more than one file; there are: security 29"),
    (60, 0.5, 1, None, "there are: security 60"),
    (60, 0.5, 9, "0" * 64, "there are: none"),
    (60, 0.5, 2, None, "nothing is written: on answers held out"),  # all agree in one file, and none in the other
    (60, 0.8, 9, None, "nothing is written: on answers held out, the model as it is does at least as well"),
]


@pytest.mark.parametrize(("count", "right", "files", "digest", "words"), TOO_FEW)
def test_too_few_answers_move_nothing(
    repo: Repo, base: str, count: int, right: float, files: int, digest: str | None, words: str
) -> None:
    here = world(repo)
    answered(here, count, right, files, digest)
    with pytest.raises(UsageError, match=words):
        calibrate("ours", base, here, replaces=False)
    assert not models_folder(here.environ).exists()


def test_answers_make_a_model_that_says_less_and_nothing_more(repo: Repo, base: str) -> None:
    here = world(repo)
    answered(here, 90, 0.4)
    answered(here, 3, 0.4, digest="0" * 64)
    answered(here, 10, 0.0, defect=None)  # shown on request: not what the model tells by itself
    calibrate(None, base, here, replaces=False)
    assert not models_folder(here.environ).exists()
    calibrate("ours", base, here, replaces=False)
    lines = [" ".join(line.split()) for line in told(here.out).splitlines()]
    assert told(here.err).splitlines()[0] == "3 of the answers are about other models: left out"
    assert "security 100 as it is 76 41 % 1.274" in lines
    assert "nothing is written: give a name to keep it as a model of your own" in lines
    assert "security: refitted, and shows nothing that it would not have shown before" in lines
    shipped, ours = read_bundle(Path(base)), working(models_folder(here.environ) / "ours")
    before, after = (bundle.manifest.calibration for bundle in (shipped, ours))
    assert {c for c in CRITERIA if before.curves[c] != after.curves[c]} == {Criterion.SECURITY_HARDNESS}
    assert (ours.graph_digest, ours.manifest.name) == (shipped.graph_digest, "ours")
    assert ours.digest != shipped.digest, "reports of a model that says less are told apart"
    assert ours.manifest.training["feedback"]["criteria"]["security_hardness"]["answers"] == 100
    assert "Calibrated by feedback" in (ours.path / "CARD.md").read_text("utf-8")
    with pytest.raises(UsageError, match="ours was calibrated by answers already"):
        calibrate("again", "ours", here, replaces=False)
    answered(here, 40, 0.0)
    with pytest.raises(UsageError, match="there is a model called ours already: take another name, or say --replace"):
        calibrate("ours", base, here, replaces=False)
    calibrate("ours", base, here, replaces=True)
    again = working(models_folder(here.environ) / "ours").manifest.training["feedback"]["criteria"]
    assert again["security_hardness"]["answers"] == 100


# a path, rows that are shown
SHOWN = [
    ("", ['criteria ["security"] themis.toml', "max-findings 3 THEMIS_MAX_FINDINGS", "device auto default"]),
    ("sub/a.py", ['criteria ["memory"] sub/themis.toml', 'fail-on {"security": 0.9} themis.toml']),
    ("other/a.py", ['criteria ["security"] themis.toml', "baseline not set default"]),
]


@pytest.mark.parametrize(("path", "rows"), SHOWN)
def test_settings_are_shown_with_who_set_them(repo: Repo, path: str, rows: list[str]) -> None:
    repo.write("themis.toml", 'criteria = ["security"]\nfail-on = { security = 0.9 }\n')
    repo.write("sub/themis.toml", 'criteria = ["memory"]\n')
    here = world(repo)
    config.show(path, replace(here, environ={**here.environ, "THEMIS_MAX_FINDINGS": "3"}))
    lines = [" ".join(line.split()) for line in told(here.out).splitlines()]
    assert [row for row in rows if row not in lines] == [], lines
    with pytest.raises(UsageError, match="is outside of"):
        config.show("../x.py", here)
