"""Installs the server into an environment of its own: ``python install.py WHEEL ENVIRONMENT``.

What it runs is printed first. It has to start under any Python 3, to be able to say which one it needs.
"""

import subprocess
import sys
from pathlib import Path


def main(wheel: str, environment: str) -> int:
    """Make the environment and install into it; returns the exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whatever Python was found on the PATH runs this
        print("Themis needs Python 3.11 or newer, and this is " + sys.version.split()[0] + ": " + sys.executable)
        return pause(2)
    python = str(Path(environment) / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    for command in (
        [sys.executable, "-m", "venv", "--clear", environment],
        [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", wheel + "[cpu]"],
    ):
        print("> " + subprocess.list2cmdline(command), flush=True)
        code = subprocess.call(command)
        if code:
            return pause(code)
    return 0


def pause(code: int) -> int:
    """Leave the terminal open until what went wrong was read."""
    input("Themis is not installed. Press Enter to close this terminal. ")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
