"""Findings that a team knows of and accepts, by fingerprint: moved lines and renamed files do not bring them back."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from themis_lsp.config import Config
from themis_lsp.error import SettingsError
from themis_lsp.finding import Finding

SCHEMA: Final = "themis-baseline/1"

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}")

#: One accepted finding; only its fingerprint counts, the rest says what it stands for.
Row = Mapping[str, Any]


def accepted(config: Config, folder: Path) -> Sequence[Row]:
    """The rows of the baseline that holds, if one does.

    Args:
        config: says which.
        folder: what a path given by the user starts from.

    Raises:
        SettingsError: it cannot be read, or is no baseline.
    """
    found = config.baseline(folder)
    return _rows(*found) if found else ()


def fingerprints_in(name: str, text: str) -> frozenset[str]:
    """What a baseline accepts.

    Args:
        name: of the file.
        text: of the file.

    Raises:
        SettingsError: it is no baseline.
    """
    return frozenset(str(row["fingerprint"]) for row in _rows(name, text))


def _rows(name: str, text: str) -> Sequence[Row]:
    try:
        value = json.loads(text)
        rows: list[Row] = value["findings"]
        is_known = value["schema"] == SCHEMA and all(_FINGERPRINT.fullmatch(row["fingerprint"]) for row in rows)
    except (ValueError, TypeError, KeyError, RecursionError):
        rows, is_known = [], False
    if not is_known:
        raise SettingsError(f"{name} is no {SCHEMA} file: move it away, and write it with --write-baseline")
    return rows


def written(known: Sequence[Row], findings: Sequence[Finding]) -> str:
    """A baseline of what was accepted before and what was found now, one row a line so that it merges well.

    What was not found again stays: another range of commits may well find it.
    """
    rows = {str(row["fingerprint"]): row for row in known}
    for finding in findings:
        where = {"path": finding.verdict.path, "unit": finding.verdict.unit, "criterion": finding.verdict.criterion}
        rows[finding.fingerprint] = {"fingerprint": finding.fingerprint, **where}
    lines = ",".join(f"\n  {json.dumps(row)}" for _, row in sorted(rows.items()))
    return f'{{"schema": "{SCHEMA}", "findings": [{lines}\n]}}\n'
