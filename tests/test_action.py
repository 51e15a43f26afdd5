"""The action's script against a bare remote: shallow clones, forks, moved bases, and a server for comments."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.repo import Repo
from tests.test_commands import BASE, WORDS, WORSE

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / ".github" / "themis.sh"
MARKER = "<!-- themis-review -->"

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="the tests start bash, jq and curl as Unix has them"),
    pytest.mark.skipif(not all(map(shutil.which, ("bash", "jq", "curl"))), reason="needs bash, jq and curl"),
]

# The command the script starts, with a fake model; its options are read as the real one reads them.
LAUNCHER = f"""#!{sys.executable}
import os, sys
sys.path[:] = {[str(Path(entry).resolve()) for entry in sys.path if entry]!r}
from pathlib import Path
from themis_cli import review
from themis_cli.context import Context
from themis_cli.report import Detail
from themis_cli.source import Selection
from themis_model.error import ThemisError
from themis_model.fake import FakeScorer
name, *options = sys.argv[1:]
cut = options.index("--")
given = dict(option.removeprefix("--").split("=", 1) for option in options[:cut])
form = given.pop("output-format")
environ = {{**os.environ, "XDG_CONFIG_HOME": os.devnull}}
world = Context(sys.stdout, sys.stderr, Path.cwd(), environ, lambda _: FakeScorer({WORDS!r}))
try:
    sys.exit(review.run(Selection(options[cut + 1 :]), given, world, form, None, Detail.NORMAL))
except ThemisError as problem:
    sys.exit(sys.stderr.write(f"error: {{problem}}\\n") and 2)
"""


@dataclass
class Forge:
    """What a hosting service has: a bare remote, the two commits of a pull request, and its comments."""

    folder: Path
    base: str
    head: str
    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuses: frozenset[str] = frozenset()

    @property
    def remote(self) -> str:
        return (self.folder / "remote.git").as_uri()


def history(count: int, start: str) -> bytes:
    """A stream for git fast-import: commits that each change one file, on top of ``start``."""
    commits = []
    for n in range(count):
        text = f"number {n}\n"
        parent = f"from {start}\n" if n == 0 else ""
        commits.append(
            f"commit refs/heads/main\ncommitter A Person <person@example.org> {1_700_000_000 + n} +0000\n"
            f"data 1\nx\n{parent}M 644 inline count.txt\ndata {len(text)}\n{text}\n"
        )
    return "".join(commits).encode()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Forge:
    """A fork's pull request, 60 commits behind a base that moved on; its head is nowhere but in refs/pull."""
    folder = tmp_path_factory.mktemp("forge")
    repo = Repo.make(folder / "work")
    repo.commit(a_py=BASE, b_py=BASE)
    repo.git("switch", "--quiet", "--create", "topic")
    head = repo.commit(a_py=WORSE)
    repo.git("fast-import", "--quiet", text=history(60, "refs/heads/main^0"))
    repo.git("switch", "--quiet", "main")
    base = repo.commit(b_py=WORSE)
    repo.git("merge", "--quiet", "--no-edit", "topic")
    repo.git("init", "--quiet", "--bare", str(folder / "remote.git"))
    repo.git("push", "--quiet", str(folder / "remote.git"), f"{base}:refs/heads/main", "topic:refs/pull/7/head")
    repo.git("push", "--quiet", str(folder / "remote.git"), "main:refs/pull/7/merge")
    repo.git("--git-dir", str(folder / "remote.git"), "symbolic-ref", "HEAD", "refs/heads/main")
    return Forge(folder, base, head)


@pytest.fixture
def forge(built: Forge) -> Iterator[Forge]:
    """The same with a server for comments, and none yet."""
    forge = Forge(built.folder, built.base, built.head)

    class Comments(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", forge.comments)

        def do_POST(self) -> None:
            forge.comments.append({"id": 5, "user": {"type": "Bot"}, **self._body()})
            self._answer("POST", {})

        def do_PATCH(self) -> None:
            body = self._body()
            for comment in forge.comments:
                if self.path.endswith(f"/issues/comments/{comment['id']}"):
                    comment.update(body)
            self._answer("PATCH", {})

        def _body(self) -> dict[str, Any]:
            return dict(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, method: str, value: object) -> None:
            allowed = method not in forge.refuses and self.headers["Authorization"] == "Bearer secret"
            forge.asked.append(method)
            self.send_response(200 if allowed else 403)
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Comments) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        forge.url = f"http://127.0.0.1:{server.server_port}"
        yield forge
        server.shutdown()
        thread.join()


