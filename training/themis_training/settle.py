"""From what people said of findings to a bundle that tells only what they would keep."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from themis_lsp.change import Edit, FileChange
from themis_lsp.edits import edits_of
from themis_lsp.error import UsageError
from themis_lsp.snippet import windows_between
from themis_lsp.testcode import is_test
from themis_model.bundle import Manifest, read_bundle
from themis_model.calibrate import Calibration, State
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Window
from themis_model.naming import Naming
from themis_model.onnx import load
from themis_model.reason import reason
from themis_model.scorer import Scorer
from themis_training.export import Made, write_words
from themis_training.fit import HELD_OUT, HELD_OUT_NAMES
from themis_training.judged import ASKS, Possible, opened, with_coverage
from themis_training.proof import By, Weighed, measured, settled, summary, tally
from themis_training.reading import Reading
from themis_training.survey import SURE, Surveyed
from themis_training.written import Written


@dataclass(frozen=True, slots=True)
class Learned:
    """What models that had not seen their repositories say of what a run has learned from.

    Attributes:
        margins: by id of a reading, judged or written edit, reward differences of the criteria.
        names: likewise, evidence for the reasons of its criterion.
    """

    margins: Mapping[str, Sequence[float]]
    names: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, run: Path) -> "Learned":
        """What a run left."""
        margins, names = (json.loads((run / name).read_text(encoding="utf-8")) for name in (HELD_OUT, HELD_OUT_NAMES))
        return cls(margins, names)


@contextmanager
def opened_bundle(bundle: Path, least: float = ASKS) -> Iterator[Scorer]:
    """A scorer that tells whatever can be named and is at least so likely worse.

    Raises:
        ModelError: the bundle is not sound.
        UsageError: it names no defects.
    """
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "bundle"
        shutil.copytree(bundle, copy)
        manifest = read_bundle(copy).manifest
        _rewrite(copy, manifest, *opened(manifest.calibration, _naming(manifest), least))
        yield load(copy, "cpu", 1)


@contextmanager
def as_it_is(bundle: Path) -> Iterator[Scorer]:
    """A scorer that tells what the bundle tells."""
    yield load(bundle, "cpu", 1)


def settle(
    bundle: Path,
    readings: Sequence[Reading],
    test: Sequence[Reading],
    survey: Sequence[Surveyed] = (),
    written: Sequence[Written] = (),
    run: Path | None = None,
) -> Iterator[str]:
    """Put thresholds that reading justifies into a bundle, and yield what they are, a line each.

    Args:
        bundle: folder, changed in place.
        readings: judged findings of repositories set aside for calibration, or that a run has learned from.
        test: those of test repositories, for the figures that the manifest tells.
        survey: judged edits that a run has learned from.
        written: written edits that a run has learned from.
        run: that made the bundle; of what it has learned from it is as sure as it was while it had not seen the
            repository.

    Raises:
        ModelError: the bundle is not sound.
        UsageError: it names no defects, or nothing was judged.
    """
    if not readings:
        raise UsageError(
            'nothing is judged: fill in "kept" in what `themis train candidates` wrote, and give the edits as --texts'
        )
    manifest = read_bundle(bundle).manifest
    naming = opened(manifest.calibration, _naming(manifest))[1]
    learned = Learned.of(run) if run else Learned({}, {})
    with opened_bundle(bundle) as scorer:
        judged = [
            *weighed(readings, scorer, naming, learned),
            *surveyed_findings(survey, scorer, naming, learned),
            *written_findings(written, scorer, naming, learned),
        ]
        others = list(weighed(test, scorer, naming, Learned({}, {})))
    calibration = settled(manifest.calibration, naming, judged)
    if others:
        calibration = measured(calibration, others)
    calibration = with_coverage(calibration, manifest.results.get("accuracy", {}))
    results = manifest.results | {
        "judged": {"calibration": tally(judged), "test": summary(calibration, others)},
    }
    _rewrite(bundle, replace(manifest, results=results), calibration, naming)
    counts = Counter(one.by for one in judged)
    yield f"{counts[By.READER]} of {len(readings)} readings are of what this bundle would name as it was named then"
    yield f"{counts[By.SURVEY]} more findings are possible in {len(survey)} judged edits"
    yield f"{counts[By.WRITTEN]} more findings are possible in {len(written)} written edits"
    for criterion in CRITERIA:
        curve = calibration.curves[criterion]
        names = ", ".join(f"{name} ({at.judged} read)" for name, at in sorted(curve.reasons.items()))
        at = curve.worse
        kept = f"{at.precision:.2f} of {at.judged} kept [{at.lower:.2f}]" if at.judged else "none read"
        speaks = f"from {at.probability:.2f} on, {kept}: {names}"
        yield f"{criterion}: {speaks if curve.state is State.SPEAKS else curve.state}"


def weighed(readings: Sequence[Reading], scorer: Scorer, naming: Naming, learned: Learned) -> Iterator[Weighed]:
    """Judged findings as a bundle sees them; left out is what it would name otherwise, or not at all.

    Args:
        readings: judged findings.
        scorer: of the bundle, opened.
        naming: of the bundle, opened.
        learned: of what the bundle has learned from.
    """
    for reading in readings:
        one = reading.finding
        if is_test(one.path):
            continue
        edit = next((e for e in edits_of([FileChange(one.path, reading.before, reading.after)]) if _is_edit(e)), None)
        if not isinstance(edit, Edit):
            continue
        windows = scorer.encoder.windows(edit.before.text, edit.after.text, edit.hunks, edit.language).windows
        if not windows or (reading.id in learned.margins and reading.id not in learned.names):
            continue
        delta, window = _heaviest(windows, scorer, one.criterion)
        margins, names = learned.margins.get(reading.id), learned.names.get(reading.id)
        if margins is not None and names is not None:
            delta = -margins[CRITERIA.index(one.criterion)]
            gained = np.array([names.get(name, 0.0) for name in naming.reasons], np.float32)
            clue = naming.clue(one.criterion, gained, window.after, window.before)
        else:
            clue = scorer.clue(window.after, window.before, one.criterion)
        p = scorer.info.calibration.probabilities(one.criterion, delta)
        if p and p.worse >= ASKS and clue and clue.name == one.defect:
            yield Weighed(one, p.worse, clue, float(bool(one.kept and one.named)))


def surveyed_findings(
    survey: Sequence[Surveyed], scorer: Scorer, naming: Naming, learned: Learned
) -> Iterator[Weighed]:
    """What could be told of judged edits, as shown and turned round, and whether their marks say so.

    Left out are edits of test code and of several windows, and findings whose edit was marked with another name.

    Args:
        survey: judged edits.
        scorer: of the bundle, opened.
        naming: of the bundle, opened.
        learned: of what the bundle has learned from; other edits are left out.
    """
    for edit in survey:
        one = edit.judged
        margins, names = learned.margins.get(edit.id), learned.names.get(edit.id)
        if margins is None or names is None or is_test(one.path):
            continue
        windows = windows_between(edit.before, edit.after, one.language, scorer.encoder)
        if len(windows) != 1:
            continue
        gained = np.array([names.get(name, 0.0) for name in naming.reasons], np.float32)
        sides = windows[0].before, windows[0].after
        for column, criterion in enumerate(CRITERIA):
            degree, defect = one.marks.get(criterion.value, (0, ""))
            for sign in (1, -1):  # as shown, and turned round
                p = scorer.info.calibration.probabilities(criterion, sign * margins[column])
                if p is None or p.worse < ASKS:
                    continue
                better, worse = sides[::sign]
                clue = naming.clue(criterion, sign * gained, worse, better)
                is_kept = sign * degree < 0
                if clue and (not is_kept or clue.name == defect):
                    finding = Possible(
                        f"{edit.id}/{criterion.value}/{sign}", one.repository, one.commit, one.path, one.unit,
                        one.language, one.turned is (sign > 0), criterion, p.worse, clue.name, kept=is_kept,
                        named=is_kept or None,
                    )  # fmt: skip
                    yield Weighed(finding, p.worse, clue, SURE[abs(degree)] if is_kept else 0.0, By.SURVEY)


def written_findings(written: Sequence[Written], scorer: Scorer, naming: Naming, learned: Learned) -> Iterator[Weighed]:
    """What could be told of written edits, and whether they were written to be told.

    Left out are edits of several windows, and defects that would get another name.

    Args:
        written: written edits.
        scorer: of the bundle, opened.
        naming: of the bundle, opened.
        learned: of what the bundle has learned from; other edits are left out.
    """
    for edit in written:
        criterion = reason(edit.defect).criterion
        margins, names = learned.margins.get(edit.id), learned.names.get(edit.id)
        windows = windows_between(edit.before, edit.after, edit.language, scorer.encoder)
        if margins is None or names is None or len(windows) != 1:
            continue
        p = scorer.info.calibration.probabilities(criterion, -margins[CRITERIA.index(criterion)])
        gained = np.array([names.get(name, 0.0) for name in naming.reasons], np.float32)
        clue = naming.clue(criterion, gained, windows[0].after, windows[0].before)
        if p and p.worse >= ASKS and clue and (not edit.is_worse or clue.name == edit.defect):
            finding = Possible(
                edit.id, edit.unit, "", "", "", edit.language, False, criterion, p.worse, clue.name,
                kept=edit.is_worse, named=edit.is_worse or None,
            )  # fmt: skip
            yield Weighed(finding, p.worse, clue, float(edit.is_worse), By.WRITTEN)


def _is_edit(item: object) -> bool:
    return isinstance(item, Edit)


def _heaviest(windows: Sequence[Window], scorer: Scorer, criterion: Criterion) -> tuple[float, Window]:
    """The largest reward difference of a criterion, and its window; as in a review."""
    rewards = scorer.score([view for w in windows for view in (w.before, w.after)])[:, CRITERIA.index(criterion)]
    deltas = rewards[1::2].astype(np.float64) - rewards[::2]
    heaviest = int(np.abs(deltas).argmax())
    return float(deltas[heaviest]), windows[heaviest]


def _naming(manifest: Manifest) -> Naming:
    if manifest.naming is None:
        raise UsageError(f"{manifest.name} names no defects, so there is nothing to settle")
    return manifest.naming


def _rewrite(folder: Path, manifest: Manifest, calibration: Calibration, naming: Naming) -> None:
    write_words(folder, Made(manifest.name, calibration, manifest.training, manifest.results, naming))
