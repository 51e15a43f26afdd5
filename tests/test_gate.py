"""``--fail-on``: what it fails on, what it does not, and what the review counts beside it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.repo import Repo
from tests.test_commands import BASE, WORSE, abstaining, reviewed
from themis_lsp.error import UsageError
from themis_model.criterion import Criterion


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """One committed file, made worse in the work tree."""
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py=BASE)
    repo.write("a.py", WORSE)
    return repo


DOUBT = BASE.replace("sha256", "plain")
SILENCED = WORSE.replace("(data)\n", "(data)  # themis: ignore[security] names no secret\n")
HIGH, LOW = {"min-confidence": "0.999999"}, {"min-confidence": "0.1"}
GATE = {"fail-on": "security:0.1"}
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
