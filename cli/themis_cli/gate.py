"""``--fail-on``: which findings make a review fail, whatever ``--min-confidence`` shows of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from themis_cli.escape import visible
from themis_cli.report import Report
from themis_lsp.config import Config
from themis_lsp.error import UsageError
from themis_lsp.review import Review
from themis_lsp.settings import Settings
from themis_lsp.silence import Silenced
from themis_lsp.verdict import Direction, Verdict
from themis_model.calibrate import Calibration, State

_MOST_PLACES: Final = 3


class Failure(NamedTuple):
    """A verdict that fails a run.

    Attributes:
        verdict: what was judged.
        ignored: why a comment that hides it does not get it past the gate; empty if there is none.
        place: where that comment is.
    """

    verdict: Verdict
    ignored: str = ""
    place: str = ""


def check_gate(settings: Settings, calibration: Calibration) -> None:
    """Refuse a gate that could never close.

    Raises:
        UsageError: if the model abstains on one of its criteria, or is not asked about it.
    """
    for criterion in settings.fail_on:
        state = calibration.curves[criterion].state
        if state is not State.SPEAKS:
            raise UsageError(f"cannot fail on {criterion.short}: the model never speaks of it ({state}); take it out")
        if criterion not in settings.criteria:
            raise UsageError(f"cannot fail on {criterion.short}: it is not judged; add it to the criteria")


def widened(local: Settings, run: Settings, calibration: Calibration) -> Settings:
    """Settings of a path, with which all is found that may fail the run, and that comments there may silence."""
    if local.min_confidence is None or not run.fail_on:
        return local
    least = (max(limit, calibration.curves[criterion].worse.probability) for criterion, limit in run.fail_on.items())
    return replace(local, min_confidence=min(local.min_confidence, *least))


def narrowed(review: Review, settings_at: Callable[[str], Settings]) -> Review:
    """What is to be shown of a review that was made with wider settings."""
    findings = tuple(finding for finding in review.findings if not _is_hidden(finding.verdict, settings_at))
    silences = (
        silence
        for silence in review.suppressed
        if silence.verdict.direction is Direction.WORSE or not _is_hidden(silence.verdict, settings_at)
    )
    return replace(review, findings=findings, suppressed=tuple(silences))


def failing(report: Report, config: Config) -> list[Failure]:
    """What the model tells at or above its gate, that beyond ``max-findings`` or below ``min-confidence`` included."""
    gates = config.at().fail_on
    unpardoned = {failure.verdict: failure for failure in hidden_in_vain(report, config)}
    pardoned = {silence.verdict for silence in report.review.suppressed}.difference(unpardoned)
    return [
        unpardoned.get(verdict, Failure(verdict))
        for verdict in report.review.verdicts
        if verdict.direction is Direction.WORSE
        and verdict.p is not None
        and verdict.p.worse >= gates.get(verdict.criterion, 2.0)
        and verdict not in pardoned
    ]


def hidden_in_vain(report: Report, config: Config) -> list[Failure]:
    """Regressions that a comment hides from the list and that fail a run all the same."""
    trusts_new = config.at().new_ignores or not report.is_proposed
    found = ((silence, _doubt(silence, trusts_new=trusts_new)) for silence in report.review.suppressed)
    return [
        Failure(silence.verdict, doubt, f"{silence.verdict.path}:{silence.comment.line}")
        for silence, doubt in found
        if doubt and silence.comment and silence.verdict.direction is Direction.WORSE
    ]


def _doubt(silence: Silenced, *, trusts_new: bool) -> str:
    """Why a gate does not heed what silences a regression; empty if it does."""
    if silence.comment is None:
        return ""
    if not silence.comment.reason:
        return "ignored without a reason"
    return "" if trusts_new or not silence.comment.is_new else "ignored by a comment that this change adds"


def told(failures: Sequence[Failure]) -> Iterator[str]:
    """Where comments hide what fails, and why they do not help: a phrase for each reason."""
    places: dict[str, dict[str, None]] = {}
    for failure in failures:
        if failure.ignored:
            places.setdefault(failure.ignored, {})[failure.place] = None
    for why, found in places.items():
        more = len(found) - _MOST_PLACES
        named = ", ".join(visible(place) for place in list(found)[:_MOST_PLACES])
        yield f"{why} at {named}{f' and {more} more' if more > 0 else ''}"


def unshown(verdicts: Iterable[Verdict], config: Config) -> int:
    """How many of these ``min-confidence`` hides."""
    return sum(_is_hidden(verdict, config.at) for verdict in verdicts)


def _is_hidden(verdict: Verdict, settings_at: Callable[[str], Settings]) -> bool:
    least = settings_at(verdict.path).min_confidence
    return least is not None and (verdict.p is None or verdict.p.worse < least)
