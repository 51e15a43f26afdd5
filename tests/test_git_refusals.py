"""What git cannot answer is said in one line that names the thing and the fix; what runs is ours alone."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest

from tests.repo import Repo, told
from themis_lsp.comparison import compare_index, compare_range, compare_since, compare_work_tree
from themis_lsp.error import GitError
from themis_lsp.repository import Repository

Ask = Callable[[Repository], object]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two commits on ``main``, of ``a.py``."""
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py="a = 1\n")
    repo.commit(a_py="a = 2\n")
    return repo


def asking(spec: str, *paths: str) -> Ask:
    return lambda repository: compare_range(repository, spec, paths)


def check(folder: Path, ask: Ask, message: str) -> None:
    """The refusal matches ``message``, in which ``...`` stands for anything."""
    with pytest.raises(GitError) as caught, Repository.open(folder) as repository:
        ask(repository)
    pattern = ".*".join(map(re.escape, message.split("...")))
    assert re.fullmatch(pattern, str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (asking("mian"), "unknown revision 'mian': did you mean main?"),
        (asking("main..toppic~2"), "unknown revision 'toppic~2': did you mean topic?"),
        (asking("feature...main"), "unknown revision 'feature': did you mean origin/feature?"),
        (asking("HEAD~9"), "unknown revision 'HEAD~9': HEAD has no such ancestor"),
        (asking("0123abcd"), "unknown revision '0123abcd': list what there is with git branch --all, or fetch it"),
        (asking("--all"), "unknown revision '--all': list..."),
        (asking("main\nHEAD"), "unknown revision 'main\\nHEAD': did you mean main?"),
        (
            lambda repository: compare_since(repository, "orphan"),
            "orphan and HEAD have no common history: compare them with orphan..HEAD",
        ),
        (asking("HEAD", "../b.py"), "../b.py is outside of ...repo: name a path inside"),
        (asking("HEAD", "/"), "/ is outside of ...repo: name a path inside"),
        (asking("HEAD~1..HEAD", "b.py"), "b.py is neither on disk nor among the changes: check how it is written"),
    ],
)
def test_refusals(repo: Repo, ask: Ask, message: str) -> None:
    repo.git("branch", "topic")
    repo.git("update-ref", "refs/remotes/origin/feature", "HEAD")
    repo.git("switch", "--quiet", "--orphan", "orphan")
    repo.commit()
    repo.git("switch", "--quiet", "main")
    check(repo.root, ask, message)


def test_no_repository(tmp_path: Path) -> None:
    check(tmp_path, compare_work_tree, f"{tmp_path} is in no git repository: change to one")
    check(tmp_path / "gone", compare_work_tree, "...gone is not a folder: name one inside a git repository")


def test_no_commit(tmp_path: Path) -> None:
    Repo.make(tmp_path)
    check(tmp_path, asking("HEAD~1"), "unknown revision 'HEAD~1': nothing was committed yet")


@pytest.mark.parametrize("ask", [compare_work_tree, compare_index, asking("HEAD")])
@pytest.mark.parametrize("folder", ["bare", ".git"])
def test_no_work_tree(repo: Repo, ask: Ask, folder: str) -> None:
    repo.git("clone", "--quiet", "--bare", ".", "bare")
    check(repo.root / folder, ask, f"...{folder} has no work tree: name a range of commits, as in HEAD~1..HEAD")


