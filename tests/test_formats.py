"""Formats for other tools, each held against what its reader accepts, and pages that nothing foreign gets into."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from tests.test_report import BASE, HOSTILE, MD5, NO_DATA, TRADED, WORDS, reported, written
from themis_cli.report import Detail, Report
from themis_cli.report.chart import by_criterion
from themis_cli.report.place import columns, uri, utf8, utf16
from themis_cli.report.rules import rule
from themis_lsp.change import FileChange
from themis_lsp.edits import edits_of
from themis_lsp.finding import Excerpt, WeighedLines
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.calibrate import Calibration, State, Threshold
from themis_model.criterion import CRITERIA
from themis_model.fake import FakeScorer
from themis_model.reason import reason, reasons

SARIF = json.loads(Path(__file__).with_name("sarif.schema.json").read_text("utf-8"))
SILENCED = MD5.replace("strip()", "strip()  # themis: ignore[security] public")

LINES = {"type": "object", "additionalProperties": False, "required": ["begin"]}
GITLAB = {  # "Code Quality report format" in GitLab's documentation
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "additionalProperties": False,
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\.?/)"},
                    "lines": {**LINES, "properties": {"begin": {"minimum": 1}, "end": {"minimum": 1}}},
                },
            },
        },
    },
}
POSITION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["line"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
LEVEL = {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]}
RDJSON = {  # DiagnosticResult of reviewdog's proto/rdf
    "type": "object",
    "additionalProperties": False,
    "required": ["source", "diagnostics"],
    "properties": {
        "source": {"type": "object", "additionalProperties": False, "properties": {"name": {"type": "string"}}},
        "severity": LEVEL,
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["message", "location"],
                "properties": {
                    "message": {"type": "string", "minLength": 1},
                    "severity": LEVEL,
                    "code": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"value": {"minLength": 1}},
                    },
                    "location": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["path", "range"],
                        "properties": {
                            "path": {"type": "string"},
                            "range": {
                                "type": "object",
                                "additionalProperties": False,
                                "required": ["start"],
                                "properties": {"start": POSITION, "end": POSITION},
                            },
                        },
                    },
                },
            },
        },
    },
}
SCHEMAS: dict[str, Any] = {"sarif": SARIF, "gitlab": GITLAB, "rdjson": RDJSON}

REPORTS = {
    "nothing": reported(),
    "everything": reported(MD5, HOSTILE, TRADED, SILENCED, "# note\n" + BASE, BASE + "def f():\n    pass\n", skips=2),
    "silent": reported(MD5, silent=NO_DATA),
    "on request": reported(BASE.replace("plain", "maybe"), settings=Settings(min_confidence=0.1)),
    "several lines": reported(MD5.replace("    seed = data.strip()\n", "    seed = md5(data)\n    more = 1\n")),
}


def odd(path: str = "a b/ü:#.py", body: str = MD5, *, defect: str | None = None, baseline: str = "") -> Report:
    """A review of one file whose name or text asks for trouble."""
    scorer = FakeScorer(WORDS, Calibration.speaking(), {"md5": defect} if defect else None)
    outcome = review(edits_of([FileChange(path, BASE, body)]), scorer, Settings(), baseline={baseline})
    return Report(outcome, scorer.info, "4be1c0de" * 5, "index")


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_programs_get_what_their_schema_describes(name: str, report: Report) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    text = written(report, name)
    Draft202012Validator(SCHEMAS[name]).validate(json.loads(text))
    assert text.isascii()


def sarif(report: Report) -> dict[str, Any]:
    (run,) = json.loads(written(report, "sarif"))["runs"]
    return dict(run)


def test_sarif_points_at_its_rules() -> None:
    run = sarif(odd(defect="weak-hash"))
    rules = run["tool"]["driver"]["rules"]
    (result,) = run["results"]
    named = rules[result["ruleIndex"]]
    assert [r["id"] for r in rules] == [*CRITERIA, "weak-hash"]
    assert named["id"] == result["ruleId"] == "weak-hash"
    assert named["properties"]["tags"] == ["security", "external/cwe/cwe-328"]
    assert "```reason" not in named["help"]["markdown"]
    assert "precision" not in named["properties"], "this model was never measured"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b/%C3%BC%3A%23.py"},
        "region": {"startLine": 3, "endLine": 3, "startColumn": 5, "endColumn": 21},
    }


@pytest.mark.parametrize(
    ("precision", "judged", "word"),
    [(0.97, 9, "very-high"), (0.91, 9, "high"), (0.7, 9, "medium"), (0.3, 9, "low"), (0.97, 0, None)],
)
def test_sarif_gives_the_precision_that_was_measured(precision: float, judged: int, word: str | None) -> None:
    speaks = Calibration.speaking()
    limit = Threshold(0.8, precision=precision, judged=judged)
    curves = {criterion: replace(curve, worse=limit) for criterion, curve in speaks.curves.items()}
    report = odd()
    measured = replace(report, model=replace(report.model, calibration=Calibration(speaks.mix, curves)))
    rules = sarif(measured)["tool"]["driver"]["rules"]
    assert {rule["properties"].get("precision") for rule in rules} == {word}


def test_sarif_tells_what_is_silenced_and_by_whom() -> None:
    fingerprint = odd().review.findings[0].fingerprint
    unexplained = SILENCED.replace(" public", "")
    told = [
        sarif(report)["results"] for report in (odd(body=SILENCED), odd(baseline=fingerprint), odd(body=unexplained))
    ]
    assert [[one["suppressions"] for one in results] for results in told] == [
        [[{"kind": "inSource", "status": "accepted", "justification": "public"}]],
        [[{"kind": "external", "status": "accepted"}]],
        [[{"kind": "inSource", "status": "underReview"}]],
    ]
    assert told[1][0]["partialFingerprints"] == {
        "primaryLocationLineHash": f"{fingerprint}:1",
        "themis/v1": fingerprint,
    }


def test_sarif_has_no_more_results_than_github_reads() -> None:
    one = odd().review
    many = Report(type(one)(one.findings * 5003, one.verdicts, one.coverage), odd().model, "base", "head")
    run = sarif(many)
    assert len(run["results"]) == 5000
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("3 more findings")


# first and last line, added lines, columns in UTF-8 bytes, columns in UTF-16 units
PLACES = [
    ((1, 1), ("x = 1",), (1, 6), (1, 6)),
    ((1, 1), ("\tü = '𐐀'  ",), (2, 13), (2, 10)),
    ((3, 4), ("  if x:", "    y()"), (3, 8), (3, 8)),
    ((3, 3), (), None, None),
    ((3, 9), ("a", "b"), None, None),
    ((3, 3), ("   ",), None, None),
]


@pytest.mark.parametrize(("lines", "added", "in_bytes", "in_units"), PLACES)
def test_columns(
    lines: tuple[int, int], added: tuple[str, ...], in_bytes: tuple[int, int], in_units: tuple[int, int]
) -> None:
    excerpt = Excerpt(WeighedLines(*lines, 1.0), (), added)
    assert (columns(excerpt, utf8), columns(excerpt, utf16)) == (in_bytes, in_units)


@pytest.mark.parametrize(
    ("path", "told"), [("a/b.py", "a/b.py"), ("a b%.py", "a%20b%25.py"), ("x\udcff.py", "x%FF.py"), ("a:b", "a%3Ab")]
)
def test_uri(path: str, told: str) -> None:
    assert uri(path) == told


def test_every_reason_is_a_rule_whose_help_is_plain_markdown() -> None:
    for name in reasons():
        told = rule(name)
        assert told.instead, name
        assert not re.search(r"^```(?:reason|expect)|^# ", told.help, re.MULTILINE), name
        assert told.help.count("Before") >= 1, name


def test_annotations_stop_where_github_stops_showing_them() -> None:
    report = reported(*[MD5] * 12, SILENCED)
    lines = written(report, "github").splitlines()
    assert len([line for line in lines if line.startswith("::warning ")]) == 10
    assert lines[0].startswith(
        "::warning file=a.py,line=3,endLine=3,col=5,endColumn=21,title=Likely worse for security::"
    )
    assert [line for line in lines if line.startswith("::notice ")] == [
        "::notice file=m.py,line=2,title=Suppression::this change adds ignore[security]: public"
    ]
    assert lines[-1] == "2 more findings: see the job summary"


def test_a_file_name_cannot_give_commands_to_a_workflow() -> None:
    (line,) = written(odd("a,b\n::stop-commands::x%.py"), "github").splitlines()
    assert line.startswith("::warning file=a%2Cb\\x0a%3A%3Astop-commands%3A%3Ax%25.py,line=3,")


NASTY = BASE.replace("plain(seed)", 'md5(seed, "````</code><script>alert(1)</script> @everyone ![x](http://e.org)")')


def test_markdown_is_one_comment_that_is_found_again() -> None:
    text = written(REPORTS["everything"], "markdown")
    assert text.startswith("<!-- themis-review -->\n### Themis: 3 regressions\n")
    assert text.count("<!-- themis-review -->") == 1
    fingerprints = [finding.fingerprint for finding in REPORTS["everything"].review.findings]
    assert sorted(re.findall(r"<!-- themis-finding (\w+) -->", text)) == sorted(fingerprints)
    assert "| `digest` in `c.py` | security 99\N{NO-BREAK SPACE}% | readability >99\N{NO-BREAK SPACE}% |" in text
    assert "#### Better now" not in text, "what is traded is not praised"
    assert "- `d.py:2` `this change adds ignore[security]: public`" in text


def test_nothing_foreign_is_markup_in_a_comment() -> None:
    text = written(odd("`<b>`|@you.py", NASTY, defect="weak-hash"), "markdown")
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    flat = [inner for token in tokens for inner in (token, *(token.children or ()))]
    html = "".join(token.content for token in flat if token.type in ("html_inline", "html_block"))
    assert set(re.findall(r"</?\w+|<!-- [\w-]+", html)) == {
        "<!-- themis-review", "<!-- themis-finding", "<details", "</details", "<summary", "</summary", "<sub", "</sub",
        "<br",
    }  # fmt: skip
    assert not [token for token in flat if token.type in ("image", "link_open")]
    assert "@everyone" not in "".join(token.content for token in flat if token.type == "text")
    assert "`` `<b>`|@you.py ``" in text


def test_a_comment_is_never_too_long() -> None:
    text = written(reported(*[MD5] * 26 * 8), "markdown")
    assert len(text) < 65_536
    assert re.search(r"\d+ more findings did not fit here", text)


class Page(HTMLParser):
    """Collects what a browser would see, and complains about tags left open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("report", [*REPORTS.values(), odd("<b>\"'&.py", NASTY)], ids=[*REPORTS, "hostile"])
