"""What a work tree and an index say of every kind of change, for real repositories."""

import os
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from tests.repo import Repo, check
from themis_lsp.comparison import compare_index, compare_work_tree
from themis_lsp.content import BINARY, GENERATED, LFS, LOCK, MINIFIED, SUBMODULE, SYMLINK, TOO_LARGE, VENDORED
from themis_lsp.delta import CONFLICT, MODE_ONLY
from themis_lsp.edits import UNSUPPORTED

Build = Callable[[Repo], object]

LONG = "".join(f"value_{number} = {number}\n" for number in range(20))
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"


def steps(*actions: Build) -> Build:
    def run(repo: Repo) -> None:
        for action in actions:
            action(repo)

    return run


def write(path: str, content: str | bytes) -> Build:
    return lambda repo: repo.write(path, content)


def git(*arguments: str) -> Build:
    return lambda repo: repo.git(*arguments)


def remove(path: str) -> Build:
    return lambda repo: repo.remove(path)


def link(path: str, target: str) -> Build:
    return lambda repo: repo.link(path, target)


def commit(repo: Repo) -> object:
    return repo.commit()


def committed(path: str, content: str | bytes) -> Build:
    return steps(write(path, content), commit)


def staged(path: str, content: str | bytes) -> Build:
    return lambda repo: repo.stage(path, content)


def merge_in_conflict(repo: Repo) -> None:
    repo.git("switch", "--quiet", "--create", "other")
    repo.commit(a_py="a = 2\n")
    repo.git("switch", "--quiet", "main")
    repo.commit(a_py="a = 3\n")
    repo.git("merge", "other", fails=True)


def as_folder(repo: Repo) -> None:
    repo.remove("a.py")
    repo.write("a.py/inner.py", "i = 1\n")


def behind_a_link(repo: Repo) -> None:
    (repo.root / "pkg").rename(repo.root.parent / "elsewhere")
    repo.link("pkg", "../elsewhere")
    repo.write("../elsewhere/b.py", "b = 'not of this repository'\n")


def as_pipe(repo: Repo) -> None:
    repo.remove("a.py")
    os.mkfifo(repo.root / "a.py")


def nested(repo: Repo) -> None:
    Repo.make(repo.root / "inner").commit(i_py="i = 1\n")


def touched(repo: Repo) -> None:
    os.utime(repo.root / "a.py", (1, 1))


def executable(repo: Repo) -> None:
    repo.git("update-index", "--chmod=+x", "a.py")
    (repo.root / "a.py").chmod(0o755)


def submodule(repo: Repo) -> None:
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD')},sub")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = Repo.make(tmp_path_factory.mktemp("template") / "repo")
    repo.write("pkg/b.py", "b = 1\n")
    repo.commit(a_py="a = 1\n", notes_md="Notes\n")
    return repo


@pytest.fixture
def repo(template: Repo, tmp_path: Path) -> Repo:
    """One commit of ``a.py``, ``pkg/b.py`` and ``notes.md`` on ``main``."""
    return Repo(copytree(template.root, tmp_path / "repo"))


