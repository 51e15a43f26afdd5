"""How much each example counts: sources capped, length made uninformative, ties beside pairs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from themis_bench.metrics import length_neutral as equal_by_length
from themis_model.criterion import CRITERIA, Criterion
from themis_training.pairs import Example
from themis_training.reading import SOURCE as READINGS
from themis_training.survey import SOURCE as SURVEY
from themis_training.written import SOURCE as WRITTEN

if TYPE_CHECKING:
    from themis_training.recipe import Recipe

Weights = npt.NDArray[np.float64]
_PLAIN = 0.9  # sure from here on: a plain mark


def weights_for(recipe: "Recipe", examples: Sequence[Example]) -> Weights:
    """Weight of every example in every criterion, ``[len(examples), 5]``.

    Readings, the survey and written edits weigh what the recipe says; all others are balanced without them.
    """
    weights = np.zeros((len(examples), len(CRITERIA)))
    rows: dict[str, list[int]] = {READINGS: [], SURVEY: [], WRITTEN: [], "": []}
    for n, example in enumerate(examples):
        rows.get(example.source, rows[""]).append(n)
    weights[rows[""]] = mixture([examples[n] for n in rows[""]], recipe.caps, recipe.per_project, recipe.ties)
    for n in rows[READINGS]:
        weights[n, list(examples[n].tied) or examples[n].criterion] = recipe.reading * examples[n].share
    weights *= [recipe.others.get(criterion, 1.0) for criterion in CRITERIA]
    for source, each, ties in (
        (SURVEY, recipe.survey, recipe.survey_ties),
        (WRITTEN, recipe.written, recipe.written_ties),
    ):
        weights[rows[source]] = survey_weights([examples[n] for n in rows[source]], each, ties)
    return weights


def mixture(
    examples: Sequence[Example], caps: Mapping[str, float], per_project: float, ties: Mapping[str, float]
) -> Weights:
    """Weight of every example in every criterion, ``[len(examples), 5]``; zero where it teaches nothing.

    Args:
        examples: pairs and ties.
        caps: weight per pair of a source, or of all sources that begin with a name and a slash.
        per_project: total weight one project may have before balancing.
        ties: per kind of tie (``ordinary``, ``neutral``) the weight of all its ties together beside all pairs.
    """
    weights = np.zeros((len(examples), len(CRITERIA)))
    pairs = [n for n, example in enumerate(examples) if not example.tied]
    balanced = length_neutral([examples[n] for n in pairs], caps, per_project)
    for n, weight in zip(pairs, balanced, strict=True):
        weights[n, examples[n].criterion] = weight
    totals = weights.sum(axis=0)
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for n, example in enumerate(examples):
        for column in example.tied:
            groups[example.source, column].append(n)
    for (kind, column), rows in groups.items():
        weights[rows, column] = ties.get(kind, 0.0) * totals[column] / len(rows)
    return weights


def survey_weights(examples: Sequence[Example], each: Mapping[Criterion, float], ties: float) -> Weights:
    """Weight of every example of a survey in every criterion, ``[len(examples), 5]``.

    A plain mark weighs more than another by the root of two, and longer and shorter chosen sides weigh the same.

    Args:
        examples: from ``survey.survey_examples``.
        each: per criterion the weight of a mark.
        ties: weight of all edits that leave a criterion alone, beside all marks in it.
    """
    weights = np.zeros((len(examples), len(CRITERIA)))
    for column, criterion in enumerate(CRITERIA):
        weight = each.get(criterion, 0.0)
        rows = [n for n, e in enumerate(examples) if e.criterion == column]
        alone = [n for n, e in enumerate(examples) if column in e.tied]
        if not rows:
            continue
        plain = [examples[n].share * (1.0 if examples[n].sure < _PLAIN else 2.0**0.5) for n in rows]
        own = equal_by_length(np.array(plain), [examples[n].longer for n in rows])
        weights[rows, column] = weight * own
        shares = np.array([examples[n].share for n in alone])
        weights[alone, column] = weight * ties * own.sum() * shares / max(1.0, shares.sum())
    return weights


def length_neutral(
    examples: Sequence[Example], caps: Mapping[str, float] | None = None, per_project: float = 1e9
) -> Weights:
    """Weight per pair, ``[len(examples)]``, mean 1 in each criterion: longer and shorter chosen sides weigh the same.

    The balance holds within each criterion, source and language that has both signs, and then within each criterion,
    so neither a source nor all of them together bring the length shortcut back.

    Args:
        examples: pairs.
        caps: weight per pair of a source, or of all sources that begin with a name and a slash.
        per_project: total weight one project may have before balancing.
    """
    weights = np.array([e.share * _cap(caps or {}, e.source) for e in examples], dtype=np.float64)
    _cap_totals(weights, [(e.source, e.project) for e in examples], per_project)
    _balance(weights, examples, [(e.criterion, e.source, e.language) for e in examples])
    _balance(weights, examples, [e.criterion for e in examples])
    for column in {e.criterion for e in examples}:
        rows = [n for n, e in enumerate(examples) if e.criterion == column]
        weights[rows] /= weights[rows].mean()
    return weights


def _cap(caps: Mapping[str, float], source: str) -> float:
    return caps.get(source, caps.get(source.split("/")[0], 1.0))


def _balance(weights: Weights, examples: Sequence[Example], keys: Sequence[object]) -> None:
    strata: dict[object, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        strata[key].append(row)
    for rows in strata.values():
        weights[rows] = equal_by_length(weights[rows], [examples[row].longer for row in rows])


def _cap_totals(weights: Weights, keys: Sequence[tuple[str, str]], most: float) -> None:
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    for members in rows.values():
        total = weights[members].sum()
        if total > most:
            weights[members] *= most / total
