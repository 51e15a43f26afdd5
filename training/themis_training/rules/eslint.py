"""ESLint and its plugins: pages with correct and incorrect code, tests with output, and snapshots of fixes."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from themis_training.rules.example import RuleExample, Source
from themis_training.rules.javascript import fixes
from themis_training.rules.markdown import examples
from themis_training.rules.text import similarity
from themis_training.rules.tree import Tree

_FENCES: dict[str, str] = dict.fromkeys(
    ("js", "javascript", "jsx", "mjs", "cjs", "ts", "tsx", "typescript", "mts", "cts"), "javascript"
)
_ENOUGH = 3  # tested fixes of a rule from which its page is not needed: there, the correct code may be another matter
_ALIKE = 0.5  # similarity from which correct code on a page is taken for what should have been written
_CASE = re.compile(r"^## (?:in)?valid\(.*$", re.MULTILINE)
_INPUT = re.compile(r"^> Input\n\n    `␊\n(?P<code>.*?)\n    `$", re.MULTILINE | re.DOTALL)
_ERROR = re.compile(r"^> Error 1/1\n\n    `␊\n(?P<body>.*?)\n    `$", re.MULTILINE | re.DOTALL)
_RESULT = re.compile(r"^ *(?:Output|Suggestion 1/1[^\n]*):␊\n(?P<code>(?: *\d+ \|[^\n]*(?:\n|$))+)", re.MULTILINE)
_NUMBERED = re.compile(r"^ *\d+ \| ?(?P<code>.*?)␊?$")
_POINTED = re.compile(r"^ *\| +\^+ (?P<message>.*?)␊?$", re.MULTILINE)


def _reader(pages: str, tests: str, snapshots: str = "") -> Callable[[Tree], Iterator[RuleExample]]:
    """Reads a plugin that keeps its pages, tests and snapshots of fixes in places of these patterns."""

    def read(tree: Tree) -> Iterator[RuleExample]:
        tested: Counter[str] = Counter()
        for path in tree.paths(tests):
            grammar = "tsx" if path.endswith((".ts", ".tsx")) else "javascript"
            for bad, good, message in fixes(tree.text(path), grammar):
                yield RuleExample(_rule(path, tests), "javascript", bad, good, message)
                tested[_rule(path, tests)] += 1
        for path in tree.paths(snapshots) if snapshots else ():
            rule = PurePosixPath(path).name.partition(".")[0]
            for bad, good, message in _recorded(tree.text(path)):
                yield RuleExample(rule, "javascript", bad, good, message)
                tested[rule] += 1
        for path in tree.paths(pages):
            rule = PurePosixPath(path).stem
            if tested[rule] >= _ENOUGH:
                continue
            for language, bad, good in examples(tree.text(path), _FENCES):
                if similarity(bad, good) >= _ALIKE:
                    yield RuleExample(rule, language, bad, good)

    return read


def _rule(path: str, tests: str) -> str:
    """The rule that a test file is for: the first name below the folder of the tests."""
    inside = path.removeprefix(tests.partition("*")[0])
    return re.sub(r"(?:[-.]test)?\.[jt]sx?$", "", inside.partition("/")[0])


def _recorded(text: str) -> Iterator[tuple[str, str, str]]:
    """Input, output and message of each case in a report of snapshots that has one error and one result."""
    for case in _CASE.split(text):
        given, error = _INPUT.search(case), _ERROR.search(case)
        results = list(_RESULT.finditer(error["body"])) if error else []
        if given and error and len(results) == 1:
            said = _POINTED.search(error["body"])
            message = said["message"].replace("\\`", "`") if said else ""
            yield _plain(given["code"]), _plain(results[0]["code"]), message


def _plain(numbered: str) -> str:
    lines = (_NUMBERED.match(line) for line in numbered.split("\n"))
    return "\n".join(line["code"].replace("\\`", "`").replace("\\\\", "\\") for line in lines if line)


SOURCES = (
    Source("eslint", "eslint/eslint", _reader("docs/src/rules/*.md", "tests/lib/rules/*.js")),
    Source(
        "unicorn",
        "sindresorhus/eslint-plugin-unicorn",
        _reader("docs/rules/*.md", "test/*.js", "test/snapshots/*.js.md"),
    ),
    Source(
        "typescript-eslint",
        "typescript-eslint/typescript-eslint",
        _reader("packages/eslint-plugin/docs/rules/*.mdx", "packages/eslint-plugin/tests/rules/*.ts"),
    ),
    Source("eslint-n", "eslint-community/eslint-plugin-n", _reader("docs/rules/*.md", "tests/lib/rules/*.js")),
    Source("eslint-promise", "eslint-community/eslint-plugin-promise", _reader("docs/rules/*.md", "__tests__/*.js")),
    Source("eslint-security", "eslint-community/eslint-plugin-security", _reader("docs/*.md", "test/rules/*.js")),
    Source("eslint-react", "jsx-eslint/eslint-plugin-react", _reader("docs/rules/*.md", "tests/lib/rules/*.js")),
    Source("eslint-import", "import-js/eslint-plugin-import", _reader("docs/rules/*.md", "tests/src/rules/*.js")),
)
