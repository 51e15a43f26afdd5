"""One training run: tokenizer, pre-training, both paths, and the weights with which they are summed."""

import hashlib
import json
import platform
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from themis_lsp.error import UsageError
from themis_lsp.snippet import read_as
from themis_model.criterion import CRITERIA
from themis_model.encode import Encoder
from themis_model.naming import Naming
from themis_model.reason import reason
from themis_model.scorer import FloatArray
from themis_model.tokens import BpeTokenizer
from themis_training.calibration import balanced_weights
from themis_training.corpus import CodeFile, sample_files
from themis_training.data import Pair, Split, folds_by_origin, read_pairs, split_by_origin
from themis_training.deep import fit_deep, rewards_of
from themis_training.mined import MinedEdit
from themis_training.mixture import Weights, weights_for
from themis_training.naming import BUCKETS, LONGEST_GRAM, Asked, fit_naming
from themis_training.network import Evidence, RewardNetwork, Wide
from themis_training.origin import use_of
from themis_training.pairs import Example, Score, examples_of, largest_margins, ties_of
from themis_training.pretrain import pieces_of, pretrain
from themis_training.provenance import edit_origins, pair_origins, reading_origins, survey_origins
from themis_training.reading import Reading, fold_of, reading_examples
from themis_training.recipe import Recipe
from themis_training.survey import SOURCE as SURVEY
from themis_training.survey import Surveyed, shown_id, survey_examples, survey_record, taught_by, turned_id
from themis_training.token_class import token_classes
from themis_training.tokenizer import train_tokenizer
from themis_training.wide import Difference, differences_of, fit_wide, margins_of
from themis_training.written import Written, written_examples, written_record

NETWORK, RUN, TOKENIZER = "network.pt", "run.json", "tokenizer.json"
HELD_OUT, HELD_OUT_NAMES = "held_out.json", "held_out_names.json"
SURVEYED = "surveyed.json"
EVIDENCE, NAMING = "evidence.pt", "naming.json"
_TEXTS = 30_000  # pairs the tokenizer sees, at most
_PIECE = 160  # tokens of a pre-training view
_SHARES = np.linspace(0, 3, 31)  # candidate weights of the deep path beside the wide one


@dataclass(frozen=True, slots=True)
class Data:
    """What a run learns from.

    Attributes:
        pairs: every pair, held-out ones included.
        split: split of each pair id.
        files: plain code for the tokenizer and for pre-training.
        edits: ordinary real edits of repositories set aside for training.
        digest: sha256 over the digests of the pair files.
        readings: findings that somebody judged.
        survey: real edits judged on all criteria.
        written: edits that were written to teach one defect each.
    """

    pairs: Sequence[Pair]
    split: dict[str, Split]
    files: Sequence[CodeFile]
    edits: Sequence[MinedEdit]
    digest: str
    readings: Sequence[Reading] = ()
    survey: Sequence[Surveyed] = ()
    written: Sequence[Written] = ()

    def of(self, split: Split) -> list[Pair]:
        """The pairs of one split."""
        return [pair for pair in self.pairs if self.split[pair.id] is split]


def read_data(
    pairs: Sequence[Path],
    clones: Sequence[Path],
    edits: Sequence[MinedEdit],
    recipe: Recipe,
    readings: Sequence[Reading] = (),
    survey: Sequence[Surveyed] = (),
    written: Sequence[Written] = (),
) -> Data:
    """Split pairs and edits and sample plain code; deterministic for a recipe, the files and the clones' commits."""
    found = read_pairs(*pairs)
    split = split_by_origin(found, recipe.always_train, recipe.seed)
    split |= {pair.id: Split.TEST for pair in found if pair.source in recipe.held_out}
    digest = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in pairs)).hexdigest()
    for_training = [edit for edit in edits if use_of(edit.repo, edit.split) is Split.TRAIN]
    order = random.Random(recipe.seed).sample(range(len(for_training)), len(for_training))  # noqa: S311  (sampling)
    ties = [for_training[n] for n in sorted(order[: recipe.most_ties])]
    taught = [one for one in readings if use_of(one.finding.repository, one.split) is not Split.TEST]
    files = list(sample_files(clones, seed=recipe.seed))
    return Data(found, split, files, ties, digest, taught, taught_by(survey), written)


