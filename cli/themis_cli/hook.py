"""``themis hook``: what a git hook runs, before a commit on what is staged, before a push on what is pushed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from themis_cli import options
from themis_cli.context import Context, real
from themis_cli.report import FORMATS, Detail

if TYPE_CHECKING:
    from themis_cli.gate import Failure
    from themis_cli.source import Selection

_GATING: Final = "themis"  # the ids in .pre-commit-hooks.yaml
_ADVISING: Final = "themis-advise"


def command(
    advise: Annotated[bool, typer.Option("--advise", metavar="", help="Say what was found, and let it pass.")] = False,
    criteria: options.Criteria = None,
    min_confidence: options.MinConfidence = None,
    fail_on: options.FailOn = None,
    max_findings: options.MaxFindings = None,
    baseline: options.Baseline = None,
    device: options.Device = None,
    model: options.Model = None,
) -> int:
    """Judge what is about to be committed, or pushed; with findings, stop it.

    It says nothing if there is nothing to say. Without `--fail-on` here or in the configuration, every finding stops.

    For example:

    * `themis hook` judges what is staged, whatever is on disk

    * `PRE_COMMIT_FROM_REF=main PRE_COMMIT_TO_REF=HEAD themis hook` judges what would be pushed, as pre-commit asks

    * `themis hook --advise` never stops anything

    * `SKIP=themis git commit` goes ahead unjudged, as with any hook of pre-commit's
    """
    given = {
        "criteria": criteria,
        "min-confidence": min_confidence,
        "fail-on": fail_on,
        "max-findings": max_findings,
        "baseline": baseline,
        "device": device,
        "model": model,
    }
    return run(given, real(), advises=advise)


def run(given: Mapping[str, str | None], context: Context, *, advises: bool = False) -> int:
    """Review what a hook is about, and report findings alone.

    Args:
        given: options of the settings resolver, by key.
        context: where to work; its environment says whether this is about a commit or a push, or to be skipped.
        advises: end with 0 whatever there is to say, also about why nothing could be judged.

    Returns:
        The exit status: 1 if a finding stops the commit, else 0.

    Raises:
        ThemisError: it could not do the job, and was not only to advise.
    """
    from themis_cli.escape import visible
    from themis_cli.gate import told
    from themis_cli.report.tally import count
    from themis_model.error import ThemisError

    if name := _skipped(context.environ, advises=advises):
        context.err.write(f"not judged: SKIP names {name}\n")
        return 0
    try:
        stopped = _stopping(given, context)
    except ThemisError as problem:
        if not advises:
            raise
        context.err.write(f"not judged: {visible(str(problem))}\n")
        return 0
    if advises or not stopped:
        return 0
    way = "SKIP=themis git commit, or git commit --no-verify, goes ahead all the same"
    notes = "; ".join(told(stopped))
    beside = f" ({notes})" if notes else ""
    context.err.write(f"stopped by {count(len(stopped), 'finding')}{beside}; {way}\n")
    return 1


def _skipped(environ: Mapping[str, str], *, advises: bool) -> str | None:
    """What of ``SKIP`` means this hook, if anything does: pre-commit's convention, for hooks it does not run, too."""
    named = [name.strip() for name in environ.get("SKIP", "").split(",")]
    # Under pre-commit both hooks may be there, and skipping the one that stops is not skipping the other.
    own = (_ADVISING,) if advises and environ.get("PRE_COMMIT") else (_ADVISING, _GATING) if advises else (_GATING,)
    return next((name for name in own if name in named), None)


def _stopping(given: Mapping[str, str | None], context: Context) -> "Sequence[Failure]":
    """Report, and give what stops."""
    from themis_cli.gate import Failure, failing, hidden_in_vain
    from themis_cli.report.tally import told_by_itself
    from themis_cli.review import judged

    report, config = judged(_selection(context.environ), given, context, None)
    FORMATS["text"](report, context.out, Detail.QUIET)
    if config.at().fail_on:
        return failing(report, config)
    shown = [Failure(finding.verdict) for finding in told_by_itself(report.review)]
    return [*shown, *hidden_in_vain(report, config)]


def _selection(environ: Mapping[str, str]) -> "Selection":
    """The commits that pre-commit names before a push, else what is staged."""
    from themis_cli.source import Selection

    start, end = environ.get("PRE_COMMIT_FROM_REF"), environ.get("PRE_COMMIT_TO_REF")
    return Selection([f"{start}...{end}"]) if start and end else Selection(staged=True)
