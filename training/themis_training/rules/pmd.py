"""PMD: the test cases of its rules, with the lines each is expected to complain about."""

import re
from collections.abc import Iterator
from html import unescape

from themis_training.rules.example import RuleExample, Source
from themis_training.rules.marked import Piece, alike, pieces
from themis_training.rules.tree import Tree

_CASE = re.compile(r"<test-code\b(?P<set>[^>]*)>(?P<body>.*?)</test-code>", re.DOTALL)
_PROBLEMS = re.compile(r"<expected-problems>\s*(\d+)\s*</expected-problems>")
_LINES = re.compile(r"<expected-linenumbers>\s*([\d,\s]+?)\s*</expected-linenumbers>")
_CODE = re.compile(r"<code>\s*(?:<!\[CDATA\[\r?\n?(?P<raw>.*?)\]\]>|(?P<escaped>.*?))\s*</code>", re.DOTALL)
_LANGUAGES = {"pmd-java": "java", "pmd-javascript": "javascript"}


def read(tree: Tree) -> Iterator[RuleExample]:
    """Functions with a complaint against those of the same rule's tests without."""
    for folder, language in _LANGUAGES.items():
        for path in tree.paths(f"{folder}/src/test/resources/*/xml/*.xml"):
            rule = f"{path.split('/')[-3]}/{path.rpartition('/')[2].removesuffix('.xml')}"
            bad: list[Piece] = []
            good: list[Piece] = []
            for case in _CASE.finditer(tree.text(path)):
                # What is tested with properties set is no example of the rule as it is used.
                if "<rule-property" not in case["body"]:
                    for piece, is_bad in _sides(case["body"], language):
                        (bad if is_bad else good).append(piece)
            for one, other in alike(bad, good):
                yield RuleExample(rule, language, one, other)


def _sides(case: str, language: str) -> Iterator[tuple[Piece, bool]]:
    """The functions of a test case, and whether the rule complains about them."""
    code, problems, said = _CODE.search(case), _PROBLEMS.search(case), _LINES.search(case)
    if not code or not problems or (said is None and problems[1] != "0"):
        return
    text = code["raw"] if code["raw"] is not None else unescape(code["escaped"])
    rows = {int(number) - 1 for number in re.findall(r"\d+", said[1])} if said else set()
    for piece, span in pieces(text, language):
        if not any(sign in piece.text for sign in ("false positive", "false negative", "FP", "FN")):
            yield piece, not rows.isdisjoint(span)


SOURCES = (Source("pmd", "pmd/pmd", read),)
