"""CodeQL: the samples in its query help, and the tests of its queries with the alerts each is expected to give."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator

from themis_lsp.language import grammar_of
from themis_lsp.unit import split_lines
from themis_training.rules.example import RuleExample, Source
from themis_training.rules.marked import Piece, alike, pieces, unsided, without
from themis_training.rules.text import paired, similarity
from themis_training.rules.tree import Tree

_SAMPLES_ALIKE = 0.3  # similarity under which two samples of a page are about different things
_LANGUAGES = ("cpp", "csharp", "go", "java", "javascript", "python", "ruby")
_SAMPLE = re.compile(
    r'<sample\s+(?:src="(?P<src>[^"]+)"[^>]*/>|language="(?P<lang>\w+)"[^>]*>(?P<text>.*?)</sample>)', re.DOTALL
)
_INLINE = {"javascript": "javascript", "js": "javascript", "python": "python", "java": "java", "csharp": "c_sharp",
           "cpp": "cpp", "c": "c", "go": "go", "ruby": "ruby"}  # fmt: skip
_GOOD_NAME = re.compile(r"(?i)(?:good|fix|fixed|safe|safer|better|best|ok|correct(?:ed)?|secure|valid|compliant)\d*$")
_BAD_NAME = re.compile(r"(?i)(?:bad|unsafe|insecure|incorrect|invalid|noncompliant)\d*$")
_BETTER = re.compile(
    r"(?i)\b(?:fix\w*|correct\w*|instead|should|better|best|improved|safe\w*|avoid\w*|secure\w*|resolve\w*|"
    r"prevent\w*|address\w*|rewrit\w*|solution|revised|refactor\w*|good|alternative\w*|recommended|need\w* to)\b"
)
_BAD_SIGN = re.compile(
    r"(?://|#|/\*)[ *$]*(?:BAD|NOT OK|NOT_OK|wrong|problem|AVOID|Unsafe|Bad|vulnerable)\b", re.IGNORECASE
)
_GOOD_SIGN = re.compile(r"(?://|#|/\*)[ *$]*(?:GOOD|OK|correct|fixed|better|Safe)\b", re.IGNORECASE)
_ID = re.compile(r"@id\s+(\S+)")
_CWE = re.compile(r"(?i)cwe-0*(\d+)")
_ALERT = re.compile(r"^\|\s*([\w./-]+\.\w+):(\d+):\d+:\d+:\d+\s*\|", re.MULTILINE)
_DOUBT = re.compile(
    r"(?i)FALSE (?:POSITIVE|NEGATIVE)|SPURIOUS|MISSING|\[(?:FP|FN)\]|NOT DETECTED|\bFP\b|\bFN\b|BAD|NOT OK"
)


def read(tree: Tree) -> Iterator[RuleExample]:
    """The pairs of the help pages, then those of the tests."""
    for language in _LANGUAGES:
        for path in tree.paths(f"{language}/ql/src/*.qhelp"):
            yield from _help(tree, path)
        for path in tree.paths(f"{language}/ql/test/*.qlref"):
            yield from _test(tree, path, language)


def rule_of(query: str, path: str) -> str:
    """A query's id, behind the weakness it is filed under: ``cwe-089/java/sql-injection``."""
    named = _ID.search(query)
    weakness = _CWE.search(path) or _CWE.search(query)
    identity = named[1] if named else posixpath.splitext(posixpath.basename(path))[0]
    return f"cwe-{int(weakness[1]):03d}/{identity}" if weakness else identity


def _help(tree: Tree, path: str) -> Iterator[RuleExample]:
    page = tree.text(path)
    query = tree.text(f"{path.removesuffix('.qhelp')}.ql")
    if "<sample" not in page or not query:
        return
    samples = list(_samples(tree, path, page))
    rule = rule_of(query, path)
    for language in dict.fromkeys(language for language, *_ in samples):
        chosen = [(good, text) for key, good, text in samples if key == language]
        yield from _sample_pairs(rule, language, chosen)


def _sample_pairs(rule: str, language: str, samples: list[tuple[bool | None, str]]) -> Iterator[RuleExample]:
    bad: list[str] = []
    good: list[str] = []
    for is_good, text in samples:
        bad_signs, good_signs = bool(_BAD_SIGN.search(text)), bool(_GOOD_SIGN.search(text))
        if bad_signs and good_signs:
            for one, other in _split(text, language):
                yield RuleExample(rule, language, unsided(one), unsided(other))
        elif good_signs or (is_good and not bad_signs):
            good.append(text)
        elif bad_signs or is_good is False:
            bad.append(text)
    for one, other in paired(bad, good):
        if similarity(one, other) >= _SAMPLES_ALIKE:
            yield RuleExample(rule, language, unsided(one), unsided(other))


