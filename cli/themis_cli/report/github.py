"""Annotations in a GitHub workflow's log: ten warnings a step, which is all that GitHub shows.

Source: "Workflow commands for GitHub Actions" in GitHub's documentation.
"""

from collections.abc import Mapping
from typing import Final, TextIO

from themis_cli.escape import visible
from themis_cli.report.place import columns, utf16
from themis_cli.report.record import Detail, Report
from themis_cli.report.rules import rule, rule_id
from themis_cli.report.tally import count, nothing
from themis_lsp.finding import Finding

_MOST: Final = 10  # of each level in one step
_IN_MESSAGE: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def write(report: Report, out: TextIO, _detail: Detail) -> None:
    """Write a line for each of the surest findings and for what the change silences, and say how many are left."""
    review = report.review
    for finding in review.findings[:_MOST]:
        title = rule(rule_id(finding)).title
        message = f"{finding.verdict.unit}: {finding.message}"
        _annotate("warning", {"file": finding.verdict.path, **_where(finding), "title": title}, message, out)
    for note in review.notes[:_MOST]:
        _annotate("notice", {"file": note.path, "line": note.line, "title": "Suppression"}, note.message, out)
    if not review.findings:
        out.write(f"{nothing(review)}\n")
    if (left := len(review.findings) - _MOST) > 0:
        out.write(f"{count(left, 'more finding')}: see the job summary\n")


def fail(why: str, out: TextIO) -> None:
    """Write why the step fails, where GitHub shows it first."""
    _annotate("error", {"title": "Themis"}, why, out)


def _where(finding: Finding) -> dict[str, int]:
    first, last, _ = finding.lines[0]
    found = columns(finding.excerpts[0], utf16) if first == last else None  # GitHub has columns for one line only
    return {"line": first, "endLine": last, **({"col": found[0], "endColumn": found[1]} if found else {})}


def _annotate(level: str, where: Mapping[str, str | int], message: str, out: TextIO) -> None:
    told = ",".join(f"{name}={visible(str(value)).translate(_IN_PROPERTY)}" for name, value in where.items())
    out.write(f"::{level} {told}::{visible(message).translate(_IN_MESSAGE)}\n")
