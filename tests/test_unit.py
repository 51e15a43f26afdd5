"""Units: every line of every language belongs to exactly one, under the name its readers use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis_lsp.language import GRAMMARS, grammar_of
from themis_lsp.unit import MODULE_NAME, parse, split_lines

# path, text, {unit: rows as "first-last" ranges}
ROWS = [
    ("a.py", "import os\n\n\n@cached\ndef f(x):\n    return x\n", {"f": "3-5", MODULE_NAME: "0-2"}),
    (
        "a.py",
        "class A:\n    limit = 3\n\n    # doubles\n    def g(self):\n        def inner(): ...\n        return 2\n",
        {"A": "0-2", "A.g": "3-6"},
    ),
    ("a.py", "x = 1  # one\ndef f(): ...\n", {"f": "1", MODULE_NAME: "0"}),
    (
        "A.java",
        "package p;\nclass A {\n  int n;\n  A() {}\n  @Override\n  public int get() { return n; }\n}\n",
        {"A": "1-2 6", "A.A": "3", "A.get": "4-5", MODULE_NAME: "0"},
    ),
    (
        "a.js",
        "const twice = (x) => {\n  return 2 * x;\n};\nexports.run = function () {};\nclass B {\n  go() {}\n}\n",
        {"twice": "0-2", "exports.run": "3", "B": "4 6", "B.go": "5"},
    ),
    ("a.jsx", "export function App() {\n  return <p>hi</p>;\n}\n", {"App": "0-2"}),
    ("a.ts", "interface P { x: number }\nexport const f = (p: P): number => p.x;\n", {"P": "0", "f": "1"}),
    ("a.tsx", "class C {\n  render = () => {\n    return <a/>;\n  };\n}\n", {"C": "0 4", "C.render": "1-3"}),
    (
        "a.go",
        "package a\n\ntype S struct {\n\tn int\n}\n\n// Get reads.\nfunc (s *S) Get() int {\n\treturn s.n\n}\n",
        {MODULE_NAME: "0-1 5", "S": "2-4", "S.Get": "6-9"},
    ),
    (
        "a.rb",
        "module M\n  class A\n    def self.make\n      new\n    end\n  end\nend\n",
        {"M": "0 6", "M.A": "1 5", "M.A.make": "2-4"},
    ),
    ("a.c", "#include <x.h>\nstatic char *find(int k)\n{\n  return 0;\n}\n", {MODULE_NAME: "0", "find": "1-4"}),
    ("a.h", "struct point {\n  int x;\n};\n", {"point": "0-2"}),
    (
        "a.cc",
        (
            "namespace n {\ntemplate <typename T>\nT A<T>::get() {\n  return t;\n}\n"
            "class B {\n  int f() { return 1; }\n};\n}\n"
        ),
        {MODULE_NAME: "0 8", "A<T>::get": "1-4", "B": "5 7", "B.f": "6"},
    ),
    (
        "a.cs",
        "namespace N {\n  class A {\n    public int N { get; set; }\n    int F() => 1;\n  }\n}\n",
        {MODULE_NAME: "0 5", "A": "1 4", "A.N": "2", "A.F": "3"},
    ),
    # A text that does not parse keeps the units that do.
    ("a.py", "def f():\n    return 1\n\ndef g(:\n    pass\n", {"f": "0-1"}),
    ("a.py", "", {MODULE_NAME: "0"}),
]


def rows_of(ranges: str) -> tuple[int, ...]:
    return tuple(row for part in ranges.split() for row in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1))


@pytest.mark.parametrize(("path", "text", "expected"), ROWS)
def test_units(path: str, text: str, expected: dict[str, str]) -> None:
    lines = split_lines(text)
    grammar = grammar_of(path, text)
    assert grammar is not None
    source = parse(lines, grammar)
    found = {unit.name: unit.rows for unit in source.units}
    assert {name: found.get(name) for name in expected} == {n: rows_of(r) for n, r in expected.items()}
    if not source.broken:
        assert found.keys() == expected.keys()
    assert sorted(row for unit in source.units for row in unit.rows) == list(range(len(lines)))


# text, rows that do not parse
BROKEN = [("def f(:\n    pass\n", {0}), ("def f():\n    return 1\n", set()), ("x = (1,\ny = 2\n", {0, 1})]


@pytest.mark.parametrize(("text", "rows"), BROKEN)
def test_broken_rows(text: str, rows: set[int]) -> None:
    assert parse(split_lines(text), GRAMMARS["python"]).broken <= rows
    assert bool(parse(split_lines(text), GRAMMARS["python"]).broken) == bool(rows)


# text, its lines: only CR, LF and CRLF end a line
LINES = [
    ("a\nb\n", ("a", "b")),
    ("a\r\nb\rc", ("a", "b", "c")),
    ("a\x0cb\u2028c\n", ("a\x0cb\u2028c",)),
    ("\ufeffa\n", ("a",)),
    ("a\n\n", ("a", "")),
]


@pytest.mark.parametrize(("text", "lines"), LINES)
def test_lines(text: str, lines: tuple[str, ...]) -> None:
    assert split_lines(text) == lines


# path, text, grammar
LANGUAGES = [
    ("a.h", "int f(void);", "c"),
    ("a.h", "class A { public: int x; };", "cpp"),
    ("Rakefile", "", "ruby"),
    ("dir.py/a.PY", "", "python"),
    ("a.mts", "", "typescript"),
    ("a.txt", "", None),
    ("py", "", None),
]


@pytest.mark.parametrize(("path", "text", "key"), LANGUAGES)
def test_grammar(path: str, text: str, key: str | None) -> None:
    grammar = grammar_of(path, text)
    assert (grammar.key if grammar else None) == key


@given(st.sampled_from(sorted(GRAMMARS)), st.text(alphabet="def class{}();:= \n\"'#/*<>fx1", max_size=200))
def test_every_line_has_one_unit(key: str, text: str) -> None:
    lines = split_lines(text)
    source = parse(lines, GRAMMARS[key])
    assert sorted(row for unit in source.units for row in unit.rows) == list(range(len(lines)))
