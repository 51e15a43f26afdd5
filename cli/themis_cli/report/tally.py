"""What a review comes to, in counts and short phrases: shared by every report for people."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from themis_cli.escape import visible
from themis_cli.report.look import Symbols
from themis_cli.report.record import Report
from themis_lsp.attribute import percent
from themis_lsp.edits import INCOMPLETE, NEW, UNSUPPORTED, WHITE_SPACE
from themis_lsp.finding import Finding
from themis_lsp.review import TOO_LARGE, Coverage, Review
from themis_lsp.silence import By
from themis_lsp.verdict import Direction, Verdict
from themis_model.calibrate import Calibration, State
from themis_model.criterion import CRITERIA, Criterion


class Gain(NamedTuple):
    """What got better.

    Attributes:
        share: P(better).
        criterion: for which it did.
        path: the file now.
        unit: qualified name of the unit now.
        mends: id of the defect that is gone, or empty.
    """

    share: float
    criterion: Criterion
    path: str
    unit: str
    mends: str


#: What is rated better, the surest first, by path and unit.
Credits = Mapping[tuple[str, str], list[Gain]]

_MOST_REASONS: Final = 4
_LIKELY: Final = 0.5

#: The most common reasons, short enough for one line; --verbose has them in full.
_BRIEFLY: Final = {
    NEW: "new code",
    UNSUPPORTED: "other languages",
    WHITE_SPACE: "white space",
    INCOMPLETE: "incomplete",
    TOO_LARGE: "too large",
}


def credits_of(review: Review) -> Credits:
    """What got better in the edits in which nothing got worse."""
    worse = _got_worse(review)
    return {place: gains for place, gains in _gains(review).items() if place not in worse}


def trade_offs(review: Review) -> Credits:
    """What is rated better in edits in which something got worse.

    It is not praised: where a check was removed, less time is no merit.
    """
    worse = _got_worse(review)
    return {place: gains for place, gains in _gains(review).items() if place in worse}


def asides(finding: Finding, mixed: Credits) -> Iterator[str]:
    """What stands beside a finding, each in one line: what it is traded for, and that it is shown on request.

    Args:
        finding: the finding.
        mixed: what ``trade_offs`` gives.
    """
    gains = mixed.get((finding.verdict.path, finding.verdict.unit), ())
    if gains:
        told = " and ".join(f"{gain.criterion.short} ({percent(gain.share)})" for gain in gains)
        yield f"trade-off: the same edit is rated better for {told}"
    if finding.below_threshold:
        yield "shown on request: the model by itself would keep silent here"


def sentence(words: str) -> str:
    """A line of lower case as a sentence."""
    return f"{words[0].upper()}{words[1:]}."


def _gains(review: Review) -> Credits:
    gains: dict[tuple[str, str], list[Gain]] = defaultdict(list)
    for verdict in review.verdicts:
        if verdict.direction is Direction.BETTER and verdict.p:
            place = verdict.path, verdict.unit
            gains[place].append(Gain(verdict.p.better, verdict.criterion, *place, verdict.mends))
    return {place: sorted(found, reverse=True) for place, found in gains.items()}


def _got_worse(review: Review) -> set[tuple[str, str]]:
    """Edits, by path and unit, with a regression: also one that is silenced, or only shown on request."""
    shown = [finding.verdict for finding in review.findings]
    return {(verdict.path, verdict.unit) for verdict in (*shown, *spoken(review, Direction.WORSE))}


def by_criterion(gains: Credits) -> Counter[Criterion]:
    """How many edits are better for each criterion."""
    return Counter(gain.criterion for found in gains.values() for gain in found)


def ranked(gains: Credits) -> list[Gain]:
    """Every gain, the surest first."""
    return sorted((gain for found in gains.values() for gain in found), key=lambda gain: -gain.share)


def headline(review: Review) -> str:
    """What there is to see, in numbers; empty if there is nothing."""
    sure, better = len(told_by_itself(review)), by_criterion(credits_of(review)).total()
    asked = len(review.findings) - sure
    told = [count(sure, "regression")] * bool(sure)
    told += [_doubts(asked)] * bool(asked)
    told += [count(better, "improvement")] * bool(better)
    return " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:])))


def told_by_itself(review: Review) -> list[Finding]:
    """The findings that are shown without being asked for."""
    return [finding for finding in review.findings if not finding.below_threshold]


def _doubts(number: int) -> str:
    return f"{count(number, 'doubt')} shown below the proven threshold"


def spoken(review: Review, direction: Direction) -> list[Verdict]:
    """The verdicts that went one way."""
    return [verdict for verdict in review.verdicts if verdict.direction is direction]


def nothing(review: Review) -> str:
    """What to say where no finding is shown."""
    coverage = review.coverage
    silenced = {silence.verdict for silence in review.suppressed}
    worse = spoken(review, Direction.WORSE)
    if hidden := len([verdict for verdict in worse if verdict not in silenced]):
        return f"Nothing to show: {count(hidden, 'regression')} below --min-confidence."
    if worse:
        return "Nothing to report but what is silenced."
    if coverage.scored:
        return "Nothing to report: no edit is surely enough a regression."
    if coverage.of_tests:
        return f"Nothing was judged: {_of_tests(coverage)}."
    if coverage.settled:
        return "Nothing to report: only comments or layout changed."
    return "Nothing was judged." if coverage.skipped else "Nothing changed."


def looked_worse(report: Report) -> int:
    """How many edits were likelier worse than not for a criterion that speaks, and are told of in no way."""
    review, curves = report.review, report.model.calibration.curves
    told = {finding.verdict for finding in review.findings}.union(spoken(review, Direction.WORSE))
    known = {_edit_of(verdict) for verdict in told}
    likely = (v for v in review.verdicts if v.p and v.p.worse >= _LIKELY and curves[v.criterion].state is State.SPEAKS)
    return len({_edit_of(verdict) for verdict in likely}.difference(known))


def _edit_of(verdict: Verdict) -> tuple[str, str, int]:
    return verdict.path, verdict.unit, verdict.line


def closing(report: Report, symbols: Symbols) -> Iterator[tuple[str, str]]:
    """What the whole review rests on, as labelled lines."""
    review, model = report.review, report.model
    dot = f" {symbols.dot} "
    worse, better = len(spoken(review, Direction.WORSE)), by_criterion(credits_of(review)).total()
    shown, mixed = len(told_by_itself(review)), len(trade_offs(review))
    doubts = len(review.findings) - shown
    if worse + doubts + better + mixed:
        found = [count(worse, "regression") + (f" ({shown} shown)" if shown < worse else "")]
        found += [_doubts(doubts)] * bool(doubts)
        found += [count(better, "improvement")]
        found += [count(mixed, "trade-off")] * bool(mixed)
        yield "found", dot.join(found)
    if review.suppressed:
        yield "silenced", dot.join(_silenced(review))
    for note in review.notes:
        yield "comment", f"{visible(note.path)}:{note.line}: {visible(note.message)}"
    yield "coverage", dot.join(_coverage(review.coverage, symbols))
    if silent := dot.join(_silent(model.calibration, review)):
        yield "silent", silent
    device = model.provider.removesuffix("ExecutionProvider")
    compared = f"{short(report.head)} against {short(report.base)}"
    yield "model", dot.join((f"{model.name} {model.digest[:8]}", device, compared))


def _silenced(review: Review) -> Iterator[str]:
    for by, where in ((By.COMMENT, "by comments in the code"), (By.BASELINE, "in the baseline")):
        if number := sum(silence.by is by for silence in review.suppressed):
            yield f"{count(number, 'regression')} {where}"


def _coverage(coverage: Coverage, symbols: Symbols) -> Iterator[str]:
    yield f"{count(coverage.scored, 'edit')} scored"
    if coverage.settled:
        yield f"{coverage.settled} only layout"
    if coverage.of_tests:
        yield _of_tests(coverage)
    if coverage.skipped:
        reasons = Counter(_BRIEFLY.get(s.because) or visible(s.because) for s in coverage.skipped).most_common()
        told = [f"{because} ({number})" if len(reasons) > 1 else because for because, number in reasons[:_MOST_REASONS]]
        if len(reasons) > _MOST_REASONS:
            told.append(f"{symbols.cut} {len(reasons) - _MOST_REASONS} more reasons")
        yield f"{len(coverage.skipped)} not judged: {', '.join(told)}"


def _of_tests(coverage: Coverage) -> str:
    return f"{count(coverage.of_tests, 'edit')} of test code, not judged (--tests judges them)"


def _silent(calibration: Calibration, review: Review) -> Iterator[str]:
    """The criteria that never speak, grouped by the reason."""
    asked = {verdict.criterion for verdict in review.verdicts} or set(CRITERIA)
    for state in State:
        names = [c.short for c in CRITERIA if c in asked and calibration.curves[c].state is state]
        if names and state is not State.SPEAKS:
            yield f"{', '.join(names)} ({state})"


def short(name: str) -> str:
    """A commit's id cut to what people read; anything else as it is."""
    is_commit = len(name) in (40, 64) and not name.strip("0123456789abcdef")
    return name[:10] if is_commit else visible(name)


def count(number: int, noun: str) -> str:
    """A number and what it counts."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
