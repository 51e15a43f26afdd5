"""Which new file was which old one, for files that git reports as deleted here and added there.

Found by Themis itself, so that a range, the index, the work tree and a clone that lacks some blobs all get the
same answer. Like git, two files are one that moved if at least half of the larger one is in both.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import PurePosixPath

from themis_lsp.delta import Delta, shown
from themis_lsp.language import grammar_of

_ALIKE = 0.5
_MOST_COMPARISONS = 2_000  # in one language; beyond that, only files of the same name are compared
_MOST_CHARACTERS = 8_000_000  # read to compare; beyond that, files are taken as not alike

#: Gives the text of the one version that a new or deleted file has, or None.
TextOf = Callable[[Delta], str | None]


def paired(deltas: Sequence[Delta], text_of: TextOf) -> list[Delta]:
    """The deltas in order of their paths, each rename as one of them."""
    lost = [delta for delta in deltas if delta.new is None and not delta.unreadable]
    found = [delta for delta in deltas if delta.old is None and not delta.unreadable]
    was: dict[bytes, Delta] = {}
    for pairs in (_identical, _similar):
        gone = {old.path for old in was.values()}
        rest = [old for old in lost if old.path not in gone], [new for new in found if new.path not in was]
        was.update((new.path, old) for old, new in pairs(*rest, text_of))
    gone = {old.path for old in was.values()}
    renamed = (
        replace(delta, old=was[delta.path].old, old_path=was[delta.path].path) if delta.path in was else delta
        for delta in deltas
        if delta.path not in gone
    )
    return sorted(renamed, key=lambda delta: delta.path)


def _identical(lost: Iterable[Delta], found: Iterable[Delta], _: TextOf) -> Iterator[tuple[Delta, Delta]]:
    by_id: dict[str | None, list[Delta]] = defaultdict(list)
    for old in lost:
        by_id[old.old.id if old.old else None].append(old)
    for new in found:
        if new.new and new.new.id and (same := by_id[new.new.id]):
            same.sort(key=lambda old: _name(old) != _name(new))
            yield same.pop(0), new


def _similar(lost: Iterable[Delta], found: Iterable[Delta], text_of: TextOf) -> Iterator[tuple[Delta, Delta]]:
    scored: list[tuple[float, bool, Delta, Delta]] = []
    weights = _Weights(text_of)
    for old, new in _comparable(lost, found):
        one, other = weights.of(old), weights.of(new)
        most = max(one.total(), other.total())
        if most and (score := (one & other).total() / most) >= _ALIKE:
            scored.append((score, _name(old) == _name(new), old, new))
    scored.sort(key=lambda row: (-row[0], not row[1], row[2].path, row[3].path))
    used = set[bytes]()
    for _, _, old, new in scored:
        if used.isdisjoint((old.path, new.path)):
            used.update((old.path, new.path))
            yield old, new


def _comparable(lost: Iterable[Delta], found: Iterable[Delta]) -> Iterator[tuple[Delta, Delta]]:
    by_language: dict[str, tuple[list[Delta], list[Delta]]] = defaultdict(lambda: ([], []))
    for side, deltas in enumerate((lost, found)):
        for delta in deltas:
            if grammar := grammar_of(shown(delta.path)):
                by_language[grammar.language][side].append(delta)
    for olds, news in by_language.values():
        if len(olds) * len(news) <= _MOST_COMPARISONS:
            yield from product(olds, news)
            continue
        by_name: dict[str, list[Delta]] = defaultdict(list)
        for old in olds:
            by_name[_name(old)].append(old)
        for new in news:
            namesakes = by_name[_name(new)]
            if len(namesakes) == 1:
                yield namesakes[0], new


class _Weights:
    """The lines of each file, as a count of characters by line; each file is read once."""

    def __init__(self, text_of: TextOf) -> None:
        self._text_of = text_of
        self._known: dict[bytes, Counter[int]] = {}
        self._left = _MOST_CHARACTERS

    def of(self, delta: Delta) -> Counter[int]:
        if delta.path not in self._known:
            weights = Counter[int]()
            text = self._text_of(delta) if self._left > 0 else None
            for line in text.splitlines() if text else ():
                weights[hash(line)] += len(line) + 1
            self._left -= len(text or "")
            self._known[delta.path] = weights
        return self._known[delta.path]


def _name(delta: Delta) -> str:
    return PurePosixPath(shown(delta.path)).name
