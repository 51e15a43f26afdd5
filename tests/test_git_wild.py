"""Git as it is in the wild: layouts and states that a repository gets into without anybody meaning harm."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repo import Ask, Repo, check
from themis_lsp.comparison import MISSING, compare_index, compare_range, compare_since, compare_work_tree
from themis_lsp.content import SUBMODULE
from themis_lsp.delta import CONFLICT
from themis_lsp.error import GitError
from themis_lsp.repository import Repository

Build = Callable[[Repo], Repo]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two commits of ``a.py``, the second also of ``pkg/b.py``; ``a.py`` is changed on disk."""
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py="a = 1\n")
    repo.write("pkg/b.py", "b = 1\n")
    repo.commit(a_py="a = 2\n")
    repo.write("a.py", "a = 3\n")
    return repo


def beside(repo: Repo, name: str) -> Repo:
    return Repo(repo.root.parent / name)


def cloned(repo: Repo, *options: str) -> Repo:
    clone = beside(repo, "clone")
    repo.git("clone", "--quiet", *options, repo.root.as_uri(), str(clone.root))
    clone.write("a.py", "a = 3\n")
    return clone


def with_alternates(repo: Repo) -> Repo:
    clone = beside(repo, "shared")
    repo.git("clone", "--quiet", "--shared", ".", str(clone.root))
    clone.write("a.py", "a = 3\n")
    return clone


def with_separate_git_dir(repo: Repo) -> Repo:
    repo.git("init", "--quiet", "--separate-git-dir", str(repo.root.parent / "elsewhere"))
    return repo


def as_submodule(repo: Repo) -> Repo:
    outer = Repo.make(repo.root.parent / "outer")
    outer.git("submodule", "--quiet", "add", str(repo.root), "sub")
    outer.commit()
    inner = Repo(outer.root / "sub")
    inner.write("a.py", "a = 3\n")
    check(outer, compare_work_tree, [])
    outer.git("update-index", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD~1')},sub")
    check(outer, compare_index, [f"sub: {SUBMODULE}"])
    return inner


def sparse(repo: Repo) -> Repo:
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "none")
    assert not (repo.root / "pkg").exists()
    return repo


def told(*steps: tuple[str, ...]) -> Build:
    def build(repo: Repo) -> Repo:
        for step in steps:
            repo.git(*step)
        return repo

    return build


def locked(repo: Repo) -> Repo:
    repo.write(".git/index.lock", "")
    return repo


def replaced(repo: Repo) -> Repo:
    """As git itself shows it: the replacement counts."""
    repo.write("other.txt", "a = 0\n")
    other = repo.git("hash-object", "-w", "other.txt")
    repo.remove("other.txt")
    repo.git("replace", repo.git("rev-parse", "HEAD:a.py"), other)
    return repo


# the layout, what the work tree says
LAYOUTS: list[tuple[str, Build, list[str]]] = [
    ("alternates", with_alternates, ["a.py: a = 2 -> a = 3"]),
    ("a shallow clone", lambda repo: cloned(repo, "--depth=1"), ["a.py: a = 2 -> a = 3"]),
    ("a clone without blobs", lambda repo: cloned(repo, "--no-local", "--filter=blob:none"), ["a.py: a = 2 -> a = 3"]),
    ("a git directory elsewhere", with_separate_git_dir, ["a.py: a = 2 -> a = 3"]),
    ("a submodule", as_submodule, ["a.py: a = 2 -> a = 3"]),
    ("a sparse checkout", sparse, ["a.py: a = 2 -> a = 3"]),
    ("a split index", told(("update-index", "--split-index")), ["a.py: a = 2 -> a = 3"]),
    ("an index of version 4", told(("update-index", "--index-version=4")), ["a.py: a = 2 -> a = 3"]),
    ("an untracked cache", told(("update-index", "--untracked-cache"), ("status",)), ["a.py: a = 2 -> a = 3"]),
    ("assumed unchanged", told(("update-index", "--assume-unchanged", "a.py")), ["a.py: a = 2 -> a = 3"]),
    ("a lock left behind", locked, ["a.py: a = 2 -> a = 3"]),
    ("packed refs and objects", told(("gc", "--quiet"), ("pack-refs", "--all")), ["a.py: a = 2 -> a = 3"]),
    ("settings of a work tree", told(("config", "extensions.worktreeConfig", "true")), ["a.py: a = 2 -> a = 3"]),
    ("modes not kept", told(("config", "core.fileMode", "false")), ["a.py: a = 2 -> a = 3"]),
    ("an older commit", told(("checkout", "--quiet", "--force", "HEAD~1")), []),
    ("a replaced blob", replaced, ["a.py: a = 0 -> a = 3"]),
]


@pytest.mark.parametrize(("build", "want"), [pytest.param(*row[1:], id=row[0]) for row in LAYOUTS])
def test_layouts(repo: Repo, build: Build, want: list[str]) -> None:
    check(build(repo), compare_work_tree, want)


def test_a_clone_without_blobs_says_what_it_lacks(repo: Repo) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = cloned(repo, "--no-local", "--filter=blob:none")
    check(clone, lambda r: compare_range(r, "HEAD~1..HEAD"), [f"a.py: {MISSING}", "pkg/b.py: none -> b = 1"])


def test_a_lost_alternate_is_no_unchanged_repository(repo: Repo) -> None:
    clone = with_alternates(repo)
    repo.root.rename(repo.root.with_name("moved"))
    with pytest.raises(GitError, match=r"HEAD names \w+, which this clone lacks: run git fsck"):
        check(clone, compare_work_tree, [])


