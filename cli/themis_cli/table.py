"""Columns of text that line up on terminals and in pipes alike."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from themis_cli.escape import visible


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of equally many cells as lines; control characters are escaped, and nothing is cut."""
    cells = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()