def fit(recipe: Recipe, data: Data, run: Path, tell: Callable[[str], None] = lambda _: None) -> RewardNetwork:
    """Train everything the recipe asks for into the folder ``run``; what is already there is not done again.

    Args:
        recipe: what to train.
        data: what to learn from.
        run: folder; made if missing.
        tell: told what begins.
    """
    run.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    trained = data.of(Split.TRAIN) + (data.of(Split.CALIBRATION) if recipe.folds else [])
    trained = [pair for pair in trained if pair.criterion in recipe.criteria]
    if not (run / TOKENIZER).exists():
        tell("tokenizer")
        train_tokenizer(_texts(data.files, trained), run / TOKENIZER, recipe.shape.vocabulary)
    encoder = Encoder(BpeTokenizer.from_file(run / TOKENIZER))
    columns = [CRITERIA.index(criterion) for criterion in recipe.criteria]
    tell(f"{len(trained)} pairs and {len(data.edits)} ties to read")
    examples = [*examples_of(trained, encoder), *ties_of(data.edits, recipe.tied, encoder)]
    unread = len(examples)
    examples += [*reading_examples(data.readings, encoder), *survey_examples(data.survey, encoder)]
    examples += written_examples(data.written, encoder)
    weights = weights_for(recipe, examples)
    torch.manual_seed(recipe.seed)
    network = RewardNetwork(recipe.shape)
    ties = sum(bool(example.tied) for example in examples)
    log: dict[str, Any] = {"examples": len(examples) - ties, "ties": ties}
    if network.wide is not None:
        if network.wide.counts is not None:
            classes = token_classes(run / TOKENIZER, recipe.shape.vocabulary)
            network.wide.counts.classes.copy_(torch.from_numpy(classes))
        tell(f"{len(examples) - ties} windows of pairs and {ties} ties")
        differences = differences_of(network.wide, examples)
        if recipe.folds:
            tell(f"wide path, {recipe.folds} folds for calibration")
            fold = folds_by_origin(trained, recipe.folds, recipe.seed)
            fold = {p.id: fold[p.id] for p in trained if not recipe.is_synthetic(p.source)}
            fold |= {one.id: fold_of(one.finding.repository, recipe.folds) for one in data.readings}
            fold |= _folds_of_survey(data.survey, recipe.folds) | _folds_of_written(data.written, recipe.folds)
            (run / SURVEYED).write_text(json.dumps(survey_record(data.survey)), encoding="utf-8")
            _cross_fit(network.wide, recipe, fold, examples, differences, run)
        tell("wide path")
        fit_wide(network.wide, examples, differences, weights, columns, recipe.ridge_of, recipe.counted_columns)
        tell("names of defects")
        named = [n for n, example in enumerate(examples) if n < unread or example.reason]
        asked = list(_asked(data, examples[unread:], differences[unread:]))
        _fit_naming(recipe, data, trained, [examples[n] for n in named], [differences[n] for n in named], asked, run)
    if network.deep is not None:
        tell("deep path")
        if recipe.pretraining is not None:
            if not data.files:
                raise UsageError(f"recipe {recipe.name} pre-trains on plain code: give it a folder of clones, --clones")
            pieces = pieces_of(data.files, encoder, _PIECE, recipe.seed)
            start = pretrain(pieces, recipe.shape, recipe.pretraining, run / "pretrain.ckpt")
            network.deep.load_state_dict(start, strict=False)
        log["losses"] = _fit_deep(network, recipe, data, trained, run)
        held_out = [e for e in examples_of(data.of(Split.CALIBRATION), encoder) if e.criterion in columns]
        log["shares"] = blend(network, held_out, columns) if network.wide is not None else {}
    torch.save(network.state_dict(), run / NETWORK)
    log |= {"minutes": round((time.monotonic() - began) / 60, 1), "machine": platform.processor() or platform.machine()}
    _write_run(recipe, data, log, run)
    return network


