"""What a rule is about: ``criteria.toml`` names the defect that each rule finds."""

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from themis_model.criterion import Criterion
from themis_model.reason import reasons

_DROP = "drop"


@dataclass(frozen=True, slots=True)
class Label:
    """What the examples of a rule show.

    Attributes:
        criterion: what the good side is better at.
        reason: id from ``themis_model.reason``, or the empty string if none fits.
        cwe: as in ``CWE-89``, or the empty string.
    """

    criterion: Criterion
    reason: str = ""
    cwe: str = ""


def label_of(source: str, rule: str) -> Label | None:
    """The label of a rule: that of the first pattern to match it, or None if it is to be left out."""
    for sources, rules, label in _patterns():
        if fnmatchcase(source, sources) and fnmatchcase(rule, rules):
            return label
    return None


@cache
def _patterns() -> tuple[tuple[str, str, Label | None], ...]:
    text = (files("themis_training.rules") / "criteria.toml").read_text("utf-8")
    return tuple(
        (source, rule, None if word == _DROP else _label(word))
        for source, section in tomllib.loads(text).items()
        for rules, word in section.items()
        for rule in rules.split(", ")
    )


def _label(word: str) -> Label:
    """A label from a reason's id, or from a criterion if no reason fits."""
    if (reason := reasons().get(word)) is None:
        return Label(Criterion(word))
    return Label(reason.criterion, reason.id, f"CWE-{reason.cwe}" if reason.cwe else "")
