"""From changed files to edits: what is matched, what its tokens prove, and what is listed as skipped."""

import re

import pytest

from themis_lsp.change import Edit, FileChange, Skip
from themis_lsp.edits import DELETED, INCOMPLETE, LINE_ENDINGS, MOVED, NEW, UNSUPPORTED, WHITE_SPACE, edits_of
from themis_model.tokens import LOCAL

PY = """import os

def area(width, height):
    # multiply
    result = width * height
    return result

class Box:
    sides = 6

    def open(self, how):
        return self.lid.lift(how)
"""
JAVA = "class A {\n  int f(int a) {\n    return a;\n  }\n  int f(String s) {\n    return s.length();\n  }\n}\n"
ENDLESS = "def f(item):\n" + "    use(item)\n" * 1300 + "    rest = 1\n    return rest\n"
LONG = "def helper(a):\n    one = a + 1\n    two = one * 2\n    return two\n"


def py(old: str, new: str, path: str = "a.py", text: str = PY) -> list[FileChange]:
    assert old in text
    return [FileChange(path, text, text.replace(old, new))]


# what happened, changes, outcomes: "unit nature" for an edit, "unit: reason" for a skip
ROWS = [
    ("a local is renamed", py("result", "product"), ["area rename"]),
    ("a parameter is renamed", py("how", "force"), ["Box.open rename"]),
    ("half of a rename", py("return result", "return product"), ["area code"]),
    ("a rename onto a name in use", py("result", "width"), ["area code"]),
    ("an attribute is renamed", py("lid", "cover"), ["Box.open code"]),
    ("a called function is renamed", py("lift", "raise_"), ["Box.open code"]),
    ("a comment is fixed", py("# multiply", "# Multiply both."), ["area layout"]),
    ("spaces", py("width * height", "width*height"), ["area layout"]),
    ("a docstring", py("):\n    # multiply", '):\n    """Doc."""\n    # multiply'), ["area layout"]),
    ("statements change places", py(LONG[15:49], LONG[31:49] + LONG[15:31], text=LONG), ["helper code"]),
    ("an operator", py("*", "+"), ["area code"]),
    ("indentation is code in Python", py("    return result", "    if result:\n        return result"), ["area code"]),
    ("brackets rewrapped", py("lift(how)", "lift(\n            how\n        )"), ["Box.open layout"]),
    ("a line moves into a block", py("        b", "    b", text="def f():\n    if a:\n        b\n"), ["f code"]),
    ("a class attribute", py("= 6", "= 8"), ["Box code"]),
    ("a class attribute is renamed", py("sides", "faces"), ["Box code"]),
    ("a variable of a module is renamed", py("limit", "most", text="limit = 6\n"), ["<module> code"]),
    ("a rename in a very long function", py("item", "thing", text=ENDLESS), ["f code"]),
    (
        "a rename after very much layout",
        [FileChange("a.py", ENDLESS, ENDLESS.replace("(item)", "( item )").replace("rest", "last"))],
        ["f code"],
    ),
    ("spaces all over a very long function", py("(item)", "( item )", text=ENDLESS), ["f layout"]),
    ("an import", py("import os", "import sys"), ["<module> code"]),
    ("a function is renamed", py("area", "surface"), ["surface code was area"]),
    ("white space at a line end", py("import os", "import os "), ["<module>: " + WHITE_SPACE]),
    (
        "code being typed",
        py("return result", "return (result"),
        ["area code incomplete", "Box: " + INCOMPLETE, "Box.open: " + INCOMPLETE],
    ),
    ("a new function", py("class Box", "def fresh():\n    return 1\n\nclass Box"), ["fresh: " + NEW]),
    ("a function goes", py(PY[PY.index("def area") : PY.index("class")], ""), ["area: " + DELETED]),
    ("a new file", [FileChange("n.py", None, LONG)], ["helper: " + NEW]),
    ("a deleted file", [FileChange("n.py", LONG, None)], ["helper: " + DELETED]),
    ("only line endings", [FileChange("a.py", PY, PY.replace("\n", "\r\n"))], ["None: " + LINE_ENDINGS]),
    ("a renamed file", [FileChange("b.py", PY, PY, "a.py")], ["None: " + MOVED]),
    ("another language", [FileChange("a.md", "a", "b")], ["None: " + UNSUPPORTED]),
    ("a skip passes through", [Skip("x", None, "binary")], ["None: binary"]),
    ("the right overload", py("return a;", "return -a;", "A.java", JAVA), ["A.f code"]),
    (
        "a function moves to another file",
        [FileChange("a.py", LONG + "\nx = 1\n", "x = 1\n"), FileChange("b.py", "y = 2\n", "y = 2\n\n" + LONG)],
        ["helper: " + MOVED],
    ),
    (
        "a function moves and changes",
        [
            FileChange("a.py", LONG + "\nx = 1\n", "x = 1\n"),
            FileChange("b.py", "y = 2\n", "y = 2\n\n" + LONG.replace("* 2", "* 3")),
        ],
        ["helper code from a.py"],
    ),
    (
        "white space breaks in JavaScript are not always layout",
        [FileChange("a.js", "function f() {\n  return 1;\n}\n", "function f() {\n  return\n  1;\n}\n")],
        ["f code"],
    ),
    ("a date format", py("hh", "HH", "A.cs", 'class A {\n  string F() => $"{Now:hh-mm}";\n}\n'), ["A.F code"]),
    (
        "a string keeps its spaces",
        py("'a b'", "'a  b'", text="def f():\n    return 'a b'\n"),
        ["f code"],
    ),
]


