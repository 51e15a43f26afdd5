"""What changed, asked of real repositories in every state they can be in."""

import os
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.repo import Ask, Repo, check
from themis_lsp.comparison import MISSING, compare_index, compare_range, compare_since, compare_work_tree
from themis_lsp.edits import UNSUPPORTED
from themis_lsp.repository import Repository

LONG = "".join(f"value_{number} = {number}\n" for number in range(20))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """One commit of ``a.py``, ``pkg/b.py`` and ``notes.md`` on ``main``."""
    repo = Repo.make(tmp_path / "repo")
    repo.write("pkg/b.py", "b = 1\n")
    repo.commit(a_py="a = 1\n", notes_md="Notes\n")
    return repo


def forked(repo: Repo) -> None:
    """``main`` and ``topic`` each have a commit of their own; the work tree, on ``topic``, one more change."""
    repo.git("tag", "fork")
    repo.commit(a_py="a = 'main'\n")
    repo.git("switch", "--quiet", "--create", "topic", "fork")
    repo.write("pkg/b.py", "b = 'topic'\n")
    repo.commit()
    repo.write("c.py", "c = 1\n")


def asking(spec: str, *paths: str) -> Ask:
    return lambda repository: compare_range(repository, spec, paths)


def since(ref: str, *paths: str) -> Ask:
    return lambda repository: compare_since(repository, ref, paths)


A, A_BACK = "a.py: a = 1 -> a = 'main'", "a.py: a = 'main' -> a = 1"
B, C = "pkg/b.py: b = 1 -> b = 'topic'", "c.py: none -> c = 1"


@pytest.mark.parametrize(
    ("ask", "base", "head", "want"),
    [
        (asking("main..topic"), "main", "topic", [A_BACK, B]),
        (asking("main...topic"), "fork", "topic", [B]),
        (asking("main.."), "main", "topic", [A_BACK, B]),
        (asking("...main"), "fork", "main", [A]),
        (asking("fork..fork"), "fork", "fork", []),
        (asking("topic~1..@"), "fork", "topic", [B]),
        (asking("main"), "main", None, [A_BACK, C, B]),
        (asking("HEAD"), "topic", None, [C]),
        (since("main"), "fork", None, [C, B]),
        (compare_work_tree, "topic", None, [C]),
        (asking("main..topic", "pkg"), "main", "topic", [B]),
        (asking("main..topic", "*.py"), "main", "topic", [A_BACK, B]),
        (asking("main..topic", "p*/*.py"), "main", "topic", [B]),
        (asking("main..topic", "./a.py", "c.py"), "main", "topic", [A_BACK]),
        (since("main", "c.py", "pkg/"), "fork", None, [C, B]),
        (since("main", "."), "fork", None, [C, B]),
    ],
)
def test_ranges(repo: Repo, ask: Ask, base: str, head: str | None, want: list[str]) -> None:
    forked(repo)
    comparison = check(repo, ask, want)
    assert comparison.base == repo.git("rev-parse", base)
    assert comparison.head == (repo.git("rev-parse", head) if head else "work tree")


def test_paths_are_relative_to_where_one_is(repo: Repo) -> None:
    repo.write("a.py", "a = 2\n")
    repo.write("pkg/b.py", "b = 2\n")
    repo.git("rm", "--quiet", "notes.md")
    for paths, want in [
        ((), ["a.py: a = 1 -> a = 2", f"notes.md: {UNSUPPORTED}", "pkg/b.py: b = 1 -> b = 2"]),
        (("b.py",), ["pkg/b.py: b = 1 -> b = 2"]),
        (("*.py",), ["pkg/b.py: b = 1 -> b = 2"]),
        (("../a.py",), ["a.py: a = 1 -> a = 2"]),
        (("../notes.md",), [f"notes.md: {UNSUPPORTED}"]),
        ((str(repo.root / "a.py"),), ["a.py: a = 1 -> a = 2"]),
    ]:
        check(repo, partial(compare_work_tree, paths=paths), want, start="pkg")


def test_renames_are_told_from_coincidences(repo: Repo) -> None:
    """The most alike pair wins, equal files prefer their name, and other languages do not count."""
    near, far = LONG.replace("= 1\n", "= 'one'\n"), LONG.replace("value_1", "v1")
    repo.commit(one_py=LONG, two_py=far, text_md=LONG)
    for path in ("one.py", "two.py", "text.md"):
        repo.remove(path)
    repo.write("new/first.py", near)
    repo.write("new/two.py", far)
    repo.write("new/third.rb", LONG)
    check(
        repo,
        compare_work_tree,
        [
            "one.py > new/first.py: 20 lines -> 20 lines",
            "new/third.rb: none -> 20 lines",
            "two.py > new/two.py: 20 lines -> 20 lines",
            f"text.md: {UNSUPPORTED}",
        ],
    )


