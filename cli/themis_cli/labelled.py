"""Labelled paragraphs, as commands print them beside reports."""

from collections.abc import Iterable
from typing import TextIO

from rich.text import Text

from themis_cli.escape import visible
from themis_cli.report.look import QUIET, Screen

_WIDEST = 100


def print_labelled(rows: Iterable[tuple[str, str]], out: TextIO, column: int = 13) -> None:
    """Print each text behind its label, broken to the width; an empty label continues the last.

    What is printed came from a repository or a model file, so control characters are escaped.
    """
    console = Screen(out)
    width = min(console.width, _WIDEST)
    for label, text in rows:
        lines = Text(visible(text)).wrap(console, width - column) if console.is_terminal else [Text(visible(text))]
        for number, line in enumerate(lines or [Text()]):
            front = "" if number else label
            row = Text.assemble((f"{front:<{column}}", QUIET), line)
            row.rstrip()
            console.print(row, soft_wrap=True)
