"""Draws the pictures of the README: what ``themis review`` really prints on a few of the demo's edits.

Run it from the root of the checkout after the model or the report changed: ``.venv/bin/python docs/pictures.py``.
"""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME
from rich.text import Text

from themis_cli.demo import build, examples

_SHOWN: Final = (
    "SQL built by concatenation",
    "A loader that builds only plain data",
    "A body that is never closed",
    "A local variable renamed",
    "Only the layout changed",
)
_WIDTH: Final = 88  # columns
_TERMINAL: Final = {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm-256color", "COLUMNS": str(_WIDTH)}
_THEMES: Final = {"dark": SVG_EXPORT_THEME, "light": DEFAULT_TERMINAL_THEME}
_REMOTE_FONT: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def printed() -> str:
    """What a terminal gets from a review of the examples' edits, escape sequences included."""
    cases = [case for case in examples() if case.title in _SHOWN]
    with TemporaryDirectory() as folder:
        build(Path(folder), cases)
        command = (sys.executable, "-X", "utf8", "-m", "themis_cli.main", "review")
        environ = {**os.environ, **_TERMINAL, "XDG_CONFIG_HOME": folder, "APPDATA": folder}
        return subprocess.run(
            [*command, *sys.argv[1:]], cwd=folder, env=environ, capture_output=True, check=True, encoding="utf-8"
        ).stdout


def main() -> None:
    """Write one picture per theme beside this file."""
    text = Text.from_ansi(printed().rstrip())
    for name, theme in _THEMES.items():
        console = Console(record=True, width=_WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
        console.print(text)
        drawn = console.export_svg(title="themis review", theme=theme, unique_id=f"themis-{name}")
        local = "\n".join(line.rstrip() for line in _REMOTE_FONT.sub("", drawn).splitlines())
        Path(__file__).with_name(f"demo-{name}.svg").write_text(local + "\n", "utf-8")


if __name__ == "__main__":
    main()
