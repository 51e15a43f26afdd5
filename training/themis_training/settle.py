"""From what people said of findings to a bundle that tells only what they would keep."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from themis_bench.mix import wilson
from themis_lsp.error import UsageError
from themis_model.bundle import Manifest, read_bundle
from themis_model.calibrate import Calibration, State
from themis_model.criterion import CRITERIA
from themis_model.naming import Naming
from themis_model.onnx import load
from themis_model.scorer import Scorer
from themis_training.export import Made, write_words
from themis_training.fit import HELD_OUT
from themis_training.judged import Possible, measured, opened, settled, told_of, with_coverage
from themis_training.reading import rescored


@contextmanager
def opened_bundle(bundle: Path) -> Iterator[Scorer]:
    """A scorer that tells whatever is likelier than not and can be named.

    Raises:
        ModelError: the bundle is not sound.
        UsageError: it names no defects.
    """
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "bundle"
        shutil.copytree(bundle, copy)
        manifest = read_bundle(copy).manifest
        _rewrite(copy, manifest, *opened(manifest.calibration, _naming(manifest)))
        yield load(copy, "cpu", 1)


def settle(
    bundle: Path, judged: Sequence[Possible], test: Sequence[Possible], run: Path | None = None
) -> Iterator[str]:
    """Put thresholds that reading justifies into a bundle, and yield what they are, a line each.

    Args:
        bundle: folder, changed in place.
        judged: findings of repositories set aside for calibration.
        test: findings of test repositories, for the figures that the manifest tells.
        run: that made the bundle; of what it has learned from it is as sure as it was while it had not seen the
            repository.

    Raises:
        ModelError: the bundle is not sound.
        UsageError: it names no defects, or nothing was judged.
    """
    if not judged:
        raise UsageError('nothing is judged: fill in "kept" in what `themis train candidates` wrote')
    manifest = read_bundle(bundle).manifest
    if run:
        margins = json.loads((run / HELD_OUT).read_text(encoding="utf-8"))
        judged = rescored(judged, margins, manifest.calibration)
    calibration, naming = settled(manifest.calibration, _naming(manifest), judged)
    if test:
        calibration = measured(calibration, test)
    calibration = with_coverage(calibration, manifest.results.get("accuracy", {}))
    results = manifest.results | {"judged": {"calibration": _tally(judged), "test": _told(calibration, test)}}
    _rewrite(bundle, replace(manifest, results=results), calibration, naming)
    for criterion in CRITERIA:
        curve = calibration.curves[criterion]
        since = sorted(curve.reasons.items())
        names = ", ".join(f"{name} from {at.probability:.2f} ({at.judged} read)" for name, at in since)
        at = curve.worse
        kept = f"{at.precision:.2f} of {at.judged} kept [{at.lower:.2f}]: " if at.judged else ""
        yield f"{criterion}: {kept}{names}" if curve.state is State.SPEAKS else f"{criterion}: {curve.state}"


def _tally(judged: Sequence[Possible]) -> dict[str, dict[str, int]]:
    """Per defect, how many findings were read, kept, and rightly named."""
    rows = sorted({one.defect for one in judged})
    own = {name: [one for one in judged if one.defect == name] for name in rows}
    return {
        name: {"read": len(o), "kept": sum(bool(x.kept) for x in o), "named": sum(bool(x.kept and x.named) for x in o)}
        for name, o in own.items()
    }


def _told(calibration: Calibration, judged: Sequence[Possible]) -> dict[str, object]:
    told = told_of(calibration, judged)
    kept = sum(bool(one.kept) for one in told)
    named = sum(bool(one.kept and one.named) for one in told)
    ways = Counter(f"{'turned' if one.turned else 'as happened'}, {'kept' if one.kept else 'not'}" for one in told)
    lower = wilson(kept / len(told), len(told)).lower if told else 0.0
    return {"read": len(told), "kept": kept, "named": named, "lower": lower, "ways": ways, "defects": _tally(told)}


def _naming(manifest: Manifest) -> Naming:
    if manifest.naming is None:
        raise UsageError(f"{manifest.name} names no defects, so there is nothing to settle")
    return manifest.naming


def _rewrite(folder: Path, manifest: Manifest, calibration: Calibration, naming: Naming) -> None:
    write_words(folder, Made(manifest.name, calibration, manifest.training, manifest.results, naming))