def _samples(tree: Tree, path: str, page: str) -> Iterator[tuple[str, bool | None, str]]:
    """Language, side and text of each sample; the side is told by its name, else by its place and the words before."""
    start = page.find("<example")
    end, first = start, True
    for found in _SAMPLE.finditer(page, max(start, 0)):
        words, end = re.sub(r"<[^>]+>", " ", page[end : found.start()]), found.end()
        if found["src"]:
            file = posixpath.normpath(posixpath.join(posixpath.dirname(path), found["src"]))
            stem, text = posixpath.splitext(posixpath.basename(file))[0], tree.text(file)
            grammar = grammar_of(file, text)
            language = grammar.language if grammar else ""
        else:
            stem, text, language = "", found["text"], _INLINE.get(found["lang"], "")
        if not language or not text:
            continue
        if _BAD_NAME.search(stem):
            side: bool | None = False
        elif _GOOD_NAME.search(stem) or stem.startswith(("Correct", "Good", "Safe", "Secure")):
            side = True
        else:
            side = None if not first and not _BETTER.search(words) else not first
        first = False
        yield language, side, text
    tree.text(path)


def _split(text: str, language: str) -> Iterator[tuple[str, str]]:
    """The pairs in one sample that shows both sides: functions with a sign, or stretches between signs."""
    found = pieces(text, language)
    bad = [piece for piece, _ in found if _BAD_SIGN.search(piece.text) and not _GOOD_SIGN.search(piece.text)]
    good = [piece for piece, _ in found if _GOOD_SIGN.search(piece.text) and not _BAD_SIGN.search(piece.text)]
    if bad and good:
        yield from paired([piece.text for piece in bad], [piece.text for piece in good])
        return
    yield from stretches(text)


def stretches(text: str) -> Iterator[tuple[str, str]]:
    """A text with its bad stretch alone and with its good stretch alone, where it has one of each.

    A stretch goes from a comment that says its side to the next such comment, or to where the indentation ends.
    """
    lines = split_lines(text)
    signs = [
        (row, bool(_GOOD_SIGN.search(line)))
        for row, line in enumerate(lines)
        if line.lstrip().startswith(("//", "#", "/*")) and (_GOOD_SIGN.search(line) or _BAD_SIGN.search(line))
    ]
    if not signs or {good for _, good in signs} != {True, False}:
        return
    depth = {row: len(lines[row]) - len(lines[row].lstrip()) for row, _ in signs}
    if len(set(depth.values())) != 1:
        return
    ends = [row for row, _ in signs[1:]] + [_outdent(lines, signs[-1][0])]
    bad = [range(row, end) for (row, good), end in zip(signs, ends, strict=True) if not good]
    good = [range(row, end) for (row, good), end in zip(signs, ends, strict=True) if good]
    for one, other in zip(bad, good, strict=False):
        marked = {row for stretch in (*bad, *good) for row in stretch}
        yield without(text, marked.difference(one)), without(text, marked.difference(other))


def _outdent(lines: tuple[str, ...], start: int) -> int:
    depth = len(lines[start]) - len(lines[start].lstrip())
    for row in range(start + 1, len(lines)):
        if lines[row].strip() and len(lines[row]) - len(lines[row].lstrip()) < depth:
            return row
    return len(lines)


def _test(tree: Tree, path: str, language: str) -> Iterator[RuleExample]:
    """Functions with an alert against functions of the same files without one."""
    named = re.search(r"(?:query:\s*)?(\S+\.ql)\b", tree.text(path))
    expected = tree.text(f"{path.removesuffix('.qlref')}.expected")
    if not named or not expected:
        return
    location = named[1].removeprefix("/")
    query = next((text for at in (f"{language}/ql/src/{location}", location) if (text := tree.text(at))), "")
    if not query:
        return
    alerts: dict[str, set[int]] = defaultdict(set)
    select = expected.partition("#select")[2] or ("" if "edges" in expected else expected)
    for found in _ALERT.finditer(select.partition("\nedges")[0]):
        alerts[found[1]].add(int(found[2]) - 1)
    for file, rows in alerts.items():
        at = posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
        text = tree.text(at)
        if grammar := grammar_of(at, text) if text else None:
            bad: list[Piece] = []
            good: list[Piece] = []
            for piece, span in pieces(text, grammar.key):
                if not rows.isdisjoint(span):
                    bad.append(piece)
                elif not _DOUBT.search(piece.text):
                    good.append(piece)
            for one, other in alike(bad, good):
                yield RuleExample(rule_of(query, location), grammar.language, unsided(one), unsided(other))


SOURCES = (Source("codeql", "microsoft/codeql", read),)
