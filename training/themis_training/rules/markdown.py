"""Examples in Markdown: fenced code under words that say which side it is, or with such words in its comments."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from themis_training.rules.text import matched

_FENCE = re.compile(r"^ *(?P<fence>`{3,}|~{3,}) *(?P<info>[\w+-]*)")
_HEADING = re.compile(r"^#{1,6} ")
_BAD = re.compile(
    r"❌|👎|🚫|:::\s*incorrect|\*\*incorrect\*\*|\b(?:incorrect|noncompliant|invalid|problematic|fail(?:s|ing)?|bad)\b",
    re.IGNORECASE,
)
_GOOD = re.compile(
    r"✅|👍|:::\s*correct|\*\*correct\*\*|\b(?:correct|compliant|valid|pass(?:es|ing)?|good)\b", re.IGNORECASE
)
_MARK = re.compile(r"^\s*(?://|#|/\*)\s*(?:(?P<bad>❌|👎|bad\b|fail)|(?P<good>✅|👍|good\b|pass\b)).*$", re.IGNORECASE)


def examples(
    text: str,
    languages: Mapping[str, str],
    pair: Callable[[list[str], list[str], str], Iterable[tuple[str, str]]] = matched,
) -> Iterator[tuple[str, str, str]]:
    """Language, bad and good text of each example; pairs never reach over a heading that does not name a side.

    Args:
        text: Markdown.
        languages: the key in ``themis_model.tokens.LANGUAGES`` of what a fence says, as in ``{"js": "javascript"}``.
        pair: makes pairs of the bad and the good blocks between two headings, in a language.
    """
    blocks: dict[str, tuple[list[str], list[str]]] = {}
    side: int | None = None
    fence: str | None = None
    language: str | None = None
    code: list[str] = []
    for line in [*text.splitlines(), "# end"]:
        if fence is not None:
            if line.strip() == fence:
                if language:
                    _file(blocks.setdefault(language, ([], [])), code, side)
                fence = None
            else:
                code.append(line)
            continue
        if opening := _FENCE.match(line):
            fence, language, code = opening["fence"], languages.get(opening["info"].lower()), []
            continue
        named = 0 if _BAD.search(line) else 1 if _GOOD.search(line) else None
        if _HEADING.match(line) and named is None:
            for key, (bad, good) in blocks.items():
                if bad and good:
                    yield from ((key, *both) for both in pair(bad, good, key))
            blocks, side = {}, None
        elif named is not None:
            side = named


def _file(sides: tuple[list[str], list[str]], code: list[str], side: int | None) -> None:
    """Put the code of one fence to the side that its own marks name, or else the words before it."""
    if not any(_MARK.match(line) for line in code):
        if side is not None:
            sides[side].append("\n".join(code))
        return
    part: list[str] = []
    marked: int | None = None
    for line in code:
        if mark := _MARK.match(line):
            if marked is not None and part:
                sides[marked].append("\n".join(part))
            part, marked = [], 0 if mark["bad"] else 1
        else:
            part.append(line)
    if marked is not None and part:
        sides[marked].append("\n".join(part))
