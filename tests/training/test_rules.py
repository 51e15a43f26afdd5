"""Rule examples: what is read of each kind of place, what becomes a pair, and what is left out."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.repo import Repo
from themis_model.reason import reasons
from themis_model.tokens import LANGUAGES
from themis_training.cli import app
from themis_training.data import read_pairs
from themis_training.rules.catalog import SOURCES
from themis_training.rules.collect import CollectReport, collect
from themis_training.rules.criteria import label_of
from themis_training.rules.example import Source
from themis_training.rules.text import bare, paired

MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software to deal in it."
GPL = "GNU General Public License, version 3"

COP = """\
module RuboCop
  module Cop
    module Lint
      # Says nothing of importance.
      #
      # @example
      #   # bad
      #   total = price
      #   total = price + tax  # the first one is lost
      #
      #   # good
      #   total = price + tax
      #
      # @example EnforcedStyle: strict
      #   # bad
      #   puts total
      #
      #   # good
      #   p total
      class UselessAssignment < Base
      end
    end
  end
end
"""
SPEC = """\
RSpec.describe RuboCop::Cop::Lint::UselessAssignment, :config do
  it 'points at it' do
    expect_offense(<<~RUBY)
      def fee
        rate = 3
        ^^^^ Nobody reads `rate`.
        7
      end
    RUBY

    expect_correction(<<~RUBY)
      def fee
        7
      end
    RUBY
  end

  it 'leaves this alone' do
    expect_offense(<<~RUBY, name: name)
      %{name} = 3
    RUBY
    expect_correction(<<~RUBY)
      3
    RUBY
  end
end
"""
PAGE = """\
# eqeqeq

Examples of **incorrect** code:

```js
/*eslint eqeqeq: "error"*/
if (price == 3) { pay(); }

if (name == null) { ask(); }
```

Examples of **correct** code:

```js
if (price === 3) { pay(); }

if (name === null) { ask(); }
```

## Options

```js
other(price);
```
"""
CASES = """\
tester.run("eqeqeq", rule, {
  valid: ["a === b"],
  invalid: [
    { code: "sum(a == b)", output: "sum(a === b)", errors: [{ message: "Use '==='." }] },
    { code: `sum(\n\ta != b\n)`, output: ["sum(", "\ta !== b", ")"].join("\\n"), errors: 1 },
    { code: "twice(a == b)", output: null, errors: [{ suggestions: [{ messageId: "x", output: "twice(a === b)" }] }] },
    { code: "if (a == b) go()", output: "if (a === b) go()", options: ["always"], errors: 1 },
    { code: `sum(${left} == b)`, output: "sum(1 === b)", errors: 1 },
  ],
});
"""
SNAPSHOT = """\
# Snapshot report

## invalid(1): [...names].map(f)

> Input

    `␊
      1 | list([...names].map(f));␊
    `

> Error 1/1

    `␊
    Message:␊
    > 1 | list([...names].map(f));␊
        |      ^^^^^^^^^^ No need for \\`[...]\\`.␊
    ␊
    Output:␊
      1 | list(names.map(f));␊
    `
"""
CODES = '(Flake8Bugbear, "006") => rules::flake8_bugbear::rules::MutableDefault,\n'
REGISTRY = '#[prefix = "B"]\nFlake8Bugbear,\n'
RULE = """\
/// ## Example
/// ```python
/// def add(item, to=[]):
///     to.append(item)
/// ```
///
/// Use instead:
/// ```python
/// def add(item, to=None):
///     to = to or []
///     to.append(item)
/// ```
#[derive(ViolationMetadata)]
pub(crate) struct MutableDefault;
"""
FIXES = """\
B006 [*] Do not do this
 --> B006.py:3:10
  |
3 | def join(parts=[]):  # B006
  |                ^^
  |
help: Replace with `None`
  |
2 | import os
  - def join(parts=[]):  # B006
3 + def join(parts=None):
4 |     return parts
  |
note: This is an unsafe fix and may change runtime behavior

B006 Nothing is fixed here
"""
TESTED = """\
@pytest.mark.parametrize(('s', 'expected'), (('type(b"")', 'bytes'), pytest.param('type(3)', 'int', id='number')))
def test_it(s, expected): ...
"""
GUIDE = """\
### Use searchable names

**Bad:**
```javascript
rest(3600);
```

**Good:**
```javascript
const HOUR = 3600;

rest(HOUR);
```
"""
VIOLATION = '''\
class MagicNumberViolation(ASTViolation):
    """
    Forbid numbers without a name.

    Example::

        # Correct:
        fee = price * VAT

        # Wrong:
        fee = price * 0.19

    It is a matter of names.
    """
'''
RUST = """\
    /// ### Invalid
    ///
    /// ```js,expect_diagnostic
    /// parts.reduce((all, one) => [...all, one], []);
    /// ```
    ///
    /// ### Valid
    ///
    /// ```js
    /// parts.reduce((all, one) => { all.push(one); return all; }, []);
    /// ```
