"""The report for machines: ``themis-review/1``, whose schema is ``review.schema.json`` beside this file.

Numbers are written as they were computed, so that equal reviews are equal to the last bit.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from themis_cli.report.record import Detail, Report
from themis_lsp.change import Skip
from themis_lsp.finding import Finding
from themis_lsp.verdict import Verdict

SCHEMA = "themis-review/1"


def write(report: Report, out: TextIO, _detail: Detail) -> None:
    """Write the report, one row a line and never the whole of it in memory."""
    review, coverage = report.review, report.review.coverage
    info = report.model
    model = {"name": info.name, "digest": info.digest, "graph_digest": info.graph_digest}
    out.write(f'{{"schema": {_value(SCHEMA)}, "base": {_value(report.base)}, "head": {_value(report.head)},\n')
    out.write(f' "model": {_value(model)},\n "verdicts": ')
    _write_rows(map(_verdict_row, review.verdicts), out)
    out.write(',\n "findings": ')
    _write_rows(map(_finding_row, review.findings), out)
    out.write(f',\n "coverage": {{"scored": {coverage.scored}, "of_tests": {coverage.of_tests}, "skipped": ')
    _write_rows(map(_skip_row, coverage.skipped), out)
    out.write("}}\n")


def _write_rows(rows: Iterable[Mapping[str, Any]], out: TextIO) -> None:
    separator = "[\n  "
    for row in rows:
        out.write(f"{separator}{_value(row)}")
        separator = ",\n  "
    out.write("[]" if separator.startswith("[") else "]")


def _value(value: object) -> str:
    return json.dumps(value, allow_nan=False)


def _verdict_row(verdict: Verdict) -> dict[str, Any]:
    return {
        "path": verdict.path,
        "unit": verdict.unit,
        "line": verdict.line,
        "criterion": verdict.criterion,
        "verdict": verdict.direction,
        "delta": verdict.delta,
        "p": verdict.p,
        "because": verdict.because,
        **({"mends": verdict.mends} if verdict.mends else {}),
    }


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        **_verdict_row(finding.verdict),
        "lines": finding.lines,
        "defect": finding.defect,
        "message": finding.message,
        "fingerprint": finding.fingerprint,
    }


def _skip_row(skip: Skip) -> dict[str, Any]:
    return {"path": skip.path, "unit": skip.unit, "line": skip.line, "because": skip.because}
