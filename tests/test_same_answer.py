"""One edit, one answer: by range, staged, as a patch, in the work tree or in a crowd, bit for bit."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.repo import Repo
from tests.test_cli import themis

BEFORE = """import subprocess


def archive(folder, name):
    subprocess.run(["tar", "cf", name, folder], check=True)
"""
AFTER = """import subprocess


def archive(folder, name):
    subprocess.run("tar cf " + name + " " + folder, shell=True)
"""


def crowd(count: int, word: str) -> dict[str, str]:
    body = "def step{n}(rows):\n    total = sum(rows[{n}:])\n    return {word}(total, {n})\n"
    return {f"step{n}.py": body.format(n=n, word=word) for n in range(count)}


def verdicts(repo: Repo, *arguments: str, text: str = "") -> dict[str, tuple[float, Sequence[float] | None]]:
    ran = themis("review", *arguments, "--output-format", "json", folder=repo.root, text=text)
    assert ran.returncode == 0, ran.stderr
    rows: list[dict[str, Any]] = json.loads(ran.stdout)["verdicts"]
    return {row["criterion"]: (row["delta"], row["p"]) for row in rows if row["path"] == "archive.py"}


def by_range(repo: Repo) -> dict[str, tuple[float, Sequence[float] | None]]:
    repo.commit()
    return verdicts(repo, "HEAD~1..HEAD")


def staged(repo: Repo) -> dict[str, tuple[float, Sequence[float] | None]]:
    repo.git("add", "--all")
    repo.write("archive.py", "nothing of this is staged\n")
    return verdicts(repo, "--staged")


def as_patch(repo: Repo) -> dict[str, tuple[float, Sequence[float] | None]]:
    patch = repo.git("diff") + "\n"
    repo.write("archive.py", BEFORE)
    return verdicts(repo, "--diff-file", "-", text=patch)


def in_a_crowd(repo: Repo) -> dict[str, tuple[float, Sequence[float] | None]]:
    for path, content in crowd(80, "other").items():
        repo.write(path, content)
    return verdicts(repo)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo.make(tmp_path / "repo")
    for path, content in crowd(80, "plain").items():
        repo.write(path, content)
    repo.write("archive.py", BEFORE)
    repo.commit()
    repo.write("archive.py", AFTER)
    return repo


@pytest.mark.parametrize("way", [by_range, staged, as_patch, in_a_crowd])
def test_every_way_in_gives_the_same_bits(
    repo: Repo, way: Callable[[Repo], dict[str, tuple[float, Sequence[float] | None]]]
) -> None:
    expected = verdicts(repo)
    assert any(p for _, p in expected.values())
    assert way(repo) == expected


def test_swapping_the_versions_negates_every_delta(repo: Repo) -> None:
    forth = verdicts(repo)
    repo.commit()
    repo.write("archive.py", BEFORE)
    back = verdicts(repo)
    assert any(delta for delta, _ in forth.values())
    assert {c: -delta for c, (delta, _) in forth.items()} == {c: delta for c, (delta, _) in back.items()}


def test_a_report_written_into_the_work_tree_is_not_part_of_it(repo: Repo) -> None:
    ran = themis("review", "--output-format", "json", "--output-file", "report.json", folder=repo.root)
    assert ran.returncode == 0, ran.stderr
    assert json.loads((repo.root / "report.json").read_text(encoding="utf-8"))["coverage"]["skipped"] == []
    assert not list(repo.root.glob(".report*"))
