"""``themis feedback calibrate``: curves moved by answers about findings, where that is better on answers held out."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from themis_cli.context import Context
from themis_model.calibrate import Calibration, Curve, Mix
from themis_model.criterion import CRITERIA, Criterion
from themis_model.refit import Judgement, loss, refit, tells

if TYPE_CHECKING:
    from themis_model.bundle import Bundle

FEWEST: Final = 30  # answers of one criterion; fewer move nothing
_FOLDS: Final = 5
_STAYS: Final = "stays as it is, as refitted it would be no better"
_RECORD: Final = "feedback"  # in the manifest's training record


@dataclass(frozen=True, slots=True)
class Measured:
    """Answers that a curve had not seen.

    Attributes:
        spoken: findings that would still be shown.
        right: how many of them were agreed with.
        loss: mean cross-entropy of all answers, in nats; smaller is better.
    """

    spoken: int
    right: int
    loss: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What answers did to one criterion.

    Attributes:
        criterion: of the answers.
        count: how many there are.
        before, after: measured on the same answers, the curve as it is and one fitted without them.
        curve: fitted to all answers; None if it is not better, and the one that is stays.
    """

    criterion: Criterion
    count: int
    before: Measured
    after: Measured
    curve: Curve | None


class _Answer(NamedTuple):
    judgement: Judgement
    place: str  # answers about one file are never on both sides of a split


def calibrate(name: str | None, model: str | None, context: Context, *, replaces: bool) -> None:
    """Fit, measure on answers held out, say what came of it, and write a bundle if one is asked for.

    Args:
        name: what the new model is called among those that ``--model`` knows; None writes nothing.
        model: the model to start from, as ``--model`` has it.
        context: the world of the command.
        replaces: whether another model of that name may go.

    Raises:
        UsageError: the name is taken, there are too few answers, or nothing got better and so nothing is written.
        ModelError: the bundle to start from cannot be used.
    """
    from themis_cli.pull import pull
    from themis_lsp.config import Config, trusted
    from themis_lsp.error import UsageError
    from themis_lsp.home import models_folder
    from themis_model.bundle import read_bundle

    if name and not replaces and (models_folder(context.environ) / name).exists():
        raise UsageError(f"there is a model called {name} already: take another name, or say --replace")
    base = read_bundle(Config(trusted({"model": model}, context.environ), lambda _: None).model)
    if _RECORD in base.manifest.training:
        raise UsageError(f"{base.manifest.name} was calibrated by answers already: start from another with --model")
    found = outcomes(_answers(base, context), base.manifest.calibration)
    for line in _told(found):
        context.out.write(f"{line}\n")
    if name is None:
        context.out.write("nothing is written: give a name to keep it as a model of your own\n")
        return
    if not any(outcome.curve for outcome in found):
        raise UsageError("nothing is written: on answers held out, the model as it is does at least as well")
    with TemporaryDirectory(prefix="themis-calibrate-") as scratch:
        write(base, found, name, Path(scratch))
        folder = pull(scratch, None, name, context, replaces=replaces).folder
    context.out.write(f"written to {folder}; themis review --model {name} judges with it\n")


def outcomes(answers: Mapping[Criterion, Sequence[_Answer]], calibration: Calibration) -> list[Outcome]:
    """What the answers do to each criterion that has enough of them.

    Raises:
        UsageError: none has.
    """
    from themis_lsp.error import UsageError

    enough = {
        criterion: told
        for criterion, told in answers.items()
        if len(told) >= FEWEST and len({answer.place for answer in told}) > 1
    }
    if not enough:
        counts = ", ".join(f"{criterion.short} {len(told)}" for criterion, told in answers.items()) or "none"
        raise UsageError(
            f"too few answers to calibrate by: {FEWEST} about one criterion are needed, in more than one file; there "
            f"are: {counts}. Give more with themis feedback agree and disagree"
        )
    return [_outcome(c, told, calibration.curves[c], calibration.mix) for c, told in enough.items()]


def _outcome(criterion: Criterion, told: Sequence[_Answer], curve: Curve, mix: Mix) -> Outcome:
    judgements = [answer.judgement for answer in told]
    unseen = []
    for fold in _folds(told):
        learned = [answer.judgement for answer in told if answer.place not in fold]
        unseen.append((refit(curve, learned, mix), [answer.judgement for answer in told if answer.place in fold]))
    one, other = _measured([(curve, judgements)], mix), _measured(unseen, mix)
    is_better = other.loss < one.loss and _precision(other) >= _precision(one)
    return Outcome(criterion, len(told), one, other, refit(curve, judgements, mix) if is_better else None)


