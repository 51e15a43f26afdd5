"""From a finished run to a bundle: graph, parity, calibration, manifest and card, written whole or not at all."""

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from themis_bench.mix import Standard
from themis_lsp.change import Nature
from themis_lsp.snippet import windows_between
from themis_lsp.testcode import is_test
from themis_model.bundle import FILES, LARGEST_BUNDLE, MANIFEST, REASONS, SCHEMA, read_bundle
from themis_model.calibrate import Calibration, Mix
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import MAX_TOKENS, WINDOW_RULE, Encoder
from themis_model.error import ThemisError
from themis_model.naming import Naming
from themis_model.scorer import FloatArray
from themis_model.tokens import BpeTokenizer
from themis_training.calibration import Evidence, calibrate
from themis_training.card import write_card
from themis_training.data import Pair, Split
from themis_training.deep import rewards_of
from themis_training.fit import HELD_OUT, RUN, SURVEYED, TOKENIZER, Data, held_out_margins, load_naming, load_run
from themis_training.graph import PARITY, export_evidence, export_fp32, graph_rewards, quantise
from themis_training.judged import with_coverage
from themis_training.mined import MinedEdit
from themis_training.origin import use_of
from themis_training.pairs import largest_margins
from themis_training.provenance import edit_origins
from themis_training.recipe import Recipe
from themis_training.survey import survey_evidence

_PARITY_PAIRS = 200
_CLOSE, _CLOSE_SHARE = 0.02, 0.98  # |ΔP| of int8 against torch, and for how many edits it must hold


class ExportError(ThemisError):
    """The run cannot become a bundle; the message says which check it failed."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How close the shipped graph is to the trained network.

    Attributes:
        fp32: largest difference of a reward between torch and the fp32 graph.
        close: share of held-out edits whose probabilities move by at most 0.02 through int8.
        same: share of the same verdicts among the edits where either graph speaks; 1.0 if none does.
        spoken: number of those edits.
        edits: number of held-out edits compared.
    """

    fp32: float
    close: float
    same: float
    spoken: int
    edits: int


def export_bundle(
    recipe: Recipe, data: Data, edits: Sequence[MinedEdit], run: Path, target: Path, *, reduce_range: bool
) -> Parity:
    """Export, quantise, calibrate on what was held out for it, and write the bundle to ``target``.

    Args:
        recipe: what was trained.
        data: the pairs with their split; calibration pairs calibrate, test pairs test parity.
        edits: ordinary and neutral real edits of repositories set aside for calibration.
        run: folder of the finished run.
        target: folder of the bundle; replaced only when everything succeeded.
        reduce_range: quantise to 7 bits, for CPUs without VNNI.

    Raises:
        ExportError: if the fp32 graph differs from torch, int8 from torch, or the bundle is too large.
    """
    network = load_run(run, recipe)
    if network.wide is not None:
        network.wide.even_out()
    encoder = Encoder(BpeTokenizer.from_file(run / TOKENIZER))
    with TemporaryDirectory(dir=run) as folder:
        work = Path(folder)
        plain, small = work / "plain.onnx", work / "model.onnx"
        export_fp32(network, plain)
        quantise(plain, small, reduce_range=reduce_range, keep=["counts"], halve=["table"])
        for_calibration = [e for e in edits if e.nature == Nature.CODE and use_of(e.repo, e.split) is Split.CALIBRATION]
        if not for_calibration:
            raise ExportError("no real edits to calibrate silence on: give --edits from `themis train mine`")
        score = partial(graph_rewards, small)
        pairs, deltas = held_out_margins(run, data, score, encoder)
        neutral = largest_margins(score, [(e.before, e.after, e.language) for e in for_calibration], encoder)
        tests = np.array([is_test(e.path) for e in for_calibration])
        evidence = _evidence(pairs, deltas, neutral, tests) | _surveyed(run, recipe.surveyed)
        calibration = calibrate(evidence, recipe.criteria, Mix(), Standard(noise=recipe.noise))
        parity = _parity(network, plain, small, data.of(Split.TEST), encoder, calibration)
        if parity.fp32 > PARITY:
            raise ExportError(f"the fp32 graph differs from torch by {parity.fp32:.1e}, more than {PARITY:.0e}")
        if min(parity.close, parity.same) < _CLOSE_SHARE:
            raise ExportError(f"int8 moves too many probabilities or verdicts: {parity}")
        record = json.loads((run / RUN).read_text(encoding="utf-8"))
        training = record | {"calibration_edits": edit_origins(for_calibration)}
        naming = None
        if found := load_naming(run, recipe):
            reading, naming = found
            export_evidence(reading, work / "evidence.onnx")
            quantise(work / "evidence.onnx", work / REASONS, reduce_range=reduce_range)
        made = Made(recipe.name, calibration, training, {"parity": _plain(parity)}, naming)
        _write(work, made, run / TOKENIZER)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            shutil.rmtree(target)
        shutil.move(work / "bundle", target)
    return parity


