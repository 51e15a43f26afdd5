"""What the criteria, the probabilities and the silence mean, in words for people."""

from collections.abc import Iterator
from typing import Final

from themis_lsp.attribute import percent
from themis_model.calibrate import Calibration, Curve, State, Threshold
from themis_model.criterion import Criterion

MEANING: Final = {
    Criterion.FUNCTIONAL_CORRECTNESS: (
        "Whether the code does what it is meant to do: boundaries, operators, conditions, error handling, the order "
        "of steps, the right variable in the right place."
    ),
    Criterion.RUNTIME_EFFICIENCY: (
        "Whether the same result takes less or more time: work repeated in loops, searches where a lookup would do, "
        "queries and compilations that could happen once."
    ),
    Criterion.MEMORY_EFFICIENCY: (
        "Whether the same result takes less or more memory: whole files read at once, lists where a stream would do, "
        "resources that are never closed, caches without a bound, needless copies."
    ),
    Criterion.SECURITY_HARDNESS: (
        "Whether the code became harder or easier to attack: queries and commands built from text, paths and sizes "
        "that are not checked, unsafe loaders, weak digests and random numbers, verification switched off. "
        "What a model recognises of this is narrower: `themis demo` shows it, its card (CARD.md) has figures."
    ),
    Criterion.READABILITY_MAINTAINABILITY: (
        "Whether the next person understands and changes the code more easily or less: names, nesting, repetition, "
        "unexplained numbers, conditions that need a second look."
    ),
}


def of_criterion(criterion: Criterion, calibration: Calibration) -> Iterator[tuple[str, str]]:
    """Labelled paragraphs about one criterion and what this model knows of it."""
    yield "judges", MEANING[criterion]
    curve = calibration.curves[criterion]
    if curve.state is State.NO_DATA:
        yield "silent", "The model saw no data for it, so it never says anything about it, and shows no percentage."
    elif curve.state is State.NOT_PRECISE:
        yield (
            "silent",
            (
                "The model has an opinion, but what it would tell was not right, or not worth telling, often enough. "
                "--min-confidence shows it all the same, and says so."
            ),
        )
    else:
        proven = (curve.worse,) if curve.reasons else (curve.worse, curve.better)
        for name, threshold in zip(("worse", "better"), proven, strict=False):
            if threshold.probability <= 1:
                proof = (_as_read if curve.reasons else _as_labelled)(threshold, name)
                start = f"From {percent(threshold.probability)} on{_named(curve) if curve.reasons else ''}."
                yield f"says {name}", f"{start}{proof if threshold.judged else ''}"
        if curve.reasons:
            yield "says better", "Where it would say worse of undoing the edit, as surely."


def _named(curve: Curve) -> str:
    highest = max(at.probability for at in curve.reasons.values())
    later = f", some only from {percent(highest)} on" if highest > curve.worse.probability else ""
    return f", if it can name the defect ({len(curve.reasons)} it may tell{later})"


def _as_labelled(threshold: Threshold, name: str) -> str:
    return (
        f" Of {threshold.judged} held-out edits it spoke of there, {_share(threshold.precision)} right "
        f"(at least {percent(threshold.lower)} with 95 % confidence), and it speaks of "
        f"{percent(threshold.coverage)} of the edits that are {name}. Labelled edits are clearer than daily work: "
        "expect less there."
    )


def _as_read(threshold: Threshold, name: str) -> str:
    kept = round(threshold.precision * threshold.judged)
    return (
        f" Of {threshold.judged} such findings on real edits of unseen projects, read one by one, {kept} were worth "
        f"telling (at least {percent(threshold.lower)} with 95 % confidence): expect about that of your own. It speaks "
        f"of {percent(threshold.coverage)} of labelled edits that are {name}."
    )


def silent_lines(calibration: Calibration) -> Iterator[str]:
    """One line for each reason why criteria are missing from a ranking, or weak in it."""
    without = [c.short for c in Criterion if calibration.curves[c].state is State.NO_DATA]
    weak = [c.short for c in Criterion if calibration.curves[c].state is State.NOT_PRECISE]
    if without:
        yield f"no data: {', '.join(without)}"
    if weak:
        yield f"not precise enough for verdicts, so take the order lightly: {', '.join(weak)}"


def of_probability(criterion: Criterion, worse: float, defect: str | None, calibration: Calibration) -> str:
    """What the calibrated probability of a finding means."""
    curve = calibration.curves[criterion]
    if curve.assent and defect in curve.reasons and worse >= curve.worse.probability:
        return (
            f"Of 100 findings the model is as sure of, careful readers of real edits would keep {_of_hundred(worse)}. "
            "They read edits as they happened and turned round; where regressions are rarer, it is right less often."
        )
    mix = calibration.mix
    many = _of_hundred(worse)
    make = "makes" if many == "about 1" else "make"
    return (
        f"Of 100 edits the model rates like this one, {many} {make} {criterion.short} worse. "
        f"That holds where {percent(mix.worse)} of all edits make it worse, {percent(mix.better)} better, and the rest "
        "neither; where regressions are rarer, it is right less often."
    )


def _of_hundred(share: float) -> str:
    """A share of a hundred; of what rounds to all or none, neither is claimed."""
    number = round(100 * share)
    return f"about {number}" if 0 < number < 100 else "nearly all" if number else "hardly any"


def _share(precision: float) -> str:
    return "all were" if precision == 1 else f"{percent(precision)} were"


def of_silencing(criterion: Criterion) -> Iterator[tuple[str, str]]:
    """Labelled ways to stop hearing about a criterion."""
    others = ",".join(c.short for c in Criterion if c is not criterion)
    mark = f"themis: ignore[{criterion.short}]"
    yield "to silence", f"In one place: a comment on the changed line or right above it, {mark} and the reason."
    yield "", f"In one run: --criteria {others}, or a higher --min-confidence."
    yield (
        "",
        (
            "In a repository: the keys criteria, min-confidence and ignore (path patterns), in themis.toml or in "
            "[tool.themis] of pyproject.toml."
        ),
    )
