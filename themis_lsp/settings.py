"""What a run is asked to do, resolved once and shared by every way in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from themis_model.criterion import CRITERIA, Criterion


@dataclass(frozen=True, slots=True)
class Settings:
    """Resolved settings of one review.

    Attributes:
        criteria: which criteria are reported.
        min_confidence: show findings from this P(worse) on; None means the model's own threshold.
        fail_on: exit 1 for findings of these criteria at or above the probability.
        max_findings: show at most this many; None means all.
        ignore: glob patterns of paths that are not judged.
        threads: number of edits scored at the same time.
        intent: what the change is meant to do, given explicitly; the default model ignores it.
    """

    criteria: tuple[Criterion, ...] = CRITERIA
    min_confidence: float | None = None
    fail_on: Mapping[Criterion, float] = field(default_factory=dict)
    max_findings: int | None = None
    ignore: tuple[str, ...] = ()
    threads: int = 2
    intent: str | None = None