def _evidence(
    pairs: Sequence[Pair], deltas: FloatArray, neutral: FloatArray, tests: npt.NDArray[np.bool_]
) -> dict[Criterion, Evidence]:
    """What each criterion is calibrated on; where nothing is said of test code, edits of test code prove no silence."""
    rows: dict[Criterion, list[int]] = defaultdict(list)
    for n, pair in enumerate(pairs):
        rows[pair.criterion].append(n)
    return {
        criterion: Evidence(
            deltas[members, CRITERIA.index(criterion)].astype(np.float64),
            np.array([np.sign(len(pairs[n].chosen) - len(pairs[n].rejected)) for n in members]),
            neutral[~tests, CRITERIA.index(criterion)].astype(np.float64),
        )
        for criterion, members in rows.items()
    }


def _surveyed(run: Path, criteria: Iterable[Criterion]) -> dict[Criterion, Evidence]:
    """What real edits that readers judged say for calibration; nothing if the run has learned from none."""
    if not (run / SURVEYED).exists():
        return {}
    record, margins = (json.loads((run / name).read_text(encoding="utf-8")) for name in (SURVEYED, HELD_OUT))
    return {criterion: survey_evidence(record, margins, criterion) for criterion in criteria if record}


def _parity(
    network: Any, plain: Path, small: Path, pairs: Sequence[Pair], encoder: Encoder, calibration: Calibration
) -> Parity:
    sample = [p for p in pairs if p.criterion is Criterion.SECURITY_HARDNESS][:_PARITY_PAIRS]
    sample += [p for p in pairs if p.criterion is not Criterion.SECURITY_HARDNESS][: _PARITY_PAIRS - len(sample)]
    seen = [windows_between(p.rejected, p.chosen, p.language, encoder)[:1] for p in sample]
    views = [view.ids for windows in seen for w in windows for view in (w.before, w.after)]
    torch, fp32, int8 = rewards_of(network, views), graph_rewards(plain, views), graph_rewards(small, views)
    close = same = spoken = compared = 0
    for row in range(0, len(views), 2):
        for column, criterion in enumerate(CRITERIA):
            exact = float(torch[row + 1, column]) - float(torch[row, column])
            shipped = float(int8[row + 1, column]) - float(int8[row, column])
            for sign in (1, -1):  # the regression as well as the fix
                p, q = (calibration.probabilities(criterion, sign * delta) for delta in (exact, shipped))
                if p is None or q is None:
                    continue
                compared += 1
                close += max(abs(a - b) for a, b in zip(p, q, strict=True)) <= _CLOSE
                curve = calibration.curves[criterion]
                told = [(s.worse >= curve.worse.probability, s.better >= curve.better.probability) for s in (p, q)]
                if any(map(any, told)):
                    spoken += 1
                    same += told[0] == told[1]
    difference = float(np.abs(torch - fp32).max()) if len(views) else 0.0
    return Parity(difference, close / compared if compared else 1.0, same / spoken if spoken else 1.0, spoken, compared)


@dataclass(frozen=True, slots=True)
class Made:
    """What a manifest says besides digests.

    Attributes:
        name: of the bundle.
        calibration: reward differences to probabilities, and thresholds.
        training: the record of the run.
        results: parity and bench results.
        naming: how the graph that names defects is read, if there is one.
    """

    name: str
    calibration: Calibration
    training: dict[str, Any]
    results: dict[str, Any]
    naming: Naming | None


def _write(work: Path, made: Made, tokenizer: Path) -> None:
    """Put the bundle together in ``work/bundle`` and read it back as a user would."""
    folder = work / "bundle"
    folder.mkdir()
    shutil.copyfile(work / "model.onnx", folder / "model.onnx")
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    if made.naming:
        shutil.copyfile(work / REASONS, folder / REASONS)
    write_words(folder, made)
    size = sum(path.stat().st_size for path in folder.iterdir())
    if size > LARGEST_BUNDLE:
        raise ExportError(f"the bundle has {size / 1e6:.1f} MB; at most 25 MB are read")
    read_bundle(folder)


def write_words(folder: Path, made: Made) -> None:
    """Write ``CARD.md`` and ``manifest.json`` for the files that are in ``folder``."""
    card = write_card(made.name, made.calibration, made.naming, made.training, made.results)
    (folder / "CARD.md").write_text(card, encoding="utf-8")
    files = (*FILES, REASONS) if made.naming else FILES
    manifest = {
        "schema": SCHEMA,
        "name": made.name,
        "window_rule": WINDOW_RULE,
        "max_tokens": MAX_TOKENS,
        "criteria": [c.value for c in CRITERIA],
        "files": {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in files},
        "calibration": made.calibration.to_json(),
        "naming": made.naming and made.naming.to_json(),
        "training": made.training,
        "results": made.results,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _plain(parity: Parity) -> dict[str, Any]:
    return {name: getattr(parity, name) for name in Parity.__slots__}


def add_results(folder: Path, name: str, outcome: dict[str, Any]) -> None:
    """Put a bench result into a bundle's manifest and card.

    Raises:
        ModelError: if the bundle is not sound.
    """
    manifest = read_bundle(folder).manifest
    results = manifest.results | {name: outcome}
    calibration = with_coverage(manifest.calibration, results.get("accuracy", {}))
    write_words(folder, Made(manifest.name, calibration, manifest.training, results, manifest.naming))
