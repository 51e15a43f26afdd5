"""Degradations of readability: what each makes of a few lines of ours."""

import pytest

from tests.training.degrading import changes
from themis_training.degrade.readability import OPERATORS

pytestmark = pytest.mark.training

# What the functions are about does not matter; each has what some operators look for.
FILES = {
    "python": """
MAX_PLACES = 40


class Shelf(Box):
    def label(self, titles: list[str], wide: bool) -> str:
        capacity = 25
        heading = "books of the house"
        book_count = len(titles)
        if book_count > capacity or wide:
            print(heading)
        elif self.places > MAX_PLACES:
            return heading
        is_full = book_count > self.places and len(heading) > capacity
        if is_full:
            return heading
        sides = self.owner.parts
        for title in titles:
            self.keep(title, sides, capacity)
        self.show(sides)
        return f"{heading}: {book_count}"

    def place(self, number, width):
        super().place(number)
        if number is None:
            return False
        self.total_width += width
        self.rows.append(number)
        if self.is_open and not self.full:
            self.rows.append(width)
            self.sort()
        return number == self.last

    def grade(self, number):
        if number > 90:
            return "high"
        elif number > 50:
            return "middle"
        else:
            return "low"

    def lend(self, title, reader):
        place = self.find(title)
        if place is None:
            return None
        if self.closed or (reader.late and reader.warned):
            place.mark(reader)
        return place

    def empty(self, rows):
        message = "nothing is left"
        leftovers = self.rows.copy()
        for piece in leftovers:
            self.drop(piece)
        report = self.owner.describe(self.places, rows, wide=True)
        self.owner.tell_them_all(report, message)
""",
    "javascript": """
function shelve(rows, owner) {
  const widest = measure(rows, owner, "the widest of all the rows there are");
  const limit = compute(owner, widest, rows.length, owner.preferences.limit);
  if (rows.length > owner.limit) {
    store(rows);
  } else {
    drop(rows);
  }
  owner.refresh(rows, limit);
  if (owner.isReady) {
    if (rows.every((row) => row.isKept) && limit < 90) {
      owner.finish(rows);
    }
  }
  const name = owner?.name;
  const same = name === "none";
  return same;
}
""",
    "java": """
class Shelf {
    int place(List<String> titles, String owner) {
        int placedCount = 0;
        if (titles == null || owner.isEmpty()) {
            return 0;
        }
        if (owner.startsWith("the owner") && titles.isEmpty()) {
            return 0;
        }
        if (titles.contains(owner) && titles.indexOf(owner) > 12) {
            return 0;
        }
        for (String title : titles) {
            if (title.length() > 3) {
                placedCount += 1;
            }
        }
        return placedCount;
    }
}
""",
    "c": """
static int place(struct shelf *shelf, const char *title)
{
    if (shelf->places == 0) {
        return 0;
    }
    shelf->last = title;
    shelf->count = 0;
    for (int i = 0; i < shelf->places; i++) {
        shelf->rows[i] = NULL;
    }
    return shelf->count == 3;
}
""",
}

