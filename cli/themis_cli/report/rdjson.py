"""Reviewdog's diagnostic format, ``rdjson``: columns in bytes of UTF-8, from 1, the end exclusive.

Source: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

import json
from typing import Any, TextIO

from themis_cli.escape import visible
from themis_cli.report.place import columns, utf8
from themis_cli.report.record import Detail, Report
from themis_cli.report.rules import rule_id
from themis_lsp.finding import Excerpt, Finding


def write(report: Report, out: TextIO, _detail: Detail) -> None:
    """Write one ``DiagnosticResult``."""
    rows = [_diagnostic(finding) for finding in report.review.findings]
    json.dump({"source": {"name": "themis"}, "severity": "WARNING", "diagnostics": rows}, out, indent=1)
    out.write("\n")


def _diagnostic(finding: Finding) -> dict[str, Any]:
    return {
        "message": visible(f"{finding.message} [{finding.fingerprint}]"),
        "location": {"path": finding.verdict.path, "range": _range(finding.excerpts[0])},
        "severity": "INFO" if finding.below_threshold else "WARNING",
        "code": {"value": rule_id(finding)},
    }


def _range(excerpt: Excerpt) -> dict[str, Any]:
    """Without columns, reviewdog means whole lines, the last one included."""
    first, last, _ = excerpt.lines
    if found := columns(excerpt, utf8):
        return {"start": {"line": first, "column": found[0]}, "end": {"line": last, "column": found[1]}}
    return {"start": {"line": first}, "end": {"line": last}}