def _folds(told: Sequence[_Answer]) -> list[set[str]]:
    """Files, in up to five parts with about as many answers each, the same ones every time."""
    counts = Counter(answer.place for answer in told)
    parts: list[set[str]] = [set() for _ in range(min(_FOLDS, len(counts)))]
    sizes = [0] * len(parts)
    for place in sorted(counts, key=lambda place: (-counts[place], hashlib.sha256(place.encode()).digest())):
        smallest = sizes.index(min(sizes))
        parts[smallest].add(place)
        sizes[smallest] += counts[place]
    return parts


def _measured(parts: Sequence[tuple[Curve, Sequence[Judgement]]], mix: Mix) -> Measured:
    spoken = [judged for curve, judgements in parts for judged in judgements if tells(curve, judged, mix)]
    total = sum(len(judgements) for _, judgements in parts)
    mean = sum(loss(curve, judgements, mix) * len(judgements) for curve, judgements in parts) / total
    return Measured(len(spoken), sum(judged.is_worse for judged in spoken), mean)


def _precision(measured: Measured) -> float:
    """Share of what is spoken that is right; silence is never wrong."""
    return measured.right / measured.spoken if measured.spoken else 1.0


def _answers(base: "Bundle", context: Context) -> dict[Criterion, list[_Answer]]:
    """The answers about this model, by criterion."""
    from themis_cli.feedback import answers

    found: dict[Criterion, list[_Answer]] = {criterion: [] for criterion in CRITERIA}
    left_out: Counter[str] = Counter()
    calibration = base.manifest.calibration
    for row in answers(context.environ):
        criterion = Criterion(row["criterion"])
        curve, said = calibration.curves[criterion], row.get("p") or [0.5]
        judgement = Judgement(row["delta"], row["agrees"], row["defect"], said[0])
        # What an assent said belongs to the whole bundle, what a curve makes of a reward difference to the weights.
        key, own = ("digest", base.digest) if curve.assent else ("graph_digest", base.graph_digest)
        if row["model"].get(key) != own:
            left_out["about other models"] += 1
        elif curve.assent and not tells(curve, judgement, calibration.mix):
            left_out["about what was only shown on request"] += 1
        else:
            found[criterion].append(_Answer(judgement, f"{row['project']}/{row['path']}"))
    for what, count in left_out.items():
        context.err.write(f"{count} of the answers are {what}: left out\n")
    return {criterion: told for criterion, told in found.items() if told}


def _told(found: Sequence[Outcome]) -> Iterator[str]:
    from themis_cli.table import aligned

    rows = [("criterion", "answers", "", "shown", "agreed with", "loss")]
    for outcome in found:
        rows.append((outcome.criterion.short, str(outcome.count), "as it is", *_figures(outcome.before)))
        rows.append(("", "", "refitted", *_figures(outcome.after)))
    yield from aligned(rows)
    yield ""
    yield "Each answer is judged by a curve fitted to answers about other files. A smaller loss is better."
    for outcome in found:
        verdict = "refitted, and shows nothing that it would not have shown before" if outcome.curve else _STAYS
        yield f"{outcome.criterion.short}: {verdict}"


def _figures(measured: Measured) -> tuple[str, str, str]:
    from themis_lsp.attribute import percent

    share = percent(measured.right / measured.spoken) if measured.spoken else "-"
    return str(measured.spoken), share, f"{measured.loss:.3f}"


def write(base: "Bundle", found: Sequence[Outcome], name: str, folder: Path) -> None:
    """Write the bundle: another calibration, a record of where it comes from, and the rest unchanged."""
    from themis_model.bundle import MANIFEST

    curves = {**base.manifest.calibration.curves, **{o.criterion: o.curve for o in found if o.curve}}
    calibration = replace(base.manifest.calibration, curves=curves)
    record = {o.criterion.value: _record(o) for o in found}
    for file in base.manifest.all_files:
        (folder / file).write_bytes((base.path / file).read_bytes())
    manifest: dict[str, Any] = json.loads((base.path / MANIFEST).read_text("utf-8"))
    card = folder / "CARD.md"
    moved = ", ".join(o.criterion.short for o in found if o.curve)
    note = (
        f"\n## Calibrated by feedback\n\n{moved}: by answers of the people who use it. Figures above are from before.\n"
    )
    card.write_text(card.read_text("utf-8") + note, "utf-8", newline="\n")
    manifest |= {
        "name": name,
        "calibration": calibration.to_json(),
        "training": manifest["training"] | {_RECORD: {"base": base.manifest.name, "criteria": record}},
        "files": manifest["files"] | {card.name: hashlib.sha256(card.read_bytes()).hexdigest()},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8", newline="\n")


def _record(outcome: Outcome) -> dict[str, Any]:
    sides = {"before": outcome.before, "after": outcome.after}
    figures = {word: {"shown": m.spoken, "right": m.right, "loss": m.loss} for word, m in sides.items()}
    return {"answers": outcome.count, "moved": outcome.curve is not None, **figures}
