"""A JSON report that a review wrote earlier, read back: bounded, and checked before anything of it is used."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from themis_cli.source import read_bounded
from themis_lsp.error import UsageError
from themis_model.criterion import CRITERIA

LARGEST: Final = 64 * 1024 * 1024  # bytes; a review of 3,000 edits writes about 4 MB

_MOST_NAMED: Final = 8  # findings in a message

#: One row of ``findings``.
Row = Mapping[str, Any]


def report_in(path: Path) -> Mapping[str, Any]:
    """A JSON report whose findings have everything that a finding has.

    Raises:
        UsageError: the file cannot be read, is too large, or is no such report.
    """
    from themis_cli.report.json import SCHEMA

    content = read_bounded(path, LARGEST)
    if len(content) > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST >> 20} MB: write a report of fewer edits")
    try:
        report = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        report = None
    if not isinstance(report, dict) or report.get("schema") != SCHEMA:
        raise UsageError(f"{path} is not a {SCHEMA} report: write one with themis review --output-format json")
    if not _is_whole(report):
        raise UsageError(f"{path} is a damaged {SCHEMA} report: write it anew with themis review --output-format json")
    return report


def finding_in(report: Mapping[str, Any], path: Path, what: str) -> Row:
    """The one finding of a report that is meant.

    Args:
        report: as ``report_in`` gives it.
        path: where it was read, for messages.
        what: the finding's place as reports print it (``src/a.py:14``), its file, or how its fingerprint begins; empty
            for the only one there is.

    Raises:
        UsageError: the report has no such finding, or several.
    """
    findings = report["findings"]
    found = [finding for finding in findings if _is_meant(finding, what)]
    if len(found) != 1:
        places = [f"{row['path']}:{row['lines'][0][0]} ({row['fingerprint']})" for row in found or findings]
        known = ", ".join(places[:_MOST_NAMED]) or "none"
        known += f" and {len(places) - _MOST_NAMED} more" if len(places) > _MOST_NAMED else ""
        several = f"{len(found) or 'no'} findings{f' at {what}' if what else ''}"
        raise UsageError(f"{path} has {several}; name one by its place or fingerprint: {known}")
    return dict(found[0])


def _is_meant(finding: Row, what: str) -> bool:
    place, _, line = what.rpartition(":")
    here = place == finding["path"] and line.isdigit()
    return (
        finding["fingerprint"].startswith(what)
        or what == finding["path"]
        or (here and any(first <= int(line) <= last for first, last, _ in finding["lines"]))
    )


def _is_whole(report: Mapping[str, Any]) -> bool:
    model, findings = report.get("model"), report.get("findings")
    return (
        _has_texts(report, "base", "head")
        and isinstance(model, dict)
        and _has_texts(model, "name", "digest", "graph_digest")
        and isinstance(findings, list)
        and all(isinstance(finding, dict) and _is_finding(finding) for finding in findings)
    )


def _is_finding(row: Row) -> bool:
    p, lines = row.get("p"), row.get("lines")
    return (
        _has_texts(row, "path", "unit", "message", "fingerprint")
        and row.get("criterion") in list(CRITERIA)
        and isinstance(row.get("defect"), str | None)
        and _are_numbers([row.get("delta")], float, 1)
        and _are_numbers(p, float)
        and isinstance(lines, list)
        and bool(lines)
        and all(_are_numbers(one, float) and _are_numbers(one[:2], int, 2) for one in lines)
    )


def _has_texts(row: Row, *names: str) -> bool:
    return all(isinstance(row.get(name), str) for name in names)


def _are_numbers(values: object, kind: type[float], count: int = 3) -> bool:
    """Whether it is a list of so many numbers; a whole number is a number, too, and ``True`` is none."""
    known = int if kind is int else (int, float)
    return (
        isinstance(values, list)
        and len(values) == count
        and all(isinstance(value, known) and not isinstance(value, bool) for value in values)
    )