def _texts(files: Sequence[CodeFile], pairs: Sequence[Pair]) -> Iterator[str]:
    """What the tokenizer learns from, as a model reads it: every file, and an even sample of the pairs."""
    yield from (file.text for file in files)
    for pair in pairs[:: 1 + len(pairs) // _TEXTS]:
        yield "\n".join(read_as(pair.chosen, pair.language).read)


def _fit_naming(
    recipe: Recipe,
    data: Data,
    pairs: Sequence[Pair],
    examples: Sequence[Example],
    differences: Sequence[Difference],
    asked: Sequence[Asked],
    run: Path,
) -> None:
    """Fit the graph that names defects; it is read as real and written pairs say, not as operators' pairs do."""
    count = max(recipe.folds, 4)
    folds = folds_by_origin(pairs, count, recipe.seed)
    fold = {pair.id: folds[pair.id] for pair in pairs if not recipe.is_synthetic(pair.source)}
    fold |= _folds_of_survey(data.survey, count) | _folds_of_written(data.written, count)
    fold |= {one.id: fold_of(one.finding.repository, count) for one in data.readings}
    evidence, naming, answers = fit_naming(
        examples, differences, recipe.criteria, recipe.caps, fold, recipe.shape.power, asked
    )
    (run / HELD_OUT_NAMES).write_text(json.dumps(answers), encoding="utf-8")
    torch.save(evidence.state_dict(), run / EVIDENCE)
    (run / NAMING).write_text(json.dumps(naming.to_json(), indent=1), encoding="utf-8")


def _asked(data: Data, examples: Sequence[Example], differences: Sequence[Difference]) -> Iterator[Asked]:
    """What was read, judged or written, of one window: of several, which counts is not known before all is fitted."""
    criteria = {one.id: one.finding.criterion for one in data.readings}
    criteria |= {one.id: reason(one.defect).criterion for one in data.written}
    seen = set()
    for example, difference in zip(examples, differences, strict=True):
        name = shown_id(example.pair)
        if example.share < 1 or name in seen:
            continue
        seen.add(name)
        if example.source == SURVEY and name == example.pair:  # its chosen side is the one after the edit
            difference = difference._replace(values=-difference.values)
        for criterion in CRITERIA if example.source == SURVEY else (criteria[name],):
            yield Asked(name, criterion, difference)


def _folds_of_survey(edits: Sequence[Surveyed], count: int) -> dict[str, int]:
    """Both ways round in one fold."""
    own = {edit.id: fold_of(edit.judged.repository, count) for edit in edits}
    return own | {turned_id(name): number for name, number in own.items()}


def _folds_of_written(edits: Sequence[Written], count: int) -> dict[str, int]:
    """All edits of a unit in one fold."""
    return {edit.id: fold_of(edit.unit, count) for edit in edits}


def load_naming(run: Path, recipe: Recipe) -> tuple[Evidence, Naming] | None:
    """The graph that names defects of a finished run, and how it is read; None if it knows no reasons."""
    if not (run / NAMING).exists():
        return None
    naming = Naming.from_json(json.loads((run / NAMING).read_text(encoding="utf-8")))
    if not naming.reasons:
        return None
    evidence = Evidence(BUCKETS, LONGEST_GRAM, len(naming.reasons), recipe.shape.power)
    evidence.load_state_dict(torch.load(run / EVIDENCE, weights_only=True))
    return evidence, naming


def _cross_fit(
    wide: Wide,
    recipe: Recipe,
    fold: Mapping[str, int],
    examples: Sequence[Example],
    differences: Sequence[Difference],
    run: Path,
) -> None:
    """Margins of all that is real, read or written from a model that saw nothing of its origin, for calibration.

    Synthetic pairs and ties have no ``fold`` and stay in every one: nothing is calibrated on them.
    """
    if recipe.shape.layers:
        raise UsageError(f"recipe {recipe.name} has both folds and a deep path; cross-fitting it would take days")
    columns = [CRITERIA.index(criterion) for criterion in recipe.criteria]
    found: dict[str, list[float]] = {}
    for left_out in range(recipe.folds):
        out = [n for n, e in enumerate(examples) if fold.get(e.pair) == left_out]
        kept = sorted(set(range(len(examples))).difference(out))
        some = [examples[n] for n in kept]
        of_some, weights = [differences[n] for n in kept], weights_for(recipe, some)
        fit_wide(wide, some, of_some, weights, columns, recipe.ridge_of, recipe.counted_columns)
        for n, margins in zip(out, margins_of(wide, [differences[n] for n in out]), strict=True):
            largest = found.setdefault(examples[n].pair, [0.0] * len(CRITERIA))
            found[examples[n].pair] = [float(max(m, o, key=abs)) for m, o in zip(margins, largest, strict=True)]
    (run / HELD_OUT).write_text(json.dumps(found), encoding="utf-8")


def held_out_margins(run: Path, data: Data, score: Score, encoder: Encoder) -> tuple[list[Pair], FloatArray]:
    """Pairs to calibrate on with their margins ``[pairs, 5]``: cross-fitted ones, or those held out for it."""
    if (run / HELD_OUT).exists():
        found = json.loads((run / HELD_OUT).read_text(encoding="utf-8"))
        pairs = [pair for pair in data.pairs if pair.id in found]
        return pairs, np.array([found[pair.id] for pair in pairs], np.float32).reshape(-1, len(CRITERIA))
    pairs = data.of(Split.CALIBRATION)
    return pairs, largest_margins(score, [(p.rejected, p.chosen, p.language) for p in pairs], encoder)


def thinned(weights: Weights, most: int, seed: int) -> tuple[npt.NDArray[np.intp], Weights]:
    """Rows and weights of a sample of about ``most`` rows: light rows are dropped by chance, heavy ones stay.

    A row of weight w stays with the chance ``min(1, w / level)`` and then weighs ``max(w, level)``, so the sample is
    the whole in expectation.
    """
    low, level = 0.0, float(weights.sum())
    for _ in range(50):
        middle = (low + level) / 2
        low, level = (middle, level) if np.minimum(1.0, weights / middle).sum() > most else (low, middle)
    chance = np.minimum(1.0, weights / level)
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(weights)) < chance)
    kept: Weights = (weights / chance)[rows]
    return rows, kept / kept.mean()


