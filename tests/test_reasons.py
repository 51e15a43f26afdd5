"""Reason pages: what each has to have, their index in the documentation, and how ``themis explain`` shows them."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from themis_cli.demo import examples
from themis_lsp.case import Case, cases_in
from themis_lsp.change import Edit, Nature
from themis_lsp.edits import edits_of
from themis_lsp.language import grammar_of, parser_of
from themis_lsp.verdict import Direction
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder, Window
from themis_model.fake import HashTokenizer
from themis_model.reason import PAGES, Reason, page, reason, reasons
from themis_model.tokens import LANGUAGES

INDEX = Path(__file__).parent.parent / "docs" / "reasons.md"
PATH = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)
LEAST = 12  # examples in each language
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def explain(*arguments: str, folder: Path, **environment: str) -> str:
    bare = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    environ = {**bare, "PYTHONPATH": PATH, "COLUMNS": "80", **environment}
    command = [sys.executable, "-X", "utf8", "-m", "themis_cli.main", "explain", *arguments]
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, encoding="utf-8", check=True)
    return ran.stdout


def cases_of(name: str) -> tuple[Case, ...]:
    return cases_in(page(name), f"{name}.md")


@pytest.mark.parametrize("name", reasons())
def test_a_page_is_whole(name: str) -> None:
    told, text = reason(name), page(name)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", name)
    assert told.title == told.title.strip(" .")
    assert (told.cwe is not None) is (told.criterion is Criterion.SECURITY_HARDNESS)
    prose = CODE.sub("", text)
    assert not re.search("https?://", prose), "links come without a scheme"
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    titles = [case.title for case in cases_of(name)]
    assert headings == [told.title, *titles, "Instead", "When it is fine", "See also"]
    assert f"definitions/{told.cwe}.html" in prose or told.cwe is None


@pytest.mark.parametrize("name", reasons())
def test_its_examples_parse_and_make_one_thing_worse(name: str) -> None:
    assert cases_of(name)
    for case in cases_of(name):
        assert case.expected[reason(name).criterion] is Direction.WORSE
        for text in (case.change.before, case.change.after):
            assert text is not None
            grammar = grammar_of(case.change.path, text)
            assert grammar is not None
            assert not parser_of(grammar.key).parse(text.encode()).root_node.has_error, case.title
            assert max(map(len, text.splitlines())) <= 100, case.title
        natures = {edit.nature for edit in edits_of([case.change]) if isinstance(edit, Edit)}
        assert Nature.CODE in natures, case.title


@pytest.mark.parametrize("name", reasons())
def test_a_reader_can_point_at_the_defect_in_every_example(name: str) -> None:
    for case in cases_of(name):
        edits = [edit for edit in edits_of([case.change]) if isinstance(edit, Edit)]
        seen = [(w.after.text, w.before.text) for e in edits for w in _windows(e)]
        assert any(reason(name).is_visible(worse, better) for worse, better in seen), case.title


def _windows(edit: Edit) -> tuple[Window, ...]:
    return Encoder(HashTokenizer()).windows(edit.before.text, edit.after.text, edit.hunks, edit.language).windows


def test_examples_are_spread_over_languages_and_criteria_and_are_not_those_of_the_demo() -> None:
    cases = [case for name in reasons() for case in cases_of(name)]
    counted = Counter(case.language for case in cases)
    assert {language: counted[language] for language in LANGUAGES if counted[language] < LEAST} == {}
    assert {told.criterion for told in reasons().values()} == set(CRITERIA)
    everything = [*cases, *examples()]
    for told in (
        [case.change.path for case in everything],
        [case.title for case in cases],
        [text for case in everything for text in (case.change.before, case.change.after)],
        [told.title for told in reasons().values()],
        [told.cwe for told in reasons().values() if told.cwe],
    ):
        assert [text for text, count in Counter(told).items() if count > 1] == []


def index() -> Iterator[str]:
    """The lines of the documentation's index."""
    yield "# Reasons"
    yield ""
    yield "The defects Themis has a name for. Each has a page with examples, which `themis explain ID` shows as well."
    yield "Which of them a model tells, `themis doctor` says: of a name that readers would not keep it is silent."
    yield "This list is made from the pages: `pytest tests/test_reasons.py --update`."
    for criterion, group in groupby(reasons().values(), lambda told: told.criterion):
        numbered = criterion is Criterion.SECURITY_HARDNESS
        yield from ("", f"## {criterion.short.capitalize()}", "")
        yield "| reason | what happened | why it matters |" + " CWE |" * numbered
        yield "|---|---|---|" + "---|" * numbered
        for told in group:
            where = os.path.relpath(PAGES / f"{told.id}.md", INDEX.parent).replace(os.sep, "/")
            cwe = f" [{told.cwe}](https://cwe.mitre.org/data/definitions/{told.cwe}.html) |" if told.cwe else ""
            yield f"| [{told.id}]({where}) | {told.title} | {told.summary} |{cwe}"