def checked_out(forge: Forge, place: Path, ref: str, *depth: str) -> Path:
    """What actions/checkout leaves behind."""
    repo = Repo.make(place / "clone")
    repo.git("remote", "add", "origin", forge.remote)
    repo.git("fetch", "--quiet", "--no-tags", *depth, "origin", f"+{ref}:refs/remotes/origin/checked-out")
    repo.git("checkout", "--quiet", "--detach", "refs/remotes/origin/checked-out")
    return repo.root


def act(forge: Forge, clone: Path, **given: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the step, and what it put into the summary."""
    home = clone.parent / "temp"
    launcher = home / "themis/bin/themis"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    summary = clone.parent / "summary.md"
    environ = {
        **os.environ,
        "RUNNER_TEMP": str(home), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_API_URL": forge.url,
        "GITHUB_REPOSITORY": "owner/name", "GITHUB_ACTION_PATH": str(ROOT), "no_proxy": "127.0.0.1",
        "THEMIS_ACTION_BASE": forge.base, "THEMIS_ACTION_HEAD": forge.head, "THEMIS_ACTION_PULL": "7",
        "THEMIS_ACTION_COMMENT": "true", "THEMIS_ACTION_TOKEN": "secret",
        **{f"THEMIS_ACTION_{name}": value for name, value in given.items()},
    }  # fmt: skip
    ran = subprocess.run(["bash", str(SCRIPT), "review"], cwd=clone, env=environ, capture_output=True, text=True)
    return ran, summary.read_text("utf-8") if summary.is_file() else ""


# the ref that was checked out, and how deep
LAYOUTS = [
    ("refs/pull/7/merge", ("--depth=1",)),
    ("refs/pull/7/head", ("--depth=1",)),
    ("refs/heads/main", ("--depth=5",)),
    ("refs/pull/7/merge", ()),
    ("refs/heads/main", ()),
]


@pytest.mark.parametrize(("ref", "depth"), LAYOUTS)
def test_what_the_pull_request_did_is_reviewed(forge: Forge, tmp_path: Path, ref: str, depth: tuple[str, ...]) -> None:
    """Not what the base did meanwhile: ``b.py`` got worse there."""
    ran, summary = act(forge, checked_out(forge, tmp_path, ref, *depth), FAIL_ON="security:0.9")
    assert ran.returncode == 1, ran.stderr
    where = "file=a.py,line=2,endLine=2,col=5,endColumn=21,title=Likely worse for security"
    told = "digest: very likely worse for security (>99 %25): line 2 weighs most"
    assert [line for line in ran.stdout.splitlines() if line.startswith("::")] == [
        f"::warning {where}::{told}",
        "::error title=Themis::failed: 1 finding at or above --fail-on security:0.9",
    ]
    assert summary.startswith(f"{MARKER}\n### Themis: 1 regression\n")
    assert [comment["body"] for comment in forge.comments] == [summary]


# what is given, exit status, words of the answer
GIVEN: list[tuple[Mapping[str, str], int, str]] = [
    ({}, 0, "::warning file=a.py"),
    ({"CRITERIA": "memory"}, 0, "Nothing to report"),
    ({"PATHS": "b.py\n"}, 0, "Nothing changed"),
    ({"PATHS": "a.py\nb.py"}, 0, "::warning file=a.py"),
    ({"BASE": ""}, 0, "Nothing to compare with"),
    ({"BASE": "0" * 40}, 0, "Nothing to compare with"),
    ({"BASE": "f" * 40}, 2, f"::error title=Themis::cannot fetch {'f' * 40}: give actions/checkout fetch-depth: 0"),
    ({"BASE": "--output=x"}, 2, "are no revisions"),
    ({"PULL": "7;id"}, 2, "'7;id' is no number of a pull request"),
    ({"FAIL_ON": "security:0.9; touch pwned $(touch pwned)"}, 2, "::error title=Themis::the review could not be made"),
    ({"PATHS": "--model=pwned"}, 2, "::error title=Themis::the review could not be made"),
]


@pytest.mark.parametrize(("given", "code", "words"), GIVEN)
def test_what_is_given(forge: Forge, tmp_path: Path, given: Mapping[str, str], code: int, words: str) -> None:
    clone = checked_out(forge, tmp_path, "refs/pull/7/merge", "--depth=1")
    ran, _ = act(forge, clone, COMMENT="false", **given)
    assert ran.returncode == code, ran.stderr
    assert words in ran.stdout
    assert forge.asked == []
    assert not list(tmp_path.rglob("pwned"))


def said(text: str, kind: str = "Bot", number: int = 5) -> dict[str, Any]:
    return {"id": number, "user": {"type": kind}, "body": text}


# comments there, what is refused, criteria, what the script asks for, comments with our marker afterwards
COMMENTS: list[tuple[list[dict[str, Any]], set[str], str, list[str], int]] = [
    ([], set(), "security", ["GET", "POST"], 1),
    ([said("hello"), said(MARKER, number=6)], set(), "security", ["GET", "PATCH"], 1),
    ([said(MARKER, "User")], set(), "security", ["GET", "POST"], 2),
    ([said("x", number=n) for n in range(100)], set(), "security", ["GET"] * 10 + ["POST"], 1),
    ([said(MARKER)], set(), "memory", ["GET", "PATCH"], 1),
    ([], set(), "memory", ["GET"], 0),
    ([], {"GET"}, "security", ["GET"], 0),
    ([said(MARKER)], {"PATCH"}, "security", ["GET", "PATCH"], 1),
]


@pytest.mark.parametrize(("there", "refused", "criteria", "asked", "left"), COMMENTS)
def test_one_comment_is_kept_up_to_date(
    forge: Forge,
    tmp_path: Path,
    there: list[dict[str, Any]],
    refused: set[str],
    criteria: str,
    asked: list[str],
    left: int,
) -> None:
    forge.comments = [dict(comment) for comment in there]
    forge.refuses = frozenset(refused)
    ran, summary = act(forge, checked_out(forge, tmp_path, "refs/pull/7/merge", "--depth=1"), CRITERIA=criteria)
    assert ran.returncode == 0, ran.stderr
    assert forge.asked == asked
    ours = [comment["body"] for comment in forge.comments if comment["body"].startswith(MARKER)]
    assert len(ours) == left
    if not refused and asked[-1] != "GET":
        assert ours[-1] == summary
    assert ("this token may not" in ran.stdout) is bool(refused)


def test_nothing_of_a_pull_request_is_part_of_a_script() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    runs = re.findall(r"^ +run: (.*)$", text, re.MULTILINE)
    assert runs == [f'bash "$GITHUB_ACTION_PATH/.github/themis.sh" {name}' for name in ("install", "review")]
    assert "${{" not in SCRIPT.read_text("utf-8")
    names = set(re.findall(r"^ +(THEMIS_ACTION_\w+):", text, re.MULTILINE))
    assert names == set(re.findall(r"THEMIS_ACTION_\w+", SCRIPT.read_text("utf-8")))
    inputs = set(re.findall(r"^  ([\w-]+):$", text.partition("\nruns:")[0], re.MULTILINE))
    assert inputs == set(re.findall(r"inputs\.([\w-]+)", text))


def test_the_component_installs_what_it_is_told_to_and_nothing_from_an_index() -> None:
    text = (ROOT / "templates" / "themis.yml").read_text("utf-8")
    assert re.findall(r"^    package:\n((?:      .*\n)+)", text, re.MULTILINE)[0].split(":")[0].strip() == "description"
    assert re.findall(r"pip install .*", text) == [
        'pip install --quiet --disable-pip-version-check "$THEMIS_PACKAGE_TO_INSTALL"'
    ]


def test_the_marker_is_the_one_that_reports_have() -> None:
    from themis_cli.report.markdown import MARKER as WRITTEN

    assert MARKER == WRITTEN
    assert f"marker='{MARKER}'" in SCRIPT.read_text("utf-8")
