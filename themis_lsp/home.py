"""Where a person's own files lie: settings, answers, and the models they pulled."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

#: What a pulled model may be called: one plain step of a path on every system.
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")


def config_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """What the user sets: below %APPDATA% on Windows, else below $XDG_CONFIG_HOME or ~/.config."""
    return _folder(environ, "APPDATA" if platform == "win32" else "XDG_CONFIG_HOME", "~/.config")


def data_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """What Themis keeps: below %LOCALAPPDATA% on Windows, else below $XDG_DATA_HOME or ~/.local/share."""
    return _folder(environ, "LOCALAPPDATA" if platform == "win32" else "XDG_DATA_HOME", "~/.local/share")


def models_folder(environ: Mapping[str, str]) -> Path:
    """Where pulled models are, each in a folder of its name."""
    return data_folder(environ) / "models"


def is_name(text: str) -> bool:
    """Whether a pulled model may be called so."""
    return _NAME.fullmatch(text) is not None


def chosen_model(text: str, environ: Mapping[str, str]) -> str:
    """The path that a choice of a model means: a pulled model's name stands before a folder called the same.

    Otherwise a repository could put a folder of that name where the user is about to review it.
    """
    pulled = models_folder(environ) / text
    return str(pulled) if is_name(text) and pulled.is_dir() else text


def at_home(path: str) -> Path:
    """The path with its ``~`` replaced."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  (pathlib's raises where there is no home)


def _folder(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    base = Path(environ.get(variable, ""))
    return (base if base.is_absolute() else at_home(otherwise)) / "themis"
