"""Reports: what people and programs get, and that nothing from a repository can steer a terminal."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console
from rich.text import Text

from themis_cli.escape import visible
from themis_cli.report import FORMATS, Detail, Report
from themis_cli.report.text import show
from themis_lsp.attribute import percent
from themis_lsp.change import FileChange, Skip
from themis_lsp.edits import edits_of
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_model.calibrate import Calibration, Curve, Mix, State, Threshold
from themis_model.criterion import CRITERIA, Criterion
from themis_model.fake import FakeScorer

WORDS: dict[str, Sequence[float]] = {
    "md5": (0, 0, 0, -4.1, 0),
    "tidy": (0, 0, 0, 0, 4),
    "sha256": (0, 0, 0, 4, 0),
    "maybe": (0, 0, 0, -1, 0),
    "likely": (0, 0, 0, -2, 0),
}
BASE = "def digest(data):\n    seed = data.strip()\n    return plain(seed)\n"
LIMIT = Threshold(0.8)
SPEAKS = Curve(State.SPEAKS, bias=-2.0, slope=2.0, worse=LIMIT, better=LIMIT)


def reported(
    *afters: str, silent: dict[Criterion, State] | None = None, settings: Settings | None = None, skips: int = 0
) -> Report:
    """A review of edits that turn ``BASE`` into each of these, in ``a.py``, ``b.py`` and so on."""
    curves = {criterion: replace(SPEAKS, state=(silent or {}).get(criterion, State.SPEAKS)) for criterion in CRITERIA}
    scorer = FakeScorer(WORDS, Calibration(Mix(), curves))
    changes = [FileChange(f"{chr(ord('a') + n)}.py", BASE, after) for n, after in enumerate(afters)]
    left_out = [Skip(f"{n}.png", None, "binary") for n in range(skips)]
    outcome = review(edits_of([*changes, *left_out]), scorer, settings or Settings())
    return Report(outcome, scorer.info, "4be1c0de" * 5, "work tree")


def written(report: Report, name: str = "text", detail: Detail = Detail.NORMAL) -> str:
    out = io.StringIO()
    FORMATS[name](report, out, detail)
    return out.getvalue()


def on_terminal(report: Report, width: int = 80, *, no_color: bool = False, detail: Detail = Detail.NORMAL) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=width, color_system="truecolor", no_color=no_color)
    show(report, console, detail)
    return out.getvalue()


MD5 = BASE.replace("plain(seed)", "md5(seed)")
NO_DATA = dict.fromkeys(CRITERIA, State.NO_DATA)
LIKELY, MAYBE = BASE.replace("plain", "likely"), BASE.replace("plain", "maybe")
TIDIED = BASE.replace("strip()", "tidy()")
TRADED = MD5.replace("strip()", "tidy()")
HOSTILE = BASE.replace("plain(seed)", "md5(seed, '\x1b[2J\u202e\u2066\x9b31m\ud800')")


def test_a_piped_report_is_plain_and_whole() -> None:
    long = f"md5(seed)  # {'long ' * 40}".rstrip()
    report = reported(
        BASE.replace("plain(seed)", long), TIDIED, "# note\n" + BASE, skips=2,
        silent={Criterion.RUNTIME_EFFICIENCY: State.NO_DATA, Criterion.MEMORY_EFFICIENCY: State.NOT_PRECISE},
    )  # fmt: skip
    assert written(report) == (
        "a.py:3  digest\n"
        "✗ very likely worse for security (99 %)\n"
        "  100%   − return plain(seed)\n"
        f"       3 + return {long}\n"
        "\n"
        "✓ better for readability  >99 %  b.py  digest\n"
        "\n"
        "found     1 regression · 1 improvement\n"
        "coverage  2 edits scored · 1 only layout · 2 not judged: binary\n"
        "silent    runtime (no data) · memory (not precise enough)\n"
        f"model     fake {report.model.digest[:8]} · none · work tree against 4be1c0de4b\n"
    )


# what is reported, words in the text report, words that are not
SAID = [
    (reported(), "Nothing changed.", "%"),
    (reported(skips=1), "Nothing was judged.", "%"),
    (reported(BASE.replace("seed", "salt")), "Nothing to report", "worse"),
    (reported(MD5, silent=NO_DATA), "Nothing to report", "%"),
    (reported(TRADED), "  trade-off: the same edit is rated better for readability (>99 %)\n", "✓"),
    (reported(TRADED), "found     1 regression · 0 improvements · 1 trade-off\n", "shown on request"),
    (reported(TRADED.replace("tidy()", "tidy()  # themis: ignore[security] public")), "silenced", "✓"),
    (
        reported(BASE.replace("plain", "maybe"), settings=Settings(min_confidence=0.1)),
        "shown on request",
        "1 regression",
    ),
    (reported(MD5, MD5, settings=Settings(max_findings=1)), "2 regressions (1 shown)", "b.py"),
    (
        reported(MD5.replace("strip()", "strip()  # themis: ignore[security] public")),
        "Nothing to report but what is silenced",
        "✗",
    ),
    (reported(*[BASE.replace("plain", "sha256")] * 9), "⋯ 1 more improvement: see --verbose", "i.py"),
    (
        reported(BASE.replace("    return", "".join(f"    x{n} = md5\n" for n in range(9)) + "    return")),
        "⋯ 4 more lines",
        "x6",
    ),
    (reported(BASE.replace("plain(seed)", "plain(")), "incomplete", "✗"),
    (reported(LIKELY, LIKELY, MAYBE), "\nunsaid    2 edits looked worse, but not surely enough, or for no", "✗"),
    (reported(LIKELY), "\nunsaid    1 edit looked worse", "✗"),
    (reported(MAYBE), "Nothing to report", "unsaid"),
    (reported(LIKELY, MD5), "\nunsaid    1 edit looked worse", "unsaid    2"),
    (reported(MD5), "✗", "unsaid"),
    (reported(LIKELY, silent=NO_DATA), "Nothing to report", "unsaid"),
    (reported(LIKELY, silent=dict.fromkeys(CRITERIA, State.NOT_PRECISE)), "Nothing to report", "unsaid"),
    (reported(LIKELY, settings=Settings(min_confidence=0.1)), "✗", "unsaid"),
]


@pytest.mark.parametrize(("report", "present", "absent"), SAID, ids=[row[1] for row in SAID])
def test_what_the_text_says(report: Report, present: str, absent: str) -> None:
    text = written(report)
    assert present in text
    assert absent not in text


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_a_trade_off_is_told_in_the_same_words_and_never_praised(name: str) -> None:
    text = written(reported(TRADED, BASE.replace("plain", "sha256")), name)
    mark = {"text": ">", "markdown": "\\>", "html": "&gt;"}[name]
    told = f"the same edit is rated better for readability ({mark}99 %)"
    assert text.count(told) == 1
    assert "but better" not in text
    _, _, praised = text.rpartition({"text": "✓ better", "markdown": "#### Better now", "html": "Better now"}[name])
    assert "b.py" in praised
    assert "a.py" not in praised


# calls that appear, one in each file, and the pages the report points at
PAGES = [
    (["md5"], ["weak-hash"], ""),
    (["md5", "md5"], ["weak-hash"], ""),
    (["md5", "rand"], ["weak-hash", "weak-random"], ""),
    (["md5", "rand", "sql", "pickle", "tls"], ["weak-hash", "weak-random", "sql-injection"], " · ⋯ 2 more"),
]


@pytest.mark.parametrize(("calls", "pages", "rest"), PAGES)
def test_every_defect_found_has_its_page_named(calls: Sequence[str], pages: Sequence[str], rest: str) -> None:
    names = {"md5": "weak-hash", "rand": "weak-random", "sql": "sql-injection",
             "pickle": "unsafe-deserialization", "tls": "certificate-check-off"}  # fmt: skip
    scorer = FakeScorer(dict.fromkeys(names, (0, 0, 0, -4, 0)), Calibration.speaking(), names)
    changes = [FileChange(f"{n}.py", BASE, BASE.replace("plain", call)) for n, call in enumerate(calls)]
    outcome = review(edits_of(changes), scorer, Settings())
    told = " · ".join(f"themis explain {page}" for page in pages) + rest
    assert f"\nmore      {told}\n" in written(Report(outcome, scorer.info, "4be1c0de" * 5, "work tree"))


def test_quiet_says_findings_alone_and_verbose_says_all() -> None:
    report = reported(MD5, BASE.replace("plain", "sha256"), skips=1)
    quiet, verbose = (written(report, detail=detail) for detail in (Detail.QUIET, Detail.VERBOSE))
    assert "a.py:3" in quiet
    assert "b.py" not in quiet
    assert "model" not in quiet
    assert "unsaid" not in written(reported(LIKELY), detail=Detail.QUIET) + written(
        reported(LIKELY), detail=Detail.VERBOSE
    )
    assert "\n0.png  not judged: binary\n" in verbose
    assert written(reported(BASE.replace("seed", "salt")), detail=Detail.QUIET) == ""


def overloads(*afters: str) -> Report:
    """Two functions of one name in two name spaces, and one of another name, in one file; and an image."""
    before = "namespace {} {{\nint f() {{ return plain(); }}\n}}\n"
    texts = [before.format(name) for name in ("one", "two")] + ["int g() {\n  return plain();\n}\n"]
    changed = [text.replace("plain()", after) for text, after in zip(texts, afters, strict=True)]
    changes: list[FileChange | Skip] = [FileChange("a.cpp", "".join(texts), "".join(changed))]
    changes.append(Skip("0.png", None, "binary"))
    silent = replace(SPEAKS, state=State.NO_DATA)
    scorer = FakeScorer(WORDS, Calibration(Mix(), {c: SPEAKS if "sec" in c.value else silent for c in CRITERIA}))
    outcome = review(edits_of(changes), scorer, Settings())
    return Report(outcome, scorer.info, "4be1c0de" * 5, "work tree")


AS_TESTS = "1 edit of test code, not judged (--tests judges them)"
UNTOLD: dict[Criterion, State] = {c: State.NO_DATA for c in CRITERIA if c is not Criterion.SECURITY_HARDNESS}

# path of an edit, criteria that never speak, settings, what is counted: scored, of test code; how the report begins
JUDGED: list[tuple[str, dict[Criterion, State], Settings, tuple[int, int], str]] = [
    ("tests/a.py", UNTOLD, Settings(), (0, 1), f"Nothing was judged: {AS_TESTS}."),
    ("tests/a.py", UNTOLD, Settings(tests=True), (1, 0), "tests/a.py:3"),
    ("a.py", UNTOLD, Settings(), (1, 0), "a.py:3"),
    ("tests/a.py", {}, Settings(), (0, 1), f"Nothing was judged: {AS_TESTS}."),
    ("tests/a.py", {}, Settings((Criterion.MEMORY_EFFICIENCY,)), (0, 1), f"Nothing was judged: {AS_TESTS}."),
    ("tests/a.py", UNTOLD, Settings((Criterion.FUNCTIONAL_CORRECTNESS,)), (0, 1), f"Nothing was judged: {AS_TESTS}."),
]  # fmt: skip


@pytest.mark.parametrize(("path", "silent", "settings", "counts", "start"), JUDGED)
def test_an_edit_of_test_code_does_not_read_as_judged(
    path: str, silent: dict[Criterion, State], settings: Settings, counts: tuple[int, int], start: str
) -> None:
    curves = {criterion: replace(SPEAKS, state=silent.get(criterion, State.SPEAKS)) for criterion in CRITERIA}
    scorer = FakeScorer(WORDS, Calibration(Mix(), curves))
    outcome = review(edits_of([FileChange(path, BASE, MD5)]), scorer, settings)
    report = Report(outcome, scorer.info, "4be1c0de" * 5, "work tree")
    assert (outcome.coverage.scored, outcome.coverage.of_tests) == counts
    assert written(report).startswith(start)
    value = json.loads(written(report, "json"))["coverage"]
    assert (value["scored"], value["of_tests"]) == counts
    for name in ("text", "markdown", "html"):
        assert ("1 edit of test code, not judged" in written(report, name)) is bool(counts[1])
        assert ("1 edit scored" in written(report, name)) is bool(counts[0])
    assert ("1 of test code" in written(report, "html")) is bool(counts[1])


# what becomes of the three functions, a line for each below the name of the file
UNITS = [
    (
        ("md5()", "sha256()", "maybe()"),
        ["     2  f  worse for security (99 %)", "     5  f  better for security (>99 %)",
         "     7  g  not sure enough (security 25 % worse)"],
    ),
    (("md5(", "plain()", "plain( )"), ["     2  f  not judged: incomplete", "     7  g  only comments"]),
    (("md5()", "md5(", "plain()"), ["     2  f  worse for security (99 %)", "     5  f  not judged: incomplete"]),
]  # fmt: skip


@pytest.mark.parametrize(("afters", "rows"), UNITS)
def test_every_unit_has_one_line_that_says_where_it_is(afters: Sequence[str], rows: Sequence[str]) -> None:
    report = overloads(*afters)
    told = written(report, detail=Detail.VERBOSE).partition("\na.cpp\n")[2].splitlines()
    found = told[: told.index("0.png  not judged: binary")]
    assert [line[: len(row)] for line, row in zip(found, rows, strict=True)] == rows
    narrow = Text.from_ansi(on_terminal(report, 40, no_color=True, detail=Detail.VERBOSE)).plain.splitlines()
    found = narrow[narrow.index("a.cpp") + 1 : narrow.index("0.png  not judged: binary")]
    assert len(found) == len(rows), "a line that is too long is cut, not wrapped"


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_no_line_wider_than_itself(width: int) -> None:
    text = on_terminal(reported(MD5.replace("seed", "検索する関数" * 30), skips=1), width, no_color=True)
    assert max(line.cell_len for line in Text.from_ansi(text).split()) <= width
    assert "…\n" in text, "code is cut, not wrapped"
    assert "━" in text


def test_colours_obey_no_color() -> None:
    report = reported(MD5, BASE.replace("plain", "sha256"))
    assert "\x1b[38;2;" in on_terminal(report)
    assert "\x1b[38" not in on_terminal(report, no_color=True)


def test_an_output_that_cannot_show_the_symbols_gets_plain_ones() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    FORMATS["text"](reported(MD5, BASE.replace("plain", "sha256")), out, Detail.NORMAL)
    out.flush()
    assert b"x very likely worse for security" in raw.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("ünïcode 検索", "ünïcode 検索"),
        ("\tx", "    x"),
        ("\x1b[31m\x07\x7f", "\\x1b[31m\\x07\\x7f"),
        ("a\u202eb\u2066c\u200bd\u2028e", "a\\u202eb\\u2066c\\u200bd\\u2028e"),
        ("\ud800\U000e0041", "\\ud800\\U000e0041"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("detail", Detail)
def test_nothing_from_a_repository_steers_a_terminal(detail: Detail) -> None:
    report = reported(HOSTILE)
    for text in (written(report, detail=detail), on_terminal(report, 200, no_color=True, detail=detail)):
        assert "\\x1b[2J\\u202e\\u2066\\x9b31m\\ud800" in text
        assert not {"\x1b[2J", "\u202e", "\u2066", "\x9b", "\ud800"} & {part for part in HOSTILE if part in text}


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.001, "<1 %"), (0.5, "50 %"), (0.994, "99 %"), (0.9999, ">99 %"), (1.0, ">99 %")],
)
def test_percent_claims_no_certainty(share: float, text: str) -> None:
    assert percent(share) == text


SCHEMA = json.loads(files("themis_cli").joinpath("report/review.schema.json").read_text("utf-8"))

REPORTS = [
    reported(),
    reported(MD5, HOSTILE, TIDIED, "# note\n" + BASE, "def new():\n    pass\n" + BASE, skips=2),
    reported(MD5, silent=NO_DATA),
    reported(BASE.replace("plain", "maybe"), settings=Settings(min_confidence=0.1)),
]


@pytest.mark.parametrize("report", REPORTS)
def test_json_follows_its_schema_and_keeps_every_bit(report: Report) -> None:
    text = written(report, "json")
    value = json.loads(text)
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(value)
    assert text.isascii()
    verdicts, findings = report.review.verdicts, report.review.findings
    assert [(row["delta"], row["p"]) for row in value["verdicts"]] == [(v.delta, v.p and [*v.p]) for v in verdicts]
    assert [row["lines"] for row in value["findings"]] == [[[*lines] for lines in f.lines] for f in findings]
    assert [row["unit"] for row in value["coverage"]["skipped"]] == [s.unit for s in report.review.coverage.skipped]
    assert (value["base"], value["head"]) == ("4be1c0de" * 5, "work tree")


@pytest.mark.parametrize(
    "spoiled",
    [
        {"schema": "themis-review/2"},
        {"extra": 1},
        {"coverage": {"scored": -1, "skipped": []}},
        {"verdicts": [{"path": "a.py"}]},
        {"findings": [{"path": "a.py"}]},
    ],
)
def test_the_schema_refuses(spoiled: dict[str, object]) -> None:
    value = json.loads(written(REPORTS[1], "json"))
    assert not Draft202012Validator(SCHEMA).is_valid(value | spoiled)