def test_grafts_join_histories(repo: Repo) -> None:
    repo.git("switch", "--quiet", "--force", "--orphan", "later")
    repo.commit(c_py="c = 1\n")
    graft = f"{repo.git('rev-parse', 'later')} {repo.git('rev-parse', 'main')}\n"
    since: Ask = lambda repository: compare_since(repository, "main")  # noqa: E731  (asked twice)
    with pytest.raises(GitError, match="main and HEAD have no common history"):
        check(repo, since, [])
    repo.write(".git/info/grafts", graft)
    want = ["a.py: a = 2 -> none", "c.py: none -> c = 1", "pkg/b.py: b = 1 -> none"]
    assert check(repo, since, want).base == repo.git("rev-parse", "main")


def test_names_that_differ_in_case_only(repo: Repo) -> None:
    repo.commit()
    repo.git("mv", "pkg/b.py", "pkg/B.py")
    for ask in (compare_index, compare_work_tree):
        check(repo, ask, ["pkg/b.py > pkg/B.py: b = 1 -> b = 1"])


def test_names_composed_in_two_ways(repo: Repo) -> None:
    repo.commit()
    for name in ("caf\u00e9.py", "cafe\u0301.py"):
        repo.write(name, "x = 1\n")
    check(repo, compare_work_tree, ["cafe\u0301.py: none -> x = 1", "caf\u00e9.py: none -> x = 1"])


def both_changed(repo: Repo) -> None:
    repo.commit(a_py="a = 'ours'\n")


def ours_deleted(repo: Repo) -> None:
    repo.git("rm", "--quiet", "--force", "a.py")
    repo.commit()


@pytest.mark.parametrize("ours", [both_changed, ours_deleted])
@pytest.mark.parametrize("how", ["merge", "cherry-pick", "rebase"])
def test_conflicts(repo: Repo, ours: Callable[[Repo], None], how: str) -> None:
    repo.git("switch", "--quiet", "--create", "other")
    repo.commit(a_py="a = 'theirs'\n")
    repo.git("switch", "--quiet", "--create", "ours", "HEAD~1")
    ours(repo)
    repo.git(how, "other", fails=True)
    for ask in (compare_work_tree, compare_index):
        check(repo, ask, [f"a.py: {CONFLICT}"])


@pytest.mark.parametrize(
    ("attributes", "content", "want"),
    [
        ("*.py text eol=crlf\n", b"a = 3\r\n", [r"a.py: a = 2 -> a = 3\r"]),
        ("*.py text eol=crlf\n", b"a = 2\r\n", []),
        ("*.py ident\n", b"a = 2\n", []),
    ],
)
def test_conversions(repo: Repo, attributes: str, content: bytes, want: list[str]) -> None:
    repo.write("a.py", "a = 2\n")
    repo.write(".gitattributes", attributes)
    repo.commit()
    repo.write("a.py", content)
    check(repo, compare_work_tree, want)


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("index", b"nonsense", "git diff-index failed"),
        ("HEAD", b"ref: refs/heads/nowhere\n", ""),
        ("HEAD", b"nonsense\n", "in no git repository"),
        ("config", b"[[[\n", "git cannot read the repository at"),
        ("config", b"[core]\nrepositoryformatversion = 99\n", "git cannot read the repository at"),
    ],
)
def test_what_is_broken_is_said(repo: Repo, path: str, content: bytes, words: str) -> None:
    repo.write(f".git/{path}", content)
    if not words:  # a branch without a commit: everything is new
        check(repo, compare_work_tree, ["a.py: none -> a = 3", "pkg/b.py: none -> b = 1"])
        return
    with pytest.raises(GitError, match=words) as caught, Repository.open(repo.root) as repository:
        compare_work_tree(repository)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
def test_odd_names_through_every_mode(repo: Repo) -> None:
    names = ['"quoted".py', "a\nb.py", "caf\u00e9.py", "tab\t.py", "-n.py", "\u202eback.py", "*.py"]
    for name in names:
        repo.write(name, "x = 1\n")
    repo.commit()
    for name in names:
        repo.write(name, "x = 2\n")
    want = sorted(f"{name}: x = 1 -> x = 2" for name in names)
    in_order = sorted(want, key=lambda line: line.partition(":")[0].encode())
    check(repo, compare_work_tree, in_order)
    repo.git("add", "--all")
    check(repo, compare_index, in_order)
    repo.git("commit", "--quiet", "--message=x")
    check(repo, lambda r: compare_range(r, "HEAD~1..HEAD"), in_order)
    for name in names:
        check(repo, lambda r, name=name: compare_range(r, "HEAD~1..HEAD", [name]), [f"{name}: x = 1 -> x = 2"])  # type: ignore[misc]


def test_a_link_to_the_repository(repo: Repo) -> None:
    (repo.root.parent / "alias").symlink_to(repo.root)
    alias = Repo(repo.root.parent / "alias")
    check(alias, compare_work_tree, ["a.py: a = 2 -> a = 3"])
    check(alias, lambda r: compare_range(r, "HEAD", [str(alias.root / "a.py")]), ["a.py: a = 2 -> a = 3"])


def test_another_work_tree_is_the_one_named(repo: Repo, tmp_path: Path) -> None:
    """``core.worktree``, as submodules have it: what lies there is compared, and git stays out of it."""
    other = Repo(tmp_path / "other")
    other.write("a.py", "a = 4\n")
    repo.git("config", "core.worktree", str(other.root))
    check(repo, compare_work_tree, ["a.py: a = 2 -> a = 4", "pkg/b.py: b = 1 -> none"], start=".git")
