"""Output formats: one module each, all given the same record, and loaded when one is asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TextIO

from themis_cli.report.record import Detail, Report

__all__ = ["FORMATS", "Detail", "Report"]

Writer = Callable[[Report, TextIO, Detail], None]


def _in_module(name: str) -> Writer:
    def write(report: Report, out: TextIO, detail: Detail) -> None:
        import_module(f"themis_cli.report.{name}").write(report, out, detail)

    return write


FORMATS: Mapping[str, Writer] = {
    name: _in_module(name) for name in ("text", "json", "sarif", "github", "gitlab", "rdjson", "markdown", "html")
}
