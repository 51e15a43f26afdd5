"""Ruff: the example above each rule and what to use instead, and the fixes in the snapshots of its tests."""

import re
from collections.abc import Iterator

from themis_training.rules.example import RuleExample, Source
from themis_training.rules.tree import Tree

_PREFIX = re.compile(r'#\[prefix = "(\w+)"\]\s*(?:///[^\n]*\s*)*(\w+),')
_CODE = re.compile(r'\((\w+), "(\w+)"\) => rules::[\w:]+::(\w+)')
_DOCUMENTED = re.compile(
    r"(?P<doc>(?:^ *///.*\n)+)(?: *#\[.*\n)*^ *pub(?:\(crate\))? struct (?P<name>\w+)", re.MULTILINE
)
_EXAMPLE = re.compile(
    r"^## Examples?\n.*?^```python\n(?P<bad>.*?)^```$(?P<between>.*?)^```python\n(?P<good>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_FINDING = re.compile(r"^(?P<code>[A-Z]+\d+)(?: \[\*\])? (?P<message>.+)$")
_CHANGED = re.compile(r"^ *(?:(?P<number>\d+) +)?(?P<sign>[|+-])(?: (?P<code>.*))?$")
_CUT = "-" * 40


def _read(tree: Tree) -> Iterator[RuleExample]:
    codes = _codes(tree)
    for path in tree.paths("crates/ruff_linter/src/rules/*/rules/*.rs"):
        yield from _documented(tree.text(path), codes)
    for path in tree.paths("crates/ruff_linter/src/rules/*.py.snap"):
        yield from _fixed(tree.text(path))


def _codes(tree: Tree) -> dict[str, str]:
    """The code of each rule, as in ``PERF401``, by the name of its struct."""
    prefixes = {name: prefix for prefix, name in _PREFIX.findall(tree.text("crates/ruff_linter/src/registry.rs"))}
    prefixes |= {"Pycodestyle": "", "Pylint": "PL", "Pandas-vet": "PD"}
    found = _CODE.findall(tree.text("crates/ruff_linter/src/codes.rs"))
    return {struct: prefixes.get(linter, "") + code for linter, code, struct in reversed(found)}


def _documented(text: str, codes: dict[str, str]) -> Iterator[RuleExample]:
    for rule in _DOCUMENTED.finditer(text):
        doc = "\n".join(line.strip()[3:].removeprefix(" ") for line in rule["doc"].splitlines())
        example = _EXAMPLE.search(doc)
        if example and rule["name"] in codes and "instead" in example["between"].lower():
            yield RuleExample(codes[rule["name"]], "python", example["bad"], example["good"])


def _fixed(text: str) -> Iterator[RuleExample]:
    """What each fix in a snapshot takes away and puts in, with the lines shown around it."""
    rule = message = ""
    shown: list[tuple[str, str]] | None = None
    for line in [*text.splitlines(), ""]:
        if finding := _FINDING.match(line):
            rule, message, shown = finding["code"], finding["message"], None
        elif line.startswith("help:"):
            shown = []
        elif shown is None or line.startswith(_CUT):
            continue
        elif changed := _CHANGED.match(line):
            if changed["number"] or changed["sign"] == "-":
                shown.append((changed["sign"], changed["code"] or ""))
        else:
            if any(sign != "|" for sign, _ in shown):
                bad, good = ("\n".join(code for sign, code in shown if sign in side) for side in ("|-", "|+"))
                yield RuleExample(rule, "python", bad, good, message)
            shown = None


SOURCES = (Source("ruff", "astral-sh/ruff", _read),)