def test_a_page_needs_nothing_and_runs_nothing(report: Report, detail: Detail) -> None:
    text = written(report, "html", detail)
    page = Page(text)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form", "a"}
    assert not {name for name in page.attributes if name.startswith("on")} | (page.attributes & {"src", "href"})
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "url(" not in text


# a review, its headline, what else both pages have of it, what the Markdown has
MAYBE = BASE.replace("plain", "maybe")
TOLD = [
    (reported(MAYBE, settings=Settings(min_confidence=0.1)), "1 doubt shown below the proven threshold", "digest", ""),
    (
        reported(MD5, MAYBE, BASE.replace("strip", "tidy"), settings=Settings(min_confidence=0.1)),
        "1 regression, 1 doubt shown below the proven threshold and 1 improvement", "digest", "| security | 1 |  |\n",
    ),
    (
        reported(MAYBE, settings=Settings(min_confidence=0.1), silent=dict.fromkeys(CRITERIA, State.NOT_PRECISE)),
        "1 doubt shown below the proven threshold", "digest", "",
    ),
    (odd(body=BASE.replace("    return", "".join(f"    x{n} = md5\n" for n in range(7)) + "    return")),
     "1 regression", "1 more line<", "… 1 more line\n"),
    (odd(body=MD5.replace("def digest(data)", "def digest(data, made=md5)")), "1 regression", "digest", "@@ line 3 @@"),
    (odd(body=TRADED), "1 regression", "digest", "| `digest` in `a b/ü:#.py` | security 99\N{NO-BREAK SPACE}% |"),
]  # fmt: skip


