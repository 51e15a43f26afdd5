"""From a repository's history to a corrected bundle: mined, divided in time, fitted, and measured on what came last."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from themis_lsp.error import UsageError
from themis_model.bundle import Bundle, read_bundle
from themis_model.calibrate import Calibration
from themis_model.error import ThemisError
from themis_model.onnx import load
from themis_training.mined import MinedEdit
from themis_training.personal.choose import choose_strength, divided, unseen_deltas
from themis_training.personal.history import History, mine_history
from themis_training.personal.recalibrate import recalibrate, unproven
from themis_training.personal.scored import ScoredEdit, scored_edits
from themis_training.personal.tail import Seen, Tail, compare
from themis_training.personal.update import Strength, Update, fit_update

LEAST_LABELLED = 150  # edits that people said something about; with fewer, no gain could be told from chance
LEAST_DAILY = 300  # ordinary edits; with fewer, nothing can be said about false alarms
OLDER = 0.7  # share of the labelled edits that is fitted to; the rest is the tail


class PersonalError(ThemisError):
    """The history does not carry a correction: too little of it, or none that helps."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Whom to tell how far things are.

    Attributes:
        say: takes one line about what was done.
        counted: passes on the edits it is given, for a progress bar.
    """

    say: Callable[[str], None] = lambda _: None
    counted: Callable[[Sequence[MinedEdit]], Iterable[MinedEdit]] = iter


@dataclass(frozen=True, slots=True)
class Personal:
    """A correction, and how it does.

    Attributes:
        base: the bundle it is for.
        history: what it comes from.
        older: edits that it was fitted to.
        newest: edits that it was measured on.
        strength: how far it was allowed to go.
        update: what is added to the rewards.
        calibration: what the corrected rewards mean.
        tail: before and after.
    """

    base: Bundle
    history: History
    older: Sequence[ScoredEdit]
    newest: Sequence[ScoredEdit]
    strength: Strength
    update: Update
    calibration: Calibration
    tail: Tail

    @property
    def until(self) -> str:
        """The day on which the tail begins."""
        return datetime.fromtimestamp(self.newest[0].known, UTC).date().isoformat()


def personalise(
    clone: Path, base: Path | None, work: Path, steps: Steps, *, seed: int = 1, per_year: int | None = None
) -> Personal:
    """Fit a correction to the older part of a history, and measure it on the rest. Nothing leaves the machine.

    Args:
        clone: work tree or bare repository.
        base: folder of the bundle to correct; None for the one that ships.
        work: folder for what was mined, so that a later run need not do it again.
        steps: told of progress.
        seed: of the bootstrap; the fits draw nothing.
        per_year: commits looked into per year; None for the default.

    Raises:
        GitError: there is no such repository, or its history cannot be walked.
        ModelError: the bundle is not sound.
        PersonalError: the history holds too few edits.
        UsageError: the bundle is personalised already.
    """
    bundle = read_bundle(base)
    if "personalised" in bundle.manifest.training:
        raise UsageError(f"{bundle.path} is personalised already: start from the bundle it was made from, --model")
    scorer = load(base, "cpu", threads=1)
    history = mine_history(clone, work, steps.say, per_year)
    edits = scored_edits(history, scorer, steps.counted)
    labelled, daily = sum(bool(edit.sign) for edit in edits), sum(edit.is_daily for edit in edits)
    if labelled < LEAST_LABELLED or daily < LEAST_DAILY:
        raise PersonalError(
            f"the history of {history.name} is too short to personalise on: {labelled} edits whose commit says what it "
            f"improves or that were reverted, of {LEAST_LABELLED} needed, and {daily} ordinary ones, of {LEAST_DAILY}"
        )
    shipped = bundle.manifest.calibration
    older, newest = divided(edits, OLDER)
    strength = choose_strength(older, shipped, steps.say)
    unseen = unseen_deltas(older, shipped, strength)
    untouched = unproven(shipped, older, unseen)
    for edit, deltas in zip(older, unseen, strict=True):
        deltas[:, untouched] = edit.deltas[:, untouched]
    update = fit_update(older, shipped, strength).without(untouched)
    calibration = recalibrate(shipped, older, unseen)
    before = Seen([edit.deltas for edit in newest], shipped, scorer.clue)
    after = Seen([update.deltas(edit) for edit in newest], calibration, scorer.clue)
    tail = compare(newest, before, after, seed)
    return Personal(bundle, history, older, newest, strength, update, calibration, tail)
