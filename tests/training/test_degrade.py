"""Operators as a whole: what there is, that none fails on ordinary code, and how pairs are drawn."""

import random
from collections import Counter, defaultdict

import pytest

from themis_lsp.language import GRAMMARS
from themis_model.criterion import CRITERIA
from themis_model.reason import reasons
from themis_training.corpus import CodeFile
from themis_training.degrade.catalog import DEGRADATIONS, NEUTRAL
from themis_training.degrade.function import Function, Replacement, errors_in, functions_of
from themis_training.degrade.operator import Operator
from themis_training.degrade.sample import Quota, degraded

pytestmark = pytest.mark.training

# One file per grammar with a guard, a loop, a call, strings, and something to close.
FILES = {
    "python": """
        def total(rows, limit, log):
            found = []
            if rows is None or limit <= 0:
                return 0
            with open(log, encoding="utf-8") as out:
                for number, row in enumerate(rows):
                    if row.price >= limit and row.name not in found:
                        found.append(row.name)
                        out.write("kept row " + str(number))
            return sum(row.price for row in rows) / max(1, len(found))
        """,
    "javascript": """
        async function total(rows, limit, log) {
          const found = [];
          if (!rows || limit <= 0) {
            return 0;
          }
          for (let i = 0; i < rows.length; i++) {
            const row = await log.read(rows[i]);
            if (row.price >= limit && !found.includes(row.name)) {
              found.push(row.name);
              log.write("kept this row", i);
            }
          }
          return found.length === 0 ? 0 : limit / found.length;
        }
        """,
    "java": """
        class Totals {
            int total(List<Row> rows, int limit, Log log) throws IOException {
                List<String> found = new ArrayList<>();
                if (rows == null || limit <= 0) {
                    return 0;
                }
                for (int i = 0; i < rows.size(); i++) {
                    Row row = rows.get(i);
                    if (row.price() >= limit && !found.contains(row.name())) {
                        found.add(row.name());
                        log.write("kept this row", i);
                    }
                }
                return found.size() == 0 ? 0 : limit / found.size();
            }
        }
        """,
    "c_sharp": """
        class Totals {
            async Task<int> Total(List<Row> rows, int limit, Log log) {
                var found = new List<string>();
                if (rows == null || limit <= 0) {
                    return 0;
                }
                using (var output = log.Open("kept this row")) {
                    for (int i = 0; i < rows.Count; i++) {
                        var row = await log.Read(rows[i]);
                        if (row.Price >= limit && !found.Contains(row.Name)) {
                            found.Add(row.Name);
                        }
                    }
                }
                return found.Count == 0 ? 0 : limit / found.Count;
            }
        }
        """,
    "go": """
        package totals

        func Total(rows []Row, limit int, log *Log) (int, error) {
            found := map[string]bool{}
            if rows == nil || limit <= 0 {
                return 0, nil
            }
            out, err := log.Open("kept this row")
            if err != nil {
                return 0, err
            }
            defer out.Close()
            for i := 0; i < len(rows); i++ {
                row := rows[i]
                if row.Price >= limit && !found[row.Name] {
                    found[row.Name] = true
                    out.Write(row.Name, i)
                }
            }
            return limit / len(found), nil
        }
        """,
    "ruby": """
        def total(rows, limit, log)
          found = []
          return 0 if rows.nil? || limit <= 0
          File.open(log, "w") do |out|
            rows.each_with_index do |row, number|
              if row.price >= limit && !found.include?(row.name)
                found << row.name
                out.write("kept this row", number)
              end
            end
          end
          found.empty? ? 0 : limit / found.size
        end
        """,
    "c": """
        int total(struct row *rows, int count, int limit, FILE *log)
        {
            int found = 0;
            char *name = malloc(count + 1);
            if (rows == NULL || limit <= 0 || name == NULL) {
                return 0;
            }
            for (int i = 0; i < count; i++) {
                if (rows[i].price >= limit && found < count) {
                    found++;
                    snprintf(name, count, "kept %d", i);
                    fputs(name, log);
                }
            }
            free(name);
            return found == 0 ? 0 : limit / found;
        }
        """,
    "cpp": """
        int total(const std::vector<Row>& rows, int limit, std::ostream& log)
        {
            std::vector<std::string> found;
            if (rows.empty() || limit <= 0) {
                return 0;
            }
            found.reserve(rows.size());
            for (size_t i = 0; i < rows.size(); i++) {
                const auto& row = rows[i];
                if (row.price >= limit && row.name != "none") {
                    found.push_back(row.name);
                    log << "kept this row" << i;
                }
            }
            return found.size() == 0 ? 0 : limit / found.size();
        }
        """,
}
FILES |= dict.fromkeys(("typescript", "tsx"), FILES["javascript"])


