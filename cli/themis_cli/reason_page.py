"""Reason pages on a terminal: prose broken to its width, each example as one coloured diff."""

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import groupby
from typing import TYPE_CHECKING, Final, TextIO

from rich.console import Console
from rich.style import Style
from rich.text import Text

from themis_cli.report.look import BETTER, BLUE, QUIET, WORSE, Look, Screen
from themis_cli.report.tint import stress, syntax_of, tinted
from themis_model.reason import Reason, page, reasons

if TYPE_CHECKING:
    from themis_lsp.case import Case

_WIDEST: Final = 88  # columns of prose
_GUTTER: Final = 4  # columns in front of code
_FENCED: Final = re.compile(r"^```.*?^```\n", re.MULTILINE | re.DOTALL)
_HEADING: Final = re.compile(r"^#{1,2} (.+)\n", re.MULTILINE)
_INLINE: Final = re.compile(r"`([^`]+)`|\*([^*`]+)\*")


def print_page(reason: Reason, told: str, out: TextIO) -> None:
    """Print a reason's page: as plain text into a pipe, where nothing of the code is cut.

    Args:
        reason: whose page.
        told: what the model at hand makes of it, in a sentence.
        out: where to.
    """
    from themis_lsp.case import cases_in

    console = Screen(out)
    text = page(reason.id)
    cases = {case.title: case for case in cases_in(text, f"{reason.id}.md")}
    for line in _lines(reason, told, text, cases, console):
        line.rstrip()
        console.print(line, soft_wrap=True)


def print_list(out: TextIO) -> None:
    """Print every reason under its criterion."""
    console = Screen(out)
    width = max(map(len, reasons())) + 2
    for number, (criterion, group) in enumerate(groupby(reasons().values(), lambda reason: reason.criterion)):
        if number:
            console.print()
        console.print(Text(criterion.short, "bold"))
        listed = list(group)
        title_width = max(len(reason.title) for reason in listed) + 2
        for reason in listed:
            cwe = f"CWE-{reason.cwe}" if reason.cwe else ""
            line = Text.assemble("  ", (f"{reason.id:<{width}}", BLUE), f"{reason.title:<{title_width}}", (cwe, QUIET))
            line.rstrip()
            console.print(line, soft_wrap=True)


def _lines(reason: Reason, told: str, text: str, cases: Mapping[str, "Case"], console: Console) -> Iterator[Text]:
    look = Look.of(console)
    dot = f" {look.symbols.dot} "
    named = (reason.id, f"worse for {reason.criterion.short}", f"CWE-{reason.cwe}" if reason.cwe else "")
    yield Text(reason.title, "bold")
    yield Text(dot.join(filter(None, named)), QUIET)
    # The part before the first heading is empty; then come headings and bodies in turn.
    parts = _HEADING.split(_FENCED.sub("", text))[1:]
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        yield Text()
        if title != reason.title:
            yield Text(title, "bold")
        yield from _prose(body.strip(), console)
        if title in cases:
            if body.strip() and title != reason.title:
                yield Text()
            yield from _example(cases[title], look)
    yield Text()
    yield from Text(told).wrap(console, min(console.width, _WIDEST))
    yield Text(f"themis explain {reason.criterion.short}: what the model knows of it, and how to silence it", QUIET)


def _prose(body: str, console: Console) -> Iterator[Text]:
    width = min(console.width, _WIDEST)
    for number, paragraph in enumerate(re.split(r"\n{2,}", body)):
        if number:
            yield Text()
        if paragraph.startswith("- "):
            yield from (_link(line.removeprefix("- "), console) for line in paragraph.split("\n"))
        elif paragraph:
            yield from _inline(" ".join(paragraph.split()), console).wrap(console, width)


def _inline(text: str, console: Console) -> Text:
    """Code and stress in colour and italics; as they were written where there is no colour to tell them by."""
    if console.no_color or not console.is_terminal:
        return Text(text)
    styled = Text()
    end = 0
    for mark in _INLINE.finditer(text):
        code, stressed = mark.groups()
        styled.append(text[end : mark.start()]).append(code or stressed, BLUE if code else "italic")
        end = mark.end()
    return styled.append(text[end:])


def _link(target: str, console: Console) -> Text:
    style = Style(color=BLUE, link=f"https://{target}") if console.is_terminal else ""
    return Text(f"https://{target}", style)


def _example(case: "Case", look: Look) -> Iterator[Text]:
    """Both versions as one diff without anything left out."""
    change = case.change
    syntax = syntax_of(change.path) if look.width else None
    before = tinted((change.before or "").splitlines(), 0, syntax)
    after = tinted((change.after or "").splitlines(), 0, syntax)
    signs = {"before": (look.symbols.removed, WORSE), "after": (look.symbols.added, BETTER)}
    yield Text.assemble(
        (f"  {change.path} ", QUIET),
        *(part for name, (sign, colour) in signs.items() for part in ((f"  {sign}", colour), (f" {name}", QUIET))),
    )
    alike = SequenceMatcher(None, [line.plain for line in before], [line.plain for line in after], autojunk=False)
    for kind, start, end, new_start, new_end in alike.get_opcodes():
        old, new = before[start:end], after[new_start:new_end]
        if kind == "equal":
            yield from _signed(" ", "", old, look)
            continue
        if len(old) == len(new):
            for one, other in zip(old, new, strict=True):
                stress(one, other)
        for (sign, colour), lines in zip(signs.values(), (old, new), strict=True):
            yield from _signed(sign, f"bold {colour}", lines, look)


def _signed(sign: str, style: str, lines: list[Text], look: Look) -> Iterator[Text]:
    for line in lines:
        first, *rest = _folded(line, look.width - _GUTTER if look.width else None)
        yield Text.assemble((f"  {sign} ", style), first)
        yield from (Text.assemble(" " * _GUTTER, more) for more in rest)


def _folded(line: Text, width: int | None, hang: int = 8) -> Iterator[Text]:
    """A line of code on as many rows as it takes; without a width, or a place to break it, as it is."""
    indent = len(line.plain) - len(line.plain.lstrip())
    at = line.plain.rfind(" ", indent, (width or 0) + 1)
    if width is None or line.cell_len <= width or at < 0:
        yield line
    else:
        yield line[:at]
        yield from _folded(Text(" " * (indent + hang)).append_text(line[at + 1 :]), width, 0)
