"""What an open file is compared with follows git: after each of these, and without being told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repo import Repo
from themis_lsp.change import FileChange, Skip
from themis_lsp.checkout import Checkout
from themis_lsp.comparison import NOT_UTF8
from themis_lsp.content import GENERATED, SYMLINK, TOO_LARGE
from themis_lsp.delta import CONFLICT
from themis_lsp.edits import UNSUPPORTED


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two branches: ``main`` has two commits, ``topic`` left it after the first."""
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py="first\n")
    repo.git("branch", "topic")
    repo.commit(a_py="second\n")
    return repo


def before(checkout: Checkout, root: Path, name: str = "a.py", ref: str | None = None) -> str | None:
    change = checkout.change(root / name, "typed\n", ref)
    return change.before if isinstance(change, FileChange) else change.because


def _moved(repo: Repo) -> None:
    """Neither HEAD, nor the index, nor a log says that the branch is elsewhere."""
    repo.git("config", "core.logAllRefUpdates", "false")
    (repo.root / ".git/logs/HEAD").unlink()
    repo.git("update-ref", "refs/heads/main", "HEAD~1")


def _unlogged(repo: Repo) -> None:
    repo.write("a.py", "third\n")
    repo.git("-c", "core.logAllRefUpdates=false", "commit", "--quiet", "--all", "--message=x")


# what somebody does meanwhile, and what the file is compared with then
MOVES: list[tuple[str, Callable[[Repo], object], str | None]] = [
    ("nothing", lambda repo: None, "second\n"),
    ("a commit", lambda repo: repo.commit(a_py="third\n"), "third\n"),
    ("a commit that is not logged", _unlogged, "third\n"),
    ("a branch that is moved", _moved, "first\n"),
    ("another branch", lambda repo: repo.git("checkout", "--quiet", "topic"), "first\n"),
    ("a detached HEAD", lambda repo: repo.git("checkout", "--quiet", "HEAD~1"), "first\n"),
    ("a soft reset", lambda repo: repo.git("reset", "--quiet", "--soft", "HEAD~1"), "first\n"),
    ("packed refs", lambda repo: (repo.commit(a_py="third\n"), repo.git("pack-refs", "--all")), "third\n"),
    ("a removal", lambda repo: (repo.git("rm", "--quiet", "a.py"), repo.commit()), None),
    ("an unborn branch", lambda repo: repo.git("symbolic-ref", "HEAD", "refs/heads/none"), None),
]


@pytest.mark.parametrize(
    ("move", "want"), [(move, want) for _, move, want in MOVES], ids=[name for name, _, _ in MOVES]
)
def test_the_base_follows_head(repo: Repo, move: Callable[[Repo], object], want: str | None) -> None:
    checkout = Checkout.open(repo.root)
    assert checkout
    assert before(checkout, repo.root) == "second\n"
    move(repo)
    assert before(checkout, repo.root) == want
    checkout.close()


def test_the_base_follows_head_in_a_linked_work_tree(repo: Repo) -> None:
    repo.git("worktree", "add", "--quiet", "../linked", "topic")
    linked = Repo(repo.root.parent / "linked")
    checkout = Checkout.open(linked.root)
    assert checkout
    assert before(checkout, linked.root) == "first\n"
    linked.commit(a_py="on topic\n")
    assert before(checkout, linked.root) == "on topic\n"
    checkout.close()


def test_the_base_follows_the_branch_it_is_to_be_merged_into(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "topic")
    repo.commit(b_py="of topic\n")
    checkout = Checkout.open(repo.root)
    assert checkout
    assert before(checkout, repo.root, ref="main") == "first\n"
    repo.git("merge", "--quiet", "--no-edit", "main")
    assert before(checkout, repo.root, ref="main") == "second\n"
    repo.git("branch", "--force", "main", "main~1")
    assert before(checkout, repo.root, ref="main") == "first\n"
    checkout.close()


def test_what_is_not_judged_says_why(repo: Repo) -> None:
    repo.commit(gen_py="# @generated\n", latin_py="x = 'é'\n".encode("latin-1"), b_txt="text\n", c_py="one\n")
    repo.link("link.py", "a.py")
    repo.git("checkout", "--quiet", "-b", "theirs")
    repo.commit(c_py="theirs\n")
    repo.git("checkout", "--quiet", "main")
    repo.commit(c_py="ours\n")
    repo.git("merge", "--quiet", "theirs", fails=True)
    checkout = Checkout.open(repo.root)
    assert checkout
    told = {
        name: before(checkout, repo.root, name) for name in ("gen.py", "latin.py", "b.txt", "link.py", "c.py", "new.py")
    }
    assert told == {
        "gen.py": GENERATED, "latin.py": NOT_UTF8, "b.txt": UNSUPPORTED, "link.py": SYMLINK, "c.py": CONFLICT,
        "new.py": None,
    }  # fmt: skip
    huge = checkout.change(repo.root / "a.py", "x = 1\n" * 200_000, None)
    assert isinstance(huge, Skip)
    assert huge.because == TOO_LARGE
    checkout.close()


def test_a_folder_outside_of_git_has_no_checkout(tmp_path: Path) -> None:
    assert Checkout.open(tmp_path) is None


def test_a_repository_that_goes_is_noticed(repo: Repo) -> None:
    checkout = Checkout.open(repo.root)
    assert checkout
    assert checkout.exists
    (repo.root / ".git").rename(repo.root / "elsewhere")
    assert not checkout.exists
    checkout.close()
