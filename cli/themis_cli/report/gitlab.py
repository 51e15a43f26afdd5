"""GitLab's code quality report: the subset of the Code Climate format that merge requests show."""

import json
from typing import Any, TextIO

from themis_cli.escape import visible
from themis_cli.report.record import Detail, Report
from themis_cli.report.rules import rule_id
from themis_lsp.finding import Finding


def write(report: Report, out: TextIO, _detail: Detail) -> None:
    """Write one array of findings; GitLab compares it with that of the target branch by fingerprint."""
    json.dump([_row(finding) for finding in report.review.findings], out, indent=1)
    out.write("\n")


def _row(finding: Finding) -> dict[str, Any]:
    first, last, _ = finding.lines[0]
    return {
        "description": visible(f"{finding.verdict.unit}: {finding.message}"),
        "check_name": rule_id(finding),
        "fingerprint": finding.fingerprint,
        "severity": "info" if finding.below_threshold else "major",
        "location": {"path": finding.verdict.path, "lines": {"begin": first, "end": last}},
    }
