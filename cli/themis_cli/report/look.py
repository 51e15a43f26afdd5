"""How reports look: colours that read on dark and on light backgrounds, symbols with a plain fallback."""

from dataclasses import dataclass
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

# Relative luminance of about 0.18: a contrast of 4.5 against black and against white alike.
WORSE: Final = "#d7433b"
BETTER: Final = "#2f8540"
QUIET: Final = "#767676"
BLUE: Final = "#2f7bbd"
VIOLET: Final = "#9a5fc0"
OCHRE: Final = "#98700f"

_WIDEST = 120  # columns of code
_WIDEST_ALIGNED = 100  # columns between a line's two ends; beyond that, eyes lose the line
_BAR = 14  # columns


@dataclass(frozen=True, slots=True)
class Symbols:
    """The few symbols reports use.

    Attributes:
        worse, better: in front of a verdict.
        removed, added: in front of a line of code.
        full, empty: a bar's cells.
        cut: where something was left out.
        weights: from light to heavy, for the gutter.
    """

    worse: str
    better: str
    removed: str
    added: str
    full: str
    empty: str
    cut: str
    dot: str
    weights: str


UNICODE: Final = Symbols("✗", "✓", "−", "+", "━", "─", "⋯", "·", "▏▎▍▌")
ASCII: Final = Symbols("x", "v", "-", "+", "#", ".", "...", "|", "||||")


@dataclass(frozen=True, slots=True)
class Look:
    """What the output can show.

    Attributes:
        symbols: Unicode ones where the encoding has them.
        width: columns to fill, or None to never cut or align: a pipe.
    """

    symbols: Symbols
    width: int | None

    @classmethod
    def of(cls, console: Console) -> "Look":
        """The look for a console."""
        unicode = console.encoding.lower().replace("-", "").startswith("utf")
        return cls(UNICODE if unicode else ASCII, min(console.width, _WIDEST) if console.is_terminal else None)

    @property
    def edge(self) -> int:
        """The column to align right ends at, on a terminal."""
        return min(self.width or 0, _WIDEST_ALIGNED)

    def bar(self, share: float, colour: str) -> Text:
        """A bar for a share in [0, 1]."""
        cells = max(1, round(share * _BAR))
        return Text.assemble((self.symbols.full * cells, colour), (self.symbols.empty * (_BAR - cells), QUIET))

    def weight(self, share: float) -> str:
        """A gutter mark for a share in [0, 1]."""
        return self.symbols.weights[sum(share >= least for least in (0.1, 0.25, 0.5))]


class Screen(Console):
    """A console that prints text as it is: no markup, no highlighting, nothing guessed."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(file=out, highlight=False, markup=False, emoji=False)
