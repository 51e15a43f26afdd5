"""Edits that were meant to change nothing, known from the commit's message rather than from tokens.

A message counts if every word of it is about form. Since people tidy more than they say, the changed lines must bear
it out too, by a comparison of words that is cruder than ``themis_lsp.nature`` and independent of it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from themis_lsp.change import Edit


class Purpose(StrEnum):
    """What a commit says it only does."""

    STYLE = "style"
    IMPORTS = "imports"
    RENAME = "rename"
    TYPO = "typo"


_LONGEST_SUBJECT = 72
_LONGEST_BODY = 200
_TRAILER = re.compile(
    r"(?i)^\s*(?:[\w-]+-by:|change-id:|git-svn-id:|pr-url:|\(cherry picked|"
    r"(?:close[sd]?|fix(?:e[sd])?|refs?|see):? #?\d)"
)
_REFERENCE = re.compile(
    r"(?i)\[(?:ci skip|skip ci|ci-skip|skip-ci)\]|\(?(?:\b(?:close[sd]?|fix(?:e[sd])?|refs?|see) )?(?:gh-|#)\d+\)?"
)
_SCOPE = re.compile(r"^(?:\[[^\]]*\] *|:\w+: *|[\w./,(){}*-]+: +)+")
_FORM_SCOPE = re.compile(
    r"^\[?(?:code )?(?:style|lint(?:er|ing)?|(?:re)?formatt?(?:ing)?|rubocop|cosmetics?|whitespace)(?:\([^)]*\))?\]?: +"
)
_PLACE = re.compile(r" (?:in|of|for|on|at|from|within|inside|to|by|per|across|throughout|around|under) .*$")
_OTHER_AIMS = re.compile(
    r"[&+;]|\b(?:and|also|plus|add\w*|avoid\w*|bug\w*|chang\w*|clean\w*|crash\w*|deprecat\w*|drop\w*|ensur\w*|fail\w*|"
    r"feature\w*|fix\w*|handl\w*|implement\w*|improv\w*|leak\w*|mov\w*|optimi\w*|output|prevent\w*|refactor\w*|"
    r"remov\w*|replac\w*|revert\w*|simplif\w*|support\w*|updat\w*|us(?:e|es|ing))\b"
)
_STYLE = re.compile(
    r"""\b(?:
      (?:re-?)?format(?:s|ted|ting)? | (?:re-?|un|de)?indent(?:s|ed|ing|ation|ations)? | align(?:ed|ment)?
    | white-?\ ?spaces? | spac(?:e|es|ing) | tabs? | semi-?colons? | braces? | (?:single|double)\ quotes?
    | trailing\ (?:commas?|newlines?|blanks?) | (?:blank|empty|long)\ lines? | new-?lines?
    | lines?\ (?:length|breaks?|wraps?|wrapping|endings?) | wrap(?:ped|ping)?\ lines?
    | go\ ?fmt | goimports | black | autopep8 | pep-?\ ?8 | flake8? | pycodestyle | yapf | clang-?\ ?format | prettier
    | rubocop | standardrb | checkstyle | stylecop | eslint | jshint | jslint | jscs | uncrustify | astyle | golint
    | lint(?:s|ed|er|ing)? | (?:code|coding)\ (?:style|standards?|conventions?|policing) | styl(?:e|es|ing|istic)
    | cosmetics? | nit(?:s|picks?)?
    )\b""",
    re.VERBOSE,
)
_IMPORTS = re.compile(
    r"\b(?:sort|re-?order|order|organi[sz]|arrang|group|tidy)(?:e|ed|es|s|ing)? (?:the |some |of )*"
    r"(?:imports?|includes?|usings?|requires?)\b|\b(?:import|include|using|require)s? (?:order(?:ing)?|sorting)\b|"
    r"\bisort\b"
)
_NOTHING_ELSE = re.compile(r"\bno (?:functional |logical |behaviou?r(?:al)? |code )?changes?\b|\bno-op\b")
_RENAME = re.compile(r"^renam(?:e|ed|es|ing) \S")
_TYPO = re.compile(r"\b(?:typos?|spelling|misspell(?:ed|ing|ings)?|grammar)\b")
_FILLERS = frozenset(
    """
    a according accidental add added adding adds address addressed adjust adjusted again all an and another appease
    apply applied applying auto automatic automatically bad bit change changes class code comment comments complaint
    complaints comply conform consistent convention conventions correct corrected correcting corrects delete deleted
    error errors extra few file files fix fixed fixes fixing follow formatter function functional happy header improve
    improved inconsistent issue issues just keep last latest little make makes method minor missing more needless no
    normalize only problem problems quick redundant remove removed removes removing run running simple small some source
    spec specs standardize stray strip stupid superfluous test tests the this tiny trim trivial tweak tweaked tweaks
    unify unnecessary unneeded up update updated updates violation violations warning warnings whole wrong
    """.split()  # noqa: SIM905  (a hundred quoted words would take a hundred lines)
)

_WORD = re.compile(r"[@$\w]+")
_TOKEN = re.compile(r"[@$\w]+|=>|[^\s\w@$]")
_FORM = frozenset("'\"`;,(){}[]\\:") | {"=>"}
_QUOTED = re.compile(r"(['\"`])(.*?)(?<!\\)\1")
_MOST_RENAMED = 3
_PROSE_WORDS = 3
_ALIKE = 0.7
_SHORTEST_TYPO = 4


def purpose_of(message: str) -> Purpose | None:
    """What a short message with a single aim says about form, or None if it may be about anything else."""
    lines = [line.strip().lower() for line in message.splitlines() if line.strip() and not _TRAILER.match(line)]
    if not lines:
        return None
    subject = _REFERENCE.sub("", lines[0]).strip(" .!;:,")
    body = _NOTHING_ELSE.sub("", " ".join(lines[1:]))
    if len(subject) > _LONGEST_SUBJECT or len(body) > _LONGEST_BODY or _OTHER_AIMS.search(body):
        return None
    formal = _FORM_SCOPE.match(subject)
    if formal:
        return None if _OTHER_AIMS.search(subject, formal.end()) else Purpose.STYLE
    phrase = _SCOPE.sub("", subject)
    if _RENAME.match(phrase):
        return None if _OTHER_AIMS.search(phrase) else Purpose.RENAME
    place = _PLACE.search(phrase)
    if place:
        if _OTHER_AIMS.search(place[0]):
            return None
        phrase = phrase[: place.start()]
    return _aim(phrase)


def _aim(phrase: str) -> Purpose | None:
    """The one thing a phrase names, if every other word of it is a filler."""
    rest = phrase
    named: list[Purpose] = []
    for purpose, terms in ((Purpose.IMPORTS, _IMPORTS), (Purpose.TYPO, _TYPO), (Purpose.STYLE, _STYLE)):
        rest, found = terms.subn(" ", rest)
        named += [purpose] * bool(found)
    return named[0] if len(named) == 1 and _FILLERS.issuperset(_WORD.findall(rest)) else None


def bears_out(edit: Edit, purpose: Purpose) -> bool:
    """Whether the changed lines of an edit look like what its commit says it only does."""
    before = [line for h in edit.hunks for line in edit.before.lines[h.before_start : h.before_end]]
    after = [line for h in edit.hunks for line in edit.after.lines[h.after_start : h.after_end]]
    if purpose is Purpose.RENAME:
        return _renamed("\n".join(before), "\n".join(after))
    if purpose is Purpose.TYPO:
        return _respelt(before, after)
    if _strings(before) != _strings(after):
        return False
    if purpose is Purpose.IMPORTS:
        return sorted(_tokens(before)) == sorted(_tokens(after))
    return _tokens(edit.before.lines) == _tokens(edit.after.lines)


def _tokens(lines: Sequence[str]) -> list[str]:
    """Words and operators, without what formatters add, drop and exchange."""
    return [token for line in lines for token in _TOKEN.findall(line) if token not in _FORM]


def _strings(lines: Sequence[str]) -> Counter[str]:
    return Counter(body for line in lines for _, body in _QUOTED.findall(line))


def _renamed(before: str, after: str) -> bool:
    """A few words were exchanged one for one, wherever they occur, and nothing else."""
    if "".join(_WORD.sub("_", before).split()) != "".join(_WORD.sub("_", after).split()):
        return False
    pairs = set(zip(_WORD.findall(before), _WORD.findall(after), strict=True))
    changed = [(old, new) for old, new in pairs if old != new]
    one_to_one = len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs)
    return one_to_one and 0 < len(changed) <= _MOST_RENAMED


def _respelt(before: Sequence[str], after: Sequence[str]) -> bool:
    """Only words of prose within quotes were exchanged, for words spelt much like them."""
    if len(before) != len(after) or [_unsaid(line) for line in before] != [_unsaid(line) for line in after]:
        return False
    pairs = [
        (old, new)
        for one, other in zip(before, after, strict=True)
        for old, new in zip(_WORD.findall(one), _WORD.findall(other), strict=False)
        if old != new
    ]
    return bool(pairs) and all(map(_alike, *zip(*pairs, strict=True)))


def _unsaid(line: str) -> tuple[str, int]:
    """A line without its quoted prose, and how many words it has."""
    unsaid = _QUOTED.sub(lambda found: "''" if len(found[2].split()) >= _PROSE_WORDS else found[0], line)
    return unsaid, len(_WORD.findall(line))


def _alike(old: str, new: str) -> bool:
    if min(len(old), len(new)) < _SHORTEST_TYPO or not (old + new).isalpha():
        return False
    return SequenceMatcher(None, old.lower(), new.lower()).ratio() >= _ALIKE