# Kind, grammar, and the lines that go and come, as a diff shows them.
ROWS = (
    ("abbreviated-name", "python", ("-        leftovers = self.rows.copy()", "+        lftv = self.rows.copy()",
     "-        for piece in leftovers:", "+        for piece in lftv:")),
    ("initial-name", "javascript", ('-  const same = name === "none";', '+  const s = name === "none";',
     "-  return same;", "+  return s;")),
    ("singular-name", "python", ("-        for piece in leftovers:", "+        for pieces in leftovers:",
     "-            self.drop(piece)", "+            self.drop(pieces)")),
    ("other-case", "python", ("-        is_full = book_count > self.places and len(heading) > capacity",
     "+        isFull = book_count > self.places and len(heading) > capacity", "-        if is_full:",
     "+        if isFull:")),
    ("hungarian-name", "python", ("-        leftovers = self.rows.copy()",
     "+        arr_leftovers = self.rows.copy()", "-        for piece in leftovers:",
     "+        for piece in arr_leftovers:")),
    ("inline-number", "python", ("-        capacity = 25", "-        if book_count > capacity or wide:",
     "+        if book_count > 25 or wide:",
     "-        is_full = book_count > self.places and len(heading) > capacity",
     "+        is_full = book_count > self.places and len(heading) > 25",
     "-            self.keep(title, sides, capacity)", "+            self.keep(title, sides, 25)")),
    ("inline-text", "python", ('-        message = "nothing is left"',
     "-        self.owner.tell_them_all(report, message)",
     '+        self.owner.tell_them_all(report, "nothing is left")')),
    ("inline-constant", "python", ("-        elif self.places > MAX_PLACES:", "+        elif self.places > 40:")),
    ("inline-condition", "python", ("-        is_full = book_count > self.places and len(heading) > capacity",
     "+        if book_count > self.places and len(heading) > capacity:", "-        if is_full:")),
    ("repeat-expression", "python", ("-        sides = self.owner.parts",
     "-            self.keep(title, sides, capacity)", "+            self.keep(title, self.owner.parts, capacity)",
     "-        self.show(sides)", "+        self.show(self.owner.parts)")),
    ("nest-call", "python", ("-        report = self.owner.describe(self.places, rows, wide=True)",
     "+        self.owner.tell_them_all(self.owner.describe(self.places, rows, wide=True), message)",
     "-        self.owner.tell_them_all(report, message)")),
    ("nest-rest", "python", ("-        if place is None:", "+        if place is not None:",
     "+            if self.closed or (reader.late and reader.warned):", "+                place.mark(reader)",
     "+            return place", "+        else:", "-        if self.closed or (reader.late and reader.warned):",
     "-            place.mark(reader)", "-        return place")),
    ("nest-conditions", "javascript", ("-    if (rows.every((row) => row.isKept) && limit < 90) {",
     "+    if (rows.every((row) => row.isKept)) {", "+      if (limit < 90) {", "-      owner.finish(rows);",
     "+        owner.finish(rows);", "+      }")),
    ("else-after-leaving", "python", ("+        else:",
     "-        if self.closed or (reader.late and reader.warned):",
     "+            if self.closed or (reader.late and reader.warned):", "-            place.mark(reader)",
     "+                place.mark(reader)", "-        return place", "+            return place")),
    ("copy-tail", "javascript", ("+    owner.refresh(rows, limit);", "+    owner.refresh(rows, limit);",
     "-  owner.refresh(rows, limit);")),
    ("merge-guards", "java", ("-        if (titles == null || owner.isEmpty()) {", "-            return 0;",
     "-        }", '-        if (owner.startsWith("the owner") && titles.isEmpty()) {',
     '+        if (titles == null || owner.isEmpty() || (owner.startsWith("the owner") && titles.isEmpty())) {')),
    ("merge-nest", "javascript", ("-  if (owner.isReady) {",
     "-    if (rows.every((row) => row.isKept) && limit < 90) {",
     "+  if (owner.isReady && rows.every((row) => row.isKept) && limit < 90) {", "-      owner.finish(rows);",
     "+    owner.finish(rows);", "-    }")),
    ("turn-condition", "python", ("-        if book_count > capacity or wide:",
     "+        if not (book_count <= capacity and not wide):")),
    ("chain-choice", "python", ('+        return "high" if number > 90 else "middle" if number > 50 else "low"',
     "-        if number > 90:", '-            return "high"', "-        elif number > 50:",
     '-            return "middle"', "-        else:", '-            return "low"')),
    ("one-line-branch", "java", ("-        if (titles == null || owner.isEmpty()) {",
     "+        if (titles == null || owner.isEmpty()) return 0;", "-            return 0;", "-        }")),
    ("drop-parentheses", "python", ("-        if self.closed or (reader.late and reader.warned):",
     "+        if self.closed or reader.late and reader.warned:")),
    ("assign-in-condition", "python", ("-        is_full = book_count > self.places and len(heading) > capacity",
     "+        if (is_full := book_count > self.places and len(heading) > capacity):", "-        if is_full:")),
    ("join-statements", "c", ("+    shelf->last = title, shelf->count = 0;", "-    shelf->last = title;",
     "-    shelf->count = 0;")),
    ("compare-with-true", "python", ("-        if is_full:", "+        if is_full is True:")),
    ("branch-to-truth", "python", ("-        return number == self.last", "+        if number == self.last:",
     "+            return True", "+        else:", "+            return False")),
    ("choose-truth", "c", ("-    return shelf->count == 3;", "+    return shelf->count == 3 ? 1 : 0;")),
    ("negate-twice", "python", ("-        if number > 90:", "+        if not number <= 90:")),
    ("write-out-update", "java", ("-                placedCount += 1;",
     "+                placedCount = placedCount + 1;")),
    ("reverse-comparison", "python", ("-        if number > 90:", "+        if 90 < number:")),
    ("add-unreachable", "python", ("+        self.show(sides)",)),
    ("leave-anyway", "python", ("+            pass",)),
    ("add-parentheses", "python", ("-        if is_full:", "+        if (is_full):")),
    ("drop-type", "python", ("-    def label(self, titles: list[str], wide: bool) -> str:",
     "+    def label(self, titles, wide: bool) -> str:")),
    ("vaguer-type", "java", ("-    int place(List<String> titles, String owner) {",
     "+    int place(List titles, String owner) {")),
    ("concatenate-text", "python", ('-        return f"{heading}: {book_count}"',
     '+        return str(heading) + ": " + str(book_count)')),
    ("loop-by-index", "python", ("+        for i in range(len(titles)):", "-        for title in titles:",
     "+            title = titles[i]")),
    ("old-spelling", "c", ("-    shelf->count = 0;", "+    (*shelf).count = 0;")),
    ("spell-out-null-chain", "javascript", ("-  const name = owner?.name;",
     "+  const name = (owner && owner.name);")),
)  # fmt: skip

# These draw words by lot: it is enough that they find a place.
DRAWN = ("comment-out", "empty-name", "keep-unused", "leave-debug", "padded-name", "shadow-builtin")

BY_KIND = {operator.kind: operator for operator in OPERATORS}


def check(kind: str, grammar: str, expected: tuple[str, ...]) -> None:
    assert expected in changes(BY_KIND[kind], grammar, FILES[grammar])


@pytest.mark.parametrize(("kind", "grammar", "expected"), ROWS)
def test_changes_just_these_lines(kind: str, grammar: str, expected: tuple[str, ...]) -> None:
    check(kind, grammar, expected)


@pytest.mark.parametrize("kind", DRAWN)
def test_finds_a_place(kind: str) -> None:
    operator = BY_KIND[kind]
    assert any(changes(BY_KIND[kind], grammar, FILES[grammar]) for grammar in FILES if grammar in operator.finders)


def test_every_kind_is_tried() -> None:
    assert {kind for kind, _, _ in ROWS} | set(DRAWN) == set(BY_KIND)
