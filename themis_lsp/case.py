"""Literate cases: one edit told in Markdown, with what Themis is expected to say of it.

Demo examples, reason pages, bench suites and review tests share this format::

    # SQL built by concatenation

    Whoever chooses the name now chooses the query.

    ```python before shop/orders.py
    cursor.execute("SELECT * FROM orders WHERE owner = ?", (name,))
    ```

    ```python after
    cursor.execute("SELECT * FROM orders WHERE owner = '" + name + "'")
    ```

    ```expect
    security_hardness: worse
    ```

Each heading starts a case; sections and fenced blocks that say none of this are prose.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from themis_lsp.change import FileChange
from themis_lsp.error import ThemisError
from themis_lsp.language import grammar_of
from themis_lsp.unit import split_lines
from themis_lsp.verdict import Direction
from themis_model.criterion import Criterion

_FENCE = re.compile(r"(`{3,})(.*)")
_HEADING = re.compile(r"#{1,6}\s+(.*)")
_TAGS = {"csharp": "c_sharp", "jsx": "javascript"}  # where Markdown's name is not the grammar's key
_ROLES = ("before", "after", "expect")


class CaseError(ThemisError):
    """A case that cannot be read; the message starts with file and line."""


@dataclass(frozen=True, slots=True)
class Case:
    """One edit and what is expected of it.

    Attributes:
        title: the heading.
        prose: what the section says around its blocks.
        language: key from ``themis_model.tokens.LANGUAGES``.
        change: the edit, as any other way in would give it.
        expected: the verdict per criterion; ``none`` means silence, an absent criterion means no opinion.
    """

    title: str
    prose: str
    language: str
    change: FileChange
    expected: Mapping[Criterion, Direction]


class _Block(NamedTuple):
    line: int
    tag: str
    path: str | None
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


class _Section:
    def __init__(self, line: int, title: str) -> None:
        self.line = line
        self.title = title
        self.prose: list[str] = []
        self.blocks: dict[str, _Block] = {}


def cases_in(text: str, source: str) -> tuple[Case, ...]:
    """Read every case of a Markdown text.

    Args:
        text: the Markdown.
        source: what to call it in error messages, usually its file name.

    Raises:
        CaseError: naming source and line, if a block is unknown, repeated, left open or missing, if languages
            disagree, or if there is no case at all.
    """
    cases = tuple(_case(section, source) for section in _sections(text, source) if section.blocks)
    if not cases:
        raise _problem(source, 1, "no case: it needs blocks marked before, after and expect")
    return cases


def _sections(text: str, source: str) -> Iterator[_Section]:
    section = _Section(1, "")
    lines = enumerate(split_lines(text), 1)
    for number, line in lines:
        if fence := _FENCE.fullmatch(line.rstrip()):
            body = _body(lines, fence[1], source, number)
            if role := _role(fence[2], source, number):
                if role in section.blocks:
                    raise _problem(source, number, f"a second block marked {role} in one case")
                section.blocks[role] = _block(fence[2], role, number, body)
            else:
                section.prose += [line, *body, fence[1]]
        elif heading := _HEADING.fullmatch(line):
            yield section
            section = _Section(number, heading[1].strip())
        else:
            section.prose.append(line)
    yield section


def _body(lines: Iterator[tuple[int, str]], fence: str, source: str, start: int) -> tuple[str, ...]:
    body: list[str] = []
    for _, line in lines:
        closing = line.rstrip()
        if closing.startswith(fence) and not closing.strip("`"):
            return tuple(body)
        body.append(line)
    raise _problem(source, start, "this block is never closed")


def _role(info: str, source: str, line: int) -> str | None:
    words = info.split()
    if words == ["expect"]:
        return "expect"
    if len(words) < 2:
        return None
    if words[1] not in ("before", "after"):
        raise _problem(source, line, f"a code block is marked before or after, not {words[1]!r}")
    return words[1]


def _block(info: str, role: str, line: int, body: tuple[str, ...]) -> _Block:
    words = info.split(maxsplit=2)
    return _Block(line, words[0], words[2] if role != "expect" and len(words) > 2 else None, body)


def _case(section: _Section, source: str) -> Case:
    for role in _ROLES:
        if role not in section.blocks:
            raise _problem(source, section.line, f"the case {section.title!r} has no block marked {role}")
    if not section.title:
        raise _problem(source, section.line, "a case needs a heading above its blocks")
    before, after, expect = (section.blocks[role] for role in _ROLES)
    if before.path is None:
        raise _problem(source, before.line, "the block marked before names no path, as in: python before shop/cart.py")
    path = after.path or before.path
    grammar = grammar_of(path, after.text)
    if grammar is None:
        raise _problem(source, before.line, f"{path} is not in a supported language")
    for block in (before, after):
        if _TAGS.get(block.tag, block.tag) not in (grammar.key, grammar.language):
            raise _problem(source, block.line, f"the block says {block.tag}, but {path} is {grammar.key}")
    return Case(
        section.title,
        "\n".join(section.prose).strip(),
        grammar.language,
        FileChange(path, before.text, after.text, before.path if after.path else None),
        _expected(expect, source),
    )


def _expected(block: _Block, source: str) -> dict[Criterion, Direction]:
    expected: dict[Criterion, Direction] = {}
    for number, line in enumerate(block.lines, block.line + 1):
        if not line.strip():
            continue
        left, colon, right = (part.strip() for part in line.partition(":"))
        if not colon:
            raise _problem(source, number, f"{line.strip()!r} is not of the form criterion: worse|better|none")
        try:
            criterion, direction = Criterion(left), Direction(right)
        except ValueError:
            known = Criterion if left not in list(Criterion) else Direction
            raise _problem(source, number, f"{left}: {right}: not one of {', '.join(known)}") from None
        if criterion in expected:
            raise _problem(source, number, f"{criterion} is expected twice")
        expected[criterion] = direction
    if not expected:
        raise _problem(source, block.line, "nothing is expected: name at least one criterion")
    return expected


def _problem(source: str, line: int, what: str) -> CaseError:
    return CaseError(f"{source}:{line}: {what}")