# what happened, how, what the work tree then says
WORK_TREE: list[tuple[str, Build, list[str]]] = [
    ("nothing", steps(), []),
    ("a file is changed", write("a.py", "a = 2\n"), ["a.py: a = 1 -> a = 2"]),
    ("a file is longer", write("a.py", "a = 10\n"), ["a.py: a = 1 -> a = 10"]),
    ("staged", staged("a.py", "a = 2\n"), ["a.py: a = 1 -> a = 2"]),
    ("changed again", steps(staged("a.py", "a = 2\n"), write("a.py", "a = 3\n")), ["a.py: a = 1 -> a = 3"]),
    ("staged, then put back", steps(staged("a.py", "a = 2\n"), write("a.py", "a = 1\n")), []),
    ("untracked", write("new.py", "n = 1\n"), ["new.py: none -> n = 1"]),
    ("staged as new", staged("new.py", "n = 1\n"), ["new.py: none -> n = 1"]),
    ("staged as new, then gone", steps(staged("new.py", "n = 1\n"), remove("new.py")), []),
    ("ignored", steps(committed(".gitignore", "*.py\n"), write("new.py", "n = 1\n")), []),
    ("intended to be added", steps(write("n.py", "n = 1\n"), git("add", "-N", "n.py")), ["n.py: none -> n = 1"]),
    ("deleted", remove("a.py"), ["a.py: a = 1 -> none"]),
    ("deleted in the index", git("rm", "a.py"), ["a.py: a = 1 -> none"]),
    ("forgotten but kept", git("rm", "--cached", "a.py"), []),
    (
        "forgotten and changed",
        steps(git("rm", "--cached", "a.py"), write("a.py", "a = 2\n")),
        ["a.py: a = 1 -> a = 2"],
    ),
    ("moved", git("mv", "a.py", "c.py"), ["a.py > c.py: a = 1 -> a = 1"]),
    ("moved on disk", steps(remove("a.py"), write("c.py", "a = 1\n")), ["a.py > c.py: a = 1 -> a = 1"]),
    (
        "moved and changed",
        steps(committed("l.py", LONG), remove("l.py"), write("m.py", LONG.replace("= 3", "= 4"))),
        ["l.py > m.py: 20 lines -> 20 lines"],
    ),
    ("replaced", steps(remove("a.py"), write("c.py", "other\n")), ["a.py: a = 1 -> none", "c.py: none -> other"]),
    ("touched", touched, []),
    ("executable", executable, [f"a.py: {MODE_ONLY}"]),
    ("in conflict", merge_in_conflict, [f"a.py: {CONFLICT}"]),
    ("left out", steps(git("update-index", "--skip-worktree", "a.py"), remove("a.py")), []),
    ("a folder instead", as_folder, ["a.py: a = 1 -> none", "a.py/inner.py: none -> i = 1"]),
    ("CRLF on disk only", write("a.py", "a = 1\r\n"), []),
    ("CRLF and a change", write("a.py", "a = 2\r\n"), [r"a.py: a = 1 -> a = 2\r"]),
    ("a byte-order mark", write("a.py", b"\xef\xbb\xbfa = 2\n"), [r"a.py: a = 1 -> \ufeffa = 2"]),
    ("UTF-16", write("a.py", "a = 2\n".encode("utf-16")), ["a.py: a = 1 -> a = 2"]),
    ("not UTF-8", write("a.py", b"a = '\xe9t\xe9'\n"), ["a.py: a = 1 -> a = '\ufffdt\ufffd'"]),
    ("binary", write("a.py", b"\0"), [f"a.py: {BINARY}"]),
    ("huge", write("a.py", "#" * 1_000_001), [f"a.py: {TOO_LARGE}"]),
    ("was huge", steps(committed("a.py", "#" * 1_000_001), write("a.py", "a = 1\n")), [f"a.py: {TOO_LARGE}"]),
    ("an LFS pointer", write("a.py", POINTER), [f"a.py: {LFS}"]),
    ("another language", write("notes.md", "More\n"), [f"notes.md: {UNSUPPORTED}"]),
    ("a lock file", write("deep/yarn.lock", "x\n"), [f"deep/yarn.lock: {LOCK}"]),
    ("minified by name", write("a.min.js", "x\n"), [f"a.min.js: {MINIFIED}"]),
    ("minified by look", write("a.js", "x;" * 1000), [f"a.js: {MINIFIED}"]),
    ("generated by its head", write("g.go", "// Code generated by x. DO NOT EDIT.\n"), [f"g.go: {GENERATED}"]),
    (
        "talks of generating",
        write("g.py", "TEXT = 'generated, do not edit'\n"),
        ["g.py: none -> TEXT = 'generated, do not edit'"],
    ),
    (
        "claims to be generated from now on",
        write("a.py", "# @generated\na = 2\n"),
        [r"a.py: a = 1 -> # @generated\na = 2"],
    ),
    ("in a folder of others", write("vendor/v.go", "package v\n"), [f"vendor/v.go: {VENDORED}"]),
    (
        "declared generated",
        steps(committed("pkg/.gitattributes", "b.py linguist-generated\n"), write("pkg/b.py", "b = 2\n")),
        [f"pkg/b.py: {GENERATED}"],
    ),
    (
        "declared generated, but not here",
        steps(
            committed(".gitattributes", "*.py linguist-generated=true\n"),
            committed("pkg/.gitattributes", "*.py -linguist-generated\n"),
            write("pkg/b.py", "b = 2\n"),
            write("a.py", "a = 2\n"),
        ),
        [f"a.py: {GENERATED}", "pkg/b.py: b = 1 -> b = 2"],
    ),
    (
        "declared generated by the change itself",
        steps(write(".gitattributes", "*.py linguist-generated\n"), write("a.py", "a = 2\n")),
        [f".gitattributes: {UNSUPPORTED}", "a.py: a = 1 -> a = 2"],
    ),
    (
        "declared our own",
        steps(
            committed(".gitattributes", '"vendor/**" linguist-vendored=false\n'),
            write("vendor/v.py", "v = 1\n"),
        ),
        ["vendor/v.py: none -> v = 1"],
    ),
    ("a link", link("l.py", "a.py"), [f"l.py: {SYMLINK}"]),
    ("a link instead", steps(remove("a.py"), link("a.py", "pkg/b.py")), [f"a.py: {SYMLINK}"]),
    ("a folder behind a link", behind_a_link, [f"pkg: {SYMLINK}", "pkg/b.py: b = 1 -> none"]),
    ("a pipe instead", as_pipe, ["a.py: a = 1 -> none"]),
    ("a submodule", submodule, [f"sub: {SUBMODULE}"]),
    ("a repository inside", nested, [f"inner: {SUBMODULE}"]),
    ("a name with spaces and quotes", write("""it's "a b".py""", "x\n"), ["""it's "a b".py: none -> x"""]),
    ("a name with a line end", write("a\nb\tc.py", "x\n"), ["a\nb\tc.py: none -> x"]),
    ("a name that is not UTF-8", write(os.fsdecode(b"caf\xe9.py"), "x\n"), [r"caf\xe9.py: none -> x"]),
    ("a name like an index entry", write("H 100644 00 0\tx.py", "x\n"), ["H 100644 00 0\tx.py: none -> x"]),
    ("a name like an option", staged("--cached.py", "x\n"), ["--cached.py: none -> x"]),
    ("a name like a pattern", steps(committed("[ab].py", "x\n"), write("[ab].py", "y\n")), ["[ab].py: x -> y"]),
]


