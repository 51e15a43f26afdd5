"""Which commits a history took back later, and what it said about them."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from themis_lsp.repository import Repository

_LOG = ("log", "-z", "--no-merges", "--no-color", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8",
        "--format=%H%x00%B%x00")  # fmt: skip
_TITLE = re.compile(
    r'^\s*(?:\[[^\]]*\]\s*)?revert(?:ed|ing|s)?\b\W{0,3}(?:commit\b\W{0,3})?"(?P<subject>.+)"', re.IGNORECASE
)
_HASH = re.compile(
    r"^\W{0,3}(?:this )?reverts?(?: commit)?:?\s+(?P<hash>[0-9a-f]{7,40})\b", re.IGNORECASE | re.MULTILINE
)
_REVERT = re.compile(
    r"^\s*(?:\[[^\]]*\]\s*)?(?:revert(?:ed|ing|s)?|back(?:ed|ing)? out|roll(?:ed|ing)? back)\b", re.IGNORECASE
)
_BOILERPLATE = re.compile(
    r'(?im)^\s*(?:revert(?:ed|ing|s)?\b[^"\n]{0,20}".*"(?:\s*\(#\d+\))?|this reverts commit \w+[.,]?)'
    r"(?:\s+reversing\s+changes made to \w+\.?)?"
)
_NUMBER = re.compile(r"\s*\(#\d+\)\s*$")
_SHORTEST_SUBJECT = 12  # characters; a shorter one may well have been used twice


@dataclass(frozen=True, slots=True)
class Revert:
    """A commit that takes another one back.

    Attributes:
        commit: full hash of the commit that reverts.
        because: what it says besides that it is a revert, often nothing.
    """

    commit: str
    because: str


def is_revert(message: str) -> bool:
    """Whether a message says, in its subject or as git words it, that the commit takes another one back."""
    return bool(_REVERT.match(message) or _HASH.search(message))


def reverts_of(repository: Repository) -> Mapping[str, Revert]:
    """The commits that led to HEAD and were taken back for good, by full hash.

    A revert that was itself reverted counts for nothing.

    Raises:
        GitError: the history cannot be walked.
    """
    tokens = iter(os.fsdecode(repository.output(*_LOG, "HEAD", "--")).split("\0"))
    return reverted((commit.strip(), next(tokens, "")) for commit in tokens if commit.strip())


def reverted(messages: Iterable[tuple[str, str]]) -> dict[str, Revert]:
    """As ``reverts_of``, from (full hash, message), newest first."""
    history = list(messages)
    age = {commit: number for number, (commit, _) in enumerate(history)}
    by_prefix: dict[str, list[str]] = {}
    by_subject: dict[str, list[str]] = {}
    for commit, message in history:
        by_prefix.setdefault(commit[:7], []).append(commit)
        by_subject.setdefault(_subject(message), []).append(commit)
    taken_back: dict[str, Revert] = {}
    for commit, message in history:
        if commit in taken_back or not is_revert(message):
            continue
        because = _BOILERPLATE.sub("", message).strip()
        named = {
            earlier
            for found in _HASH.finditer(message)
            for earlier in by_prefix.get(found["hash"][:7].lower(), ())
            if earlier.startswith(found["hash"].lower())
        }
        title = _TITLE.match(message)
        if not named and title and len(title["subject"]) >= _SHORTEST_SUBJECT:
            same = by_subject.get(_NUMBER.sub("", title["subject"]).strip(), ())
            named = {next((other for other in same if age[other] > age[commit]), "")} - {""}
        for earlier in named:
            if age[earlier] > age[commit]:
                taken_back.setdefault(earlier, Revert(commit, because))
    return taken_back


def _subject(message: str) -> str:
    return _NUMBER.sub("", message.strip().partition("\n")[0]).strip()