"""
RUBOCOP, ESLINT, UNICORN = "rubocop/rubocop", "eslint/eslint", "sindresorhus/eslint-plugin-unicorn"
RUFF, PYUPGRADE = "astral-sh/ruff", "asottile/pyupgrade"
CLEAN, WEMAKE = "ryanmcdermott/clean-code-javascript", "wemake-services/wemake-python-styleguide"
BIOME = "biomejs/biome"


def clone(root: Path, repository: str, files: dict[str, str], terms: str = MIT) -> None:
    repo = Repo.make(root / repository.replace("/", "+") / "repo")
    for path, text in {"LICENSE": terms, **files}.items():
        repo.write(path, text)
    repo.commit()


def collected(root: Path, sources: Sequence[Source] = SOURCES) -> tuple[CollectReport, list[dict[str, str]]]:
    report = collect(root, root / "rules.parquet", sources)
    return report, pq.read_table(root / "rules.parquet").to_pylist()


def spelled(*rows: tuple[str, str]) -> str:
    return f"@pytest.mark.parametrize(('s', 'expected'), {rows!r})\ndef test(): ...\n"


def check(root: Path, repository: str, files: dict[str, str], expected: Sequence[tuple[str, str, str, str]]) -> None:
    """A clone with these files gives these (rule, reason, rejected, chosen), in any order."""
    clone(root, repository, files)
    _, rows = collected(root)
    found = [(row["rule"], row["reason"], row["rejected"], row["chosen"]) for row in rows]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("repository", "files", "expected"),
    [
        (RUBOCOP, {"lib/rubocop/cop/lint/useless_assignment.rb": COP},
         [("Lint/UselessAssignment", "dead-code", "total = price\ntotal = price + tax", "total = price + tax")]),
        (RUBOCOP, {"spec/rubocop/cop/lint/useless_assignment_spec.rb": SPEC},
         [("Lint/UselessAssignment", "dead-code", "def fee\n  rate = 3\n  7\nend", "def fee\n  7\nend")]),
        (RUBOCOP, {"spec/rubocop/cop/lint/useless_assignment_spec.rb": f"# EnforcedStyle\n{SPEC}"}, []),
        (ESLINT, {"docs/src/rules/eqeqeq.md": PAGE},
         [("eqeqeq", "loose-comparison", "if (price == 3) { pay(); }", "if (price === 3) { pay(); }"),
          ("eqeqeq", "loose-comparison", "if (name == null) { ask(); }", "if (name === null) { ask(); }")]),
        (ESLINT, {"docs/src/rules/eqeqeq.md": PAGE, "tests/lib/rules/eqeqeq.js": CASES},
         [("eqeqeq", "loose-comparison", "sum(a == b)", "sum(a === b)"),
          ("eqeqeq", "loose-comparison", "sum(\n    a != b\n)", "sum(\n    a !== b\n)"),
          ("eqeqeq", "loose-comparison", "twice(a == b)", "twice(a === b)")]),
        (UNICORN, {"test/snapshots/no-useless-spread.js.md": SNAPSHOT},
         [("no-useless-spread", "needless-copy", "list([...names].map(f));", "list(names.map(f));")]),
        (RUFF, {"crates/ruff_linter/src/codes.rs": CODES, "crates/ruff_linter/src/registry.rs": REGISTRY,
                "crates/ruff_linter/src/rules/flake8_bugbear/rules/mutable.rs": RULE},
         [("B006", "shared-mutable-default", "def add(item, to=[]):\n    to.append(item)",
           "def add(item, to=None):\n    to = to or []\n    to.append(item)")]),
        (RUFF, {"crates/ruff_linter/src/rules/flake8_bugbear/snapshots/B006.py.snap": FIXES},
         [("B006", "shared-mutable-default", "import os\ndef join(parts=[]):\n    return parts",
           "import os\ndef join(parts=None):\n    return parts")]),
        (PYUPGRADE, {"tests/features/type_of_primitive_test.py": TESTED},
         [("type_of_primitive", "redundant-code", 'type(b"")', "bytes"),
          ("type_of_primitive", "redundant-code", "type(3)", "int")]),
        (CLEAN, {"README.md": GUIDE},
         [("use-searchable-names", "magic-number", "rest(3600);", "const HOUR = 3600;\nrest(HOUR);")]),
        (WEMAKE, {"wemake_python_styleguide/violations/naming.py": VIOLATION},
         [("MagicNumber", "magic-number", "fee = price * 0.19", "fee = price * VAT")]),
        (BIOME, {"crates/biome_js_analyze/src/lint/performance/no_accumulating_spread.rs": RUST},
         [("no-accumulating-spread", "quadratic-loop", "parts.reduce((all, one) => [...all, one], []);",
           "parts.reduce((all, one) => { all.push(one); return all; }, []);")]),
    ],
)  # fmt: skip
def test_examples_are_read_from_where_linters_keep_them(
    tmp_path: Path, repository: str, files: dict[str, str], expected: Sequence[tuple[str, str, str, str]]
) -> None:
    check(tmp_path, repository, files, expected)


@pytest.mark.parametrize(
    ("bad", "good", "because"),
    [
        ("x = a", "x  =  a", "same code"),
        ("x = a  # wrong", "x = a", "same code"),
        ("bad_call(x)", "good_call(x)", "names its side"),
        ("x = a", "# nothing", "one side is empty"),
        (f"x = {'a' * 6000}", "x = a", "too long"),
    ],
)
def test_what_says_nothing_is_left_out_and_counted(tmp_path: Path, bad: str, good: str, because: str) -> None:
    clone(tmp_path, PYUPGRADE, {"tests/features/super_test.py": spelled((bad, good))})
    report, rows = collected(tmp_path)
    assert rows == []
    assert sum((each.dropped for each in report.sources), start=type(report.counts)()) == {because: 1}


def test_rules_that_want_the_opposite_of_each_other_cancel_out(tmp_path: Path) -> None:
    files = {"super": ("f(a)", "g(a)"), "six": ("g( a )", "f(a)"), "mock": ("h(a)", "g(a)")}
    clone(tmp_path, PYUPGRADE, {f"tests/features/{name}_test.py": spelled(row, row) for name, row in files.items()})
    report, rows = collected(tmp_path)
    assert [row["rule"] for row in rows] == ["mock"]
    assert (report.contradictory, report.repeated) == (4, 1)


@pytest.mark.parametrize(
    ("terms", "because"), [(GPL, "no permissive licence was recognised"), ("All rights reserved.", "no permissive")]
)
def test_nothing_is_taken_without_a_permissive_licence(tmp_path: Path, terms: str, because: str) -> None:
    clone(tmp_path, PYUPGRADE, {"tests/features/super_test.py": TESTED}, terms)
    report, rows = collected(tmp_path)
    assert rows == []
    assert [each.source for each in report.sources if because in each.because] == ["pyupgrade"]
    assert all(each.because for each in report.sources)


def test_a_pair_tells_where_it_is_from(tmp_path: Path) -> None:
    clone(tmp_path, ESLINT, {"tests/lib/rules/eqeqeq.js": CASES})
    _, rows = collected(tmp_path)
    row = rows[0]
    commit = Repo(tmp_path / "eslint+eslint" / "repo").git("rev-parse", "HEAD")
    assert (row["source"], row["license"], row["prompt"]) == ("rules/eslint", "MIT", "Use '==='.")
    assert (row["project"], row["source_repo"]) == ("eslint/eslint#eqeqeq", "eslint/eslint")
    assert (row["source_path"], row["commit"]) == ("tests/lib/rules/eqeqeq.js", commit)
    assert {pair.language for pair in read_pairs(tmp_path / "rules.parquet")} == {"javascript"}


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("  a = '#'  # here\n\n  # there\n  b\n", "ruby", "a = '#'\nb"),
        ("a /* one */ = b // two\n", "javascript", "a  = b"),
        ("x: int = 1  # type\n", "python", "x: int = 1"),
        ('s = "//"; // c\n', "java", 's = "//";'),
    ],
)
def test_comments_and_common_indentation_are_taken_away(text: str, language: str, expected: str) -> None:
    assert bare(text, language) == expected


@pytest.mark.parametrize(
    ("bad", "good", "expected"),
    [
        (["a + b"], ["zz()"], ["a + b > zz()"]),
        (["f(a, 1)", "g(b)"], ["h(b)", "f(a, 2)", "g(c)"], ["f(a, 1) > f(a, 2)", "g(b) > g(c)"]),
        (["f(a)", "x = [y]"], ["f(b)", "while 1: q"], ["f(a) > f(b)"]),
    ],
)
def test_bad_and_good_are_paired_in_order_where_alike(bad: list[str], good: list[str], expected: list[str]) -> None:
    assert [f"{one} > {other}" for one, other in paired(bad, good)] == expected


def test_the_command_tells_of_each_source_and_counts(tmp_path: Path) -> None:
    clone(tmp_path, ESLINT, {"tests/lib/rules/eqeqeq.js": CASES})
    ran = CliRunner().invoke(app, ["rules", str(tmp_path), "--out", str(tmp_path / "rules.parquet")])
    assert ran.exit_code == 0
    assert "eslint: 3 pairs" in ran.stderr
    assert "3 pairs of 1 rules" in ran.stdout
    assert "javascript" in ran.stdout


def test_every_label_is_a_known_reason_or_criterion() -> None:
    labels = {label_of(source.name, rule) for source in SOURCES for rule in ("B006", "eqeqeq", "Lint/Void", "none")}
    assert {label.reason for label in labels if label and label.reason} <= set(reasons())
    assert len(LANGUAGES) == 8
