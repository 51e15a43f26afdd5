"""Comments that silence a finding: ``themis: ignore[security] the input is a constant``.

The comment stands on a changed line, or on lines of its own right above one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from themis_lsp.settings import criterion_named
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Hunk

#: What editors put where the reason goes; left as it is, it is none.
PLACEHOLDER: Final = "say why this is fine"

_MARK = "themis:"
_WORD = "ignore"
_FORM = "write themis: ignore[security] and the reason"
_QUOTES = frozenset("\"'`")
_HASHED = frozenset({"python", "ruby"})  # in the other languages a comment begins with // or /*


class Lines(NamedTuple):
    """Lines ``first``..``last`` of a text, 1-based."""

    first: int
    last: int

    def touch(self, others: Iterable[tuple[int, int]]) -> bool:
        """Whether one of the other ranges shares a line with this one."""
        return any(first <= self.last and self.first <= last for first, last in others)


@dataclass(frozen=True, slots=True)
class Suppression:
    """One such comment.

    Attributes:
        line: where it is, 1-based.
        covers: the lines it speaks for.
        criteria: what it silences, in the order written.
        reason: why, in its author's words.
        problems: what is wrong with it, each in one line; what is right still counts.
    """

    line: int
    covers: Lines
    criteria: tuple[Criterion, ...]
    reason: str
    problems: tuple[str, ...] = ()

    @property
    def names(self) -> str:
        """What it silences, as it is written between the brackets."""
        return ", ".join(criterion.short for criterion in self.criteria)


class Unused(NamedTuple):
    """A criterion that a suppression silences although nothing was to be said of it."""

    suppression: Suppression
    criterion: Criterion


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the suppressions in one file do to its findings.

    Attributes:
        suppressed: for each finding, in the order given, the suppression that silences it, or None.
        unused: what is silenced beside a change although nothing was to be said.
    """

    suppressed: tuple[Suppression | None, ...]
    unused: tuple[Unused, ...]


def suppressions(lines: Sequence[str], language: str) -> tuple[Suppression, ...]:
    """All suppressions in a text, in order.

    Args:
        lines: the text, without line ends.
        language: key from ``themis_model.tokens.LANGUAGES``.
    """
    openers = ("#",) if language in _HASHED else ("//", "/*")
    found: list[Suppression] = []
    last: dict[int, int] = {}  # line of a comment that stands alone → the last line it covers
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        comment = _comment(line, openers) if _MARK in line else ""
        text = _directive(comment, openers)
        if text is None:
            continue
        covers = Lines(number, number)
        if comment == line.lstrip():
            last[number] = last.get(number + 1, number + 1)
            covers = Lines(number, last[number])
        found.append(_read(text, number, covers))
    return tuple(reversed(found))


def decide(
    found: Sequence[Suppression],
    findings: Sequence[tuple[Criterion, Collection[tuple[int, int]]]],
    changed: Collection[tuple[int, int]],
    speaking: Collection[Criterion] = CRITERIA,
) -> Outcome:
    """Which findings of one file are silenced, and which suppressions silence nothing.

    A suppression far from every changed line is neither used nor unused: nothing was judged there.

    Args:
        found: the suppressions in the new text.
        findings: criterion and changed lines of each finding, 1-based in the new text.
        changed: all changed lines of the file.
        speaking: criteria the model can speak of; of the others no suppression is called unused.
    """
    suppressed = tuple(
        next((s for s in found if criterion in s.criteria and s.covers.touch(lines)), None)
        for criterion, lines in findings
    )
    used = {(s.line, criterion) for s, (criterion, _) in zip(suppressed, findings, strict=True) if s}
    unused = (
        Unused(s, criterion)
        for s in found
        if s.covers.touch(changed)
        for criterion in s.criteria
        if criterion in speaking and (s.line, criterion) not in used
    )
    return Outcome(suppressed, tuple(unused))


