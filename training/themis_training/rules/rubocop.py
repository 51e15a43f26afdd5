"""RuboCop and its extensions: the examples in the comment above each cop, and the corrections in its specs."""

import re
from collections.abc import Iterator

from themis_training.rules.example import RuleExample, Source
from themis_training.rules.text import matched
from themis_training.rules.tree import Tree

_COP = re.compile(r"^ *class (?P<name>\w+) < .*(?:Base|Cop|Helper)\b", re.MULTILINE)
_DEPARTMENT = re.compile(r"^ *module (\w+)", re.MULTILINE)
_TITLE = re.compile(r"@example ?(?P<title>.*)")
_MARK = re.compile(r"^#+ *(?P<side>bad|good)\b.*$", re.IGNORECASE)
_SPEC = re.compile(r"RSpec\.describe RuboCop::Cop::(?P<rule>\w+::\w+)")
_HEREDOC = re.compile(
    r"\bexpect_(?P<kind>offense|correction|no_corrections)\b"
    r"(?:\(<<~(?P<quote>'?)RUBY'?\)\n(?P<code>.*?)\n *RUBY\n)?",
    re.DOTALL,
)
_CARET = re.compile(r"^ *(?:\^+|\^\{\}) ?(?P<message>.*)$")
_FORMAT = re.compile(r"(?<!\\)#\{|[%_^]\{")


def _read(tree: Tree) -> Iterator[RuleExample]:
    for path in tree.paths("lib/rubocop/cop/*.rb"):
        yield from _documented(tree.text(path))
    for path in tree.paths("spec/rubocop/cop/*_spec.rb"):
        yield from _corrected(tree.text(path))


def _documented(text: str) -> Iterator[RuleExample]:
    """Examples between the marks ``# bad`` and ``# good``; those of a style that is not the default are left out."""
    if not (cop := _COP.search(text)):
        return
    above = text[: cop.start()].splitlines()
    modules = _DEPARTMENT.findall(text[: cop.start()])
    rule = f"{modules[-1]}/{cop['name']}"
    lines = [line.strip()[1:].removeprefix(" ") for line in above if line.lstrip().startswith("#")]
    blocks: dict[str, list[list[str]]] = {}
    side: list[str] | None = None
    wanted = False
    for line in [*lines, "@end"]:
        if line.startswith("@"):
            yield from (RuleExample(rule, "ruby", *pair) for pair in _matched(blocks))
            title = _TITLE.match(line)
            blocks, side = {}, None
            wanted = bool(title and (":" not in title["title"] or "(default)" in title["title"]))
        elif wanted and (mark := _MARK.match(line.strip())):
            side = []
            blocks.setdefault(mark["side"].lower(), []).append(side)
        elif wanted and side is not None:
            side.append(line)


def _matched(blocks: dict[str, list[list[str]]]) -> Iterator[tuple[str, str]]:
    bad, good = (["\n".join(block) for block in blocks.get(side, [])] for side in ("bad", "good"))
    yield from matched(bad, good, "ruby") if bad and good else ()


def _corrected(text: str) -> Iterator[RuleExample]:
    """Expected offenses and their corrections; specs of cops that enforce a chosen style say nothing."""
    described = _SPEC.search(text)
    if not described or "EnforcedStyle" in text:
        return
    bad: tuple[str, str] | None = None
    for found in _HEREDOC.finditer(text):
        code = _code(found)
        if found["kind"] == "offense":
            bad = _without_carets(code) if code else None
        elif code and bad:
            rule = described["rule"].replace("::", "/")
            yield RuleExample(rule, "ruby", bad[0], code, bad[1])
            bad = None


def _code(found: re.Match[str]) -> str:
    """The text of a here-document, or nothing if a part of it is computed."""
    code = found["code"] or ""
    if found["quote"]:
        return code
    return "" if _FORMAT.search(code) else code.replace("\\#", "#").replace("\\\\", "\\")


def _without_carets(code: str) -> tuple[str, str]:
    """Code without the lines that point at offenses, and the first message of those."""
    lines = code.split("\n")
    marks = [_CARET.match(line) for line in lines]
    messages = [mark["message"] for mark in marks if mark and mark["message"]]
    return "\n".join(line for line, mark in zip(lines, marks, strict=True) if not mark), (messages or [""])[0]


SOURCES = tuple(
    Source(repository.rpartition("/")[2], repository, _read)
    for repository in (
        "rubocop/rubocop",
        "rubocop/rubocop-performance",
        "rubocop/rubocop-rails",
        "rubocop/rubocop-minitest",
        "rubocop/rubocop-thread_safety",
    )
)
