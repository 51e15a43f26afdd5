"""Reasons: the named defects an edit can bring in, each with a page of its own in ``reasons/``.

A page is a literate case file (``themis_lsp.case``). Its first heading is the title, the block below it says what the
reason belongs to, and the paragraph after that is the summary::

    # A hash that no longer holds

    ```reason
    criterion: security_hardness
    cwe: 328
    shows: md5|sha1
    loses: sha256|blake
    ```

    Collisions are cheap to make with this digest.

``shows`` and ``loses`` are optional patterns of what a reader can point at: the worse version has more of the one, or
less of the other. Without either being so, the reason is not told, however sure a model is.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from themis_model.criterion import CRITERIA, Criterion

PAGES: Final = Path(__file__).parent / "reasons"

_HEAD: Final = re.compile(
    r"# (?P<title>[^\n]+)\n\n"
    r"```reason\ncriterion: (?P<criterion>\w+)\n(?:cwe: (?P<cwe>[1-9][0-9]*)\n)?"
    r"(?:shows: (?P<shows>[^\n]+)\n)?(?:loses: (?P<loses>[^\n]+)\n)?```\n\n"
    r"(?P<summary>[^\n]+(?:\n[^\n]+)*)\n"
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One named defect.

    Attributes:
        id: kebab-case and stable: reports, suppressions and links use it.
        title: what happened, as a noun phrase without a full stop.
        criterion: what it makes worse.
        cwe: its number in the Common Weakness Enumeration, for security.
        summary: why it matters, in one sentence.
        shows: what the worse version has more of; matches without regard to case.
        loses: what the worse version has less of.
    """

    id: str
    title: str
    criterion: Criterion
    cwe: int | None
    summary: str
    shows: re.Pattern[str] | None = None
    loses: re.Pattern[str] | None = None

    def is_visible(self, worse: str, better: str) -> bool:
        """Whether a reader can point at it; always, if the page says nothing about that.

        Args:
            worse: what a model read of the worse version; as far as both agree, the text does not matter.
            better: the same of the better version.
        """
        return (self.shows is None and self.loses is None) or any(self.seen(worse, better))

    def seen(self, worse: str, better: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What matches ``shows`` more often in the worse version, and ``loses`` less often; lower case, sorted.

        Args:
            worse: as for ``is_visible``.
            better: as for ``is_visible``.
        """
        return _gained(self.shows, worse, better), _gained(self.loses, better, worse)


def _gained(pattern: re.Pattern[str] | None, one: str, other: str) -> tuple[str, ...]:
    """Matches that one text has more of than the other, each of its own: one word may come where another one went."""
    if pattern is None:
        return ()
    here, there = (Counter(found[0].lower() for found in pattern.finditer(text)) for text in (one, other))
    return tuple(sorted((here - there).elements()))


@cache
def reasons() -> Mapping[str, Reason]:
    """Every reason by its id: in the order of the criteria, and by id within one.

    Raises:
        ValueError: naming the page that does not begin as it should.
    """
    found = [_read(page) for page in PAGES.glob("*.md")]
    found.sort(key=lambda reason: (CRITERIA.index(reason.criterion), reason.id))
    return MappingProxyType({reason.id: reason for reason in found})


def reason(name: str) -> Reason:
    """The reason with this id.

    Raises:
        KeyError: there is none.
    """
    return reasons()[name]


def page(name: str) -> str:
    """The Markdown of a reason's page.

    Raises:
        KeyError: there is no reason with this id.
    """
    return (PAGES / f"{reason(name).id}.md").read_text("utf-8")


def _read(path: Path) -> Reason:
    head = _HEAD.match(path.read_text("utf-8"))
    if head is None:
        raise ValueError(f"{path.name} does not begin with a title, a block marked reason, and a summary")
    cwe = head["cwe"]
    summary = " ".join(head["summary"].split())
    shows, loses = (re.compile(head[key], re.IGNORECASE) if head[key] else None for key in ("shows", "loses"))
    return Reason(
        path.stem, head["title"], Criterion(head["criterion"]), int(cwe) if cwe else None, summary, shows, loses
    )