def told(outcome: Edit | Skip) -> str:
    if isinstance(outcome, Skip):
        return f"{outcome.unit}: {outcome.because}"
    words = [outcome.unit, outcome.nature.value, "incomplete" if outcome.incomplete else ""]
    words += [
        f"was {outcome.old_unit}" if outcome.old_unit else "",
        f"from {outcome.old_path}" if outcome.old_path else "",
    ]
    return " ".join(word for word in words if word)


@pytest.mark.parametrize(("changes", "outcomes"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_edits(changes: list[FileChange | Skip], outcomes: list[str]) -> None:
    assert [told(outcome) for outcome in edits_of(changes)] == outcomes


def test_a_character_that_no_file_can_hold_moves_no_column() -> None:
    (edit,) = edits_of(py("return 1", "return '\ud800é', value", text="def f(value):\n    return 1\n"))
    assert isinstance(edit, Edit)
    assert edit.after.text.code[1] == "    return '\ud800é', value"
    assert edit.after.text.read[1] == f"    return '?é', {LOCAL}"


# language, a unit, a renaming of its local, a renaming that reaches further
RENAMES = [
    ("a.py", "def f(n):\n    for i in n:\n        use(i)\n", ("i", "item"), ("use", "take")),
    ("a.js", "function f(n) {\n  const k = n.size;\n  return g(k);\n}\n", ("k", "count"), ("g", "h")),
    ("a.ts", "function f(n: number) {\n  let k = n;\n  return k;\n}\n", ("k", "count"), ("number", "string")),
    ("a.go", "func f(n int) int {\n\tk := n + 1\n\treturn g(k)\n}\n", ("k", "count"), ("g", "h")),
    ("a.go", "func f() int {\n\ta, k := 1, limit\n\treturn a + k\n}\n", ("k", "count"), ("limit", "most")),
    ("A.java", "class A { int f(int n) {\n  int k = n;\n  return g(k);\n} }\n", ("k", "count"), ("g", "h")),
    ("a.rb", "def f(n)\n  k = n + 1\n  g(k)\nend\n", ("k", "count"), ("g", "h")),
    ("a.c", "int f(int n) {\n  int k = n;\n  return g(k);\n}\n", ("k", "count"), ("g", "h")),
    ("a.cc", "int f(int n) {\n  int k = n;\n  return g(k);\n}\n", ("k", "count"), ("g", "h")),
    ("a.cs", "class A { int F(int n) {\n  var k = n;\n  return G(k);\n} }\n", ("k", "count"), ("G", "H")),
]


@pytest.mark.parametrize(("path", "text", "local", "far"), RENAMES)
def test_renames(path: str, text: str, local: tuple[str, str], far: tuple[str, str]) -> None:
    def renamed(names: tuple[str, str]) -> str:
        changed = re.sub(rf"\b{names[0]}\b", names[1], text)
        return " ".join(told(o) for o in edits_of([FileChange(path, text, changed)])).split()[1]

    assert renamed(local) == "rename"
    assert renamed(far) == "code"
