"""The model card: what a bundle was trained on, what it is good and bad at, and what it must not be used for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from themis_model.calibrate import Calibration, State, Threshold
from themis_model.criterion import CRITERIA
from themis_model.naming import Naming
from themis_model.reason import reasons
from themis_training.personal.card import personal_words

_INTRODUCTION = """\
# {name}

A reward model for code edits in the format of Themis. It reads one unit of code before and after an edit and gives a
reward per criterion for each; only the difference means anything. It is **not distilled from the published Themis-RM
models** and has seen none of their outputs: it follows their objective (arXiv 2605.00754) on the data below.
"""

_LIMITS = """\
## What it is bad at

- It reads one function at a time, 320 tokens around the change. What callers do, what a type is, whether input is
  trusted: it cannot know.
- Comments, blank lines and spacing are not shown to it, and neither is what local names are called: only whether they
  speak of secrets. A name that got worse is mostly invisible.
- Criteria marked `no data` have no trained head at all; those marked `not precise enough` have one that did not earn
  the right to speak.
- It learned defects that have a name: from linters' documentation and tests, from functions made worse by rewriting,
  and, for security, from real fixes. A weakness of another kind will be missed, silently.
- Probabilities hold where one edit in ten is a regression, as in the stated mix. In histories of mature projects real
  regressions are far rarer: see what readers kept, above, and the training log.
- What people claim to improve in commit messages it recognises hardly better than chance.

## What it must not be used for

