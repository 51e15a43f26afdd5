"""The language server as editors meet it: real processes, real repositories, and a scorer that knows some words."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from tests.repo import Repo
from tests.server.editor import Editor, editing

pytestmark = pytest.mark.asyncio

BEFORE = "def f(rows):\n    return plain(rows)\n\n\ndef g(rows):\n    return plain(rows)\n"
WORSE = "very likely worse for security (99 %)"
BETTER = "very likely better for security (>99 %)"


@dataclass(frozen=True)
class Row:
    """A file as committed and as typed, and what an editor shows then.

    ``problems`` are ``line:first-last code``, in code points; ``lenses`` are ``line title``.
    """

    before: str
    after: str
    problems: Sequence[str] = ()
    lenses: Sequence[str] = ()
    name: str = "a.py"
    config: str = ""


ROWS = {
    "nothing changed": Row(BEFORE, BEFORE),
    "a regression": Row(
        BEFORE, BEFORE.replace("plain", "bad", 1), ["1:4-20 security_hardness"], [f"0 {WORSE}"]
    ),
    "an improvement": Row(BEFORE, BEFORE.replace("plain", "good", 1), [], [f"0 {BETTER}"]),
    "a trade-off": Row(
        BEFORE, BEFORE.replace("plain", "mixed", 1), ["1:4-22 security_hardness"],
        [f"0 {WORSE} · very likely better for readability (>99 %)"],
    ),
    "a named defect": Row(
        BEFORE, BEFORE.replace("plain", "query", 1), ["1:4-22 security_hardness"],
        [f"0 {WORSE}: SQL built by concatenation"],
    ),
    "two units": Row(
        BEFORE, BEFORE.replace("plain", "bad"), ["1:4-20 security_hardness", "5:4-20 security_hardness"],
        [f"0 {WORSE}", f"4 {WORSE}"],
    ),
    "wide characters and a form feed": Row(
        "x = '\x0c\u2028'\n" + BEFORE, "x = '\x0c\u2028'\n" + BEFORE.replace("plain(rows)", "'é€😀' + bad(rows)", 1),
        ["2:4-28 security_hardness"], [f"1 {WORSE}"],
    ),
    "Windows line ends": Row(
        BEFORE.replace("\n", "\r\n"), BEFORE.replace("\n", "\r\n").replace("plain", "bad", 1),
        ["1:4-20 security_hardness"], [f"0 {WORSE}"],
    ),
    "only layout": Row(BEFORE, BEFORE.replace("(rows)\n\n", "(rows)  # bad\n\n", 1)),
    "new code": Row(BEFORE, BEFORE + "\n\ndef h():\n    return bad(1)\n"),
    "a silenced criterion": Row(
        BEFORE, BEFORE.replace("plain(rows)", "bad(rows)  # themis: ignore[security] a test", 1), [], []
    ),
    "other criteria only": Row(
        BEFORE, BEFORE.replace("plain", "bad", 1), [], [], config='criteria = ["readability"]'
    ),
    "another language": Row("nothing\n", "bad\n", name="a.txt"),
}  # fmt: skip


def told(editor: Editor, uri: str, diagnostics: Sequence[lsp.Diagnostic]) -> list[str]:
    """Diagnostics with columns in code points, whatever the client counts."""
    rows = editor.texts[uri].replace("\r\n", "\n").split("\n")

    def points(position: lsp.Position) -> int:
        row = rows[position.line]
        return next(at for at in range(len(row) + 1) if editor.position(row, at).character == position.character)

    assert {d.severity for d in diagnostics} <= {lsp.DiagnosticSeverity.Information}
    places = sorted((d.range.start.line, points(d.range.start), points(d.range.end), str(d.code)) for d in diagnostics)
    return [f"{line}:{first}-{last} {code}" for line, first, last, code in places]


async def check(folder: Path, encoding: str, pulls: bool) -> None:
    """Every row in a folder of its own, typed into one editor."""
    repo = Repo.make(folder / "repo")
    for name, row in ROWS.items():
        repo.write(f"{name}/{row.name}", row.before)
        repo.write(f"{name}/themis.toml", row.config)
    repo.commit()
    async with editing(repo.root, encoding=encoding, pulls=pulls) as editor:
        for name, row in ROWS.items():
            uri = editor.open(f"{name}/{row.name}")
            editor.rewrite(uri, row.after)
            found = await editor.pull(uri) if pulls else await editor.pushed(uri)
            assert told(editor, uri, found) == list(row.problems), name
            assert [f"{line} {title}" for line, title in await editor.lenses(uri)] == list(row.lenses), name
        assert editor.client.messages == []


@pytest.mark.parametrize("pulls", [True, False], ids=["pulled", "pushed"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_every_kind_of_client_is_shown_the_same(encoding: str, pulls: bool, tmp_path: Path) -> None:
    await check(tmp_path, encoding, pulls)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py=BEFORE)
    return repo


async def test_diagnostics_are_pulled_or_pushed_and_never_both(repo: Repo) -> None:
    repo.write("a.py", BEFORE.replace("plain", "bad"))
    for pulls in (True, False):
        async with editing(repo.root, pulls=pulls) as editor:
            uri = editor.open("a.py")
            if not pulls:
                assert len(await editor.pushed(uri)) == 2
            assert await editor.hover(uri, 1)  # it has been judged
            assert (uri in editor.published) is not pulls
            assert (editor.offered.diagnostic_provider is not None) is pulls
            assert str(editor.offered.position_encoding) == "utf-16"


async def test_what_a_person_reads_on_a_changed_line(repo: Repo) -> None:
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        editor.replace(uri, "plain", "mixed")
        editor.replace(uri, "def g", "def fresh():\n    return 1\n\n\ndef g")
        text = await editor.hover(uri, 1)
        for words in (
            "`f` compared with HEAD (",
            "| **security** | 99 % | 1 % | <1 % | **very likely worse** |",
            "| correctness | 4 % | 85 % | 11 % | not sure enough |",
            "Line 2 weighs most for security:\n\n```diff\n- return plain(rows)\n+ return mixed(rows)\n```",
            "A trade-off: better for readability, worse for security.",
            "Of 100 edits the model rates like this one, about ",
            "Not judged in this file: `fresh` (new code has no before to compare with).",
        ):
            assert words in text
        order = [
            "**Very likely worse for security (99 %) ·",
            "weighs most",
            "A trade-off",
            "| **security** |",
            "**Themis**",
        ]
        assert [text.find(words) for words in order] == sorted(text.find(words) for words in order)
        assert text.startswith(order[0])
        assert await editor.hover(uri, 0) == text
        assert await editor.hover(uri, 2) == ""
        assert (
            await editor.hover(uri, 4) == "**Themis** · `fresh` is not judged: new code has no before to compare with"
        )
        assert await editor.hover(uri, 99) == ""


@pytest.mark.parametrize(
    ("before", "after", "line", "title", "want"),
    [
        ("def f():\n    plain(1)\n", "def f():\n    bad(1)\n", 1, "Put the old line back", None),
        ("def f():\r\n    plain(1)\r\n", "def f():\r\n    bad(1)\r\n", 1, "Put the old line back", None),
        ("def f():\n    plain(1)", "def f():\n    bad(1)", 1, "Put the old line back", None),
        ("def f():\n    go()\n    good(1)\n", "def f():\n    go()\n", 1, "Put the old line back", None),
        ("def f():\n    go()\n    good(1)", "def f():\n    go()", 1, "Put the old line back", None),
        ("def f():\n    go()\n", "def f():\n    go()\n    bad(1)\n", 2, "Take the new line out", None),
        ("def f():\n    go()\n", "def f():\n    go()\n    bad(1)", 2, "Take the new line out", None),
        (
            "def f(a):\n    x = a\n    y = plain(x)\n    return y\n",
            "def f(a):\n    z = bad(a, a)\n    q = bad(z, z)\n    return y\n", 1, "Put the 2 old lines back", None,
        ),
        (
            "def f(a):\n    one(a)\n    two(a)\n    same(a)\n    three(a)\n",
            "def f(a):\n    bad(a)\n    two(a)\n    same(a)\n    bad(3)\n", 4, "Put all of f back", None,
        ),
        (
            "def f():\n    plain(1)\n", "def f():\n    bad(1)\n", 1, "Ignore security here, and say why",
            "def f():\n    # themis: ignore[security] say why this is fine\n    bad(1)\n",
        ),
        (
            "def f():\n    return '''\n    plain\n'''\n", "def f():\n    return '''\n    bad\n'''\n", 2, "", None,
        ),
        (
            "x = [\n    plain(1),\n]\n", "x = [\n    bad(1),\n]\n", 1, "Ignore security here, and say why",
            "x = [\n    # themis: ignore[security] say why this is fine\n    bad(1),\n]\n",
        ),
    ],
)  # fmt: skip
async def test_what_can_be_done(
    before: str, after: str, line: int, title: str, want: str | None, tmp_path: Path
) -> None:
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py=before)
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        editor.rewrite(uri, after)
        actions = await editor.actions(uri, line)
        assert {"Explain security", "Copy the verdict on security"} <= actions.keys()
        if not title:
            assert "Ignore security here, and say why" not in actions
            return
        assert title in actions, list(actions)
        assert editor.apply(actions[title]).splitlines() == (want or before).splitlines()
        assert await editor.pull(uri) == []
        assert await editor.server_text(uri) == editor.texts[uri]


async def test_the_base_follows_a_commit_without_being_told(repo: Repo) -> None:
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        editor.replace(uri, "plain", "bad")
        assert len(await editor.pull(uri)) == 1
        repo.commit(a_py=editor.texts[uri])
        assert await editor.lenses(uri) == []  # any request will do
        await editor.until(lambda: editor.client.diagnostic_refresh_count)
        assert await editor.pull(uri) == []


@pytest.mark.parametrize("event", ["save", "hover"])
async def test_pushed_diagnostics_of_every_document_follow_a_commit(event: str, repo: Repo) -> None:
    repo.commit(b_py=BEFORE)
    async with editing(repo.root, pulls=False) as editor:
        uris = [editor.open(name) for name in ("a.py", "b.py")]
        for uri in uris:
            editor.replace(uri, "plain", "bad")
            assert len(await editor.pushed(uri)) == 1
        repo.commit(a_py=editor.texts[uris[0]], b_py=editor.texts[uris[1]])
        if event == "save":
            editor.save(uris[0])
        else:
            await editor.hover(uris[0], 0)
        await editor.until(lambda: not any(editor.published[uri].diagnostics for uri in uris))


async def test_the_base_is_the_merge_base_with_a_configured_branch(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit(a_py=BEFORE.replace("plain", "bad", 1))
    async with editing(repo.root, settings={"base": "main"}) as editor:
        uri = editor.open("a.py")
        assert len(await editor.pull(uri)) == 1
        assert "compared with the merge-base with main (" in await editor.hover(uri, 1)


@pytest.mark.parametrize(("name", "language"), [("untitled:Untitled-1", "python"), ("loose.py", "python")])
async def test_without_git_the_base_is_the_text_as_it_was_opened(name: str, language: str, tmp_path: Path) -> None:
    async with editing(tmp_path) as editor:
        uri = editor.open(name, BEFORE, language)
        assert await editor.pull(uri) == []
        editor.replace(uri, "plain", "bad")
        assert len(await editor.pull(uri)) == 1
        assert "compared with the text as it was opened" in await editor.hover(uri, 1)
        editor.close(uri)
        editor.open(name, editor.texts[uri], language)
        assert await editor.pull(uri) == []


async def test_untracked_files_are_new_code(repo: Repo) -> None:
    repo.write("new.py", BEFORE.replace("plain", "bad"))
    async with editing(repo.root) as editor:
        uri = editor.open("new.py")
        assert await editor.pull(uri) == []
        editor.replace(uri, "bad", "bad, bad")
        assert await editor.pull(uri) == []
        assert "is not judged: new code" in await editor.hover(uri, 0)


async def test_hints_do_not_flicker_while_code_is_half_typed(repo: Repo) -> None:
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        editor.replace(uri, "return plain(rows)\n\n\ndef g(rows):\n    return plain(rows)",
                       "return bad(rows)\n\n\ndef g(rows):\n    return bad(rows)")  # fmt: skip
        assert told(editor, uri, await editor.pull(uri)) == ["1:4-20 security_hardness", "5:4-20 security_hardness"]
        for typed in ("x = call(", "if rows[", "'''", "class "):
            editor.replace(uri, "def f(rows):\n", f"def f(rows):\n    {typed}\n")
            assert told(editor, uri, await editor.pull(uri)) == ["2:4-20 security_hardness", "6:4-20 security_hardness"]
            editor.replace(uri, f"    {typed}\n", "")
        assert told(editor, uri, await editor.pull(uri)) == ["1:4-20 security_hardness", "5:4-20 security_hardness"]
        editor.replace(uri, "    return bad(rows)\n", "    return plain(\n")
        assert told(editor, uri, await editor.pull(uri)) == ["5:4-20 security_hardness"]


async def test_settings_change_under_way(repo: Repo) -> None:
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        editor.replace(uri, "plain", "bad")
        assert len(await editor.pull(uri)) == 1
        editor.client.set_configuration({"themis": {"criteria": ["memory"], "inlayHints": True}})
        editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(None))
        await editor.pull_until(uri, 0)
        repo.write("themis.toml", 'criteria = ["security"]\n')
        editor.client.set_configuration({"themis": {"inlayHints": True}})
        editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(None))
        await editor.pull_until(uri, 1)
        whole = lsp.Range(lsp.Position(0, 0), lsp.Position(99, 0))
        hints = await editor.client.text_document_inlay_hint_async(
            lsp.InlayHintParams(lsp.TextDocumentIdentifier(uri), whole)
        )
        assert [(hint.position.line, hint.label) for hint in hints or ()] == [(1, WORSE)]


async def test_every_folder_has_its_own_repository_and_settings(tmp_path: Path) -> None:
    for name in ("one", "two"):
        Repo.make(tmp_path / name).commit(a_py=BEFORE)
    (tmp_path / "two" / "themis.toml").write_text('criteria = ["memory"]\n')
    async with editing(tmp_path, folders=["one", "two"]) as editor:
        uris = [editor.open(f"{name}/a.py") for name in ("one", "two")]
        for uri in uris:
            editor.replace(uri, "plain", "bad")
        assert [len(await editor.pull(uri)) for uri in uris] == [1, 0]


async def test_a_whole_branch_is_reviewed_into_the_problems_list(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit(a_py=BEFORE.replace("plain", "bad"), b_py=BEFORE)
    repo.write("b.py", BEFORE.replace("plain", "bad"))
    repo.git("branch", "--quiet", "elsewhere")
    async with editing(repo.root) as editor:
        opened = editor.open("b.py")
        outcome = await editor.execute("themis.reviewWorkspace", {"base": "main"})
        assert outcome == {"base": "main", "scored": 2, "findings": 2, "files": 1}
        uri = editor.uri("a.py")
        assert len(editor.published[uri].diagnostics) == 2
        assert opened not in editor.published
        reports = [type(p).__name__ for ps in editor.client.progress_reports.values() for p in ps]
        assert (reports[0], reports[-1]) == ("WorkDoneProgressBegin", "WorkDoneProgressEnd")
        editor.open("a.py")
        await editor.until(lambda: not editor.published[uri].diagnostics)
        assert len(await editor.pull(uri)) == 2  # compared with the branch, as long as the review stands
        await editor.execute("themis.clearReview")
        assert await editor.pull(uri) == []


async def test_a_branch_is_reviewed_with_what_is_not_saved_yet(repo: Repo) -> None:
    repo.commit(b_py=BEFORE, c_py=BEFORE)
    for name in ("a.py", "b.py"):
        repo.write(name, BEFORE.replace("plain", "bad", 1))
    async with editing(repo.root) as editor:
        uri, unchanged, foreign = editor.open("a.py"), editor.open("c.py"), (repo.root.parent / "x.py").as_uri()
        editor.open(foreign, BEFORE)
        assert (await editor.execute("themis.reviewWorkspace"))["findings"] == 2
        editor.replace(uri, "plain", "bad")
        assert (await editor.execute("themis.reviewWorkspace"))["findings"] == 3
        editor.rewrite(uri, BEFORE)
        assert (await editor.execute("themis.reviewWorkspace"))["findings"] == 1
        editor.rewrite(unchanged, BEFORE.replace("plain", "bad", 1))
        assert (await editor.execute("themis.reviewWorkspace"))["findings"] == 2


async def test_a_named_defect_is_explained(repo: Repo) -> None:
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        editor.replace(uri, "plain", "query")
        (found,) = await editor.pull(uri)
        assert found.message == f"V{WORSE[1:]}: SQL built by concatenation"
        assert found.code_description
        assert found.code_description.href.endswith("sql-injection.md")
        assert "**SQL built by concatenation** (CWE-89): Text from outside" in await editor.hover(uri, 1)
        page = await editor.execute("themis.explain", {"defect": "sql-injection"})
        assert page["markdown"].startswith("# SQL built by concatenation\n\nText from outside")


async def test_commands_give_text_to_show_and_to_copy(repo: Repo) -> None:
    async with editing(repo.root) as editor:
        uri = editor.open("a.py")
        editor.replace(uri, "plain", "bad")
        copy = (await editor.actions(uri, 1))["Copy the verdict on security"]
        assert isinstance(copy, lsp.Command | lsp.CodeAction)
        explained = await editor.execute("themis.explain", {"uri": uri, "line": 1})
        assert "| **security** |" in explained["markdown"]
        assert (
            "Whether the code became harder"
            in (await editor.execute("themis.explain", {"criterion": "security"}))["text"]
        )
        assert await editor.execute("themis.explain", {"uri": uri, "line": 5}) is None
