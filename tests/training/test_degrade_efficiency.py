"""Degradations of running time and memory: what each makes of a few lines of ours."""

import pytest

from tests.training.degrading import changes
from themis_training.degrade import (
    memory,
    memory_blocks,
    memory_calls,
    runtime,
    runtime_calls,
    runtime_loops,
    runtime_values,
)

pytestmark = pytest.mark.training

# What the functions are about does not matter; each has what some operators look for.
FILES = {
    "python": """
async def total(rows, path, queue):
    wanted = path.strip()
    known = set(rows)
    for row in rows:
        if row == wanted and row in known:
            queue.popleft()
    pattern = re.compile("a+")
    for row in rows:
        pattern.match(row)
    with open(path) as stream:
        for line in stream:
            use(line)
    out, err = await asyncio.gather(read(path), write(rows))
    if any(row.late for row in rows) or path.startswith("tmp"):
        return max(rows, key=len)
    return next(x for x in sorted(rows))


def has(rows, name):
    for row in rows:
        if row == name:
            return True
    return False


def first(rows):
    done = False
    for row in rows:
        if row:
            done = True
            break
    return done


def names(rows):
    for row in rows:
        if row.name:
            yield row.name
""",
    "java": """
class Totals {
    String total(List<String> rows) throws IOException {
        int sum = 0;
        StringBuilder text = new StringBuilder();
        for (String row : rows) {
            sum += row.length();
            text.append(row);
        }
        List<String> copy = new ArrayList<>(rows.size());
        return text.toString() + sum;
    }
}
""",
    "c_sharp": """
class Totals {
    string Total(List<string> rows, string path) {
        using var reader = File.OpenText(path);
        var known = new HashSet<string>(rows);
        foreach (var row in rows) {
            if (known.Contains(row)) Use(row);
        }
        return rows.Where(x => x != path).Select(x => x.Trim()).First(x => x.Length > 2);
    }
}
""",
    "go": """
package totals

func Total(ctx context.Context, rows []string) int {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	file, err := os.Open(rows[0])
	defer file.Close()
	out := make([]string, 0, len(rows))
	if row, ok := found[rows[0]]; ok {
		out = append(out, row)
	}
	use(ctx, err, out)
	return len(out)
}
""",
    "javascript": """
async function total(rows, path) {
  const [left, right] = await Promise.all([read(path), read(rows)]);
  return rows.some(x => x > left) || rows.find(x => x > right);
}
""",
    "c": """
int total(char *path, double x) {
    char *copy = strdup(path);
    if (!*path)
        x = sqrt(x * x);
    free(copy);
    return 0;
}
""",
    "cpp": """
int total(const std::string& path, std::vector<int> rows) {
    auto box = std::make_unique<Box>(path);
    box->fill(std::move(rows));
    std::cout << path << '\\n';
    return 0;
}
""",
}

