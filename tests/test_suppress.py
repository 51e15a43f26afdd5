"""Suppressions: which comments are some, what they cover, and what is wrong with them."""

import time

import pytest

from themis_lsp.suppress import Lines, Suppression, Unused, added, decide, suppressions
from themis_model.criterion import Criterion
from themis_model.encode import Hunk

SECURITY, READABILITY = Criterion.SECURITY_HARDNESS, Criterion.READABILITY_MAINTAINABILITY
MEMORY = Criterion.MEMORY_EFFICIENCY
NO_REASON = "it gives no reason: write themis: ignore[security] and the reason"
NO_CRITERION = "it names no criterion: write themis: ignore[security] and the reason"


def one(line: int, last: int, *criteria: Criterion, reason: str = "why", problems: tuple[str, ...] = ()) -> Suppression:
    return Suppression(line, Lines(line, last), criteria, reason, problems)


def check(language: str, text: str, *want: Suppression) -> None:
    assert suppressions(text.split("\n"), language) == want


@pytest.mark.parametrize(
    ("language", "text", "want"),
    [
        # Where it may stand.
        ("python", "x = 1  # themis: ignore[security] why", [one(1, 1, SECURITY)]),
        ("python", "a\n    # themis: ignore[security] why\n    x = 1", [one(2, 3, SECURITY)]),
        ("ruby", "#themis:ignore [security] why", [one(1, 2, SECURITY)]),
        ("go", "x := 1 // themis: ignore[security] why", [one(1, 1, SECURITY)]),
        ("c", "/* themis: ignore[security] why */", [one(1, 2, SECURITY)]),
        ("java", "/**\n * themis: ignore[security] why\n */", [one(2, 3, SECURITY)]),
        ("cpp", "*p = 1; // themis: ignore[security] why", [one(1, 1, SECURITY)]),
        ("python", "x = 1  # noqa: S1  # themis: ignore[security] why", [one(1, 1, SECURITY)]),
        (
            "python",
            "# themis: ignore[security] why\n# themis: ignore[memory] why\nx = 1",
            [one(1, 3, SECURITY), one(2, 3, MEMORY)],
        ),
        # What it may say.
        ("c_sharp", "//themis: ignore[ security,readability_maintainability ] why", [one(1, 2, SECURITY, READABILITY)]),
        ("python", "# themis: ignore[security] - a: b - c", [one(1, 2, SECURITY, reason="a: b - c")]),
        ("python", "# themis: ignore[security, security] why", [one(1, 2, SECURITY)]),
        # What is not one.
        ("python", "x = '# themis: ignore[security] why'", []),
        ("python", 'x = "a \\" # themis: ignore[security] why"', []),
        ("javascript", "x = `// themis: ignore[security] why`", []),
        ("python", "// themis: ignore[security] why", []),
        ("java", "# themis: ignore[security] why", []),
        ("python", "# write themis: ignore[security] why", []),
        ("python", "# themis: ignored by all", []),
        ("python", "# themis: ignore-file", []),
        ("python", "themis: ignore[security] why", []),
        # Strings and apostrophes before it.
        ("python", "x = '#' + \"'\"  # themis: ignore[security] why", [one(1, 1, SECURITY)]),
        ("javascript", "x = /'/ // themis: ignore[security] why", [one(1, 1, SECURITY)]),
        ("python", "x = '\\\\'  # themis: ignore[security] why", [one(1, 1, SECURITY)]),
        # What is wrong with it.
        ("python", "# themis: ignore", [one(1, 2, reason="", problems=(NO_CRITERION,))]),
        ("python", "# themis: ignore all of it", [one(1, 2, reason="", problems=(NO_CRITERION,))]),
        ("python", "# themis: ignore[security why", [one(1, 2, reason="", problems=(NO_CRITERION,))]),
        ("python", "# themis: ignore[] why", [one(1, 2, problems=(NO_CRITERION,))]),
        ("python", "# themis: ignore[security]", [one(1, 2, SECURITY, reason="", problems=(NO_REASON,))]),
        (
            "python",
            "# themis: ignore[memory, security]",
            [one(1, 2, MEMORY, SECURITY, reason="", problems=(NO_REASON.replace("security", "memory, security"),))],
        ),
        *(
            ("python", f"# themis: ignore[security] {none}", [one(1, 2, SECURITY, reason="", problems=(NO_REASON,))])
            for none in ("say why this is fine", "# noqa: S1", "// no", "...", "- :")
        ),
        ("python", "# themis: ignore[security] 理由", [one(1, 2, SECURITY, reason="理由")]),
        ("python", "# themis: ignore[]", [one(1, 2, reason="", problems=(NO_CRITERION,))]),
        ("go", "/* themis: ignore[security] */", [one(1, 2, SECURITY, reason="", problems=(NO_REASON,))]),
        (
            "python",
            "# themis: ignore[securty, memory] why",
            [one(1, 2, MEMORY, problems=("unknown criterion 'securty', did you mean security?",))],
        ),
        (
            "python",
            "# themis: ignore[memory,memory,memory,memory,memory,security] why",
            [one(1, 2, MEMORY, problems=("it names more criteria than there are",))],
        ),
    ],
)
def test_reads(language: str, text: str, want: list[Suppression]) -> None:
    check(language, text, *want)


