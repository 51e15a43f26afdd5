"""Which lines weigh most: each hunk is put back with the window frozen, and the edit scored again."""

from collections.abc import Sequence
from dataclasses import dataclass

from themis_lsp.change import Edit
from themis_lsp.finding import Excerpt, Finding, WeighedLines, fingerprints
from themis_lsp.verdict import Verdict
from themis_model.criterion import CRITERIA
from themis_model.encode import Window
from themis_model.reason import reason
from themis_model.scorer import Scorer

_SURE = 0.5  # share of the evidence from which on a name is shown although it is not told
_MOST_GROUPS = 16  # passes per finding; more hunks than that are weighed in neighbouring groups


@dataclass(frozen=True, slots=True)
class Candidate:
    """A verdict that will be shown, with what its lines are weighed by."""

    verdict: Verdict
    edit: Edit
    window: Window
    below_threshold: bool

    @property
    def lines(self) -> tuple[int, int]:
        """The first and the last line of the file, 1-based, around everything the verdict is about."""
        around = _excerpt(self.edit, self.window.hunks, 1.0).lines
        return around.first, around.last


def names_of(candidates: Sequence[Candidate]) -> list[str]:
    """The fingerprint of each: from the changed lines in the order of the file, so no weight can change it."""
    return fingerprints(
        (c.verdict.criterion, c.verdict.unit, changed_lines(c.edit, c.window.hunks)) for c in candidates
    )


def findings_of(named: Sequence[tuple[Candidate, str]], scorer: Scorer) -> tuple[Finding, ...]:
    """Turn verdicts, each with its fingerprint, into findings, in the same order."""
    return tuple(_finding(candidate, name, scorer) for candidate, name in named)


def _finding(candidate: Candidate, name: str, scorer: Scorer) -> Finding:
    verdict, window = candidate.verdict, candidate.window
    excerpts = _excerpts(candidate, scorer)
    clue = scorer.clue(window.after, window.before, verdict.criterion)
    defect = clue.name if clue and (not candidate.below_threshold or clue.share >= _SURE) else None
    message = _message(verdict, excerpts, defect)
    return Finding(verdict, excerpts, message, name, defect, candidate.below_threshold)


def changed_lines(edit: Edit, hunks: Sequence[int]) -> list[str]:
    """Both versions of each of these hunks, in the order of the file: what a fingerprint is made of."""
    excerpts = [_excerpt(edit, [hunk], 1.0) for hunk in hunks]
    return [line for excerpt in excerpts for line in (*excerpt.removed, *excerpt.added)]


def _excerpts(candidate: Candidate, scorer: Scorer) -> tuple[Excerpt, ...]:
    groups = _groups(candidate.window.hunks)
    weights = _weights(candidate, groups, scorer)
    found = [_excerpt(candidate.edit, g, w) for g, w in zip(groups, weights, strict=True)]
    return tuple(sorted(found, key=lambda excerpt: (-excerpt.lines.weight, excerpt.lines.first)))


def _groups(hunks: Sequence[int]) -> list[tuple[int, ...]]:
    size = -(-len(hunks) // _MOST_GROUPS)
    return [tuple(hunks[start : start + size]) for start in range(0, len(hunks), size)]


def _weights(candidate: Candidate, groups: Sequence[tuple[int, ...]], scorer: Scorer) -> list[float]:
    """Leave-one-out shares of the verdict; hunks that speak against it weigh nothing."""
    if len(groups) == 1:
        return [1.0]
    window = candidate.window
    everything = frozenset(window.hunks)
    rewards = scorer.score([window.after, *(window.mixed(everything.difference(g)) for g in groups)])
    column = CRITERIA.index(candidate.verdict.criterion)
    after = float(rewards[0, column])
    lost = [max(0.0, float(without[column]) - after) for without in rewards[1:]]
    total = sum(lost)
    return [share / total for share in lost] if total else [1 / len(groups)] * len(groups)


def _excerpt(edit: Edit, group: Sequence[int], weight: float) -> Excerpt:
    first, last = edit.hunks[group[0]], edit.hunks[group[-1]]
    removed = edit.before.lines[first.before_start : last.before_end]
    added = edit.after.lines[first.after_start : last.after_end]
    rows = edit.after.numbers[first.after_start : last.after_end]
    if not rows:  # only removed: point at what now stands there
        rows = edit.after.numbers[first.after_start : first.after_start + 1] or edit.after.numbers[-1:] or (0,)
    return Excerpt(WeighedLines(rows[0] + 1, rows[-1] + 1, weight), removed, added)


def _message(verdict: Verdict, excerpts: Sequence[Excerpt], defect: str | None) -> str:
    lines = excerpts[0].lines
    where = f"line {lines.first}" if lines.first == lines.last else f"lines {lines.first}–{lines.last}"
    p = verdict.p.worse if verdict.p else 0.0
    weigh = "weighs" if lines.first == lines.last else "weigh"
    named = f"{reason(defect).title}; " if defect else ""
    return f"{certainty(p)} worse for {verdict.criterion.short} ({percent(p)}): {named}{where} {weigh} most"


def percent(share: float) -> str:
    """A share in [0, 1] for people; neither certainty nor its opposite is claimed."""
    return ">99 %" if share > 0.995 else "<1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")


def certainty(probability: float) -> str:
    """A probability in a word."""
    for least, word in ((0.95, "very likely"), (0.8, "likely"), (0.6, "probably")):
        if probability >= least:
            return word
    return "possibly"
