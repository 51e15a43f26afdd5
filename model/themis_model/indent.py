"""How deep a line stands, whatever its indentation is made of."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from themis_model.tokens import MAX_LEVEL

_TAB: Final = 4  # columns


class Indents(NamedTuple):
    """The margin that all lines of a pair share, and the width of a further level, in columns."""

    base: int
    step: int

    @classmethod
    def of(cls, before: Sequence[str], after: Sequence[str]) -> "Indents":
        """Of all lines of both versions; blank ones do not count."""
        margins = {
            line[: len(line) - len(bare)] for lines in (before, after) for line in lines if (bare := line.lstrip())
        }
        if not margins:
            return cls(0, _TAB)
        widths = {_width(margin) for margin in margins}
        base = min(widths)
        deeper = [width - base for width in widths if width - base >= 2]
        return cls(base, min(deeper, default=_TAB))

    def level(self, line: str) -> int:
        """How many levels deeper than the margin, at most ``MAX_LEVEL``."""
        return min(MAX_LEVEL, (_width(line) - self.base) // self.step)


def _width(line: str) -> int:
    blank = len(line) - len(line.lstrip())
    return blank + line.count("\t", 0, blank) * (_TAB - 1)
