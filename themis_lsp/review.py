"""Judging edits: views, rewards, verdicts, findings. No IO, and no knowledge of git, terminals or editors."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from themis_lsp.attribute import Candidate, findings_of, names_of
from themis_lsp.change import Edit, Nature, Skip
from themis_lsp.edits import INCOMPLETE
from themis_lsp.finding import Finding
from themis_lsp.settings import Settings
from themis_lsp.silence import By, Comment, Note, Silenced, silenced
from themis_lsp.testcode import is_test
from themis_lsp.verdict import Direction, Verdict
from themis_model.assent import Clue
from themis_model.calibrate import Curve, Probabilities, State
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import View, Window
from themis_model.scorer import FloatArray, Scorer

TOO_LARGE = "change too large for one window"
IGNORED = "ignored by the configuration"
LAYOUT = "only comments or layout changed"
RENAME = "only local names changed"
TEST_CODE = "test code"
UNSURE = "not sure enough"
UNNAMED = "no defect it may name"

_LIKELY = 0.5  # P(worse) from which on it is worth saying that only the name is missing
_BATCH = 32  # edits prepared before their views are scored together: bounds memory, feeds both threads


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was scored, and everything that was not.

    Attributes:
        scored: number of edits the model scored for a criterion it may speak of, where one was asked for.
        settled: number of edits that need no model: their tokens prove that only layout changed.
        skipped: everything else that changed, each with its reason.
        of_tests: number of edits of test code, which are not judged unless the settings ask for it.
    """

    scored: int
    settled: int
    skipped: tuple[Skip, ...]
    of_tests: int = 0

    @property
    def edits(self) -> int:
        """Number of edits that were looked at, whatever came of it."""
        return self.scored + self.settled + self.of_tests