def test_shallow_clone(repo: Repo, tmp_path: Path) -> None:
    repo.git("branch", "topic", "HEAD~1")
    repo.git("switch", "--quiet", "topic")
    repo.commit(b_py="b = 1\n")
    clone = tmp_path / "clone"
    repo.git("clone", "--quiet", "--depth=1", "--no-single-branch", repo.root.as_uri(), str(clone))
    fix = "run git fetch --deepen=200, or git fetch --unshallow, and try again"
    message = f"this shallow clone lacks the merge-base of origin/main and HEAD: {fix}"
    check(clone, lambda repository: compare_since(repository, "origin/main"), message)
    check(clone, asking("origin/main...HEAD"), message)
    message = "unknown revision 'HEAD~1': unshallow this clone with git fetch --unshallow"
    check(clone, asking("HEAD~1..HEAD"), message)
    message = "unknown revision '0123abcd': if it is an older commit, run git fetch --unshallow and try again"
    check(clone, asking("0123abcd..HEAD"), message)
    with Repository.open(clone) as repository:
        found = told(compare_range(repository, "origin/main..HEAD").changes)
    assert found == ["a.py: a = 2 -> a = 1", "b.py: none -> b = 1"]


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("HEAD", "HEAD names ..., which this clone lacks: run git fsck"),
        ("HEAD^{tree}", "git diff-index failed, run git fsck to see what this clone lacks: ..."),
    ],
)
def test_a_broken_repository_is_not_an_unchanged_one(repo: Repo, lost: str, message: str) -> None:
    name = repo.git("rev-parse", lost)
    (repo.root / ".git" / "objects" / name[:2] / name[2:]).unlink()
    check(repo.root, compare_work_tree, message)


def python(code: str, folder: Path, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


REVIEW = """
from pathlib import Path
from themis_lsp.comparison import compare_work_tree
from themis_lsp.error import GitError
from themis_lsp.repository import Repository
try:
    with Repository.open(Path()) as repository:
        print([change.path for change in compare_work_tree(repository).changes])
except GitError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PATH": ""}, "git cannot be started: install it, or put it on PATH"),
        (
            {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"},
            "git refuses to read ., another user's: git config --global --add safe.directory PATH",
        ),
        ({"GIT_DIR": "gone"}, ". is in no git repository: change to one"),
    ],
)
def test_refusals_of_the_surroundings(repo: Repo, environment: Mapping[str, str], message: str) -> None:
    out, error = python(REVIEW, repo.root, environment).communicate()
    assert (out.strip(), error) == (message, "")


def test_a_review_of_the_work_tree_starts_git_four_times(repo: Repo, tmp_path: Path) -> None:
    repo.write("a.py", "a = 3\n")
    repo.write("b.py", "b = 1\n")
    out, error = python(REVIEW, repo.root, {"GIT_TRACE": str(tmp_path / "trace")}).communicate()
    assert (out.strip(), error) == ("['a.py', 'b.py']", "")
    started = re.findall(r"built-in: git ([\w-]+)", (tmp_path / "trace").read_text())
    assert [name for name in started if name != "version"] == ["rev-parse", "cat-file", "diff-index", "ls-files"]


def test_an_interrupt_leaves_no_process_behind(repo: Repo) -> None:
    code = """
from pathlib import Path
from themis_lsp.repository import Repository
with Repository.open(Path()) as repository:
    while repository.text_at("HEAD", "a.py"):
        print("reading", flush=True)
"""
    process = python(code, repo.root, {})
    assert process.stdout
    assert process.stdout.readline() == "reading\n"
    started = psutil.Process(process.pid).children()
    assert [child.name() for child in started] == ["git"]
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert error.endswith("KeyboardInterrupt\n")
    assert psutil.wait_procs(started, timeout=10)[1] == []


def test_an_error_leaves_no_process_behind(repo: Repo) -> None:
    def fail_half_way() -> None:
        with Repository.open(repo.root) as repository:
            next(compare_range(repository, "HEAD~1..HEAD").changes)
            raise LookupError

    with pytest.raises(LookupError):
        fail_half_way()
    assert psutil.Process().children() == []


def test_a_reader_that_dies_is_started_again(repo: Repo) -> None:
    with Repository.open(repo.root) as repository:
        assert repository.text_at("HEAD", "a.py") == "a = 2\n"
        (reader,) = psutil.Process().children()
        reader.kill()
        assert repository.text_at("HEAD", "a.py") is None
        assert repository.text_at("HEAD", "a.py") == "a = 2\n"
