"""``--fail-on``: what it fails on, what it does not, and what the review counts beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.repo import Repo
from tests.test_commands import BASE, WORSE, abstaining, reviewed, worsened
from themis_cli.gate import Failure, told
from themis_cli.source import Selection
from themis_lsp.error import UsageError
from themis_lsp.verdict import Direction, Verdict
from themis_model.criterion import Criterion


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return worsened(tmp_path / "repo")


DOUBT = BASE.replace("sha256", "plain")
SILENCED = WORSE.replace("(data)\n", "(data)  # themis: ignore[security] names no secret\n")
HIGH, LOW = {"min-confidence": "0.999999"}, {"min-confidence": "0.1"}
GATE = {"fail-on": "security:0.1"}
GATED = {True: GATE, False: dict[str, str]()}
FAILED = "failed: 1 finding at or above --fail-on security:0.1"

# what is reviewed, options, exit status, what it says on standard error
GATES: list[tuple[str, dict[str, str], int, str]] = [
    (WORSE, {}, 0, ""),
    (WORSE, GATE, 1, FAILED),
    (WORSE, {"fail-on": "security:1"}, 0, ""),
    (WORSE, {"fail-on": "readability:0.1"}, 0, ""),
    (WORSE, GATE | HIGH, 1, f"{FAILED} (1 not shown, being below --min-confidence)"),
    (WORSE, GATE | LOW, 1, FAILED),
    (DOUBT, GATE, 0, ""),
    (DOUBT, GATE | LOW, 0, ""),
    (SILENCED, GATE, 0, ""),
    (SILENCED, GATE | HIGH, 0, ""),
]


@pytest.mark.parametrize(("text", "given", "code", "words"), GATES)
def test_gates(repo: Repo, text: str, given: Mapping[str, str], code: int, words: str) -> None:
    repo.write("a.py", text)
    ran = reviewed(repo, given)
    assert (ran.code, ran.err) == (code, f"{words}\n" if words else "")


def test_an_annotation_says_why_a_step_fails(repo: Repo) -> None:
    lines = {fails: reviewed(repo, gate, form="github").out.splitlines() for fails, gate in GATED.items()}
    assert lines[True][-1] == f"::error title=Themis::{FAILED}"
    assert lines[True][:-1] == lines[False]


# options, the line of what was found, in three files: one is worse, one perhaps, and in one it is silenced
COUNTED: list[tuple[dict[str, str], str]] = [
    ({}, "found     2 regressions (1 shown) · 0 improvements"),
    (LOW, "found     2 regressions (1 shown) · 1 doubt shown below the proven threshold · 0 improvements"),
    (HIGH, "found     2 regressions (0 shown) · 0 improvements"),
    (GATE | HIGH, "found     2 regressions (0 shown) · 0 improvements"),
]


@pytest.mark.parametrize(("given", "line"), COUNTED)
def test_what_is_shown_on_request_is_counted_apart(repo: Repo, given: Mapping[str, str], line: str) -> None:
    repo.commit(a_py=BASE, b_py=BASE, c_py=BASE)
    for path, text in {"a.py": WORSE, "b.py": DOUBT, "c.py": SILENCED}.items():
        repo.write(path, text)
    ran = reviewed(repo, given)
    assert line in ran.out.splitlines()
    assert ("✗" in ran.out) is ("(1 shown)" in line)
    assert ("Nothing to show: " in ran.out) is ("(0 shown)" in line)
    assert ("Nothing to show: 1 regression below --min-confidence." in ran.out) is (given == GATE | HIGH)


def test_a_gate_counts_what_is_not_shown_but_not_what_is_silenced(repo: Repo) -> None:
    repo.commit(a_py=BASE, b_py=BASE, c_py=BASE)
    repo.write("a.py", WORSE)
    repo.write("b.py", WORSE)
    repo.write("c.py", WORSE.replace("(data)\n", "(data)  # themis: ignore[security] names no secret\n"))
    ran = reviewed(repo, {"fail-on": "security:0.9", "max-findings": "1"})
    assert (ran.code, ran.err) == (1, "failed: 2 findings at or above --fail-on security:0.9\n")


COMMENT = "  # themis: ignore[security]"
BARE, REASONED = (WORSE.replace("(data)\n", f"(data){COMMENT}{reason}\n") for reason in ("", " names no secret"))
KEPT = BASE.replace("(data)\n", f"(data){COMMENT} names no secret\n")  # the comment was there, the line gets worse
KEPT_BELOW = KEPT.replace("    return", "    one(data)\n    return")
COPIED = KEPT_BELOW.replace("    one(data)", f"    md5(data){COMMENT} names no secret\n    one(data)")
MOVED = COPIED.replace(f"sha256(data){COMMENT} names no secret", "sha256(data)")
REFUSE = 'new-ignores = "refuse"\n'
NO_REASON, NEW = "ignored without a reason at a.py:2", "ignored by a comment that this change adds at a.py:2"
WAYS = {
    "work tree": Selection(),
    "index": Selection(staged=True),
    "range": Selection(["start..HEAD"]),
    "base": Selection(base="start"),
    "patch": Selection(base="start", diff_file="../the.patch"),
}
PROPOSED = ("range", "base", "patch")

# the old text, the new one, the configuration of the base, ways in, why the comment does not help
HIDDEN: list[tuple[str, str, str, Sequence[str], str]] = [
    (BASE, BARE, "", tuple(WAYS), NO_REASON),
    (KEPT.replace(" names no secret", ""), BARE, "", tuple(WAYS), NO_REASON),
    (BASE, BARE, REFUSE, tuple(WAYS), NO_REASON),
    (BASE, REASONED, "", tuple(WAYS), ""),
    (BASE, REASONED, 'new-ignores = "allow"\n', tuple(WAYS), ""),
    (BASE, REASONED, REFUSE, PROPOSED, NEW),
    (BASE, REASONED, REFUSE, ("work tree", "index"), ""),
    (KEPT, REASONED, REFUSE, tuple(WAYS), ""),
    (KEPT_BELOW, COPIED, REFUSE, PROPOSED, NEW),
    (KEPT_BELOW, MOVED, REFUSE, PROPOSED, NEW),
    (BASE, BARE.replace("    return", f"  {COMMENT} names no secret\n    return"), "", tuple(WAYS), ""),
    (BASE, REASONED.replace("    return", f"  {COMMENT}\n    return"), "", tuple(WAYS), ""),
    (KEPT, REASONED.replace("    return", f"  {COMMENT} is new\n    return"), REFUSE, tuple(WAYS), ""),
]


@pytest.mark.parametrize(
    ("before", "after", "config", "way", "why"), [(*row[:3], way, row[4]) for row in HIDDEN for way in row[3]]
)
def test_a_comment_does_not_disarm_a_gate(repo: Repo, before: str, after: str, config: str, way: str, why: str) -> None:
    repo.write("themis.toml", config)
    repo.commit(a_py=before)
    repo.git("tag", "start")
    repo.write("a.py", after)
    repo.write("../the.patch", repo.git("diff", "--", "a.py") + "\n")
    repo.git("add", "a.py")
    if way in PROPOSED:
        repo.write("themis.toml", "")  # what a change says of its own gate does not count
        repo.commit()
    ran = reviewed(repo, GATE, selection=WAYS[way])
    assert "✗" not in ran.out
    assert (ran.code, ran.err) == ((1, f"{FAILED} ({why})\n") if why else (0, ""))


def test_failures_behind_comments_are_named_by_their_reason() -> None:
    verdict = Verdict("a", "f", 1, Criterion.SECURITY_HARDNESS, Direction.WORSE, -1.0, None)
    places = [("", ""), ("bare", "a:1"), ("bare", "a:1"), ("new", "a:2"), *(("bare", f"b\n:{n}") for n in range(4))]
    failures = [Failure(verdict, why, place) for why, place in places]
    assert list(told(failures)) == ["bare at a:1, b\\x0a:0, b\\x0a:1 and 2 more", "new at a:2"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"fail-on": "memory:0.9"}, "cannot fail on memory: the model never speaks of it (no data)"),
        ({"fail-on": "security:0.9", "criteria": "readability"}, "cannot fail on security: it is not judged"),
    ],
)
def test_a_gate_that_could_never_close_is_refused(repo: Repo, given: Mapping[str, str], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        reviewed(repo, given, scorer=abstaining(Criterion.MEMORY_EFFICIENCY))
    assert words in str(refused.value)