- As a pass or fail for code as it is: it compares two versions of one unit, nothing else.
- As proof that an edit is safe: silence means "not sure enough", never "no problem".
- To rank people, or text that is not code in one of the eight languages.
"""


def write_card(
    name: str, calibration: Calibration, naming: Naming | None, training: dict[str, Any], results: dict[str, Any]
) -> str:
    """The text of ``CARD.md``.

    Args:
        name: of the model.
        calibration: what speaks, with its measured precision.
        naming: which defects it names, if any.
        training: the record of the run.
        results: parity and bench results.
    """
    parts = [
        _INTRODUCTION.format(name=name),
        personal_words(training.get("personalised"), results.get("tail")),
        "## What may speak\n",
        _speaking(calibration),
        _naming(naming) if not any(curve.reasons for curve in calibration.curves.values()) else "",
        _judged(calibration, results.get("judged", {})),
        _accuracy(results.get("accuracy", {})),
        _silence(results.get("silence", {})),
        _parity(results.get("parity", {})),
        _LIMITS,
        "## What it was trained on\n",
        "Licences are those of the datasets; the code inside stays under its upstream projects' licences.\n",
        _table(
            ("source", "criterion", "licence", "split", "pairs"),
            ([s["source"], s["criterion"], s["license"], s["split"], s["pairs"]] for s in training.get("sources", [])),
        ),
        _code("Rule documentation, and functions that were rewritten", training.get("pair_origins", []), "pairs"),
        _code("Plain code for the tokenizer and for pre-training", training.get("code", []), "files"),
        _code("Ordinary edits, trained on as ties", training.get("ordinary_edits", []), "edits"),
        _code("Findings on real edits that were read, and learned from", training.get("readings", []), "findings"),
        _code("Real edits that were judged on all criteria, and learned from", training.get("survey", []), "edits"),
        _written(training.get("written", [])),
        _code("Ordinary and neutral edits, for calibration only", training.get("calibration_edits", []), "edits"),
        _origin(training),
    ]
    return "\n".join(part for part in parts if part)


def _origin(training: dict[str, Any]) -> str:
    recipe = training.get("recipe", {})
    return f"Recipe `{recipe.get('name')}`, seed {recipe.get('seed')}, pairs sha256 `{training.get('data_digest')}`.\n"


def _speaking(calibration: Calibration) -> str:
    mix = calibration.mix
    rows: list[Sequence[Any]] = []
    for criterion in CRITERIA:
        curve = calibration.curves[criterion]
        if curve.state is not State.SPEAKS:
            rows.append((criterion.value, curve.state.value, "", "", ""))
            continue
        said = {"worse": curve.worse} if curve.reasons else {"worse": curve.worse, "better": curve.better}
        for direction, at in said.items():
            rows.append((criterion.value, direction, *_threshold(at)))
    told = (
        f"Under a mix of {mix.worse:.0%} worse, {mix.neutral:.0%} neutral and {mix.better:.0%} better edits, measured "
        "on the calibration pairs and edits"
    )
    if any(curve.reasons for curve in calibration.curves.values()):
        told += (
            ". Of criteria that tell only named defects, *worse* says what readers kept of findings on real edits "
            "instead, and which share of labelled test pairs it tells; *better* is what would be told if it was undone"
        )
    told += ":\n"
    return told + "\n" + _table(("criterion", "verdict", "from P", "precision (95 % bound)", "coverage"), rows)


def _threshold(at: Threshold) -> tuple[str, str, str]:
    if at.probability > 1:
        return "never", "", ""
    return f"{at.probability:.2f}", f"{at.precision:.2f} (≥ {at.lower:.2f}, n = {at.judged})", f"{at.coverage:.0%}"


def _accuracy(result: dict[str, Any]) -> str:
    if not result:
        return ""
    judges = [model["name"] for model in result["models"]]
    rows = []
    for group in result["groups"]:
        place = group["language"] if group["source"] == "all" else f"from {group['source']}"
        figures = [group["judges"][name] for name in judges]
        rivals = [_estimate(figure["balanced"]).split(" ")[0] if figure else "no data" for figure in figures[1:]]
        mine = [_estimate(figures[0][kind]) if figures[0] else "no data" for kind in ("plain", "balanced")]
        rows.append((group["criterion"], place, group["pairs"], *mine, *rivals))
    head = (
        "criterion",
        "language or source",
        "pairs",
        "plain",
        "length-balanced",
        *(f"{n}, balanced" for n in judges[1:]),
    )
    told = (
        "## Accuracy on projects kept out of training\n\n"
        "With 95 % bootstrap intervals over projects. Length-balanced is the mean over pairs whose better side is "
        "longer and those whose better side is shorter; preferring the longer text gets 0.500 there.\n\n"
    )
    return told + _table(head, rows)


def _estimate(value: dict[str, float | None]) -> str:
    told = [value["value"], value["lower"], value["upper"]]
    middle, lower, upper = ("–" if number is None else f"{number:.3f}" for number in told)
    return f"{middle} [{lower}, {upper}]"


def _naming(naming: Naming | None) -> str:
    if naming is None:
        return ""
    rows = [
        (name, reasons()[name].criterion.short, f"{t.precision:.2f} [{t.lower:.2f}]", t.judged, f"{t.coverage:.0%}")
        for name, t in naming.thresholds.items()
    ]
    text = (
        f"It knows {len(naming.reasons)} named defects and names those below where it is sure enough, measured on "
        "held-out real pairs; with any other finding it names no single reason:\n\n"
    )
    head = ("defect", "criterion", "names that are right [95 % lower bound]", "of", "pairs with it that get its name")
    return text + _table(head, rows)


def _judged(calibration: Calibration, result: dict[str, Any]) -> str:
    """What readers said of findings, which decided what is told."""
    if not result:
        return ""
    test, told = result["test"], result["test"]["defects"]
    rows = []
    for criterion in CRITERIA:
        for name, at in calibration.curves[criterion].reasons.items():
            own = told.get(name, {"read": 0, "kept": 0, "named": 0})
            rows.append((name, criterion.short, f"{at.probability:.2f}", own["read"], own["kept"], own["named"]))
    text = (
        "It tells of a regression only where it can name the defect, and only the defects below, from where a careful "
        "reader is likely enough to keep the finding. That probability, the *P* below, is of the reward difference, of "
        "what speaks for the name, of the size of the edit and of the name; it was fitted to what readers said of "
        "possible findings on real edits, as they happened and turned round. The figures are of findings on "
        "test repositories, on which no threshold was chosen (what else was, the training log says): "
        f"{test['read']} read, {test['kept']} kept (95 % lower bound "
        f"{test['lower']:.2f}), {test['named']} of the kept rightly named; {_ways(test['ways'])}. They were read by a "
        "language model in the role of a careful reviewer, blind to the direction, not by a person.\n\n"
    )
    return text + _table(("defect", "criterion", "from P", "read", "kept", "rightly named"), rows)


def _ways(ways: dict[str, int]) -> str:
    return ", ".join(f"{count} {way}" for way, count in sorted(ways.items()))


def _silence(result: dict[str, Any]) -> str:
    if not result:
        return ""
    rows = [
        (r["kind"], r["edits"], r["scored"], r["findings"], f"{r['share']:.2%} (≤ {r['upper']:.2%})", r["improvements"])
        for r in result["rows"]
    ]
    return "## Silence on real edits of repositories kept out of calibration\n\n" + _table(
        ("kind of edit", "edits", "scored by the model", "with a finding", "share (95 % bound)", "called better"), rows
    )


def _parity(result: dict[str, Any]) -> str:
    if not result:
        return ""
    return (
        f"int8 against torch on {result['edits']} held-out judgements: |ΔP| ≤ 0.02 on {result['close']:.1%}, the same "
        f"verdict on {result['same']:.1%} of the {result['spoken']} where either speaks; fp32 differs by at most "
        f"{result['fp32']:.0e}.\n"
    )


def _code(title: str, rows: list[dict[str, Any]], last: str) -> str:
    if not rows:
        return ""
    licences: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        licences[row.get("license", "")].append(f"{row['repository']} ({row['commit'][:12]}, {row[last]})")
    listed = [
        f"- {f'{name}: ' if name else ''}{', '.join(repositories)}" for name, repositories in sorted(licences.items())
    ]
    return f"**{title}** (newest commit and number of {last} in brackets):\n\n" + "\n".join(listed) + "\n"


def _written(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    table = _table(
        ("language", "licence", "bring a defect in", "only look like it"),
        ([row["language"], row["license"], row["worse"], row["same"]] for row in rows),
    )
    return f"**Edits written for the purpose**, by a language model, none taken from anywhere:\n\n{table}"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"
