"""The hook in real commits: what git stages is judged, and only what surely got worse stops it."""

import io
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.repo import Repo
from tests.test_commands import BASE, WORDS, WORSE, context, told
from themis_cli import hook
from themis_lsp.error import GitError
from themis_model.fake import FakeScorer

ROOT = Path(__file__).parent.parent
HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")

# What a user's .git/hooks/pre-commit would be, with a fake model.
SCRIPT = f"""#!{sys.executable}
import os, sys
sys.path[:] = {[str(Path(entry).resolve()) for entry in sys.path if entry]!r}
from pathlib import Path
from themis_cli import hook
from themis_cli.context import Context
from themis_model.fake import FakeScorer
environ = {{"XDG_CONFIG_HOME": os.devnull, **os.environ}}
sys.exit(hook.run({{}}, Context(sys.stdout, sys.stderr, Path.cwd(), environ, lambda _: FakeScorer({WORDS!r}))))
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two committed files and the hook."""
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py=BASE, b_py=BASE)
    repo.write(".git/hooks/pre-commit", SCRIPT)
    (repo.root / ".git/hooks/pre-commit").chmod(0o755)
    return repo


@pytest.mark.skipif(os.name == "nt", reason="git starts hooks through a shell")
@pytest.mark.parametrize(
    ("staged", "on_disk", "arguments", "stops"),
    [
        (WORSE, WORSE, (), True),
        (WORSE, BASE, (), True),
        (BASE.replace("data", "text"), WORSE, (), False),
        (WORSE, WORSE, ("--only", "b.py"), False),
        (BASE.replace("data", "text"), WORSE, ("--only", "a.py"), True),
        (WORSE, WORSE, ("--no-verify",), False),
    ],
)
def test_a_commit_is_judged_as_staged(
    repo: Repo, staged: str, on_disk: str, arguments: tuple[str, ...], stops: bool
) -> None:
    repo.stage("b.py", "x = 1\n" + BASE)
    repo.stage("a.py", staged)
    repo.write("a.py", on_disk)
    before = repo.git("rev-parse", "HEAD")
    repo.git("commit", "--quiet", "--message=A change", *arguments, fails=stops)
    assert (repo.git("rev-parse", "HEAD") == before) is stops


# given, what the configuration says, the environment, exit status, words of the report, words on standard error
RUNS: list[tuple[dict[str, str], str, dict[str, str], int, str, str]] = [
    ({}, "", {}, 1, "a.py:2", "stopped by 1 finding; SKIP=themis git commit"),
    ({"fail-on": "security:0.9"}, "", {}, 1, "a.py:2", "stopped by 1 finding"),
    ({"fail-on": "readability:0.9"}, "", {}, 0, "a.py:2", ""),
    ({}, "fail-on = { memory = 0.9 }", {}, 0, "a.py:2", ""),
    ({"criteria": "memory"}, "", {}, 0, "", ""),
    ({}, "", {"PRE_COMMIT_FROM_REF": "main", "PRE_COMMIT_TO_REF": "HEAD"}, 0, "", ""),
    ({}, "", {"PRE_COMMIT_FROM_REF": "main~1", "PRE_COMMIT_TO_REF": "main"}, 1, "b.py:2", "stopped by 1 finding"),
]


# what is staged, options, words on standard error
COMMENTED: list[tuple[str, dict[str, str], str]] = [
    ("", {}, "stopped by 1 finding (ignored without a reason at a.py:2); SKIP=themis git commit"),
    ("", {"fail-on": "security:0.9"}, "stopped by 1 finding (ignored without a reason at a.py:2); SKIP=themis"),
    ("", {"fail-on": "readability:0.9"}, ""),
    (" names no secret", {}, ""),
]


@pytest.mark.parametrize(("reason", "given", "words"), COMMENTED)
def test_a_comment_without_a_reason_does_not_get_past_the_hook(
    repo: Repo, reason: str, given: dict[str, str], words: str
) -> None:
    repo.stage("a.py", WORSE.replace("(data)\n", f"(data)  # themis: ignore[security]{reason}\n"))
    status, said, complaint = ran(repo, given, {})
    assert (status, said) == (int(bool(words)), "")
    assert complaint.startswith(words)
    assert bool(complaint) is bool(words)


