"""Degradations of correctness: what each makes of a few lines of ours."""

import pytest

from tests.training.degrading import changes
from themis_training.degrade.correctness import OPERATORS

pytestmark = pytest.mark.training

# What the functions are about does not matter; each has what some operators look for.
FILES = {
    "python": """
class Shelf(Box):
    def __init__(self, size, books=None):
        super().__init__(size)
        if books is None:
            books = []
        self.books = books

    def shelve(self, titles, start, end, flags):
        count = 0
        found = []
        if titles is None:
            return found
        for i in range(len(titles)):
            if i < len(titles) - 1 and not titles[i]:
                continue
            if start > count or end == count:
                found.append(titles[0])
                count += 1
            else:
                self.drop(titles[i])
        with self.lock:
            self.move(start, end)
            self.write(end, "moved")
        found.sort()
        return self.label(found, wide=True)

    async def weigh(self, parts, total):
        weight = parts[0] / total
        kind = parts if total > 1 else None
        try:
            await self.send(weight)
            self.flush(kind)
        except OSError as failure:
            self.log(failure)
            raise
        while total > 0:
            weight = weight - total
            total -= 1
        kind = kind.strip()
        if kind.startswith("a"):
            self.place(kind, self.size, 10)
            return
        self.mark = parts.get("mark", 0)
""",
    "c": """
static int copy_rows(struct table *from, struct table *to, int width, int height)
{
    int copied = 0;
    int status = open_table(to);
    if (status < 0)
        return status;
    for (int row = 0; row < height; row++) {
        if (from->cells == NULL || from->cells[row] == 0) {
            break;
        }
        copied += width * (height - width);
        switch (from->kind) {
        case 1:
            mark(to, row);
            break;
        case 2:
            clear_row(from, to);
            break;
        default:
            to->offset = row + 100;
        }
    }
    pthread_mutex_lock(&to->lock);
    to->count = copied;
    pthread_mutex_unlock(&to->lock);
    if (strcmp(from->name, to->name) == 0)
        return 0;
    return finish(to);
}
""",
    "go": """
package shelf

func Place(rows []string, limit int) (int, error) {
	file, err := Open(rows[0])
	if err != nil {
		return 0, err
	}
	if strings.Index(rows[0], "x") >= 0 {
		limit = limit - 1
	}
	part := rows[1:]
	file.Keep(limit, part)
	return len(part), nil
}
""",
    "javascript": """
function shelve(rows, owner) {
  let kept = 0;
  const label = owner?.name;
  const size = rows.size || 10;
  for (const row of rows) {
    if (row.kind === "wide") {
      kept += row.width;
    }
    store(row);
  }
  return kept;
}

function measure(box, bottom, timeout) {
  let total = 0;
  for (let i = 0; i < box.length; i++) {
    const row = box[i];
    if (!row.open) {
      skip(row);
      continue;
    }
    if (row.width > row.height) {
      total += row.width;
    }
  }
  if (bottom > 2) {
    total = bottom;
  }
  wait(box.delay, timeout);
  box.size = total * 2;
  if (total > 3) {
    if (bottom < 9) {
      box.left = bottom;
    }
  }
  return total;
}
""",
    "ruby": """
def shelve(rows, limit)
  kept = []
  return kept if rows.empty?
  rows.each do |row|
    next unless row.wide?
    kept << row
    store(row)
  end
  kept.first == limit
end
""",
}

