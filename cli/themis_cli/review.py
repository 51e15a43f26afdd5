"""``themis review``: what changed, judged."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from themis_cli import options
from themis_cli.context import Context, real
from themis_cli.report import FORMATS, Detail

if TYPE_CHECKING:
    from themis_cli.gate import Failure
    from themis_cli.report import Report
    from themis_cli.source import Selection
    from themis_lsp.config import Config

_EVERY = "100000"  # findings; the most that the setting allows


def command(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="REV|A..B|A...B|PATH", help="What to compare, then where.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", metavar="REF", help="Compare with the merge-base of HEAD and REF.")
    ] = None,
    staged: Annotated[bool, typer.Option("--staged", metavar="", help="Judge the index, not what is on disk.")] = False,
    diff_file: Annotated[
        str | None, typer.Option("--diff-file", metavar="FILE|-", help="Judge a unified diff.")
    ] = None,
    intent: options.Intent = None,
    criteria: options.Criteria = None,
    min_confidence: options.MinConfidence = None,
    tests: options.Tests = None,
    fail_on: options.FailOn = None,
    max_findings: options.MaxFindings = None,
    baseline: options.Baseline = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option("--write-baseline", metavar="FILE", help="Accept everything that is found: write a baseline."),
    ] = None,
    output_format: Annotated[
        str, typer.Option("--output-format", metavar="|".join(FORMATS), help="For people or for programs.")
    ] = "text",
    output_file: options.OutputFile = None,
    device: options.Device = None,
    model: options.Model = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Judge what changed: by default everything that is not committed yet, against HEAD.

    For example:

    * `themis review` judges the work tree against HEAD

    * `themis review main...HEAD src` judges this branch since it left main, below src

    * `themis review --staged --fail-on security:0.95` guards what is about to be committed

    * `themis review --diff-file fix.patch` judges somebody else's patch

    * `themis review v1..main --write-baseline known.json`, then `--baseline known.json`, speaks of what is new alone
    """
    from themis_cli.source import Selection

    given = {
        "criteria": criteria,
        "min-confidence": min_confidence,
        "tests": None if tests is None else str(tests).lower(),
        "fail-on": fail_on,
        "max-findings": max_findings,
        "baseline": baseline,
        "intent": intent,
        "device": device,
        "model": model,
    }
    detail = Detail.QUIET if quiet else Detail.VERBOSE if verbose else Detail.NORMAL
    selection = Selection(words or (), base, staged, diff_file)
    if write_baseline:
        return accept(selection, given, real(), write_baseline)
    return run(selection, given, real(), output_format, output_file, detail)


def run(
    selection: "Selection",
    given: Mapping[str, str | None],
    context: Context,
    output_format: str = "text",
    output_file: Path | None = None,
    detail: Detail = Detail.NORMAL,
) -> int:
    """Review and report.

    Args:
        selection: which changes.
        given: options of the settings resolver, by key; None where one was not given.
        context: where to work.
        output_format: key of ``themis_cli.report.FORMATS``.
        output_file: where the report goes instead of standard output.
        detail: how much a report for people says.

    Returns:
        The exit status: 1 if a finding is at or above ``--fail-on``, else 0.

    Raises:
        ThemisError: it could not do the job.
    """
    from themis_cli.gate import failing
    from themis_cli.output import opened
    from themis_cli.report.github import fail
    from themis_lsp.error import UsageError

    if output_format not in FORMATS:
        raise UsageError(f"unknown format {output_format!r}: known are {', '.join(FORMATS)}")
    with opened(output_file, context.out) as out:
        report, config = judged(selection, given, context, context.err if detail > Detail.QUIET else None)
        FORMATS[output_format](report, out, detail)
        if output_format == "github":
            _summarise(report, context, detail)
        if wrong := failing(report, config):
            why = _failed(wrong, config)
            if output_format == "github":
                fail(why, out)
            context.err.write(f"{why}\n")
    return 1 if wrong else 0


def accept(selection: "Selection", given: Mapping[str, str | None], context: Context, target: Path) -> int:
    """Write a baseline of everything that is found, besides what is in it already.

    Raises:
        ThemisError: it could not do the job.
    """
    from themis_cli.output import opened
    from themis_cli.report.tally import count
    from themis_lsp.baseline import accepted, written

    with opened(context.folder / target, context.out) as out:
        if given.get("baseline") is None and (context.folder / target).is_file():
            given = {**given, "baseline": str(target)}
        report, config = judged(selection, {**given, "max-findings": _EVERY}, context, context.err)
        out.write(written(accepted(config, context.folder), report.review.findings))
    told = count(len(report.review.findings), "finding")
    context.err.write(f"{told} added to the baseline {target}\n")
    return 0


def _summarise(report: "Report", context: Context, detail: Detail) -> None:
    """Put everything into the summary of the job: annotations are few."""
    if summary := context.environ.get("GITHUB_STEP_SUMMARY"):
        with (context.folder / summary).open("a", encoding="utf-8", newline="\n") as page:
            FORMATS["markdown"](report, page, detail)


def judged(
    selection: "Selection", given: Mapping[str, str | None], context: Context, progress: TextIO | None
) -> "tuple[Report, Config]":
    """The review of a selection, and the configuration it was made with.

    Args:
        selection: which changes.
        given: options of the settings resolver, by key.
        context: where to work.
        progress: where a progress bar may go.

    Raises:
        ThemisError: it could not do the job.
    """
    from themis_cli.gate import check_gate, narrowed, widened
    from themis_cli.progress import counted
    from themis_cli.report import Report
    from themis_cli.source import selected
    from themis_lsp.apart import cutting
    from themis_lsp.baseline import accepted
    from themis_lsp.config import Config, trusted
    from themis_lsp.review import review

    user = trusted(given, context.environ)
    with ExitStack() as stack:
        comparison, read, is_proposed = stack.enter_context(selected(selection, context.folder))
        config = Config(user, read)
        settings = config.at()
        cut = stack.enter_context(cutting(comparison.total, settings.threads))
        edits = cut(counted(comparison.changes, comparison.total, "files", progress))
        scorer = context.load(config)
        calibration = scorer.info.calibration
        check_gate(settings, calibration)
        known = {row["fingerprint"] for row in accepted(config, context.folder)}
        wide = review(edits, scorer, settings, lambda path: widened(config.at(path), settings, calibration), known)
        shown = narrowed(wide, config.at)
        return Report(shown, scorer.info, comparison.base, comparison.head, is_proposed), config


def _failed(failures: "Sequence[Failure]", config: "Config") -> str:
    from themis_cli.gate import told, unshown
    from themis_cli.report.tally import count

    gates = ",".join(f"{criterion.short}:{limit:g}" for criterion, limit in config.at().fail_on.items())
    hidden = unshown((failure.verdict for failure in failures), config)
    notes = [f"{hidden} not shown, being below --min-confidence"] * bool(hidden) + list(told(failures))
    beside = f" ({'; '.join(notes)})" if notes else ""
    return f"failed: {count(len(failures), 'finding')} at or above --fail-on {gates}{beside}"