def ran(
    repo: Repo, given: Mapping[str, str], environ: Mapping[str, str], *, advises: bool = False
) -> tuple[int, str, str]:
    world = context(repo.root)
    world = type(world)(world.out, io.StringIO(), repo.root, {**world.environ, **environ}, lambda _: FakeScorer(WORDS))
    return hook.run(given, world, advises=advises), told(world.out), told(world.err)


@pytest.mark.parametrize(("given", "settings", "environ", "code", "out", "err"), RUNS)
@pytest.mark.parametrize("advises", [False, True])
def test_what_stops(
    tmp_path: Path,
    given: dict[str, str],
    settings: str,
    environ: dict[str, str],
    code: int,
    out: str,
    err: str,
    advises: bool,
) -> None:
    repo = Repo.make(tmp_path / "repo")
    repo.write("themis.toml", settings)
    repo.commit(a_py=BASE, b_py=BASE)
    repo.commit(b_py=WORSE)
    repo.stage("a.py", WORSE)
    status, said, complaint = ran(repo, given, environ, advises=advises)
    assert status == (0 if advises else code)
    assert said.startswith(out)
    assert bool(said) is bool(out)
    assert complaint.startswith("" if advises else err)
    assert bool(complaint) is (bool(err) and not advises)


def test_advice_never_stops_even_if_nothing_can_be_judged(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "repo")
    pushed = {"PRE_COMMIT_FROM_REF": "nowhere", "PRE_COMMIT_TO_REF": "HEAD"}
    assert ran(repo, {}, pushed, advises=True) == (
        0,
        "",
        "not judged: unknown revision 'nowhere': nothing was committed yet\n",
    )
    with pytest.raises(GitError):
        ran(repo, {}, pushed)


# the environment, whether it only advises, whether it is skipped
SKIPS = [
    ({"SKIP": "themis"}, False, True),
    ({"SKIP": "ruff, themis,mypy"}, False, True),
    ({"SKIP": "themis"}, True, True),
    ({"SKIP": "themis-advise"}, True, True),
    ({"SKIP": "themis-advise"}, False, False),
    ({"SKIP": "themis", "PRE_COMMIT": "1"}, True, False),
    ({"SKIP": "themis-advise", "PRE_COMMIT": "1"}, True, True),
    ({"SKIP": "themistocles"}, False, False),
    ({"SKIP": ""}, False, False),
]


@pytest.mark.parametrize(("environ", "advises", "skips"), SKIPS)
def test_what_is_skipped_is_said_in_one_line(
    tmp_path: Path, environ: dict[str, str], advises: bool, skips: bool
) -> None:
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py=BASE)
    repo.stage("a.py", WORSE)
    status, said, complaint = ran(repo, {}, environ, advises=advises)
    assert bool(said) is not skips
    assert complaint.startswith("not judged: SKIP names themis") is skips
    assert status == (0 if skips or advises else 1)


@pytest.mark.skipif(os.name == "nt", reason="git starts hooks through a shell")
def test_a_real_commit_goes_ahead_as_the_message_says(repo: Repo) -> None:
    repo.stage("a.py", WORSE)
    repo.git("commit", "--quiet", "--message=A change", fails=True)
    repo.git("commit", "--quiet", "--message=A change", SKIP="themis")


def test_pre_commit_gets_the_runtime_that_the_extra_names() -> None:
    """The hooks cannot name an extra, so they name its package."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (cpu,) = re.findall(r"^cpu = (\[.*\])$", project, re.MULTILINE)
    assert re.findall(r"^  additional_dependencies: (\[.*\])$", HOOKS, re.MULTILINE) == [cpu, cpu]
    assert re.findall(r"^- id: (\S+)\n(?:  .*\n)*?  entry: (.*)$", HOOKS, re.MULTILINE) == [
        ("themis", "themis hook"),
        ("themis-advise", "themis hook --advise"),
    ]