@pytest.mark.skipif(not INDEX.parent.is_dir(), reason="the documentation is not in the source distribution")
def test_the_index_lists_every_page(pytestconfig: pytest.Config) -> None:
    lines = "".join(f"{line}\n" for line in index())
    if pytestconfig.getoption("--update"):
        INDEX.write_text(lines, "utf-8", newline="\n")
    assert INDEX.read_text("utf-8") == lines


def test_a_page_in_a_pipe_is_plain_and_80_columns_wide(tmp_path: Path) -> None:
    for told in (reason("sql-injection"), reason("missing-await")):
        out = explain(told.id, folder=tmp_path)
        assert out.startswith(f"{told.title}\n{told.id} · worse for {told.criterion.short}")
        assert "\x1b" not in out
        code = [line for case in cases_of(told.id) for line in f"{case.change.before}{case.change.after}".split("\n")]
        assert [line for line in code if line.expandtabs(4) not in out] == [], "code is whole"
        assert [line for line in out.split("\n") if line != line.rstrip()] == []
        prose = [line for line in out.split("\n") if not line.startswith(("  ", "https://"))]
        assert max(map(len, prose)) <= 80


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_page_on_a_terminal(tmp_path: Path, environment: dict[str, str], coloured: bool) -> None:
    terminal = {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm-256color"}
    out = explain("command-injection", folder=tmp_path, **{**terminal, **environment})
    assert ("\x1b[38;2;" in out) is coloured
    assert ("`--`" in out) is not coloured, "code is marked by colour, or by what marks it in the page"
    assert "\x1b]8;" in out, "links can be followed"
    rows = re.sub(r"\x1b\[[0-9;]*m", "", out).split("\n")
    assert max(len(row) for row in rows if "://" not in row) <= 80


WAYS = [
    ("CWE-22", "path-traversal"),
    ("cwe22", "path-traversal"),
    ("Off-by-One", "off-by-one"),
    ("readability", "meaningless-name"),
    ("--list", "xml-external-entity        XML that may fetch files                CWE-611"),
]


@pytest.mark.parametrize(("argument", "words"), WAYS)
def test_ways_to_ask(tmp_path: Path, argument: str, words: str) -> None:
    assert words in explain(argument, folder=tmp_path)


@pytest.mark.parametrize(("defect", "has_page"), [("weak-hash", True), (None, False), ("of-a-later-version", False)])
def test_a_finding_comes_with_the_page_of_its_defect(tmp_path: Path, defect: str | None, has_page: bool) -> None:
    finding = {
        "path": "a.py", "unit": "digest", "criterion": "security_hardness", "message": "Likely worse.",
        "delta": -2.0, "p": [0.9, 0.1, 0.0], "lines": [[2, 2, 1.0]], "defect": defect,
        "fingerprint": "0123456789abcdef",
    }  # fmt: skip
    report = {
        "schema": "themis-review/1", "base": "HEAD", "head": "work tree", "findings": [finding],
        "model": {"name": "a", "digest": "0", "graph_digest": "0"},
    }  # fmt: skip
    (tmp_path / "r.json").write_text(json.dumps(report))
    out = explain("0123", "--report", "r.json", folder=tmp_path)
    assert out.startswith("finding      Likely worse.\n")
    assert (f"\n{reason('weak-hash').title}\n" in out) is has_page
    assert ("\njudges " in out) is not has_page, "what a page says better is not said before it"
    assert "themis: ignore[security]" in out


def test_there_is_no_reason_of_another_name() -> None:
    assert isinstance(reason("weak-hash"), Reason)
    with pytest.raises(KeyError):
        reason("../reasons/weak-hash")
