"""Edits that were written to teach one defect each, beside look-alikes that harm nothing.

A file holds units of one language, whose key is the file's name, and edits of each, independent of each other::

    === ping-with-retries
    def ping(host):
        return subprocess.call(["ping", "-c", "1", host]) == 0
    --- worse command-injection
    <<<
        return subprocess.call(["ping", "-c", "1", host]) == 0
    >>>
        return subprocess.call("ping -c 1 " + host, shell=True) == 0
    --- end

``worse`` brings the named defect in; ``same`` looks like it, and makes nothing better or worse. What stands between
``<<<`` and ``>>>`` occurs exactly once in the unit; an edit may change several places.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from themis_lsp.error import UsageError
from themis_model.criterion import CRITERIA
from themis_model.encode import Encoder
from themis_model.reason import reason, reasons
from themis_model.tokens import LANGUAGES
from themis_training.data import Pair
from themis_training.pairs import Example, examples_of

SOURCE: Final = "written"
LICENSE: Final = "Apache-2.0"
_UNIT, _EDIT, _OLD, _NEW, _END = "=== ", "--- ", "<<<", ">>>", "--- end"
_WORSE, _SAME = "worse", "same"


@dataclass(frozen=True, slots=True)
class Written:
    """One edit that was written.

    Attributes:
        id: unique; of its examples.
        unit: slug of the unit, unique in its language: edits of one unit stay together.
        language: key.
        defect: id of the reason that it brings in, or only looks like.
        is_worse: whether it brings the defect in.
        before: the unit as written.
        after: the unit after the edit.
    """

    id: str
    unit: str
    language: str
    defect: str
    is_worse: bool
    before: str
    after: str


@dataclass(slots=True)
class _Draft:
    """An edit while it is read: the places it changes, each old and new."""

    line: int
    kind: str
    defect: str
    places: list[tuple[list[str], list[str]]] = field(default_factory=list)


def read_written(folder: Path) -> list[Written]:
    """The edits of every ``<language>.txt`` in a folder.

    Raises:
        UsageError: a file is no such text, with its line.
    """
    files = sorted(folder.glob("*.txt"))
    if not files:
        raise UsageError(f"{folder} holds no written edits: give a folder of files such as python.txt")
    found = [edit for file in files for edit in _read(file)]
    twice = [name for name, count in Counter(edit.id for edit in found).items() if count > 1]
    if twice:
        raise UsageError(f"{folder}: the unit of {twice[0]} is there twice; give one of them another name")
    return found


def _read(file: Path) -> Iterator[Written]:
    language = file.stem
    if language not in LANGUAGES:
        raise UsageError(f"{file}: {language!r} is no language; there are {', '.join(LANGUAGES)}")
    unit, text, drafts, into = "", list[str](), list[_Draft](), list[str]()
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{file}:{number}"
        if line.startswith(_UNIT):
            unit, text, drafts = line.removeprefix(_UNIT).strip(), [], []
            into = text
        elif line == _END:
            yield from _made(file, unit, language, text, drafts)
            unit = ""
        elif line.startswith(_EDIT):
            drafts.append(_draft(line, number, where))
            into = []
        elif line == _OLD and drafts:
            drafts[-1].places.append(([], []))
            into = drafts[-1].places[-1][0]
        elif line == _NEW and drafts and drafts[-1].places:
            into = drafts[-1].places[-1][1]
        elif unit:
            into.append(line)
    if unit:
        raise UsageError(f"{file}: unit {unit!r} has no line {_END!r}")


def _draft(line: str, number: int, where: str) -> _Draft:
    kind, _, defect = line.removeprefix(_EDIT).strip().partition(" ")
    if kind not in (_WORSE, _SAME) or defect not in reasons():
        raise UsageError(f"{where}: {line!r} says neither 'worse' nor 'same' and the id of a defect")
    return _Draft(number, kind, defect)


def _made(file: Path, unit: str, language: str, before: Sequence[str], drafts: Sequence[_Draft]) -> Iterator[Written]:
    for count, draft in enumerate(drafts):
        where, after = f"{file}:{draft.line}", list(before)
        for old, new in draft.places:
            starts = [n for n in range(len(after)) if old and after[n : n + len(old)] == old]
            if len(starts) != 1:
                raise UsageError(f"{where}: what is replaced stands {len(starts)} times in the unit, not once")
            after[starts[0] : starts[0] + len(old)] = new
        texts = tuple("\n".join(lines).strip("\n") for lines in (before, after))
        if texts[0].split() == texts[1].split():
            raise UsageError(f"{where}: the edit changes nothing")
        yield Written(
            f"{SOURCE}/{language}/{unit}/{count}", f"{language}/{unit}", language, draft.defect, draft.kind == _WORSE,
            *texts,
        )  # fmt: skip


def written_examples(edits: Iterable[Written], encoder: Encoder) -> Iterator[Example]:
    """The windows of each edit: a pair where it brings a defect in, a tie of all criteria where it does not."""
    for edit in edits:
        defect = reason(edit.defect)
        pair = Pair(
            edit.id, SOURCE, edit.language, defect.criterion, edit.unit, LICENSE, edit.before, edit.after,
            reason=defect.id,
        )  # fmt: skip
        for seen in examples_of([pair], encoder):
            tie = replace(seen, criterion=-1, tied=tuple(range(len(CRITERIA))), reason="")
            yield seen if edit.is_worse else tie


def written_record(edits: Iterable[Written]) -> list[dict[str, Any]]:
    """How many edits of each language a run has learned from, for the card."""
    counts = Counter((edit.language, edit.is_worse) for edit in edits)
    return [
        {"language": name, "license": LICENSE, "worse": counts[name, True], "same": counts[name, False]}
        for name in sorted({name for name, _ in counts})
    ]