def _fit_deep(network: RewardNetwork, recipe: Recipe, data: Data, pairs: Sequence[Pair], run: Path) -> list[float]:
    """Train the deep path without the wide one, which fits the training pairs too well to leave it a gradient."""
    encoder = Encoder(BpeTokenizer.from_file(run / TOKENIZER), recipe.deep_tokens)
    examples = [*examples_of(pairs, encoder), *ties_of(data.edits, recipe.tied, encoder)]
    asked = [CRITERIA.index(criterion) for criterion in recipe.deep_criteria]
    weights = np.zeros((len(examples), len(CRITERIA)))
    weights[:, asked] = weights_for(recipe, examples)[:, asked]
    rows, shares = thinned(weights.sum(axis=1), recipe.deep_examples, recipe.seed)
    scaled = weights[rows] * (shares / weights[rows].sum(axis=1))[:, None]
    wide, network.wide = network.wide, None
    try:
        return fit_deep(network, [examples[n] for n in rows], scaled, recipe.deep, run / "deep.ckpt")
    finally:
        network.wide = wide


def blend(network: RewardNetwork, examples: Sequence[Example], columns: Sequence[int]) -> dict[str, float]:
    """Scale the deep head, per criterion, to where the sum of both paths explains held-out pairs best.

    Returns:
        The deep path's weight per criterion; 0 where it does not help.
    """
    deep, wide = _margins(network, examples, "wide"), _margins(network, examples, "deep")
    chosen: dict[str, float] = {}
    scale = torch.zeros(len(CRITERIA))
    for column in columns:
        rows = [n for n, example in enumerate(examples) if example.criterion == column]
        if not rows:
            continue
        weight = balanced_weights(np.array([examples[n].longer for n in rows]))
        losses = [_best_loss(wide[rows, column] + s * deep[rows, column], weight) for s in _SHARES]
        scale[column] = float(_SHARES[int(np.argmin(losses))])
        chosen[CRITERIA[column].value] = float(scale[column])
    with torch.no_grad():
        network.head.weight.mul_(scale.unsqueeze(1))
        network.head.bias.mul_(scale)
    return chosen


def _best_loss(margin: Weights, weight: Weights) -> float:
    """Logistic loss at the best temperature, so that only the direction of the sum counts."""
    return min(float((weight * np.logaddexp(0, -t * margin)).sum()) for t in np.geomspace(0.05, 20, 40))


def _margins(network: RewardNetwork, examples: Sequence[Example], without: str) -> FloatArray:
    """``[examples, 5]`` reward differences of one path alone."""
    path: nn.Module | None = getattr(network, without)
    setattr(network, without, None)
    try:
        chosen, rejected = [e.chosen for e in examples], [e.rejected for e in examples]
        return rewards_of(network, chosen) - rewards_of(network, rejected)
    finally:
        setattr(network, without, path)


def load_run(run: Path, recipe: Recipe) -> RewardNetwork:
    """The network of a finished run."""
    network = RewardNetwork(recipe.shape)
    network.load_state_dict(torch.load(run / NETWORK, weights_only=True))
    network.train(mode=False)
    return network


def _plain(recipe: dict[str, Any]) -> dict[str, Any]:
    """Criteria by their names, as JSON has them."""
    listed = {key: [c.value for c in recipe[key]] for key in ("criteria", "deep_criteria", "surveyed", "counted")}
    return (
        recipe
        | listed
        | {key: {c.value: v for c, v in recipe[key].items()} for key in ("survey", "written", "others", "ridges")}
    )


def _write_run(recipe: Recipe, data: Data, log: dict[str, Any], run: Path) -> None:
    sources = Counter((p.source, p.criterion.value, p.license, data.split[p.id].value) for p in data.pairs)
    repositories = Counter((f.repository, f.license, f.commit) for f in data.files)
    record = {
        "recipe": _plain(asdict(recipe)),
        "data_digest": data.digest,
        "sources": [dict(zip(("source", "criterion", "license", "split", "pairs"), (*key, n), strict=True))
                    for key, n in sorted(sources.items())],
        "code": [
            {"repository": name, "license": terms, "commit": commit, "files": n}
            for (name, terms, commit), n in sorted(repositories.items())
        ],
        "pair_origins": pair_origins(data.pairs, data.split),
        "ordinary_edits": edit_origins(data.edits),
        "readings": reading_origins(data.readings),
        "survey": survey_origins(data.survey),
        "written": written_record(data.written),
        **log,
    }  # fmt: skip
    (run / RUN).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
