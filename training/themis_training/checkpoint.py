"""Checkpoints that an interruption cannot spoil."""

from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, value: dict[str, Any]) -> None:
    """Write beside and rename, so that the last whole checkpoint always stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(value, part)
    part.replace(path)
