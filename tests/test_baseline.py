"""The baseline: what was accepted stays quiet through moves and renames, and a change cannot accept itself."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repo import Repo
from tests.test_commands import BASE, WORSE, context, reviewed, told
from themis_cli import review
from themis_cli.source import Selection
from themis_lsp.error import SettingsError

GIVEN = {"fail-on": "security:0.9"}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A branch that made one file worse, and accepted it."""
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py=BASE)
    repo.git("tag", "start")
    repo.write("a.py", WORSE)
    assert accepted(repo) == "1 finding added to the baseline known.json\n"
    return repo


def accepted(repo: Repo) -> str:
    world = context(repo.root)
    assert review.accept(Selection(["."]), {}, world, Path("known.json")) == 0
    return told(world.err)


def moved(repo: Repo) -> None:
    repo.write("a.py", "import sys\n\n\n" + WORSE)


def renamed(repo: Repo) -> None:
    repo.git("mv", "a.py", "other.py")
    repo.write("other.py", WORSE)


def respaced(repo: Repo) -> None:
    repo.write("a.py", WORSE.replace("(data)\n", "( data )\n"))


def worse_elsewhere(repo: Repo) -> None:
    repo.write("a.py", WORSE + "\n\ndef more(data):\n    return md5(data)\n")
    repo.git("commit", "--quiet", "--all", "--message=x")
    repo.write("b.py", BASE)
    repo.commit()
    repo.write("b.py", WORSE.replace("md5(data)", "md5(data, 1)"))


def again(repo: Repo) -> None:
    """The same change once more: the baseline knows of one, not of two."""
    repo.write("a.py", BASE)
    repo.commit(b_py=BASE)
    repo.write("a.py", WORSE)
    repo.write("b.py", WORSE)


# what happened since, findings, of them silenced
SINCE: list[tuple[Callable[[Repo], None], int, int]] = [
    (lambda repo: None, 0, 1),
    (moved, 0, 1),
    (renamed, 0, 1),
    (respaced, 0, 1),
    (worse_elsewhere, 1, 0),
    (again, 1, 1),
]


@pytest.mark.parametrize(("happened", "found", "silenced"), SINCE)
def test_what_was_accepted_stays_quiet(repo: Repo, happened: Callable[[Repo], None], found: int, silenced: int) -> None:
    happened(repo)
    ran = reviewed(repo, {**GIVEN, "baseline": "known.json"}, form="json")
    assert (ran.code, len(json.loads(ran.out)["findings"])) == (min(found, 1), found)
    words = f"{silenced} regression in the baseline"
    assert (words in reviewed(repo, {"baseline": "known.json"}).out) is bool(silenced)


def test_a_baseline_grows_and_tells_what_it_stands_for(repo: Repo) -> None:
    before = (repo.root / "known.json").read_text("utf-8")
    assert accepted(repo) == "0 findings added to the baseline known.json\n"
    assert (repo.root / "known.json").read_text("utf-8") == before
    repo.commit(b_py=BASE)
    repo.write("b.py", WORSE.replace("md5(data)", "md5(data, 1)"))
    accepted(repo)
    rows = json.loads((repo.root / "known.json").read_text("utf-8"))["findings"]
    assert sorted((row["path"], row["unit"], row["criterion"]) for row in rows) == [
        ("a.py", "digest", "security_hardness"),
        ("b.py", "digest", "security_hardness"),
    ]


def test_a_change_cannot_accept_itself(repo: Repo) -> None:
    """The repository's baseline is that of the merge-base; the user's own is on disk."""
    repo.write("themis.toml", 'baseline = "known.json"\n')
    known = (repo.root / "known.json").read_text("utf-8")
    repo.write("known.json", '{"schema": "themis-baseline/1", "findings": []}')
    repo.commit(a_py=BASE)
    repo.write("known.json", known)
    repo.commit(a_py=WORSE)
    by_range = Selection(["HEAD~1..HEAD"])
    assert reviewed(repo, GIVEN, selection=by_range).code == 1
    assert reviewed(repo, {**GIVEN, "baseline": "known.json"}, selection=by_range).code == 0
    repo.write("a.py", BASE)
    repo.commit()
    repo.write("a.py", WORSE)
    assert reviewed(repo, GIVEN).code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no baseline"),
        ("", "is no themis-baseline/1 file"),
        ("[]", "is no themis-baseline/1 file"),
        ('{"schema": "themis-baseline/2", "findings": []}', "is no themis-baseline/1 file"),
        ('{"schema": "themis-baseline/1", "findings": [{"fingerprint": "x"}]}', "is no themis-baseline/1 file"),
        ('{"schema": "themis-baseline/1", "findings": [1]}', "is no themis-baseline/1 file"),
        ("[" * 100_000, "is no themis-baseline/1 file"),
    ],
)
def test_a_baseline_that_cannot_be_used_is_refused(repo: Repo, text: str | None, words: str) -> None:
    (repo.root / "known.json").unlink()
    if text is not None:
        repo.write("known.json", text)
    with pytest.raises(SettingsError, match=words):
        reviewed(repo, {"baseline": "known.json"})
