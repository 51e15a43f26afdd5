"""The texts of an example: without what gives its side away, and told apart."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from textwrap import dedent

from themis_lsp.language import COMMENTS, GRAMMARS, parser_of

_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TELLTALE = frozenset({
    "bad", "good", "correct", "incorrect", "valid", "invalid", "compliant", "noncompliant", "vulnerable", "violation",
    "wrong",
})  # fmt: skip
_SAME_COUNT = 0.25  # similarity from which the n-th bad and the n-th good of equally many are taken for a pair
_OTHER_COUNT = 0.55  # similarity that a pair needs where the counts differ


def bare(text: str, language: str) -> str:
    """Code without comments, empty lines, trailing white space and common indentation."""
    code = dedent("\n".join(line.rstrip() for line in text.expandtabs(4).splitlines()))
    content = code.encode()
    for start, end in reversed(_comments(content, language)):
        content = content[:start] + content[end:]
    lines = content.decode("utf-8", "replace").split("\n")
    return dedent("\n".join(line.rstrip() for line in lines if line.strip()))


def squeezed(text: str) -> str:
    """Code without any white space."""
    return "".join(text.split())


def telltales(text: str) -> frozenset[str]:
    """The words in a text, also in names such as ``badCall``, that say which side of an example it is."""
    return _TELLTALE.intersection(word.lower() for word in _WORD.findall(text))


def similarity(one: str, other: str) -> float:
    """How alike two texts are by their tokens, from 0 to 1."""
    return SequenceMatcher(None, _TOKEN.findall(one), _TOKEN.findall(other), autojunk=False).ratio()


def paired(bad: Sequence[str], good: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of bad and good texts that belong together, in order; what has no counterpart is left out.

    A single text of each kind is a pair. Equally many are paired one by one, where at all alike; otherwise those
    pairs are taken that keep the order and are most alike in sum.
    """
    if len(bad) == len(good) == 1:
        return [(bad[0], good[0])]
    if len(bad) == len(good):
        return [pair for pair in zip(bad, good, strict=True) if similarity(*pair) >= _SAME_COUNT]
    best: list[list[tuple[float, list[tuple[int, int]]]]] = [[(0.0, []) for _ in range(len(good) + 1)]]
    for i, one in enumerate(bad):
        row: list[tuple[float, list[tuple[int, int]]]] = [(0.0, [])]
        for j, other in enumerate(good):
            options = [best[i][j + 1], row[j]]
            if (alike := similarity(one, other)) >= _OTHER_COUNT:
                score, pairs = best[i][j]
                options.append((score + alike, [*pairs, (i, j)]))
            row.append(max(options, key=lambda option: option[0]))
        best.append(row)
    return [(bad[i], good[j]) for i, j in best[-1][-1][1]]


def matched(bad: Sequence[str], good: Sequence[str], language: str) -> Iterator[tuple[str, str]]:
    """Pairs from blocks of code: of their paragraphs where those correspond, else of whole blocks.

    Blocks with a paragraph in common are one example each: what they share is what the rest depends on.
    """
    for one, other in paired(bad, good):
        parts = [[part for part in paragraphs(text) if bare(part, language)] for text in (one, other)]
        shared = {squeezed(part) for part in parts[0]} & {squeezed(part) for part in parts[1]}
        yield from (paired(*parts) if all(parts) and not shared else ()) or [(one, other)]


def paragraphs(text: str) -> list[str]:
    """The parts of a text that empty lines divide, where what follows is not indented."""
    return [part for part in re.split(r"\n(?:[ \t]*\n)+(?=\S)", dedent(text).strip("\n")) if part.strip()]


def _comments(content: bytes, language: str) -> list[tuple[int, int]]:
    """Where the comments are, in bytes, by the grammar of the language that understands most of the text."""
    trees = [parser_of(key).parse(content) for key, grammar in GRAMMARS.items() if grammar.language == language]
    tree = min(trees, key=lambda tree: tree.root_node.has_error)
    found: list[tuple[int, int]] = []
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.type in COMMENTS:
            found.append((node.start_byte, node.end_byte))
        else:
            waiting.extend(node.children)
    return sorted(found)
