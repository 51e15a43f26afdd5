"""The changed lines that weigh most, as a table of HTML with the colours of a style sheet."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rich.style import Style
from rich.text import Text

from themis_cli.report.excerpt import MOST_LINES, common_indent, heaviest
from themis_cli.report.look import BLUE, OCHRE, QUIET, UNICODE, VIOLET
from themis_cli.report.tally import count
from themis_cli.report.tint import stress, syntax_of, tinted
from themis_lsp.attribute import percent
from themis_lsp.finding import Excerpt

if TYPE_CHECKING:
    from rich.syntax import Syntax

_CLASSES: Final = {VIOLET: "k", BLUE: "n", OCHRE: "t", QUIET: "c"}


def hunks(excerpts: Sequence[Excerpt], path: str) -> str:
    """The heaviest excerpts in file order, with each one's share of the verdict beside it."""
    chosen = heaviest(excerpts)
    indent = common_indent([line for excerpt in chosen for line in (*excerpt.removed, *excerpt.added)])
    syntax = syntax_of(path)
    rows: list[str] = []
    last = chosen[0].lines.first
    for excerpt in chosen:
        if excerpt.lines.first > last + 1:
            rows.append(_row("cut", "", "", UNICODE.cut, ""))
        rows += _rows(excerpt, indent, syntax)
        last = excerpt.lines.last
    if rest := len(excerpts) - len(chosen):
        rows.append(_row("cut", "", "", UNICODE.cut, count(rest, "lighter change")))
    return f'<div class="code mono"><table>{"".join(rows)}</table></div>'


def _rows(excerpt: Excerpt, indent: int, syntax: "Syntax") -> Iterator[str]:
    removed, added = (tinted(lines, indent, syntax) for lines in (excerpt.removed, excerpt.added))
    if len(removed) == len(added):
        for old, new in zip(removed, added, strict=True):
            stress(old, new)
    first, last, weight = excerpt.lines
    is_exact = last - first + 1 == len(added)  # a remainder's lines need not be contiguous
    share = f'<i style="opacity:{max(weight, 0.15):.2f}" title="{percent(weight)} of the verdict"></i>'
    for kind, sign, lines in (("removed", UNICODE.removed, removed), ("added", UNICODE.added, added)):
        for n, line in enumerate(lines[:MOST_LINES]):
            number = str(first + n) if kind == "added" and (is_exact or n == 0) else ""
            yield _row(kind, share, number, sign, _marked_up(line))
        if len(lines) > MOST_LINES:
            yield _row("cut", "", "", UNICODE.cut, count(len(lines) - MOST_LINES, "more line"))


def _row(kind: str, share: str, number: str, sign: str, code: str) -> str:
    cells = (
        f'<td class="weight">{share}</td><td class="number">{number}</td><td class="sign">{sign}</td><td>{code}</td>'
    )
    return f'<tr class="{kind}">{cells}</tr>'


def _marked_up(line: Text) -> str:
    """A coloured line as HTML: colours by class, and what differs between two lines in bold."""
    cuts = sorted({0, len(line), *(place for span in line.spans for place in (span.start, span.end))})
    parts = []
    for start, end in pairwise(cuts):
        text = escape(line.plain[start:end])
        styles = [span.style for span in line.spans if span.start <= start and end <= span.end]
        names = {_CLASSES.get(_colour(style), "") for style in styles} - {""}
        text = f'<span class="{min(names)}">{text}</span>' if names else text
        parts.append(f"<b>{text}</b>" if any(style == "bold" for style in styles) else text)
    return "".join(parts)


def _colour(style: str | Style) -> str:
    return style.color.name if isinstance(style, Style) and style.color else ""
