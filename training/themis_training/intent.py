"""Which criterion a commit message says it improves: by terms of our own, for messages with a single intent."""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from themis_model.criterion import CRITERIA, Criterion
from themis_training.reverts import is_revert

_MOST_POINTS = 2  # a list of more is a list of changes
_LONGEST = 1500  # characters; longer messages tell stories in which every term occurs
_POINT = re.compile(r"(?m)^\s*(?:[-*+•]|\d+[.)])\s+\S")
_TRAILER = re.compile(
    r"(?im)^\s*(?:[\w-]+-by|cc|change-id|refs?|see|reviewed-on|bug|issue|pr-url|cr)\s*:.*$|https?://\S+"
)
_SENTENCES = re.compile(
    r"[.;]\s+(?=\S)|\s(?:and|&)\s(?=(?:add|allow|fix|improve|implement|make|remove|rename|support|update)\w*\s)"
)
_MASK = " \x00 "  # a word of its own, which no message contains


@dataclass(frozen=True, slots=True)
class Terms:
    """The term lists, compiled.

    Attributes:
        claims: per criterion, what messages that mean it say.
        yields_to: criteria whose terms outweigh those of this one.
        several: what shows more than one aim.
        beside: what shows that a subject is about something other than the code's behaviour or form.
        digest: of all lists.
    """

    claims: dict[Criterion, re.Pattern[str]]
    yields_to: dict[Criterion, frozenset[Criterion]]
    several: re.Pattern[str]
    beside: re.Pattern[str]
    digest: str


@cache
def terms() -> Terms:
    """The lists that ship as ``intent.toml``."""
    content = files("themis_training").joinpath("intent.toml").read_text("utf-8")
    lists = tomllib.loads(content)
    return Terms(
        {criterion: _any_of(lists[criterion]["terms"]) for criterion in CRITERIA},
        {c: frozenset(map(Criterion, lists[c].get("yields_to", ()))) for c in CRITERIA},
        _any_of(lists["several"]),
        _any_of(lists["beside"]),
        hashlib.sha256(content.encode()).hexdigest(),
    )


def _any_of(phrases: list[str]) -> re.Pattern[str]:
    """Matches any of the phrases as whole words; ``*`` ends a word in any way, ``?`` is any letter."""
    longest_first = sorted(phrases, key=len, reverse=True)
    words = (re.escape(p).replace(r"\*", r"[\w-]*").replace(r"\?", r"\w").replace(r"\ ", r"\s+") for p in longest_first)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])", re.IGNORECASE)


def has_single_intent(message: str) -> bool:
    """Whether a message names one aim: no list of changes, no "and also", no second task in its subject."""
    said = _said(message)
    subject = said.partition("\n")[0]
    if not subject or len(said) > _LONGEST or is_revert(message):
        return False
    return (
        len(_POINT.findall(said)) <= _MOST_POINTS
        and not terms().several.search(said)
        and not _SENTENCES.search(subject)
    )


def claim_of(message: str) -> Criterion | None:
    """The one criterion a message with a single intent says it improves, by its terms; None if there is no such.

    Its subject must name it, and nothing in the rest may name another.
    """
    lists, said = terms(), _said(message)
    subject = said.partition("\n")[0]
    if not has_single_intent(message) or is_beside(message):
        return None
    named = named_by(said)
    only = next(iter(named)) if len(named) == 1 else None
    return only if only and lists.claims[only].search(subject) else None


def reason_of(because: str) -> Criterion | None:
    """The one criterion that a revert's own words say the reverted commit had made worse."""
    named = named_by(because)
    return next(iter(named)) if len(named) == 1 else None


def named_by(text: str) -> frozenset[Criterion]:
    """All criteria whose terms a text has, less those that yield to another one of them."""
    named = frozenset(criterion for criterion, pattern in terms().claims.items() if pattern.search(text))
    return frozenset(criterion for criterion in named if not named & terms().yields_to[criterion])


def is_beside(message: str) -> bool:
    """Whether a subject is about tests, documentation, the build or a release."""
    return bool(terms().beside.search(_said(message).partition("\n")[0]))


def masked(message: str) -> str:
    """A message without any term of any criterion, so that what is left is the context they stand in."""
    text = message
    for pattern in terms().claims.values():
        text = pattern.sub(_MASK, text)
    return text


def _said(message: str) -> str:
    return _TRAILER.sub("", message).strip()
