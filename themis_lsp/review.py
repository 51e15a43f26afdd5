"""Judging edits: views, rewards, verdicts, findings. No IO, and no knowledge of git, terminals or editors."""

from collections.abc import Iterable
from dataclasses import dataclass

from themis_lsp.change import Edit, Skip
from themis_lsp.finding import Finding
from themis_lsp.settings import Settings
from themis_lsp.verdict import Verdict
from themis_model.scorer import Scorer


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was scored, and everything that was not.

    Attributes:
        scored: number of edits the model scored.
        settled: number of edits that need no model: their tokens prove that only layout changed.
        skipped: everything else that changed, each with its reason.
    """

    scored: int
    settled: int
    skipped: tuple[Skip, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """The outcome of a review.

    Attributes:
        findings: regressions worth showing, the surest first.
        verdicts: every edit × criterion, in the order of the edits.
        coverage: what was judged and what was not.
    """

    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    coverage: Coverage


def review(edits: Iterable[Edit | Skip], scorer: Scorer, settings: Settings) -> Review:
    """Judge edits one by one, in bounded memory; skips pass through into the coverage."""
    raise NotImplementedError