@pytest.mark.parametrize(("report", "headline", "on_page", "in_comment"), TOLD)
def test_what_both_pages_tell(report: Report, headline: str, on_page: str, in_comment: str) -> None:
    page, comment = written(report, "html"), written(report, "markdown")
    assert f"<h1>{headline}</h1>" in page
    assert f"### Themis: {headline}\n" in comment
    assert on_page in page
    assert in_comment in comment


# what the reports for people say of an improvement whose defect is known, and of one whose defect is not
MENDED = [("text", "  mended: "), ("html", "<br>mended: "), ("markdown", ", mended: ")]


@pytest.mark.parametrize(("form", "said"), MENDED)
def test_an_improvement_says_what_it_mends(form: str, said: str) -> None:
    report = reported(BASE.replace("plain", "sha256"))
    assert said not in written(report, form)
    verdicts = tuple(replace(v, mends="weak-hash") for v in report.review.verdicts)
    report = replace(report, review=replace(report.review, verdicts=verdicts))
    assert f"{said}{reason('weak-hash').title}" in written(report, form)
    assert '"mends": "weak-hash"' in written(report, "json")


def test_a_page_keeps_the_case_of_names_and_says_where_lines_are_left_out() -> None:
    scorer = FakeScorer(WORDS, Calibration.speaking())
    body = "def readAll(data):\n    one(data)\n    two(data)\n    three(data)\n"
    after = body.replace("one", "md5").replace("three", "md5")
    outcome = review(edits_of([FileChange("a.py", body, after)]), scorer, Settings())
    text = written(Report(outcome, scorer.info, "base", "head"), "html")
    assert "Line 2 in <code>readAll</code>" in text
    assert text.count('<td class="sign">⋯</td>') == 1


def test_a_chart_counts_what_is_shown_of_a_criterion_that_is_silent() -> None:
    silent = dict.fromkeys(CRITERIA, State.NOT_PRECISE)
    report = reported(MAYBE, settings=Settings(min_confidence=0.1), silent=silent)
    assert by_criterion(report).count("not precise enough") == len(CRITERIA) - 1


def test_a_page_tells_everything() -> None:
    text = written(REPORTS["everything"], "html", Detail.VERBOSE)
    told = [
        "<h1>3 regressions</h1>", "very likely worse for security", "the same edit is rated better for readability",
        "<b>md5</b>", "1 regression by comments in the code", "Everything that was not judged", "Every verdict",
    ]  # fmt: skip
    assert [words for words in told if words.lower() not in text.lower()] == []
