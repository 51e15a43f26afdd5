"""Style guides and rule pages that set what to avoid beside what to write."""

import re
from collections.abc import Iterator
from functools import partial

from themis_training.rules.example import RuleExample, Source
from themis_training.rules.marked import Piece, alike, pieces, unsided
from themis_training.rules.text import paired, paragraphs, similarity
from themis_training.rules.tree import Tree

_FENCE = re.compile(r"^[ \t]*```(?P<lang>[\w+#-]*)[^\n]*\n(?P<code>.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)
_ROW = re.compile(r"<tr><td>(.*?)</td><td>(.*?)</td></tr>", re.DOTALL)
_LANGUAGES = {"go": "go", "java": "java", "cs": "c_sharp", "csharp": "c_sharp", "c#": "c_sharp", "cpp": "cpp",
              "c++": "cpp", "c": "c"}  # fmt: skip
_BAD = re.compile(
    r"(?i)\b(?:bad|avoid\w*|wrong|incorrect|non-?compliant|violat\w*|problem\w*|bugg?y?|inefficient|before|"
    r"don'?t|do not|not? ok|unsafe|warning|error|instead of|diagnostic|reports?)\b"
)
_GOOD = re.compile(
    r"(?i)\b(?:good|prefer\w*|correct|compliant|better|fix\w*|solution|instead|ok|should|preferred|use this|after|safe|"
    r"recommended|right|updated|rewrit\w*|replac\w*)\b"
)
_BAD_NOTE = re.compile(
    r"(?i)//.*\b(?:bad|avoid\w*|wrong|inefficient|violat\w*|not? (?:good|ok|recommended|necessary|needed)|unnecessary|"
    r"unsafe|incorrect|noncompliant|don't|missing|useless|should (?:not|be)|bug\w*|could be|redundant|unused)\b"
)
_GOOD_NOTE = re.compile(
    r"(?i)//.*\b(?:good|better|ok|fine|prefer\w*|correct|instead|use this|compliant|right|safe|fixed)\b"
)
_ALIKE = 0.3  # similarity under which two blocks are about different things


def read_uber(tree: Tree) -> Iterator[RuleExample]:
    """The two-column tables of the guide."""
    for path in tree.paths("src/*.md"):
        rule = path.rpartition("/")[2].removesuffix(".md")
        for left, right in _ROW.findall(tree.text(path)):
            bad, good = (_FENCE.search(cell) for cell in (left, right))
            if bad and good:
                yield RuleExample(rule, "go", bad["code"], good["code"])


def read_pages(tree: Tree, pattern: str) -> Iterator[RuleExample]:
    """Fenced blocks of pages, one for each rule, by the words before them.

    Args:
        tree: of the clone.
        pattern: of the pages; the name of one is its rule.
    """
    for path in tree.paths(pattern):
        rule = path.rpartition("/")[2].removesuffix(".md")
        for language, bad, good in fenced(tree.text(path)):
            yield RuleExample(rule, language, unsided(bad), unsided(good))


def fenced(page: str) -> Iterator[tuple[str, str, str]]:
    """Language, bad and good of the fenced blocks of a page.

    The words right before a block, or its first comment, say its side; a block with both sides is divided.
    """
    sections = re.split(r"(?m)^(?=#{1,3}\s)", page)
    for section in sections:
        bad: dict[str, list[str]] = {}
        good: dict[str, list[str]] = {}
        end = 0
        for found in _FENCE.finditer(section):
            language = _LANGUAGES.get(found["lang"].lower())
            words, end = section[end : found.start()].strip()[-160:], found.end()
            if language is None:
                continue
            if pairs := list(divided(found["code"], language)):
                yield from ((language, *pair) for pair in pairs)
                continue
            side = _side(words, found["code"], seen_bad=language in bad)
            if side is not None:
                (good if side else bad).setdefault(language, []).append(found["code"])
        for language, texts in bad.items():
            for one, other in paired(texts, good.get(language, [])):
                if similarity(one, other) >= _ALIKE:
                    yield language, one, other


def _side(words: str, code: str, *, seen_bad: bool) -> bool | None:
    """True for a good block, False for a bad one, None for one that cannot be told."""
    first = code.lstrip().partition("\n")[0]
    last_line = words.rpartition("\n")[2]
    for said in (first if first.startswith(("//", "#")) else "", last_line, words):
        is_bad, is_good = bool(_BAD.search(said)), bool(_GOOD.search(said))
        if is_bad != is_good:
            return is_good
        if is_bad and is_good:
            return seen_bad
    return None


def divided(code: str, language: str) -> Iterator[tuple[str, str]]:
    """The pairs in one block that shows both sides: functions by name or note, else paragraphs by note."""
    found = [piece for piece, _ in pieces(code, language)]
    bad = [piece for piece in found if _is_bad(piece) and not _is_good(piece)]
    good = [piece for piece in found if _is_good(piece) and not _is_bad(piece)]
    if bad and good:
        yield from alike(bad, good)
        return
    parts = paragraphs(code)
    wrong = [part for part in parts if _BAD_NOTE.search(part) and not _GOOD_NOTE.search(part)]
    right = [part for part in parts if _GOOD_NOTE.search(part) and not _BAD_NOTE.search(part)]
    yield from paired(wrong, right)


def _is_bad(piece: Piece) -> bool:
    return bool(
        re.match(r"(?i)_?(?:bad|wrong|noncompliant)|.*(?:Bad|Wrong)\d*$", piece.name) or _BAD_NOTE.search(piece.text)
    )


def _is_good(piece: Piece) -> bool:
    return bool(re.match(r"(?i)_?(?:good|ok|compliant)|.*(?:Good|Ok)\d*$", piece.name) or _GOOD_NOTE.search(piece.text))


SOURCES = (
    Source("uber-go", "uber-go/guide", read_uber),
    Source("error-prone", "google/error-prone", partial(read_pages, pattern="docs/bugpattern/*.md")),
)
