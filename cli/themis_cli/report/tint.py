"""Code in colour, one text per line, and what differs between two lines made bold."""

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from rich.text import Text

from themis_cli.escape import visible
from themis_cli.report.look import BLUE, OCHRE, QUIET, VIOLET
from themis_lsp.language import grammar_of

if TYPE_CHECKING:
    from rich.syntax import Syntax

_LONGEST = 400  # characters of a line
_ALIKE = 0.5
_LEXERS = {"c_sharp": "csharp"}  # where Pygments has another name than the grammar


def syntax_of(path: str) -> "Syntax":
    """What colours the code of a file with this name."""
    from pygments.token import Comment, Keyword, Name, Number, String
    from rich.style import Style
    from rich.syntax import ANSISyntaxTheme, Syntax

    grammar = grammar_of(path)  # Pygments itself goes by the file name too, and knows fewer
    lexer = _LEXERS.get(grammar.key, grammar.key) if grammar else "text"
    tints = {Keyword: VIOLET, Name.Function: BLUE, Name.Builtin: BLUE, Number: OCHRE, String: OCHRE}
    styles = {token: Style(color=colour) for token, colour in tints.items()}
    return Syntax("", lexer, theme=ANSISyntaxTheme({**styles, Comment: Style(color=QUIET)}))


def tinted(lines: Sequence[str], indent: int, syntax: "Syntax | None") -> list[Text]:
    """Each line without its first ``indent`` columns, safe to print; without a syntax it has no colour."""
    plain = [visible(line[:_LONGEST].expandtabs(4)[indent:].rstrip()) for line in lines]
    if syntax is None or not plain:
        return [Text(line) for line in plain]
    coloured = syntax.highlight("\n".join(plain)).split("\n", allow_blank=True)
    # The lexer drops blank lines at the start, so what does not line up stays as it is.
    return [
        coloured[n] if n < len(coloured) and coloured[n].plain == line else Text(line) for n, line in enumerate(plain)
    ]


def stress(old: Text, new: Text) -> None:
    """Make bold what differs between two lines that are otherwise alike."""
    one, other = old.plain, new.plain
    start = _equal(one, other)
    end = min(_equal(one[::-1], other[::-1]), min(len(one), len(other)) - start)
    if start + end >= _ALIKE * max(len(one), len(other)):
        old.stylize("bold", start, len(one) - end)
        new.stylize("bold", start, len(other) - end)


def _equal(one: str, other: str) -> int:
    """Length of the common prefix."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
