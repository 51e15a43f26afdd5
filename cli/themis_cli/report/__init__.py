"""Output formats: one function each, all given the same record."""

from collections.abc import Callable, Mapping
from typing import TextIO

from themis_cli.report.record import Detail, Report

__all__ = ["FORMATS", "Detail", "Report"]

Writer = Callable[[Report, TextIO, Detail], None]


def _text(report: Report, out: TextIO, detail: Detail) -> None:
    from themis_cli.report.text import write  # rich loads only for people

    write(report, out, detail)


def _json(report: Report, out: TextIO, detail: Detail) -> None:  # noqa: ARG001  (machines get everything)
    from themis_cli.report.json import write

    write(report, out)


FORMATS: Mapping[str, Writer] = {"text": _text, "json": _json}
