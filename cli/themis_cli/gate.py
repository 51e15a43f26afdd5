"""``--fail-on``: which findings make a review fail, whatever ``--min-confidence`` shows of them."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from themis_lsp.config import Config
from themis_lsp.error import UsageError
from themis_lsp.review import Review
from themis_lsp.settings import Settings
from themis_lsp.verdict import Direction, Verdict
from themis_model.calibrate import Calibration, State


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


def failing(review: Review, config: Config) -> list[Verdict]:
    """What the model tells at or above its gate, that beyond ``max-findings`` or below ``min-confidence`` included."""
    gates = config.at().fail_on
    silenced = {silence.verdict for silence in review.suppressed}
    return [
        verdict
        for verdict in review.verdicts
        if verdict.direction is Direction.WORSE
        and verdict.p is not None
        and verdict.p.worse >= gates.get(verdict.criterion, 2.0)
        and verdict not in silenced
    ]


def unshown(verdicts: Iterable[Verdict], config: Config) -> int:
    """How many of these ``min-confidence`` hides."""
    return sum(_is_hidden(verdict, config.at) for verdict in verdicts)


def _is_hidden(verdict: Verdict, settings_at: Callable[[str], Settings]) -> bool:
    least = settings_at(verdict.path).min_confidence
    return least is not None and (verdict.p is None or verdict.p.worse < least)
