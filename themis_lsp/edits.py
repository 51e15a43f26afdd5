"""From changed files to edits: units are matched across versions through renames, overloads and moves."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from themis_lsp.change import Edit, FileChange, Nature, Skip, UnitKind, Version
from themis_lsp.diff import hunks_between
from themis_lsp.language import Grammar, grammar_of
from themis_lsp.local import lines_of
from themis_lsp.nature import nature_of
from themis_lsp.unit import MODULE_NAME, Source, Unit, parse, split_lines

NEW = "new code has no before to compare with"
DELETED = "deleted"
WHITE_SPACE = "only white space at line ends differs"
LINE_ENDINGS = "only line endings or the byte-order mark differ"
UNSUPPORTED = "not in a supported language"
TOO_LONG = "more than 20,000 lines"
TOO_TANGLED = "too deeply nested or too broken to be parsed"
INCOMPLETE = "incomplete: the changed region does not parse"
MOVED = "moved, otherwise unchanged"

_MOST_LINES = 20_000
_ALIKE = 0.5
_MOST_COMPARISONS = 40_000
_POOL_CHARACTERS = 4_000_000  # unmatched units kept to find moves between files

#: How the lines of a text become units.
Parse = Callable[[tuple[str, ...], Grammar], Source]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A unit without its tree."""

    path: str
    name: str
    kind: UnitKind
    language: str
    version: Version

    @property
    def size(self) -> int:
        return sum(map(len, self.version.lines)) + 200


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A unit that only one version of its file has; another file may have had it."""

    piece: _Piece
    is_new: bool


#: What one changed file gives on its own.
Outcome = Edit | Skip | Unmatched


def edits_of(changes: Iterable[FileChange | Skip], parse: Parse = parse) -> Iterator[Edit | Skip]:
    """Every changed unit, as an edit or as a skip with its reason; files are read one at a time.

    Units that vanish from one file and appear in another are matched at the end, when all files were seen.

    Args:
        changes: what changed.
        parse: ``themis_lsp.unit.parse``, or one that remembers what it gave.
    """
    return gathered(outcome for change in changes for outcome in outcomes_of(change, parse))


def gathered(outcomes: Iterable[Outcome]) -> Iterator[Edit | Skip]:
    """The edits and skips among the outcomes of all files, and at the end what moved between those."""
    pool: list[_Piece] = []
    lost: list[_Piece] = []
    held = 0
    for outcome in outcomes:
        if not isinstance(outcome, Unmatched):
            yield outcome
            continue
        held += outcome.piece.size
        if held > _POOL_CHARACTERS:
            yield Skip(outcome.piece.path, outcome.piece.name, NEW if outcome.is_new else DELETED)
        else:
            (pool if outcome.is_new else lost).append(outcome.piece)
    yield from _moves(lost, pool)


def outcomes_of(change: FileChange | Skip, parse: Parse = parse) -> Iterator[Outcome]:
    """What one changed file gives, whatever is in the others; a skip stays what it is."""
    if isinstance(change, Skip):
        yield change
        return
    grammar = grammar_of(change.path, change.after or change.before or "")
    if grammar is None:
        yield Skip(change.path, None, UNSUPPORTED)
        return
    old_lines = split_lines(change.before) if change.before is not None else ()
    new_lines = split_lines(change.after) if change.after is not None else ()
    if max(len(old_lines), len(new_lines)) > _MOST_LINES:
        yield Skip(change.path, None, TOO_LONG)
        return
    if old_lines == new_lines:
        because = MOVED if change.old_path else LINE_ENDINGS
        yield Skip(change.path, None, because)
        return
    before, after = parse(old_lines, grammar), parse(new_lines, grammar)
    if before.is_unread or after.is_unread:
        yield Skip(change.path, None, TOO_TANGLED)
        return
    for old, new in _matched(before, after):
        if old is None or new is None:
            source, unit = (after, new) if new else (before, old)
            assert unit is not None  # noqa: S101  (a match has at least one side)
            if new is None and after.broken and set(_texts(source, unit)) <= set(new_lines):
                yield Skip(change.path, unit.name, INCOMPLETE)  # swallowed by what does not parse, not deleted
            elif any(source.lines[row].strip() for row in unit.rows):
                piece = _Piece(change.path, unit.name, unit.kind, grammar.language, _version(source, unit))
                yield Unmatched(piece, new is not None)
        elif _differ(before, old, after, new):
            yield _edit(change, before, old, after, new)


def _edit(change: FileChange, before: Source, old: Unit, after: Source, new: Unit) -> Edit | Skip:
    one, other = _version(before, old), _version(after, new)
    hunks = hunks_between(one.lines, other.lines)
    if not hunks:
        return Skip(change.path, new.name, WHITE_SPACE)
    incomplete = any(
        not before.broken.isdisjoint(one.numbers[h.before_start : h.before_end])
        or not after.broken.isdisjoint(other.numbers[h.after_start : h.after_end])
        for h in hunks
    )
    return Edit(
        change.path,
        new.name,
        new.kind,
        after.grammar.language,
        one,
        other,
        hunks,
        Nature.CODE if incomplete else nature_of(before, old, after, new, hunks),
        incomplete,
        change.old_path,
        old.name if old.name != new.name else None,
    )


def _differ(before: Source, old: Unit, after: Source, new: Unit) -> bool:
    one, other = _texts(before, old), _texts(after, new)
    if one == other:
        return False
    if new.kind is UnitKind.FUNCTION:
        return True
    # Blank lines between the members of a class or file come and go with the members.
    return [line for line in one if line.strip()] != [line for line in other if line.strip()]


def _version(source: Source, unit: Unit) -> Version:
    return Version(_texts(source, unit), unit.rows, lines_of(source, unit.rows))


def _texts(source: Source, unit: Unit) -> tuple[str, ...]:
    return tuple(map(source.lines.__getitem__, unit.rows))


def _matched(before: Source, after: Source) -> Iterator[tuple[Unit | None, Unit | None]]:
    """Pairs in the order of the new file, deletions last."""
    partner: dict[int, int] = {}
    old_of: dict[tuple[UnitKind, str], list[int]] = defaultdict(list)
    new_of: dict[tuple[UnitKind, str], list[int]] = defaultdict(list)
    for number, unit in enumerate(before.units):
        old_of[unit.kind, unit.name].append(number)
    for number, unit in enumerate(after.units):
        new_of[unit.kind, unit.name].append(number)

    old_lines = cache(lambda number: _counted(_texts(before, before.units[number])))
    new_lines = cache(lambda number: _counted(_texts(after, after.units[number])))

    def alike(old: int, new: int) -> float:
        return _similarity(old_lines(old), new_lines(new))

    free_old: list[int] = []
    free_new: list[int] = []
    for key in old_of.keys() | new_of.keys():
        left, right = old_of[key], new_of[key]
        pairs = [(left[0], right[0])] if len(left) == len(right) == 1 else _best(left, right, alike, least=0.0)
        partner.update((new, old) for old, new in pairs)
        free_old += set(left).difference(old for old, _ in pairs)
        free_new += set(right).difference(new for _, new in pairs)

    def alike_kind(old: int, new: int) -> float:
        return alike(old, new) if before.units[old].kind is after.units[new].kind else 0.0

    partner.update((new, old) for old, new in _best(sorted(free_old), sorted(free_new), alike_kind, least=_ALIKE))
    for new, unit in enumerate(after.units):
        yield (before.units[partner[new]] if new in partner else None), unit
    taken = set(partner.values())
    for old, unit in enumerate(before.units):
        if old not in taken:
            yield unit, None


def _best(
    left: Sequence[int], right: Sequence[int], alike: Callable[[int, int], float], *, least: float
) -> list[tuple[int, int]]:
    """Greedy pairs, the most alike first; ties keep file order on both sides."""
    if not left or not right or len(left) * len(right) > _MOST_COMPARISONS:
        return list(zip(left, right, strict=False)) if least == 0.0 else []
    scored = sorted((-alike(a, b), abs(i - j), i + j, a, b) for i, a in enumerate(left) for j, b in enumerate(right))
    pairs: list[tuple[int, int]] = []
    used_left: set[int] = set()
    used_right: set[int] = set()
    for negative, _, _, a, b in scored:
        if -negative < least:
            break
        if a not in used_left and b not in used_right:
            pairs.append((a, b))
            used_left.add(a)
            used_right.add(b)
    return pairs


def _counted(lines: Sequence[str]) -> Counter[str]:
    return Counter(bare for line in lines if (bare := line.strip()))


def _similarity(one: Counter[str], other: Counter[str]) -> float:
    """Share of equal lines, in [0, 1]; white space at both ends and blank lines do not count."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _moves(lost: list[_Piece], found: list[_Piece]) -> Iterator[Edit | Skip]:
    """Match what vanished from one file with what appeared in another."""
    old_lines = [_counted(piece.version.lines) for piece in lost]
    new_lines = [_counted(piece.version.lines) for piece in found]

    def alike(old: int, new: int) -> float:
        a, b = lost[old], found[new]
        if a.path == b.path or (a.kind, a.language) != (b.kind, b.language) or a.name == MODULE_NAME:
            return 0.0
        return _similarity(old_lines[old], new_lines[new])

    pairs = _best(range(len(lost)), range(len(found)), alike, least=_ALIKE)
    for old, new in pairs:
        a, b = lost[old], found[new]
        hunks = hunks_between(a.version.lines, b.version.lines)
        if not hunks:
            yield Skip(b.path, b.name, MOVED)
            continue
        renamed = a.name if a.name != b.name else None
        yield Edit(b.path, b.name, b.kind, b.language, a.version, b.version, hunks, old_path=a.path, old_unit=renamed)
    old_matched, new_matched = {old for old, _ in pairs}, {new for _, new in pairs}
    yield from (Skip(p.path, p.name, NEW) for n, p in enumerate(found) if n not in new_matched)
    yield from (Skip(p.path, p.name, DELETED) for n, p in enumerate(lost) if n not in old_matched)
