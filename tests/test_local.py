"""Local names: which they are in each language, and that nothing the model reads depends on them."""

import re

import pytest

from themis_lsp.snippet import read_as, windows_between
from themis_model.encode import Encoder
from themis_model.fake import HashTokenizer
from themis_model.tokens import LOCAL, SENSITIVE, SHORT

# language, code in which local names are between «», short ones between §, sensitive ones between ¤
READ = [
    ("python", "def load(«path», «mode»=1, *«rest», «kind»: int = 3, **«more»):"),
    ("python", "def f(«path»):\n    «total» = «path».size + g(path=«path», total=1)\n    self.total = «total»"),
    ("python", "def f(§xs§):\n    return [«item» for «item» in §xs§ if «item».ok], path"),
    ("python",
     ("def f(self, «path»):\n    with open(«path») as «stream»:\n"
     "        self.size = f'{«stream».read()} path'")),
    ("python", 'def f():\n    ¤db_password¤ = "x"\n    return ¤db_password¤, password'),
    ("c",
     ("int f(const char *«name», struct s *«item») {\n"
     "  int §i§; item_t «next» = «item»->next;\n  f(§i§, «next»->name);\n}")),
    ("cpp",
     ("int f(const T& «name») { for (const auto& «item» : «name») { s::item(«item»); }"
     " auto [«left», §r§] = g(); }")),
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
     "for §i§, «one» := range «item» { s.item = T{item: «one»} }\n}")),
    ("ruby",
     ("def f(«name», «kind» = 1)\n  «item» = «name».item\n"
     "  @item = «item»\n  «name».each { |«one»| g(item: «one») }\nend")),
    ("c_sharp", "class A { void F(string «name») { var «item» = «name».Item; Xs.Select(«one» => «one».Item); } }"),
]  # fmt: skip
_MARKS = {"«": LOCAL, "§": SHORT, "¤": SENSITIVE}


@pytest.mark.parametrize(("language", "marked"), READ)
def test_what_is_read_for_local_names(language: str, marked: str) -> None:
    plain = re.sub("[«»§¤]", "", marked)
    expected = re.sub(r"([«§¤])\w+[»§¤]", lambda found: _MARKS[found[1]], marked)
    seen = read_as(plain, language)
    assert "\n".join(seen.shown) == plain
    assert "\n".join(seen.read) == expected


@pytest.mark.parametrize(("language", "marked"), READ)
def test_renaming_local_names_changes_no_view(language: str, marked: str) -> None:
    def views(mark: str, added: str) -> list[tuple[int, ...]]:
        renamed = re.sub(r"«(\w+)»", lambda found: f"{found[1]}{mark}", marked)
        text = re.sub("[§¤]", "", renamed)
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
    [("const a: number = bcd;", f"const {SHORT}: number = bcd;"), ("const el = <p>{el}</p>;", None)],
    ids=["typescript", "jsx"],
)
def test_the_dialect_in_which_a_text_parses_is_taken(text: str, read: str | None) -> None:
    assert read_as(text, "javascript").read == (read or f"const {SHORT} = <p>{{{SHORT}}}</p>;",)
