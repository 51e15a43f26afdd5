"""The changed lines that weigh most, as a small diff."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.text import Text

from themis_cli.report.look import BETTER, QUIET, WORSE, Look
from themis_cli.report.tally import count
from themis_cli.report.tint import stress, syntax_of, tinted
from themis_lsp.finding import Excerpt

if TYPE_CHECKING:
    from rich.syntax import Syntax

_ENOUGH = 0.8  # excerpts are shown until they carry this share of the verdict
_MOST_EXCERPTS = 3
MOST_LINES: Final = 6  # of one side of one excerpt


class _Row(NamedTuple):
    sign: str
    number: int | None
    code: Text
    share: float | None  # the excerpt's weight, on its first row


def diff_of(excerpts: Sequence[Excerpt], path: str, look: Look) -> Iterator[Text]:
    """The heaviest excerpts in file order, one line of text each; what is left out is said."""
    chosen = heaviest(excerpts)
    indent = common_indent([line for excerpt in chosen for line in (*excerpt.removed, *excerpt.added)])
    columns = len(str(max(excerpt.lines.last for excerpt in chosen)))
    syntax = syntax_of(path) if look.width else None
    cut = Text(f"{' ' * (columns + 5)}{look.symbols.cut}", QUIET)
    last = 0
    for excerpt in chosen:
        if last and excerpt.lines.first > last + 1:
            yield cut
        for row in _rows(excerpt, indent, syntax, look):
            yield _line(row, excerpt.lines.weight, columns, look)
        last = excerpt.lines.last
    if rest := len(excerpts) - len(chosen):
        yield cut.append(f" {count(rest, 'lighter change')}")


def heaviest(excerpts: Sequence[Excerpt]) -> list[Excerpt]:
    """Those that carry most of a verdict, in file order."""
    chosen: list[Excerpt] = []
    for excerpt in excerpts[:_MOST_EXCERPTS]:
        if sum(e.lines.weight for e in chosen) < _ENOUGH:
            chosen.append(excerpt)
    return sorted(chosen, key=lambda excerpt: excerpt.lines.first)


def _rows(excerpt: Excerpt, indent: int, syntax: "Syntax | None", look: Look) -> list[_Row]:
    removed = tinted(excerpt.removed, indent, syntax)
    added = tinted(excerpt.added, indent, syntax)
    if len(removed) == len(added):
        for old, new in zip(removed, added, strict=True):
            stress(old, new)
    first, last, weight = excerpt.lines
    is_exact = last - first + 1 == len(added)  # a remainder's lines need not be contiguous
    numbers = [first + n if is_exact or n == 0 else None for n in range(len(added))]
    rows = [
        *_shortened([_Row(look.symbols.removed, None, code, None) for code in removed], look),
        *_shortened([_Row(look.symbols.added, n, c, None) for n, c in zip(numbers, added, strict=True)], look),
    ]
    return [rows[0]._replace(share=weight), *rows[1:]]


def _shortened(rows: list[_Row], look: Look) -> list[_Row]:
    if len(rows) <= MOST_LINES:
        return rows
    kept = rows[: MOST_LINES - 1]
    note = Text(f"{look.symbols.cut} {count(len(rows) - len(kept), 'more line')}", QUIET)
    return [*kept, kept[-1]._replace(number=None, code=note)]


def _line(row: _Row, weight: float, columns: int, look: Look) -> Text:
    number = str(row.number) if row.number else ""
    if look.width is None:
        share = "" if row.share is None else f"{row.share:.0%}"
        return Text(f"  {share:>4} {number:>{columns}} {row.sign} {row.code.plain}")
    colour = BETTER if row.sign == look.symbols.added else WORSE
    text = Text.assemble(
        *("  ", (look.weight(weight), WORSE), (f" {number:>{columns}} ", QUIET)),
        *((f"{row.sign} ", f"bold {colour}"), row.code),
    )
    text.truncate(look.width, overflow="ellipsis")
    return text


def common_indent(lines: Sequence[str]) -> int:
    """The columns that all lines begin with, as white space."""
    widths = [len(full) - len(full.lstrip()) for line in lines if (full := line.expandtabs(4)).strip()]
    return min(widths, default=0)
