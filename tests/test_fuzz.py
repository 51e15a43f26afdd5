"""Random patches, configurations, sources and suppression comments: an answer or one line of refusal, never a crash.

``FUZZ_CASES`` sets the number of cases of all tests together (``make fuzz``: 50,000).
"""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from themis_lsp.attributes import Attributes
from themis_lsp.change import Edit, FileChange, Skip
from themis_lsp.config import Config, trusted
from themis_lsp.edits import edits_of
from themis_lsp.error import PatchError, SettingsError, ThemisError
from themis_lsp.patch import changes_from_patch
from themis_lsp.review import review
from themis_lsp.settings import KEYS, Settings
from themis_lsp.suppress import suppressions
from themis_lsp.unit import split_lines
from themis_model.fake import FakeScorer
from themis_model.tokens import LANGUAGES

TESTS = 4
CASES = int(os.environ.get("FUZZ_CASES", "2000")) // TESTS
SCORER = FakeScorer({"bad": (-4, -4, -4, -4, -4)})

many = settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=(HealthCheck.too_slow,))


def soup(*pieces: str) -> st.SearchStrategy[str]:
    """Texts of meaningful pieces in meaningless order, and of anything at all."""
    anything = st.text(st.characters(codec=None), max_size=12)
    return st.lists(st.one_of(st.sampled_from(pieces), st.sampled_from(pieces), anything), max_size=30).map("".join)


SOURCES = soup(
    "def f(a):\n",
    "class A:\n",
    "class A {\n",
    "func f() {\n",
    "    ",
    "return bad(a)",
    ";",
    "\n",
    "\r\n",
    "\r",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    '"',
    "'",
    "`",
    "'''",
    "/*",
    "*/",
    "//",
    "#",
    "# themis: ignore[security] x\n",
    "<<A\n",
    "end\n",
    "template<",
    "=> ",
    "x = 1\n",
    "\0",
    "\x0c",
    "\u2028",
    "\ufeff",
    "\ud800",
    "if x:\n",
    "else",
    "@d\n",
    "\\\n",
)
PATHS = st.sampled_from([f"a.{end}" for end in ("c", "cpp", "cs", "go", "h", "java", "js", "py", "rb", "ts", "tsx")])


def check_line(refusal: ThemisError) -> None:
    assert str(refusal)
    assert "\n" not in str(refusal)


@many
@given(PATHS, st.none() | SOURCES, SOURCES, SOURCES)
def test_sources(path: str, before: str | None, middle: str, after: str) -> None:
    """Every line of what changed is an edit with verdicts, or a skip with a reason."""
    old = None if before is None else before + middle
    found = list(edits_of([FileChange(path, old, after + middle)]))
    outcome = review(found, SCORER, Settings())
    assert outcome.coverage.edits + len(outcome.coverage.skipped) == len(found)
    for one in found:
        assert isinstance(one, Edit) or one.because
        if isinstance(one, Edit):
            assert set(one.after.numbers) <= set(range(len(split_lines(after + middle))))


PATCHES = soup(
    "diff --git a/a.py b/a.py\n",
    "index 0123456..89abcde 100644\n",
    "--- a/a.py\n",
    "+++ b/a.py\n",
    "--- /dev/null\n",
    "+++ /dev/null\n",
    "@@ -0,0 +1 @@\n",
    "@@ -1 +1 @@\n",
    "@@ -1,2 +1,3 @@ def f\n",
    "+bad(x)\n",
    "-x = 1\n",
    " x = 1\n",
    "\\ No newline at end of file\n",
    "rename from a.py\n",
    "rename to b.py\n",
    "copy from a.py\n",
    "copy to ../c.py\n",
    "new file mode 100644\n",
    "deleted file mode 120000\n",
    "Binary files a/a.py and b/a.py differ\n",
    "GIT binary patch\n",
    "--- a/../a.py\n",
    '+++ "b/\\303\\251.py"\n',
    "diff --cc a.py\n",
    "@@ -9999999999999999999999 +1 @@\n",
    "\r\n",
    "-- \n",
)


@many
@given(PATCHES)
def test_patches(text: str) -> None:
    try:
        changes = list(changes_from_patch(text).changes)
    except PatchError as refusal:
        check_line(refusal)
        return
    for change in changes:
        assert isinstance(change, Skip) or not {"..", ""}.intersection(change.path.split("/"))
    review(edits_of(changes), SCORER, Settings())


CONFIGS = soup(
    *(f"{key} = " for key in KEYS),
    "[tool.themis]\n",
    "[tool.themis.fail-on]\n",
    "security = 0.9\n",
    '["security"]\n',
    '["**/[a-", "*"]\n',
    "true\n",
    "0.5\n",
    "nan\n",
    "inf\n",
    "-1\n",
    "{}\n",
    "[]\n",
    '"x"\n',
    "1e999\n",
    "\n",
    "#",
    '"',
    "1979-05-27\n",
    "9" * 5000 + "\n",
    "themis",
    "{ security = 0.5 }\n",
    "[[tool]]\n",
)


@many
@given(CONFIGS, st.sampled_from(["themis.toml", "pyproject.toml", "src/.themis.toml"]), soup("a", "/", "..", "[", "*"))
def test_configurations(text: str, name: str, path: str) -> None:
    config = Config(trusted({}, {"XDG_CONFIG_HOME": "/nowhere", "APPDATA": "/nowhere"}), {name: text}.get)
    try:
        config.at("src/a.py").ignores(path)
    except SettingsError as refusal:
        check_line(refusal)
    Attributes({".gitattributes": f"{text}\n{path} linguist-generated\n"}.get).unjudged(path or "a")


COMMENTS = soup(
    "themis:",
    " ignore",
    "[security]",
    "[",
    "]",
    ",",
    "memory",
    "#",
    "//",
    "/*",
    "*/",
    "*",
    " ",
    "\t",
    "'",
    '"',
    "\\",
    "why",
    "x = 1",
    "\n",
    "-",
    "_",
    ":",
)


@many
@given(COMMENTS, st.sampled_from(LANGUAGES))
def test_comments(text: str, language: str) -> None:
    lines = split_lines(text)
    for found in suppressions(lines, language):
        assert 1 <= found.line <= found.covers.last <= len(lines) + 1
        assert "themis:" in lines[found.line - 1]
        assert found.criteria or found.problems
