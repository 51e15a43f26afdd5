"""``--fail-on``: which findings make a review fail."""

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


def failing(review: Review, config: Config) -> list[Verdict]:
    """The findings at or above their gate, those beyond ``max-findings`` included."""
    gates = config.at().fail_on
    silenced = {silence.verdict for silence in review.suppressed}
    return [
        verdict
        for verdict in review.verdicts
        if verdict.p is not None
        and verdict.p.worse >= gates.get(verdict.criterion, 2.0)
        and _is_finding(verdict, config.at(verdict.path).min_confidence)
        and verdict not in silenced
    ]


def _is_finding(verdict: Verdict, least: float | None) -> bool:
    if least is None:
        return verdict.direction is Direction.WORSE
    return verdict.delta < 0 and verdict.p is not None and verdict.p.worse >= least
