"""``themis explain``: what a criterion or a finding means, and what to do about it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from themis_cli import options
from themis_cli.context import Context, real

if TYPE_CHECKING:
    from themis_model.calibrate import Calibration


def command(
    what: Annotated[str, typer.Argument(metavar="CRITERION|FINGERPRINT", help="What to explain.", show_default=False)],
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="The JSON report that has the finding.")
    ] = None,
    model: options.Model = None,
) -> None:
    """Say what a criterion or a finding means, how sure to be of it, and how to silence it.

    For example:

    * `themis explain security`

    * `themis explain 3f9c2ab16d0e4b57 --report review.json`
    """
    run(what, report, model, real())


def run(what: str, report: Path | None, model: str | None, context: Context) -> None:
    """Print the explanation.

    Raises:
        UsageError: there is no such criterion or finding, or the report cannot be read.
        ModelError: the bundle cannot be read.
    """
    from themis_cli.labelled import print_labelled
    from themis_lsp.config import Config, trusted
    from themis_lsp.error import UsageError
    from themis_lsp.settings import criterion_named
    from themis_model.bundle import DEFAULT, read_manifest

    config = Config(trusted({"model": model}, context.environ), lambda _: None)
    if report is None:
        try:
            criterion = criterion_named(what)
        except ValueError as problem:
            hint = "; a fingerprint needs --report FILE" if _is_fingerprint(what) else ""
            raise UsageError(f"{problem}{hint}") from None
        calibration = read_manifest(config.model or DEFAULT).calibration
        print_labelled(about_criterion(criterion.value, calibration), context.out)
    else:
        finding = finding_in(context.folder / report, what)
        calibration = read_manifest(config.model or DEFAULT).calibration
        print_labelled(about_finding(finding, calibration), context.out)


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
    yield "", meaning.of_probability(Criterion(finding["criterion"]), worse, calibration)
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
    yield from about_criterion(finding["criterion"], calibration)


def finding_in(path: Path, fingerprint: str) -> Mapping[str, Any]:
    """The finding of a JSON report that has this fingerprint, or the only one that begins so.

    Raises:
        UsageError: the file is no such report, or does not have the finding.
    """
    from themis_cli.report.json import SCHEMA
    from themis_lsp.error import UsageError

    try:
        report = json.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise UsageError(f"cannot read {path}: {problem.strerror}") from None
    except ValueError:
        report = None
    if not isinstance(report, dict) or report.get("schema") != SCHEMA:
        raise UsageError(f"{path} is not a {SCHEMA} report: write one with themis review --output-format json")
    found = [finding for finding in report["findings"] if finding["fingerprint"].startswith(fingerprint)]
    if len(found) != 1:
        known = ", ".join(finding["fingerprint"] for finding in report["findings"]) or "none"
        many = "several findings" if found else "no finding"
        raise UsageError(f"{path} has {many} with a fingerprint like {fingerprint}; it has: {known}")
    return dict(found[0])


def _is_fingerprint(word: str) -> bool:
    return len(word) == 16 and not word.strip("0123456789abcdef")
