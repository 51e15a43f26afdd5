"""Local names and comments: which they are in each language, and that nothing the model reads depends on them."""

import re

import pytest

from themis_lsp.snippet import read_as, windows_between
from themis_model.encode import Encoder
from themis_model.fake import HashTokenizer
from themis_model.tokens import LOCAL, SENSITIVE

# language, code in which local names are between «», sensitive ones between ¤
READ = [
    ("python", "def load(«path», «mode»=1, *«rest», «kind»: int = 3, **«more»):"),
    ("python", "def f(«path»):\n    «total» = «path».size + g(path=«path», total=1)\n    self.total = «total»"),
    ("python", "def f(«xs»):\n    return [«item» for «item» in «xs» if «item».ok], path"),
    ("python",
     ("def f(self, «path»):\n    with open(«path») as «stream»:\n"
     "        self.size = f'{«stream».read()} path'")),
    ("python", 'def f():\n    ¤db_password¤ = "x"\n    return ¤db_password¤, password'),
    ("c",
     ("int f(const char *«name», struct s *«item») {\n"
     "  int «i»; item_t «next» = «item»->next;\n  f(«i», «next»->name);\n}")),
    ("cpp",
     ("int f(const T& «name») { for (const auto& «item» : «name») { s::item(«item»); }"
     " auto [«left», «r»] = g(); }")),
    ("java",
     ("class A { int f(String «name») { for (String «item» : «name».items()) {"
     " this.item = «item»; } return 1; } }")),
    ("java",
     ("class A { void f() { try (Reader «in2» = open()) { «in2».read(); } catch (E"
     " «error») { log(«error»); } } }")),
    ("javascript",
     ("function f(«name», ...«rest») { const «item» = «name».item; return"
     " «rest».map(«one» => ({item: «one»})); }")),
    ("go",
     ("func f(«name» string) error {\n«item», «err» := g(«name»)\n"
     "for «i», «one» := range «item» { s.item = T{item: «one»} }\n}")),
    ("ruby",
     ("def f(«name», «kind» = 1)\n  «item» = «name».item\n"
     "  @item = «item»\n  «name».each { |«one»| g(item: «one») }\nend")),
    ("c_sharp", "class A { void F(string «name») { var «item» = «name».Item; Xs.Select(«one» => «one».Item); } }"),
]  # fmt: skip
_MARKS = {"«": LOCAL, "¤": SENSITIVE}


@pytest.mark.parametrize(("language", "marked"), READ)
def test_what_is_read_for_local_names(language: str, marked: str) -> None:
    plain = re.sub("[«»¤]", "", marked)
    expected = re.sub(r"([«¤])\w+[»¤]", lambda found: _MARKS[found[1]], marked)
    seen = read_as(plain, language)
    assert "\n".join(seen.code) == plain
    assert "\n".join(seen.read) == expected


@pytest.mark.parametrize(("language", "marked"), READ)
def test_renaming_local_names_changes_no_view(language: str, marked: str) -> None:
    def views(mark: str, added: str) -> list[tuple[int, ...]]:
        renamed = re.sub(r"«(\w+)»", lambda found: f"{found[1]}{mark}", marked)
        text = re.sub("¤", "", renamed)
        windows = windows_between(text, f"{text}\n{added}", language, Encoder(HashTokenizer()))
        return [ids for window in windows for ids in (window.before.ids, window.after.ids)]

    assert views("", "done(1)") == views("Renamed", "done(1)")
    assert views("", "done(1)") != views("", "done(2)")


def test_a_remainder_knows_the_names_of_its_own_rows_only() -> None:
    text = "limit = 3\ndef f(limit):\n    return limit\nprint(limit)"
    assert read_as(text, "python").read == (
        f"{LOCAL} = 3",
        f"def f({LOCAL}):",
        f"    return {LOCAL}",
        f"print({LOCAL})",
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [("const a: number = bcd;", f"const {LOCAL}: number = bcd;"), ("const el = <p>{el}</p>;", None)],
    ids=["typescript", "jsx"],
)
def test_the_dialect_in_which_a_text_parses_is_taken(text: str, read: str | None) -> None:
    assert read_as(text, "javascript").read == (read or f"const {LOCAL} = <p>{{{LOCAL}}}</p>;",)


# language, code with comments between « and »; what is read is the rest
COMMENTED = [
    ("python", "def f(size):«  # why»\n    «# alone»\n    return g('# text')«  # so»"),
    ("python", 'def f(size):\n    «"""What\n    it does."""»\n    return g("""text""")'),
    ("ruby", "def f(size)«  # why»\n  g('# text')\nend"),
    ("c", "int f(int size) {« /* of\n all */» return g(size);« // so»\n}"),
    ("cpp", "int f(int size) { return g(«/* what */ »size);« // so»\n}"),
    ("java", "class A { int f(int size) {« /* of\n * all */»\n return g(size);« // so»\n} }"),
    ("javascript", "function f(size) { return `// text`;« // so»\n}"),
    ("go", "func f(size int) int {« // so»\nreturn g(size)« /* all */»\n}"),
    ("c_sharp", "class A { int F(int size) { return G(size);« // so»\n} }"),
]


@pytest.mark.parametrize(("language", "marked"), COMMENTED)
def test_comments_are_not_read(language: str, marked: str) -> None:
    shown = re.sub("[«»]", "", marked)
    blank = re.sub("«.*?»", lambda found: "\n" * found[0].count("\n"), marked, flags=re.DOTALL)

    one, other = read_as(shown, language), read_as(blank, language)
    assert [line.split() for line in one.read] == [line.split() for line in other.read]
    assert [line.split() for line in one.code] == [line.split() for line in blank.split("\n")]


# before and after an edit that drops a line; the same edit with what nobody reads changed besides
DROPPED = ("def f(path):\n    file = open(path)\n    x = read(file)\n    file.close()\n    return x",
           "def f(path):\n    file = open(path)\n    x = read(file)\n    return x")  # fmt: skip
BESIDES = [
    ("path", "where"),
    ("x", "content"),
    ("read(file)", "read(file)  # all of it"),
    ("file = open(path)", "file = open(path)  # themis: ignore[memory] closed elsewhere"),
    ("def f(path):", 'def f(path):\n    """Read it."""'),
]


@pytest.mark.parametrize(("old", "new"), BESIDES)
def test_names_and_comments_that_change_besides_change_no_view(old: str, new: str) -> None:
    before, after = DROPPED

    def views(one: str, other: str) -> list[tuple[int, ...]]:
        windows = windows_between(one, other, "python", Encoder(HashTokenizer()))
        return [ids for window in windows for ids in (window.before.ids, window.after.ids)]

    assert views(before, after.replace(old, new)) == views(before, after)
    assert views(before, after.replace("read", "load")) != views(before, after)


def test_patterns_see_no_comment() -> None:
    before, after = (text.replace("x", "y") for text in DROPPED)
    (window,) = windows_between(before, f"{after}, 1  # file.close()", "python", Encoder(HashTokenizer()))
    assert "close" in window.before.text
    assert "close" not in window.after.text