# Kind, grammar, and the lines that go and come, as a diff shows them.
ROWS = (
    ("drop-await", "python", ("-            await self.send(weight)", "+            self.send(weight)")),
    ("move-boundary", "javascript", ("-  if (total > 3) {", "+  if (total >= 3) {")),
    ("drop-one", "go", ("-\t\tlimit = limit - 1", "+\t\tlimit = limit")),
    ("add-one", "javascript", ("-    const row = box[i];", "+    const row = box[i + 1];")),
    ("shift-start", "go", ("-\tfile, err := Open(rows[0])", "+\tfile, err := Open(rows[1])")),
    ("shift-range", "go", ("-\tpart := rows[1:]", "+\tpart := rows[2:]")),
    ("swap-logic", "python", ("-            if start > count or end == count:",
     "+            if start > count and end == count:")),
    ("swap-equality", "go", ("-\tif err != nil {", "+\tif err == nil {")),
    ("negate-condition", "javascript", ("-  if (total > 3) {", "+  if (total <= 3) {")),
    ("drop-not", "javascript", ("-    if (!row.open) {", "+    if (row.open) {")),
    ("swap-arms", "python", ("-        kind = parts if total > 1 else None",
     "+        kind = None if total > 1 else parts")),
    ("swap-unless", "ruby", ("-    next unless row.wide?", "+    next if row.wide?")),
    ("drop-operand", "python", ("-            if start > count or end == count:", "+            if end == count:")),
    ("drop-guard", "ruby", ("-  return kept if rows.empty?",)),
    ("drop-optional", "javascript", ("-  const label = owner?.name;", "+  const label = owner.name;")),
    ("drop-default", "javascript", ("-  const size = rows.size || 10;", "+  const size = rows.size;")),
    ("drop-error-check", "c", ("-    if (status < 0)", "-        return status;")),
    ("narrow-condition", "javascript", ("-    if (bottom < 9) {", "+    if (bottom < 9 && total > 0) {")),
    ("test-position", "go", ('-\tif strings.Index(rows[0], "x") >= 0 {', '+\tif strings.Index(rows[0], "x") > 0 {')),
    ("drop-return", "c", ("-    return finish(to);", "+    finish(to);")),
    ("fall-through", "python", ("-            return",)),
    ("drop-break", "c", ("-            break;",)),
    ("drop-continue", "javascript", ("-      continue;",)),
    ("drop-update", "python", ("-            total -= 1",)),
    ("drop-case", "c", ("-        default:", "-            to->offset = row + 100;")),
    ("drop-default-case", "c", ("-        default:", "-            to->offset = row + 100;")),
    ("drop-else", "python", ("-            else:", "-                self.drop(titles[i])")),
    ("count-twice", "python", ("+            total -= 1",)),
    ("end-loop-early", "ruby", ("+    break",)),
    ("return-in-loop", "javascript", ("+    return kept;",)),
    ("reset-in-loop", "javascript", ("+    total = 0;",)),
    ("drop-lock", "c", ("-    pthread_mutex_lock(&to->lock);", "-    pthread_mutex_unlock(&to->lock);")),
    ("empty-catch", "python", ("-            self.log(failure)", "-            raise", "+            pass")),
    ("drop-rethrow", "python", ("-            raise",)),
    ("wrap-in-catch", "javascript", ("+    try {", "-    store(row);", "+      store(row);", "+    } catch (e) {",
     "+    }")),
    ("ignore-error", "go", ("-\tfile, err := Open(rows[0])", "+\tfile, _ := Open(rows[0])", "-\tif err != nil {",
     "-\t\treturn 0, err", "-\t}")),
    ("return-nil-error", "go", ("-\t\treturn 0, err", "+\t\treturn 0, nil")),
    ("swap-arguments", "go", ("-\tfile.Keep(limit, part)", "+\tfile.Keep(part, limit)")),
    ("swap-unlike-arguments", "python", ('-            self.write(end, "moved")',
     '+            self.write("moved", end)')),
    ("opposite-call", "go", ("-\tfile, err := Open(rows[0])", "+\tfile, err := Create(rows[0])")),
    ("ignore-result", "python", ("-        kind = kind.strip()", "+        kind.strip()")),
    ("use-nothing", "python", ("-        found.sort()", "+        found = found.sort()")),
    ("drop-call", "python", ("-        found.sort()",)),
    ("drop-super", "python", ("-        super().__init__(size)",)),
    ("default-mutable", "python", ("-    def __init__(self, size, books=None):",
     "+    def __init__(self, size, books=[]):", "-        if books is None:", "-            books = []")),
    ("declare-again", "go", ("-\t\tlimit = limit - 1", "+\t\tlimit := limit - 1")),
    ("change-copy", "python", ("-        found.sort()", "+        list(found).sort()")),
    ("change-scale", "javascript", ("-  wait(box.delay, timeout);", "+  wait(box.delay, timeout / 1000);")),
    ("swap-arithmetic", "javascript", ("-  box.size = total * 2;", "+  box.size = total / 2;")),
    ("swap-update", "python", ("-            total -= 1", "+            total = 1")),
    ("add-instead", "javascript", ("-  box.size = total * 2;", "+  box.size += total * 2;")),
    ("swap-operands", "python", ("-            weight = weight - total", "+            weight = total - weight")),
    ("swap-variable", "c", ("-    if (status < 0)", "+    if (copied < 0)")),
    ("swap-member", "javascript", ("-      kept += row.width;", "+      kept += row.height;")),
    ("flip-flag", "python", ("-        return self.label(found, wide=True)",
     "+        return self.label(found, wide=False)")),
    ("change-number", "c", ("-        return 0;", "+        return 1;")),
    ("drop-start", "ruby", ("-  kept = []",)),
    ("drop-fraction", "python", ("-        weight = parts[0] / total", "+        weight = parts[0] // total")),
    ("loosen-equality", "javascript", ('-    if (row.kind === "wide") {', '+    if (row.kind == "wide") {')),
    ("compare-identity", "ruby", ("-  kept.first == limit", "+  kept.first.equal?(limit)")),
    ("test-comparison", "c", ("-    if (strcmp(from->name, to->name) == 0)",
     "+    if (strcmp(from->name, to->name))")),
)  # fmt: skip

# These draw words by lot: it is enough that they find a place.
DRAWN = ("share-object",)

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