def test_before_the_first_commit(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path)
    repo.stage("a.py", "a = 1\n")
    repo.write("b.py", "b = 1\n")
    comparison = check(repo, compare_work_tree, ["a.py: none -> a = 1", "b.py: none -> b = 1"])
    assert comparison.base == repo.git("hash-object", "-t", "tree", os.devnull)
    check(repo, compare_index, ["a.py: none -> a = 1"])


def test_detached(repo: Repo) -> None:
    repo.git("switch", "--quiet", "--detach")
    repo.write("a.py", "a = 2\n")
    check(repo, compare_work_tree, ["a.py: a = 1 -> a = 2"])


def test_linked_work_tree(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked $HOME ~"))
    linked = Repo(tmp_path / "linked $HOME ~")
    linked.stage("a.py", "a = 2\n")
    check(linked, compare_work_tree, ["a.py: a = 1 -> a = 2"], start="pkg")
    check(linked, compare_index, ["a.py: a = 1 -> a = 2"])
    check(repo, compare_work_tree, [])


def test_sha256(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path, "--object-format=sha256")
    base = repo.commit(a_py="a = 1\n", b_py="b = 1\n")
    os.utime(repo.root / "a.py", (1, 1))
    repo.write("b.py", "b = 2\n")
    assert check(repo, compare_work_tree, ["b.py: b = 1 -> b = 2"]).base == base
    check(repo, asking(f"{base}~0..{repo.commit()}"), ["b.py: b = 1 -> b = 2"])


def test_bare(repo: Repo, tmp_path: Path) -> None:
    forked(repo)
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    bare = Repo(tmp_path / "bare.git")
    (bare.root / "config").unlink()
    check(bare, asking("main..topic"), [A_BACK, B])
    check(bare, asking("main..topic", "pkg", "gone"), [B])
    check(repo, asking("main..topic"), [A_BACK, B], start=".git")


def test_a_missing_blob_is_a_skip(repo: Repo) -> None:
    old = repo.git("rev-parse", "HEAD:a.py")
    repo.commit(a_py="a = 2\n", c_py="c = 1\n")
    repo.git("rm", "--quiet", "pkg/b.py")
    repo.commit()
    (repo.root / ".git" / "objects" / old[:2] / old[2:]).unlink()
    check(repo, asking("HEAD~2..HEAD"), [f"a.py: {MISSING}", "c.py: none -> c = 1", "pkg/b.py: b = 1 -> none"])


def test_the_index_of_a_hook(repo: Repo) -> None:
    """``git commit a.py`` gives its hooks an index of its own, by a path relative to the root."""
    repo.stage("pkg/b.py", "b = 2\n")
    repo.write("a.py", "a = 2\n")
    seen = repo.root / "seen"
    script = f"""if True:
        from pathlib import Path
        from themis_lsp.comparison import compare_index
        from themis_lsp.repository import Repository
        with Repository.open(Path()) as repository:
            Path({str(seen)!r}).write_text(" ".join(change.path for change in compare_index(repository).changes))
    """
    hook = repo.root / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!{sys.executable}\nimport sys; sys.path = {sys.path!r}\n{script}")
    hook.chmod(0o755)
    repo.git("commit", "--quiet", "--message=Only one", "a.py")
    assert seen.read_text() == "a.py"


@pytest.mark.parametrize(
    ("spec", "is_known"),
    [
        *dict.fromkeys(("main", "HEAD", "@~0", "fork..topic", "main...", "..topic", "fork^{}"), True).items(),
        *dict.fromkeys(("", ".", "..", "...", "../pkg", "pkg", "a.py", "main..no", "a..b..c"), False).items(),
    ],
)
def test_a_revision_is_told_from_a_path(repo: Repo, spec: str, is_known: bool) -> None:
    forked(repo)
    with Repository.open(repo.root) as repository:
        assert repository.knows(spec) is is_known


def test_single_texts(repo: Repo) -> None:
    base = repo.git("rev-parse", "HEAD")
    repo.commit(a_py="a = 2\n", binary_py=b"\0")
    with Repository.open(repo.root / "pkg") as repository:
        assert repository.text_at(base, "a.py") == "a = 1\n"
        assert repository.text_at("HEAD", "a.py") == "a = 2\n"
        for path in ("b.py", "pkg", "binary.py", "a\nb.py"):
            assert repository.text_at("HEAD", path) is None