def added(
    before: Sequence[Suppression], after: Sequence[Suppression], hunks: Iterable[Hunk]
) -> tuple[Suppression, ...]:
    """The suppressions a change brings in: a gate must not be disarmed by what it is to judge.

    One that stood among the very lines its hunk replaces is kept, not new. One moved or copied from elsewhere is new:
    nobody has said yet that it holds for what it speaks for now.

    Args:
        before: those in the old text.
        after: those in the new text.
        hunks: what changed between the two.
    """
    fresh = []
    for hunk in hunks:
        known = Counter(_said(s) for s in before if hunk.before_start < s.line <= hunk.before_end)
        for suppression in after:
            if hunk.after_start < suppression.line <= hunk.after_end:
                known[_said(suppression)] -= 1
                if known[_said(suppression)] < 0:
                    fresh.append(suppression)
    return tuple(fresh)


def without_reason(names: str) -> str:
    """What is wrong with a suppression of these criteria that says nothing else."""
    return f"it gives no reason: write themis: ignore[{names}] and the reason"


def _said(suppression: Suppression) -> tuple[tuple[Criterion, ...], str]:
    return suppression.criteria, suppression.reason


def _comment(line: str, openers: tuple[str, ...]) -> str:
    """The comment in a line, from its opener on; an opener inside a string is none."""
    bare = line.lstrip()
    if bare.startswith("*") and "/*" in openers and bare[1:].lstrip().startswith(_MARK):
        return bare  # a further line of a block comment
    at = 0
    unclosed: set[str] = set()  # quotes that are apostrophes, as no other follows
    while at < len(line):
        if line.startswith(openers, at):
            return line[at:]
        quote = line[at]
        if quote in _QUOTES and quote not in unclosed:
            end = _closing(line, at)
            if end < 0:
                unclosed.add(quote)
            else:
                at = end
        at += 1
    return ""


def _closing(line: str, start: int) -> int:
    """Where the string that opens at ``start`` ends, or -1."""
    at = line.find(line[start], start + 1)
    while at >= 0:
        before = at
        while line[before - 1] == "\\":
            before -= 1
        if (at - before) % 2 == 0:
            return at
        at = line.find(line[start], at + 1)
    return -1


def _directive(comment: str, openers: tuple[str, ...]) -> str | None:
    """What follows ``themis: ignore``, where that begins a comment; None if nothing does."""
    before, *parts = comment.split(_MARK)
    for index, part in enumerate(parts):
        text = part.lstrip()
        rest = text[len(_WORD) :]
        opened = before.rstrip().endswith(tuple(opener[-1] for opener in openers))
        if opened and text.startswith(_WORD) and not (rest[:1].isalnum() or rest.startswith(("_", "-"))):
            return _MARK.join((rest, *parts[index + 1 :]))
        before = part
    return None


def _read(text: str, line: int, covers: Lines) -> Suppression:
    names, bracket, reason = text.lstrip().removeprefix("[").partition("]")
    if not text.lstrip().startswith("[") or not bracket:
        return Suppression(line, covers, (), "", (f"it names no criterion: {_FORM}",))
    reason = reason.partition("*/")[0].strip(" \t:-")
    # The opener of another comment, behind which a linter is spoken to, begins no reason, and a mere dot is none.
    if reason == PLACEHOLDER or reason.startswith(("#", "//")) or not any(map(str.isalnum, reason)):
        reason = ""
    criteria: list[Criterion] = []
    problems: list[str] = []
    named = [part.strip() for part in names.split(",", len(CRITERIA))]
    if len(named) > len(CRITERIA):
        problems.append("it names more criteria than there are")
    for name in named[: len(CRITERIA)]:
        try:
            criteria.append(criterion_named(name))
        except ValueError as problem:
            problems.append(str(problem) if name else f"it names no criterion: {_FORM}")
    found = Suppression(line, covers, tuple(dict.fromkeys(criteria)), reason)
    if not reason and criteria:
        problems.insert(0, without_reason(found.names))
    return replace(found, problems=tuple(problems))
