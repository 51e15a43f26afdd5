"""A hostile repository: nothing it says runs, whatever is asked, and nothing is asked of the network."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from tests.repo import Repo, told
from tests.test_cli import PATH
from tests.test_report import BASE, reported, written
from tests.traps import Listener, left, set_modules, set_traps, surroundings
from themis_cli.report import FORMATS
from themis_lsp.comparison import MISSING, compare_index, compare_range, compare_since, compare_work_tree
from themis_lsp.error import GitError, PatchError
from themis_lsp.patch import changes_from_patch
from themis_lsp.repository import Repository

BEFORE = "def digest(data):\n    return sha256(data)\n"
AFTER = "def digest(data):\n    return md5(data)\n"
ONE = AFTER.strip().replace("\n", "\\n")  # short enough to be told in full
# Without -P, Python itself would look for modules in the current folder; the installed command does not.
THEMIS = (sys.executable, "-P", "-m", "themis_cli.main")


@dataclass(frozen=True)
class Hostile:
    """A repository full of traps, and what they leave."""

    repo: Repo
    marks: Path
    listener: Listener
    lost: Sequence[str]

    @property
    def environment(self) -> dict[str, str]:
        own = {"PYTHONPATH": PATH, "XDG_CONFIG_HOME": str(self.marks.parent), "APPDATA": str(self.marks.parent)}
        return {**os.environ, **surroundings(self.marks, self.listener.address), **own}

    def themis(self, line: str, text: bytes) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [*THEMIS, *line.split()], cwd=self.repo.root, env=self.environment, input=text, capture_output=True
        )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """Three commits, of which the second has files that this clone lacks; then a changed work tree and index."""
    top = tmp_path_factory.mktemp("hostile")
    repo, marks, listener = Repo.make(top / "repo"), top / "marks", Listener()
    repo.commit(a_py=BEFORE, c_rb="def c\n  1\nend\n")
    for number in range(300):
        repo.write(f"many/f{number}.py", f"f = {number}\n")
    repo.commit()
    lost = repo.git("ls-tree", "--format=%(objectname)", "HEAD:many").splitlines()
    repo.git("rm", "-r", "--quiet", "many")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD')},sub")
    repo.write(".gitmodules", f'[submodule "sub"]\n\tpath = sub\n\turl = ext::touch {marks}/helper\n')
    repo.git("commit", "--quiet", "--message=Fewer")
    repo.commit(a_py=BEFORE, b_py="b = 1\n")
    for name in lost:
        (repo.root / ".git" / "objects" / name[:2] / name[2:]).unlink()
    repo.stage("a.py", AFTER)
    set_traps(repo, marks, listener.address)
    set_modules(repo, marks)
    repo.write("c.rb", "def c\n  2\nend\n")
    os.utime(repo.root / "b.py", (1, 1))
    yield Hostile(repo, marks, listener, lost)
    listener.close()


def check(hostile: Hostile) -> None:
    assert left(hostile.marks) == []
    assert not hostile.listener.was_called()


STEERING = "]0\x1b\x07\x7f\x9b\u202e\u2066\u200b\ufeff\ud800"  # escapes, bidirectional marks, zero width
PATCH = f"--- a/a.py\n+++ b/a.py\n@@ -2 +2 @@\n-{BEFORE.splitlines()[1]}\n+{AFTER.splitlines()[1]}\n".encode()
COMMANDS = [
    "review", "review HEAD~1", "review HEAD~1..HEAD", "review HEAD~2...HEAD a.py", "review --staged",
    "review --base HEAD~2", "review --diff-file -", "score a.py", "score c.rb", "rank a.py b.py",
    "explain security", "explain sql-injection", "doctor", "demo", "model list", "model verify",
    *(f"review --output-format {name}" for name in FORMATS if name != "text"),
]  # fmt: skip


@pytest.mark.parametrize("line", COMMANDS)
def test_no_command_runs_anything(hostile: Hostile, line: str) -> None:
    ran = hostile.themis(line, PATCH)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout
    check(hostile)


def framed(method: str, params: object, **more: object) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def test_no_opened_file_runs_anything(hostile: Hostile) -> None:
    root = hostile.repo.root
    uri = (root / "a.py").as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": AFTER}
    begin = [
        framed("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": {}}, id=1),
        framed("initialized", {}),
        framed("textDocument/didOpen", {"textDocument": document}),
        framed("textDocument/didSave", {"textDocument": {"uri": uri}}),
        framed("textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 5}}, id=2),
    ]
    process = subprocess.Popen(
        [*THEMIS, "lsp"], cwd=root, env=hostile.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"".join(begin))
    process.stdin.flush()
    answer = b""
    while b'"id":2' not in answer.replace(b" ", b""):
        length = int(process.stdout.readline().partition(b":")[2])
        while process.stdout.readline().strip():
            pass  # further headers
        answer = process.stdout.read(length)
    process.communicate(framed("shutdown", None, id=3) + framed("exit", None))
    assert b"compared with" in answer
    check(hostile)


def test_a_hostile_repository_runs_nothing(hostile: Hostile) -> None:
    lost = hostile.lost
    with Repository.open(hostile.repo.root) as repository:
        assert told(compare_work_tree(repository).changes)[0] == f"a.py: 2 lines -> {ONE}"
        found = told(islice(compare_range(repository, "HEAD~2..HEAD").changes, 1, 4))
        assert found == ["b.py: none -> b = 1", f"many/f0.py: {MISSING}", f"many/f1.py: {MISSING}"]
        assert len(told(compare_range(repository, "HEAD~2").changes)) > 300
        assert told(compare_index(repository).changes) == [f"a.py: 2 lines -> {ONE}"]
        assert len(told(compare_since(repository, "HEAD~3").changes)) > 3
        with pytest.raises(GitError):
            compare_range(repository, "origin/main")
        patch = f"--- a/a.py\n+++ b/a.py\nindex {lost[0]}..{lost[1]}\n@@ -1 +1 @@\n-a = 9\n+a = 8\n"
        with pytest.raises(PatchError):
            told(changes_from_patch(patch, repository).changes)
    check(hostile)


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_carries_what_steers_or_hides(name: str) -> None:
    text = written(reported(BASE.replace("plain(seed)", f"md5(seed, '{STEERING}')")), name)
    assert {ch for ch in text if ch < " "} <= {"\n"}
    assert not set(STEERING[2:]) & set(text)


def test_the_traps_are_no_dummies(hostile: Hostile) -> None:
    """Run last: git itself runs into them, and so does Python."""
    environment, quiet = {**hostile.environment, "GIT_CONFIG_COUNT": "0"}, subprocess.DEVNULL
    for line in (
        "status",
        "diff HEAD a.py",
        "diff --no-ext-diff HEAD a.py",
        "fetch origin",
        f"cat-file -p {hostile.lost[0]}",
        "fetch helper",
        "add c.rb",
    ):
        with suppress(subprocess.TimeoutExpired):  # whoever calls the listener waits for an answer
            subprocess.run(
                ["git", *line.split()], cwd=hostile.repo.root, env=environment, stdout=quiet, stderr=quiet, timeout=10
            )
    subprocess.run([sys.executable, "-m", "typer"], cwd=hostile.repo.root, capture_output=True)
    expected = {"included", "clean", "textconv", "process", "command", "GIT_SSH_COMMAND", "helper", "typer"}
    assert expected <= set(left(hostile.marks)), left(hostile.marks)
    assert hostile.listener.was_called()