def text_in(key: str) -> str:
    lines = FILES[key].strip("\n").split("\n")
    margin = len(lines[0]) - len(lines[0].lstrip(" "))
    return "\n".join(line[margin:] if line[:margin].isspace() else line for line in lines)


def function_in(key: str) -> Function:
    return next(iter(functions_of(text_in(key), GRAMMARS[key])))


def languages(operator: Operator) -> set[str]:
    return {GRAMMARS[key].language for key in operator.finders}


def test_there_are_as_many_as_promised() -> None:
    by_criterion: Counter[str] = Counter(reasons()[o.reason].criterion for o in DEGRADATIONS)
    assert len(DEGRADATIONS) >= 60
    assert sum(len(languages(o)) for o in DEGRADATIONS) >= 200
    assert all(by_criterion[criterion] >= 5 for criterion in CRITERIA)
    assert len({o.kind for o in (*DEGRADATIONS, *NEUTRAL)}) == len(DEGRADATIONS) + len(NEUTRAL)
    assert not any(o.reason for o in NEUTRAL)


def test_what_is_held_out_is_learned_another_way() -> None:
    taught: dict[str, set[str]] = defaultdict(set)
    for operator in DEGRADATIONS:
        if not operator.held_out:
            taught[operator.reason].add(operator.kind)
    held = [o for o in DEGRADATIONS if o.held_out]
    assert len(held) >= 10
    assert [o.kind for o in held if not taught[o.reason]] == []


@pytest.mark.parametrize("key", FILES)
def test_every_operator_leaves_code_that_parses(key: str) -> None:
    function = function_in(key)
    assert function.broken == 0
    made = 0
    for operator in (*DEGRADATIONS, *NEUTRAL):
        if key not in operator.finders:
            continue
        for way in operator.finders[key](function, random.Random(1)):
            texts = [function.rewritten(rewrite) for rewrite in (way.chosen, way.rejected)]
            made += None not in texts
            assert all(t is None or t.strip() for t in texts), operator.kind
    assert made >= 20


def test_a_rewrite_that_breaks_the_syntax_is_refused() -> None:
    function = function_in("python")
    at = function.file.index(b"return 0")
    assert function.rewritten(()) == function.text
    assert function.rewritten((Replacement(at, at + 6, "return )("),)) is None
    assert errors_in(function.node) == 0


def test_drawing_is_even_repeatable_and_apart() -> None:
    files = [
        CodeFile(f"owner/repo{n}", "MIT", "0" * 40, f"a{n}.py", "python", text_in("python").replace("total", f"sum{n}"))
        for n in range(40)
    ]
    some = list(degraded(files, DEGRADATIONS, Quota(3)))
    assert [(d.chosen, d.rejected) for d in some] == [
        (d.chosen, d.rejected) for d in degraded(files, DEGRADATIONS, Quota(3))
    ]
    of_kind = Counter(d.operator.kind for d in some)
    assert max(of_kind.values()) <= 3
    assert len(of_kind) >= 20
    of_repository = Counter((d.operator.kind, d.file.repository) for d in some)
    assert max(of_repository.values()) <= 2
