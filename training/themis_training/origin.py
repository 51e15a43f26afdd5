"""Which repository a clone is, whether it may be used, and for what."""

import hashlib
import re
from pathlib import Path

from themis_training.data import Split

_TESTED = 154  # of 256, odd ones only: three tenths
_CALIBRATED = 85  # of 256: a third


def repository_name(clone: Path) -> str:
    """``owner/name`` of a clone in a folder ``owner+name``, or in one called ``repo`` or ``.git`` in there."""
    folder = clone.resolve()
    while folder.name in ("repo", ".git"):
        folder = folder.parent
    return folder.name.removesuffix(".git").replace("+", "/", 1)


def is_excluded(name: str, projects: frozenset[str]) -> bool:
    """Whether a repository, its owner, or a fork of it is among projects named ``owner/name`` or just ``name``."""
    owner, _, bare = name.casefold().partition("/")
    known = {project.casefold() for project in projects}
    forks = {project.rpartition("/")[2] for project in known if ":" not in project}
    words = re.split(r"\W|_", bare)
    shortened = {owner, "".join(words), "_".join(words), words[-1]}  # as in "Lang" for commons-lang
    return f"{owner}/{bare}" in known or bare in forks or not known.isdisjoint(shortened)


def split_of(name: str, hold_out: frozenset[str]) -> Split:
    """Three of ten repositories are for the test, drawn by the hash of their names; the others are not."""
    if name.casefold() in {held.casefold() for held in hold_out}:
        return Split.TEST
    draw = hashlib.sha256(name.casefold().encode()).digest()[0]
    return Split.TEST if draw & 1 and draw < _TESTED else Split.CALIBRATION


def use_of(name: str, mined: str = "") -> Split:
    """What a repository's edits and functions are used for: the test, or two thirds training and a third calibration.

    Args:
        name: ``owner/name``.
        mined: split it was mined with, where that is known.
    """
    if (mined or split_of(name, frozenset())) == Split.TEST:
        return Split.TEST
    return Split.CALIBRATION if hashlib.sha256(name.casefold().encode()).digest()[1] < _CALIBRATED else Split.TRAIN