FOUND = (one(4, 5, SECURITY), one(9, 9, SECURITY, READABILITY), one(40, 41, SECURITY))


@pytest.mark.parametrize(
    ("findings", "suppressed", "unused"),
    [
        ([(SECURITY, [(5, 5)])], [0], [(1, SECURITY), (1, READABILITY)]),
        ([(SECURITY, [(1, 2), (9, 20)])], [1], [(0, SECURITY), (1, READABILITY)]),
        ([(READABILITY, [(5, 5)])], [None], [(0, SECURITY), (1, SECURITY), (1, READABILITY)]),
        (
            [(SECURITY, [(1, 3)]), (SECURITY, [(6, 8), (10, 12)])],
            [None, None],
            [(0, SECURITY), (1, SECURITY), (1, READABILITY)],
        ),
        ([(SECURITY, [(5, 9)]), (READABILITY, [(9, 9)])], [0, 1], [(1, SECURITY)]),
        ([], [], [(0, SECURITY), (1, SECURITY), (1, READABILITY)]),
    ],
)
def test_decides(
    findings: list[tuple[Criterion, list[tuple[int, int]]]],
    suppressed: list[int | None],
    unused: list[tuple[int, Criterion]],
) -> None:
    outcome = decide(FOUND, findings, changed=[(1, 12)])
    assert outcome.suppressed == tuple(None if index is None else FOUND[index] for index in suppressed)
    assert outcome.unused == tuple(Unused(FOUND[index], criterion) for index, criterion in unused)


def test_what_the_model_cannot_speak_of_is_not_called_unused() -> None:
    outcome = decide(FOUND, [], changed=[(9, 9)], speaking=[SECURITY])
    assert outcome.unused == (Unused(FOUND[1], SECURITY),)


def test_added_suppressions_are_told_from_kept_ones() -> None:
    old = [one(1, 1, SECURITY), one(2, 2, SECURITY, reason="other"), one(9, 9, SECURITY)]
    kept, twice, changed = one(1, 1, SECURITY), one(2, 2, SECURITY), one(3, 3, SECURITY, MEMORY)
    elsewhere, untouched = one(7, 7, SECURITY, reason="other"), one(10, 10, SECURITY)
    hunks = [Hunk(0, 2, 0, 3), Hunk(6, 6, 6, 7)]
    assert added(old, [kept, twice, changed, elsewhere, untouched], hunks) == (twice, changed, elsewhere)


@pytest.mark.parametrize("start", ["themis: ", "# themis: ignore["])
@pytest.mark.parametrize("piece", ["# themis: ignored", "# themis: ignore[", "\\'", "\\", " ", "#", "a,", "themis:"])
def test_no_line_takes_long(start: str, piece: str) -> None:
    line = start + piece * (100_000 // len(piece))
    began = time.process_time()
    suppressions([line], "python")
    suppressions([line], "java")
    assert time.process_time() - began < 0.5