@pytest.mark.parametrize(("build", "want"), [pytest.param(*row[1:], id=row[0]) for row in WORK_TREE])
def test_work_tree(repo: Repo, build: Build, want: list[str]) -> None:
    build(repo)
    comparison = check(repo, compare_work_tree, want)
    assert (comparison.base, comparison.head) == (repo.git("rev-parse", "HEAD"), "work tree")


INDEX: list[tuple[str, Build, list[str]]] = [
    ("nothing", write("a.py", "a = 2\n"), []),
    ("staged", staged("a.py", "a = 2\n"), ["a.py: a = 1 -> a = 2"]),
    ("changed again", steps(staged("a.py", "a = 2\n"), write("a.py", "a = 3\n")), ["a.py: a = 1 -> a = 2"]),
    ("new", staged("new.py", "n = 1\n"), ["new.py: none -> n = 1"]),
    ("intended to be added", steps(write("n.py", "n = 1\n"), git("add", "-N", "n.py")), []),
    ("deleted", git("rm", "--cached", "a.py"), ["a.py: a = 1 -> none"]),
    ("moved", git("mv", "a.py", "c.py"), ["a.py > c.py: a = 1 -> a = 1"]),
    ("in conflict", merge_in_conflict, [f"a.py: {CONFLICT}"]),
    ("executable", executable, [f"a.py: {MODE_ONLY}"]),
]


@pytest.mark.parametrize(("build", "want"), [pytest.param(*row[1:], id=row[0]) for row in INDEX])
def test_index(repo: Repo, build: Build, want: list[str]) -> None:
    build(repo)
    comparison = check(repo, compare_index, want)
    assert (comparison.base, comparison.head) == (repo.git("rev-parse", "HEAD"), "index")