ROWS = (
    ("inline-before-loop", "python", ("-    wanted = path.strip()",
     "-        if row == wanted and row in known:", "+        if row == path.strip() and row in known:")),
    ("move-into-loop", "python", ("-    wanted = path.strip()", "+        wanted = path.strip()")),
    ("compile-inside-loop", "python", ('-    pattern = re.compile("a+")', '+        pattern = re.compile("a+")')),
    ("drop-break-after-flag", "python", ("-            break",)),
    ("flag-instead-of-return", "python", ("+    FLAG = False", "-            return True", "+            FLAG = True",
     "-    return False", "+    return FLAG")),
    ("count-to-know-any", "python", ('-    if any(row.late for row in rows) or path.startswith("tmp"):',
     '+    if sum(1 for row in rows if row.late) > 0 or path.startswith("tmp"):')),
    ("count-to-know-any", "c", ("-    if (!*path)", "+    if (strlen(path) == 0)")),
    ("filter-all-for-first", "javascript", ("-  return rows.some(x => x > left) || rows.find(x => x > right);",
     "+  return rows.some(x => x > left) || rows.filter(x => x > right)[0];")),
    ("pattern-for-prefix", "python", ('-    if any(row.late for row in rows) or path.startswith("tmp"):',
     '+    if any(row.late for row in rows) or re.match(r"tmp", path):')),
    ("sort-for-one", "python", ("-        return max(rows, key=len)",
     "+        return sorted(rows, key=len, reverse=True)[0]")),
    ("power-for-square", "c", ("-        x = sqrt(x * x);", "+        x = sqrt(pow(x, 2));")),
    ("box-counter", "java", ("-        int sum = 0;", "+        Integer sum = 0;")),
    ("await-in-turn", "javascript", ("-  const [left, right] = await Promise.all([read(path), read(rows)]);",
     "+  const left = await read(path);", "+  const right = await read(rows);")),
    ("convert-twice", "python", ("-    return next(x for x in sorted(rows))",
     "+    return next(x for x in sorted(list(rows)))")),
    ("look-up-twice", "go", ("-\tif row, ok := found[rows[0]]; ok {", "+\tif _, ok := found[rows[0]]; ok {",
     "+\t\trow := found[rows[0]]")),
    ("flush-each-line", "cpp", ("-    std::cout << path << '\\n';", "+    std::cout << path << std::endl;")),
    ("shift-left-end", "python", ("-            queue.popleft()", "+            queue.pop(0)")),
    ("list-for-set", "c_sharp", ("-        var known = new HashSet<string>(rows);",
     "+        var known = new List<string>(rows);")),
    ("string-for-builder", "java", ("-        StringBuilder text = new StringBuilder();", '+        String text = "";',
     "-            text.append(row);", "+            text += row;",
     "-        return text.toString() + sum;", "+        return text + sum;")),
    ("drop-close", "go", ("-\tdefer file.Close()",)),
    ("open-without-block", "c_sharp", ("-        using var reader = File.OpenText(path);",
     "+        var reader = File.OpenText(path);")),
    ("open-without-block", "python", ("-    with open(path) as stream:", "+    stream = open(path)",
     "-        for line in stream:", "+    for line in stream:", "-            use(line)", "+        use(line)")),
    ("drop-free", "c", ("-    free(copy);",)),
    ("raw-new", "cpp", ("-    auto box = std::make_unique<Box>(path);", "+    auto* box = new Box(path);")),
    ("gather-instead-of-yield", "python", ("+    FLAG = []", "-            yield row.name",
     "+            FLAG.append(row.name)", "+    return FLAG")),
    ("keep-subscribed", "go", ("-\tctx, cancel := context.WithTimeout(ctx, limit)",
     "+\tctx, _ := context.WithTimeout(ctx, limit)",
     "-\tdefer cancel()")),
    ("list-between", "python", ('-    if any(row.late for row in rows) or path.startswith("tmp"):',
     '+    if any([row.late for row in rows]) or path.startswith("tmp"):')),
    ("copy-before-loop", "java", ("-        for (String row : rows) {",
     "+        for (String row : new ArrayList<>(rows)) {")),
    ("pass-by-value", "cpp", ("-int total(const std::string& path, std::vector<int> rows) {",
     "+int total(std::string path, std::vector<int> rows) {")),
    ("copy-instead-of-move", "cpp", ("-    box->fill(std::move(rows));", "+    box->fill(rows);")),
    ("drop-capacity", "go", ("-\tout := make([]string, 0, len(rows))", "+\tout := []string{}")),
    ("read-all-lines", "python", ("-        for line in stream:", "+        for line in stream.readlines():")),
)  # fmt: skip

REWRITING = tuple(
    operator
    for module in (runtime_loops, runtime_calls, runtime_values, memory_blocks, memory_calls)
    for operator in module.OPERATORS
)
BY_KIND = {operator.kind: operator for operator in (*runtime.OPERATORS, *memory.OPERATORS)}
PLANTED = sorted(set(BY_KIND) - {operator.kind for operator in REWRITING})


def check(kind: str, grammar: str, expected: tuple[str, ...]) -> None:
    """One of the ways of an operator changes just these lines; FLAG stands for a name drawn by lot."""
    drawn = ("found", "matched", "hit", "seen", "result", "present", "exists", "results", "items", "collected")
    names = [*drawn, "output", "entries"]
    wanted = [tuple(line.replace("FLAG", name) for line in expected) for name in names]
    assert any(lines in wanted for lines in changes(BY_KIND[kind], grammar, FILES[grammar]))


@pytest.mark.parametrize(("kind", "grammar", "expected"), ROWS)
def test_changes_just_these_lines(kind: str, grammar: str, expected: tuple[str, ...]) -> None:
    check(kind, grammar, expected)


@pytest.mark.parametrize("kind", PLANTED)
def test_plants_different_lines_in_every_language(kind: str) -> None:
    for grammar in FILES.keys() & BY_KIND[kind].finders.keys():
        assert any(changes(BY_KIND[kind], grammar, FILES[grammar])), grammar


def test_every_kind_is_tried() -> None:
    assert {kind for kind, _, _ in ROWS} | set(PLANTED) == set(BY_KIND)
