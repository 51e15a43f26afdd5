"""``themis explain``: what a reason, a criterion or a finding means, and what to do about it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from themis_cli import options
from themis_cli.context import Context, real

if TYPE_CHECKING:
    from themis_model.bundle import Manifest
    from themis_model.calibrate import Calibration
    from themis_model.reason import Reason

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{6,16}")  # or how one begins
_CWE: Final = re.compile(r"cwe-?([0-9]+)", re.IGNORECASE)


def command(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A reason, its CWE or a criterion; with --report a finding's place or fingerprint.",
            show_default=False,
        ),
    ] = None,
    lists: Annotated[bool, typer.Option("--list", metavar="", help="List every reason that has a page.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="A report in JSON that has the finding.")
    ] = None,
    model: options.Model = None,
) -> None:
    """Say what a reason, a criterion or a finding means, with examples, and what to do about it.

    For example:

    * `themis explain sql-injection`

    * `themis explain CWE-22`

    * `themis explain security`

    * `themis explain --list`

    * `themis explain src/users.py:14 --report review.json`
    """
    if lists:
        list_reasons(real())
    else:
        run(what, report, model, real())


def list_reasons(context: Context) -> None:
    """Print every reason under its criterion, and where to go from there."""
    from themis_cli.reason_page import print_list

    print_list(context.out)
    context.out.write("\nthemis explain ID shows a page, with examples.\n")


def run(what: str | None, report: Path | None, model: str | None, context: Context) -> None:
    """Print the explanation.

    Raises:
        UsageError: there is no such reason, criterion or finding, or the report cannot be read.
        ModelError: the bundle cannot be read.
    """
    from themis_cli.saved import finding_in, report_in
    from themis_lsp.error import UsageError

    if report is not None:
        saved = context.folder / report
        explain_finding(finding_in(report_in(saved), saved, what or ""), model, context)
    elif what is None:
        raise UsageError("name what to explain: a reason, a criterion or a finding; themis explain --list has reasons")
    elif reason := reason_named(what):
        explain_reason(reason, _manifest(model, context), context)
    else:
        explain_criterion(what, model, context)


def reason_named(what: str) -> "Reason | None":
    """The reason with this id or this CWE number."""
    from themis_model.reason import reasons

    cwe = _CWE.fullmatch(what)
    by_cwe = (reason for reason in reasons().values() if cwe and reason.cwe == int(cwe[1]))
    return reasons().get(what.lower()) or next(by_cwe, None)


def explain_reason(reason: "Reason", manifest: "Manifest", context: Context) -> None:
    """Print a reason's page, and whether this model ever tells it."""
    from themis_cli.named import told_of
    from themis_cli.reason_page import print_page

    print_page(reason, told_of(reason, manifest), context.out)


def explain_criterion(what: str, model: str | None, context: Context) -> None:
    """Print what is known about a criterion.

    Raises:
        UsageError: there is neither such a criterion nor such a reason.
        ModelError: the bundle cannot be read.
    """
    from themis_cli.labelled import print_labelled
    from themis_cli.named import told_at_length
    from themis_lsp.error import UsageError
    from themis_lsp.settings import criterion_named, nearest, shown
    from themis_model.criterion import CRITERIA
    from themis_model.reason import reasons

    try:
        criterion = criterion_named(what)
    except ValueError:
        shorts = [criterion.short for criterion in CRITERIA]
        hint = nearest(
            what.lower(), [*reasons(), *shorts, *CRITERIA], [*shorts, "and what themis explain --list shows"]
        )
        if alike := [name for name in reasons() if what.lower() in name.split("-")]:
            hint = f"did you mean {' or '.join(alike)}?"
        if _FINGERPRINT.fullmatch(what):
            hint = "a fingerprint needs --report FILE"
        raise UsageError(f"nothing is called {shown(what)}; {hint}") from None
    manifest = _manifest(model, context)
    print_labelled(about_criterion(criterion, manifest.calibration), context.out)
    print_labelled([("", ""), *told_at_length(criterion, manifest)], context.out)


def explain_finding(finding: Mapping[str, Any], model: str | None, context: Context) -> None:
    """Print what is known about a finding, and the page of the defect it names.

    Raises:
        ModelError: the bundle cannot be read.
    """
    from themis_cli.labelled import print_labelled

    reason = reason_named(finding["defect"] or "")
    manifest = _manifest(model, context)
    print_labelled(about_finding(finding, manifest.calibration), context.out)
    if reason:
        context.out.write("\n")
        explain_reason(reason, manifest, context)


def _manifest(model: str | None, context: Context) -> "Manifest":
    from themis_lsp.config import Config, trusted
    from themis_model.bundle import DEFAULT, read_manifest

    config = Config(trusted({"model": model}, context.environ), lambda _: None)
    return read_manifest(config.model or DEFAULT)


def about_criterion(name: str, calibration: "Calibration") -> Iterator[tuple[str, str]]:
    """Labelled paragraphs about a criterion."""
    from themis_lsp import meaning
    from themis_model.criterion import Criterion

    criterion = Criterion(name)
    yield "criterion", f"{criterion.short} ({criterion})"
    yield from meaning.of_criterion(criterion, calibration)
    yield from meaning.of_silencing(criterion)


def about_finding(finding: Mapping[str, Any], calibration: "Calibration") -> Iterator[tuple[str, str]]:
    """Labelled paragraphs about one row of ``findings`` of a JSON report."""
    from themis_lsp import meaning
    from themis_lsp.attribute import percent
    from themis_model.criterion import Criterion

    worse, neutral, better = finding["p"]
    yield "finding", finding["message"]
    yield "in", f"{finding['path']}, {finding['unit']}"
    yield "probability", f"worse {percent(worse)}, neutral {percent(neutral)}, better {percent(better)}"
    yield "", meaning.of_probability(Criterion(finding["criterion"]), worse, finding["defect"], calibration)
    for number, (first, last, weight) in enumerate(finding["lines"]):
        where = f"line {first}" if first == last else f"lines {first} to {last}"
        yield "" if number else "weights", f"{percent(weight):>5}  {where}"
    yield (
        "",
        (
            "A weight is what the verdict loses when only these lines are put back, as a share of all such losses. It "
            "says where to look first, not what is wrong there."
        ),
    )
    if reason_named(finding["defect"] or ""):
        yield from meaning.of_silencing(Criterion(finding["criterion"]))  # the reason's page says the rest
    else:
        yield from about_criterion(finding["criterion"], calibration)
