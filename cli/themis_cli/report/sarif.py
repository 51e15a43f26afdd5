"""SARIF 2.1.0, as GitHub code scanning reads it: at most 5,000 results, the surest first.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and GitHub's "SARIF support for code scanning".
"""

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

from themis_cli.escape import visible
from themis_cli.report.place import columns, uri, utf16
from themis_cli.report.record import Detail, Report
from themis_cli.report.rules import Rule, precision, rule, rule_id
from themis_lsp import __version__
from themis_lsp.finding import Excerpt, Finding
from themis_lsp.silence import By, Silenced
from themis_lsp.verdict import Verdict
from themis_model.calibrate import Calibration
from themis_model.criterion import CRITERIA, Criterion

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_MOST_RESULTS: Final = 5000  # more than GitHub keeps
_MOST_RELATED: Final = 5
_PRECISIONS: Final = ((0.95, "very-high"), (0.8, "high"), (0.6, "medium"), (0.0, "low"))
_KINDS: Final = {By.COMMENT: "inSource", By.BASELINE: "external"}


def write(report: Report, out: TextIO, _detail: Detail) -> None:
    """Write one run."""
    json.dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report)]}, out, indent=1, allow_nan=False)
    out.write("\n")


def _run(report: Report) -> dict[str, Any]:
    review, model = report.review, report.model
    findings = review.findings[:_MOST_RESULTS]
    silenced = review.suppressed[: _MOST_RESULTS - len(findings)]
    ids = [*CRITERIA, *dict.fromkeys(finding.defect for finding in findings if finding.defect)]
    places = {name: number for number, name in enumerate(ids)}
    results = [
        *(_finding(finding, places[rule_id(finding)]) for finding in findings),
        *(_silenced(silence, places[silence.verdict.criterion]) for silence in silenced),
    ]
    coverage = review.coverage
    told = {"scored": coverage.scored, "settled": coverage.settled, "of_tests": coverage.of_tests}
    return {
        "tool": {
            "driver": {
                "name": "Themis",
                "semanticVersion": __version__,
                "informationUri": "https://arxiv.org/abs/2605.00754",
                "rules": [_rule(rule(name), model.calibration) for name in ids],
            }
        },
        "automationDetails": {"id": "themis/"},
        "columnKind": "utf16CodeUnits",
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": list(_notes(report, len(results)))}
        ],
        "results": results,
        "properties": {
            "base": report.base,
            "head": report.head,
            "model": {"name": model.name, "digest": model.digest},
            "coverage": {**told, "skipped": len(coverage.skipped)},
        },
    }


def _rule(rule: Rule, calibration: Calibration) -> dict[str, Any]:
    tags = [rule.criterion.short, *([f"external/cwe/cwe-{rule.cwe:03}"] if rule.cwe else [])]
    measured = precision(rule.criterion, calibration)
    words = {} if measured is None else {"precision": next(w for least, w in _PRECISIONS if measured >= least)}
    is_security = rule.criterion is Criterion.SECURITY_HARDNESS
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.replace("_", "-").split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.summary, "markdown": rule.help},
        "defaultConfiguration": {"level": "warning"},
        "properties": {
            "tags": tags,
            **words,
            "problem.severity": "warning" if is_security else "recommendation",
        },
    }


def _finding(finding: Finding, place: int) -> dict[str, Any]:
    heaviest, *others = finding.excerpts
    lighter = others[:_MOST_RELATED]
    related = [
        _location(finding.verdict, e) | {"id": n, "message": {"text": _weight(e)}} for n, e in enumerate(lighter, 1)
    ]
    return {
        **_result(finding.verdict, rule_id(finding), place, finding.fingerprint),
        "level": "note" if finding.below_threshold else "warning",
        "message": {"text": visible(finding.message)},
        "locations": [_location(finding.verdict, heaviest)],
        **({"relatedLocations": related} if related else {}),
    }


def _silenced(silence: Silenced, place: int) -> dict[str, Any]:
    verdict = silence.verdict
    why = silence.comment.reason if silence.comment else ""
    reason = {"justification": visible(why)} if why else {}
    # A gate does not heed a comment without a reason, so nothing has been accepted yet.
    status = "accepted" if why or silence.by is By.BASELINE else "underReview"
    where = {"startLine": silence.first, "endLine": silence.last}
    return {
        **_result(verdict, verdict.criterion, place, silence.fingerprint),
        "level": "note",
        "message": {"text": f"worse for {verdict.criterion.short}, silenced"},
        "locations": [_located(verdict, where)],
        "suppressions": [{"kind": _KINDS[silence.by], "status": status, **reason}],
    }


def _result(verdict: Verdict, name: str, place: int, fingerprint: str) -> dict[str, Any]:
    chances = verdict.p._asdict() if verdict.p else {}
    return {
        "ruleId": str(name),
        "ruleIndex": place,
        # GitHub reads the first; its own are a hash of lines and an ordinal.
        "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1", "themis/v1": fingerprint},
        "rank": 100 * chances.get("worse", 0.0),
        "properties": {"criterion": verdict.criterion, "probabilities": chances},
    }


def _location(verdict: Verdict, excerpt: Excerpt) -> dict[str, Any]:
    first, last, _ = excerpt.lines
    found = columns(excerpt, utf16)
    exact = {"startColumn": found[0], "endColumn": found[1]} if found else {}
    return _located(verdict, {"startLine": first, "endLine": last, **exact})


def _located(verdict: Verdict, region: dict[str, int]) -> dict[str, Any]:
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri(verdict.path)}, "region": region},
        "logicalLocations": [{"fullyQualifiedName": visible(verdict.unit)}],
    }


def _weight(excerpt: Excerpt) -> str:
    return f"{excerpt.lines.weight:.0%} of the verdict's weight"


def _notes(report: Report, written: int) -> Iterator[dict[str, Any]]:
    review = report.review
    for note in review.notes:
        where = {"artifactLocation": {"uri": uri(note.path)}, "region": {"startLine": note.line}}
        yield {
            "level": "note",
            "message": {"text": visible(note.message)},
            "locations": [{"physicalLocation": where}],
        }
    if left := len(review.findings) + len(review.suppressed) - written:
        yield {"level": "warning", "message": {"text": f"{left} more findings than a report may have were left out"}}
