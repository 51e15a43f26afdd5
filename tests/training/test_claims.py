"""What commits say they improve, what was taken back, and which edits are kept for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.repo import Repo
from themis_model.criterion import CRITERIA
from themis_training.claims import Message, claims_of
from themis_training.combine import combine
from themis_training.intent import claim_of, masked, reason_of
from themis_training.mine import MineOptions, mine
from themis_training.mined import EVERY_KIND, Kind, MinedEdit, PartInfo, read_edits, write_part
from themis_training.overlap import NearDuplicates, passages, shares_passage
from themis_training.reverts import is_revert, reverted
from themis_training.shape import is_aside, tree_depth

MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software to deal in it."
FC, RE, ME, SH, RM = CRITERIA


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Fix crash on an empty basket", FC),
        ("fix: take the tax of the right country", FC),
        ("Speed up the search for a customer", RE),
        ("Plug a memory leak in the importer", ME),
        ("Fix a crash from a memory leak", ME),  # the kind of bug says more than that it is one
        ("Prevent SQL injection through the order's name", SH),
        ("Simplify the rounding of fees", RM),
        ("Add a second currency", None),
        ("Simplify and speed up the rounding", None),
        ("Simplify rounding\n\nIt also adds a currency.", None),
        ("Simplify rounding\n\n- of fees\n- of taxes\n- of tips", None),
        ("Simplify rounding and fix the label", None),
        ("Add a second currency\n\nThis makes it simpler to add a third.", None),  # only its body names it
        ("Simplify the test of fees", None),
        ("Fix crash in the benchmark", None),
        ('Revert "Speed up the search"', None),
        ("", None),
    ],
)
def test_a_message_claims_a_criterion_if_it_names_one_and_nothing_else(message: str, expected: str | None) -> None:
    assert claim_of(message) == expected


def test_masking_leaves_the_context() -> None:
    assert masked("Fix memory leak in the shop").split() == ["Fix", "\x00", "in", "the", "shop"]


@pytest.mark.parametrize(
    ("because", "expected"),
    [("It made the start slower.", RE), ("It leaks memory, and it is slower.", None), ("Not yet.", None), ("", None)],
)
def test_a_revert_may_say_what_had_become_worse(because: str, expected: str | None) -> None:
    assert reason_of(because) == expected


A, B, C, D = (letter * 40 for letter in "abcd")


@pytest.mark.parametrize(
    ("history", "expected"),  # oldest first, as people tell it
    [
        ([(A, "Round the fees up"), (B, f'Revert "Round the fees up"\n\nThis reverts commit {A}.\n\nTaxes broke.')],
         {A: (B, "Taxes broke.")}),
        ([(A, "Round the fees up (#4)"), (B, 'Revert "Round the fees up (#4)" (#5)')], {A: (B, "")}),
        ([(A, "Round the fees up"), (B, f"revert {A[:9]}: too early")], {A: (B, f"revert {A[:9]}: too early")}),
        ([(A, "Round the fees up"), (B, "Round the fees up"), (C, 'Revert "Round the fees up"')], {B: (C, "")}),
        ([(A, "Round the fees up"), (B, f"Revert it\n\nThis reverts commit {A}"),
          (C, f"Revert the revert\n\nThis reverts commit {B}.")], {B: (C, "Revert the revert")}),
        ([(A, "Tidy"), (B, 'Revert "Tidy"')], {}),  # too short a subject to be sure
        ([(A, "Round the fees up"), (B, "Revert to rounding down")], {}),
        ([(A, f"This reverts commit {B}."), (B, "Round the fees up")], {}),  # not yet there
        ([(A, "Round the fees up"), (B, f"Explain what {A} did")], {}),
    ],
)  # fmt: skip
def test_reverts_are_resolved(history: Sequence[tuple[str, str]], expected: dict[str, tuple[str, str]]) -> None:
    found = reverted(reversed(history))
    assert {commit: (revert.commit, revert.because) for commit, revert in found.items()} == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [("Revert the last one", True), ("Reverted r12", True), (f"Undo\n\nThis reverts commit {A}.", True),
     ("Back out the cache", True), ("Sort in reverse", False), ("Allow reverts of orders", False)],
)  # fmt: skip
def test_reverts_are_recognised(message: str, expected: bool) -> None:
    assert is_revert(message) is expected


@pytest.mark.parametrize(
    ("path", "text", "deep"),
    [("a.py", "", False), ("a.py", "pass", False), ("a.py", "def f():\n    return 1", True),
     ("a.c", "int f(void) { return 1; }", True), ("a.lua", "x = f(1)", False)],
)  # fmt: skip
def test_flat_units_are_known_by_their_trees(path: str, text: str, deep: bool) -> None:
    assert (tree_depth(text.split("\n"), path) >= 3) is deep


@pytest.mark.parametrize(
    ("path", "expected"),
    [("src/tests/fee.py", True), ("fee_test.go", True), ("src/FeeTest.java", True), ("spec/fee_spec.rb", True),
     ("fee.test.js", True), ("src/latest.py", False), ("src/contest/fee.py", False), ("src/fee.py", False)],
)  # fmt: skip
def test_what_serves_tests_is_known_by_its_path(path: str, expected: bool) -> None:
    assert is_aside(path) is expected


def said(repo: str) -> list[Message]:
    places = ("basket", "search", "order form", "tax table", "login", "report", "menu", "printer")
    claims = ["Fix crash in the {}", "Simplify the {}", "Speed up the {}", "Plug memory leak in the {}"]
    mentions = ["Add a test for the crash in the {}", "Simplify and speed up the {}", "Add the {}"]
    return [Message(repo, text.format(place)) for text in claims + mentions for place in places]


def test_each_claim_has_a_probability_from_other_repositories() -> None:
    messages = [message for number in range(12) for message in said(f"owner/{number}")]
    claims = claims_of(messages)
    assert claims == claims_of(messages[::-1])
    assert {message: criterion for message, (criterion, _) in claims.of.items()} == {
        message: claim for message in messages if (claim := claim_of(message.text))
    }
    probable = [p for _, p in claims.of.values()]
    assert 0.5 < min(probable) <= max(probable) <= 1
    crash = next(held for held in claims.held if held.criterion is FC)
    assert (crash.named, crash.claims) == (2 * 96, 96)
    assert crash.average_precision > 0.95
    assert crash.calibration_error < 0.1


def test_without_messages_nothing_is_claimed() -> None:
    assert claims_of([]).of == {}
    assert claims_of([Message("a/b", "Add a currency")]).of == {}


LONG = "def fee(order):\n" + "".join(f"    total += order.line({number}) * {number}\n" for number in range(12))


@pytest.mark.parametrize(
    ("other", "expected"),
    [(LONG, True), (LONG.replace("line(3)", "line(4)"), True), (LONG.replace("total", "due"), False), ("x", False)],
)
def test_near_duplicates_are_known_by_their_shingles(other: str, expected: bool) -> None:
    near = NearDuplicates()
    assert not near.has_like(LONG)
    assert near.has_like(other) is expected


@pytest.mark.parametrize(
    ("words", "expected"), [(range(3, 30), True), (range(8, 30), True), (range(9, 30), False), (range(50, 80), False)]
)
def test_thirteen_words_in_a_row_are_a_shared_passage(words: range, expected: bool) -> None:
    known = passages([" + ".join(f"word{number}" for number in range(21))])
    assert shares_passage(" * ".join(f"word{number}" for number in words), known) is expected


def edit(number: int, **changed: str) -> MinedEdit:
    columns: dict[str, Any] = {
        "repo": "a/b", "license": "MIT", "split": "test", "commit": f"{number:040}", "date": "2015-01-01",
        "message": "Add a currency", "path": "fee.py", "unit": "fee", "unit_kind": "function", "language": "python",
        "nature": "code", "kind": "ordinary", "evidence": "",
        "before": "".join(f"word{number}_{n} = call{n}({number}{n})\n" for n in range(20)),
        "after": "".join(f"word{number}_{n} = call{n}(None)\n" for n in range(20)),
    }  # fmt: skip
    columns.update(changed)
    return MinedEdit(**columns)


@pytest.mark.parametrize(
    ("edits", "kept", "left_out"),
    [
        ([edit(1), edit(2)], [("ordinary", ""), ("ordinary", "")], (0, 0, 0)),
        ([edit(1), edit(1, commit=A)], [("ordinary", "")], (1, 0, 0)),
        ([edit(1), edit(1, before=edit(1).before.replace("call3(13)", "call3(14)"))], [("ordinary", "")], (0, 1, 0)),
        ([edit(99)], [], (0, 0, 1)),
        ([edit(1, message="Fix crash", kind="claimed")], [("claimed", FC)], (0, 0, 0)),
        ([edit(1, message="Fix crash")], [("ordinary", FC)], (0, 0, 0)),
        ([edit(1, message="Fix crash", kind="claimed", path="tests/fee.py")], [], (0, 0, 0)),
        ([edit(1, message="Fix crash", path="tests/fee.py")], [("ordinary", "")], (0, 0, 0)),
        ([edit(1, message="Fix crash", kind="claimed", unit_kind="module")], [], (0, 0, 0)),
        ([edit(1, message="Remove unused code", kind="claimed", unit_kind="module")], [("claimed", RM)], (0, 0, 0)),
        ([edit(1, message="Fix crash", kind="neutral")], [("neutral", "")], (0, 0, 0)),
        ([edit(1, message="Fix crash", kind="reverted", because="It is slower.")], [("reverted", RE)], (0, 0, 0)),
        ([edit(1, message="Fix crash", kind="reverted")], [("reverted", "")], (0, 0, 0)),
    ],
)  # fmt: skip
def test_what_is_kept_and_what_it_claims(
    tmp_path: Path, edits: Sequence[MinedEdit], kept: Sequence[tuple[str, str]], left_out: tuple[int, int, int]
) -> None:
    write_part(tmp_path / "part", edits, PartInfo("", 0, 0, len(edits)))
    combined = combine([tmp_path / "part"], tmp_path / "all", [edit(99).before])
    assert [(e.kind, e.criterion) for e in read_edits([tmp_path / "all"], EVERY_KIND)] == list(kept)
    assert (combined.duplicates, combined.near, combined.benchmarked) == left_out
    assert sum(combined.counts.values()) == len(kept)


def test_readers_get_daily_edits_unless_they_ask_and_older_files_still_read(tmp_path: Path) -> None:
    write_part(tmp_path / "part", [edit(n, kind=kind) for n, kind in enumerate(Kind)], PartInfo("", 0, 0, 4))
    assert {e.kind for e in read_edits([tmp_path / "part"])} == {"neutral", "ordinary"}
    table = pq.read_table(tmp_path / "part").drop_columns(["criterion", "confidence", "reverted_by", "because"])
    assert isinstance(table, pa.Table)
    pq.write_table(table, tmp_path / "old")
    assert [(e.criterion, e.confidence) for e in read_edits([tmp_path / "old"])] == [("", 0.0)] * 2


def test_a_history_yields_claims_and_regressions(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "someone+thing")
    body = "def fee(order):\n    return order.sum * {}\n"
    messages = ["Add a currency", "Fix wrong rate of fees", "Speed up the sum of all fees", "Tell the rate"]
    repo.write("LICENSE", MIT)
    repo.commit(fee_py=body.format(0))
    for number, message in enumerate(messages, 1):
        repo.stage("fee.py", body.format(number))
        repo.git("commit", "--quiet", "--message", message, GIT_COMMITTER_DATE=f"2015-01-{number:02}T00:00:00Z")
    spoilt = repo.git("rev-parse", "HEAD")
    repo.stage("fee.py", body.format(3))
    repo.git("commit", "--quiet", "--message", f"Undo\n\nThis reverts commit {spoilt}.\n\nIt crashes.",
             GIT_COMMITTER_DATE="2015-02-01T00:00:00Z")  # fmt: skip
    report = mine([repo.root], tmp_path / "out", MineOptions(ordinary=0))
    rows = [
        (e.message, e.kind, e.criterion, " ".join(e.because.split())) for e in read_edits([report.file], EVERY_KIND)
    ]
    assert sorted(rows) == [
        ("Fix wrong rate of fees", "claimed", FC, ""),
        ("Speed up the sum of all fees", "claimed", RE, ""),
        ("Tell the rate", "reverted", FC, "Undo It crashes."),
    ]