@dataclass(frozen=True, slots=True)
class Review:
    """The outcome of a review.

    Attributes:
        findings: regressions worth showing, the surest first.
        verdicts: every edit × criterion, in the order of the edits.
        coverage: what was judged and what was not.
        suppressed: regressions that a comment in the code or the baseline silences.
        notes: what is wrong with such comments, and which of them silence nothing.
    """

    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    coverage: Coverage
    suppressed: tuple[Silenced, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Prepared:
    edit: Edit
    windows: tuple[Window, ...]


class _Rewarded(NamedTuple):
    window: Window
    before: FloatArray
    after: FloatArray


class _Scored(NamedTuple):
    edit: Edit
    rewarded: Sequence[_Rewarded]  # one per window


def review(
    edits: Iterable[Edit | Skip],
    scorer: Scorer,
    settings: Settings,
    settings_at: Callable[[str], Settings] | None = None,
    baseline: Collection[str] = (),
) -> Review:
    """Judge edits one by one, in bounded memory; skips pass through into the coverage.

    The outcome for an edit depends on nothing but the edit, the scorer and the settings.

    Args:
        edits: what changed, as ``edits_of`` gives it.
        scorer: the model.
        settings: of the run as a whole.
        settings_at: settings for a path, where they differ between folders.
        baseline: fingerprints of findings that were accepted before.
    """
    local = settings_at or (lambda _: settings)
    curves = scorer.info.calibration.curves
    speaking = [c for c in settings.criteria if curves[c].state is State.SPEAKS]
    verdicts: list[Verdict] = []
    notes: list[Note] = []
    candidates: list[Candidate] = []
    hushed: list[tuple[Candidate, Comment]] = []
    skipped: list[Skip] = []
    scored = settled = of_tests = 0

    def prepared() -> Iterator[_Prepared]:
        for item in edits:
            outcome = item if isinstance(item, Skip) else _prepare(item, scorer, local(item.path))
            if isinstance(outcome, Skip):
                skipped.append(outcome)
            else:
                yield outcome

    for edit, rewarded in _scored(prepared(), scorer, settings.threads):
        chosen = local(edit.path)
        found: list[Candidate] = []
        of_test = not chosen.tests and is_test(edit.path)
        settled += not rewarded
        of_tests += bool(rewarded) and of_test
        scored += bool(rewarded) and not of_test
        for criterion in chosen.criteria:
            verdict, window = _judge(edit, criterion, rewarded, scorer, TEST_CODE if of_test else "")
            verdicts.append(verdict)
            if window is not None and _is_shown(verdict, chosen):
                found.append(Candidate(verdict, edit, window, verdict.direction is not Direction.WORSE))
        quiet, told = silenced(edit, [c.verdict.criterion for c in found], speaking)
        hushed += [(c, quiet[c.verdict.criterion]) for c in found if c.verdict.criterion in quiet]
        candidates += [c for c in found if c.verdict.criterion not in quiet]
        notes += told
    candidates.sort(key=_surest_first)
    names = names_of([*candidates, *(candidate for candidate, _ in hushed)])
    named = list(zip(candidates, names, strict=False))
    suppressed = [
        *(
            # What a team accepted is accepted, whatever a comment says of it besides.
            _silence(c, name, By.BASELINE) if name in baseline else _silence(c, name, By.COMMENT, comment)
            for (c, comment), name in zip(hushed, names[len(candidates) :], strict=True)
        ),
        *(_silence(c, name, By.BASELINE) for c, name in named if name in baseline),
    ]
    told_of = [pair for pair in named if pair[1] not in baseline][: settings.max_findings]
    findings = findings_of(told_of, scorer)
    coverage = Coverage(scored, settled, tuple(skipped), of_tests)
    return Review(findings, tuple(verdicts), coverage, tuple(suppressed), tuple(notes))


def _silence(candidate: Candidate, name: str, by: By, comment: Comment | None = None) -> Silenced:
    return Silenced(candidate.verdict, *candidate.lines, name, by, comment)


def _surest_first(candidate: Candidate) -> tuple[float, str, tuple[int, ...]]:
    verdict = candidate.verdict
    return -verdict.p.worse if verdict.p else 0.0, verdict.path, candidate.edit.after.numbers[:1]


def _scored(prepared: Iterator[_Prepared], scorer: Scorer, threads: int) -> Iterator[_Scored]:
    """Edits with their rewards, in order; with more than one thread, a batch is scored while the next is prepared."""
    with ThreadPoolExecutor(1, "themis-review") as beside:  # it starts its thread when first used
        scoring: Future[list[_Scored]] | None = None
        while batch := list(islice(prepared, _BATCH)):
            if threads == 1 or (scoring is None and len(batch) < _BATCH):  # nothing to prepare meanwhile
                yield from _score(batch, scorer)
                continue
            before, scoring = scoring, beside.submit(_score, batch, scorer)
            if before is not None:
                yield from before.result()
        if scoring is not None:
            yield from scoring.result()


def _score(batch: Sequence[_Prepared], scorer: Scorer) -> list[_Scored]:
    rewards = iter(scorer.score([view for p in batch for w in p.windows for view in (w.before, w.after)]))
    return [_Scored(p.edit, [_Rewarded(w, next(rewards), next(rewards)) for w in p.windows]) for p in batch]


def _prepare(edit: Edit, scorer: Scorer, settings: Settings) -> _Prepared | Skip:
    if settings.ignores(edit.path):
        return Skip(edit.path, edit.unit, IGNORED, edit.line)
    if edit.incomplete:
        return Skip(edit.path, edit.unit, INCOMPLETE, edit.line)
    if edit.nature is Nature.LAYOUT:
        return _Prepared(edit, ())
    seen = scorer.encoder.windows(edit.before.text, edit.after.text, edit.hunks, edit.language)
    return _Prepared(edit, seen.windows) if seen.windows else Skip(edit.path, edit.unit, TOO_LARGE, edit.line)


def _judge(
    edit: Edit,
    criterion: Criterion,
    rewarded: Sequence[_Rewarded],
    scorer: Scorer,
    silent: str,
) -> tuple[Verdict, Window | None]:
    """The verdict, from the cluster of hunks with the largest |Δ|, and that cluster's window."""
    settled = LAYOUT if not rewarded else RENAME if _is_name_only(edit, criterion) else silent
    if settled:
        return Verdict(edit.path, edit.unit, edit.line, criterion, Direction.NONE, 0.0, None, settled), None
    column = CRITERIA.index(criterion)
    # Python floats are doubles: the difference of two float32 is exact, hence exactly antisymmetric.
    deltas = [float(after[column]) - float(before[column]) for _, before, after in rewarded]
    heaviest = max(range(len(deltas)), key=lambda n: abs(deltas[n]))
    delta, window = deltas[heaviest], rewarded[heaviest].window
    said = _speak(criterion, delta, window, scorer)
    return Verdict(edit.path, edit.unit, edit.line, criterion, said[0], delta, *said[1:]), window


def _is_name_only(edit: Edit, criterion: Criterion) -> bool:
    """A consistent renaming of locals can only matter to readers."""
    return edit.nature is Nature.RENAME and criterion is not Criterion.READABILITY_MAINTAINABILITY


class _Said(NamedTuple):
    """What a verdict says; see ``Verdict``."""

    direction: Direction
    p: Probabilities | None
    because: str = ""
    mends: str = ""


def _speak(criterion: Criterion, delta: float, window: Window, scorer: Scorer) -> _Said:
    calibration = scorer.info.calibration
    p, curve = calibration.probabilities(criterion, delta), calibration.curves[criterion]
    if p is None or curve.state is not State.SPEAKS:
        return _Said(Direction.NONE, p, curve.state.value)
    if not curve.reasons:
        return _by_threshold(p, curve)
    done = _named(criterion, delta, window.after, window.before, scorer)
    if done.is_told:
        return _Said(Direction.WORSE, done.p)
    undone = _named(criterion, -delta, window.before, window.after, scorer)
    if undone.is_told and undone.clue and undone.p:
        return _Said(Direction.BETTER, undone.p.undone, "", undone.clue.name)
    is_nameless = p.worse >= max(_LIKELY, curve.asks) and (done.clue is None or done.clue.name not in curve.reasons)
    return _Said(Direction.NONE, done.p, UNNAMED if is_nameless else UNSURE)


def _by_threshold(p: Probabilities, curve: Curve) -> _Said:
    if p.worse >= curve.worse.probability:
        return _Said(Direction.WORSE, p)
    if p.better >= curve.better.probability:
        return _Said(Direction.BETTER, p)
    return _Said(Direction.NONE, p, UNSURE)


class _Named(NamedTuple):
    """What could be told of a step from one view to another."""

    p: Probabilities | None
    clue: Clue | None
    is_told: bool


def _named(criterion: Criterion, delta: float, worse: View, better: View, scorer: Scorer) -> _Named:
    """Whether a step that leads to ``worse`` is told by a name; asking for one costs two passes."""
    calibration = scorer.info.calibration
    p, curve = calibration.probabilities(criterion, delta), calibration.curves[criterion]
    clue = scorer.clue(worse, better, criterion) if p and p.worse >= curve.asks else None
    if p is None or clue is None:
        return _Named(p, None, is_told=False)
    return _Named(p.given(curve.likely(p.worse, clue)), clue, curve.told(p.worse, clue) is not None)


def _is_shown(verdict: Verdict, settings: Settings) -> bool:
    if verdict.p is None:
        return False
    if settings.min_confidence is not None:
        return verdict.p.worse >= settings.min_confidence and verdict.delta < 0
    return verdict.direction is Direction.WORSE
