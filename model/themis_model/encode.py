"""THE input format: which lines of an edit the model sees, and as which tokens.

Serving, training and bench all call this module, so a model never meets a format it was not trained on.
Both versions of an edit are windowed by one rule computed from the pair: swapping the versions swaps the
views, which is what makes every reward difference exactly antisymmetric.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from themis_model.indent import Indents
from themis_model.tokens import (
    CUT,
    EDIT,
    END_EDIT,
    FIRST_LANGUAGE,
    FIRST_LEVEL,
    LANGUAGES,
    UNK,
    LineTokenizer,
)

#: Changing anything below that alters token ids means a new version; bundles record the one they were trained with.
WINDOW_RULE: Final = 4
MAX_TOKENS: Final = 320
CUT_TEXT: Final = "⋯"

_CACHED_LINES: Final = 8192
_LONGEST_LINE: Final = 2000  # characters; longer lines never fit a window, so they are not tokenised
_HASH_COMMENTS: Final = frozenset({"python", "ruby"})


class Hunk(NamedTuple):
    """Lines ``[before_start, before_end)`` became ``[after_start, after_end)``; 0-based within the unit."""

    before_start: int
    before_end: int
    after_start: int
    after_end: int

    def swapped(self) -> "Hunk":
        """The same hunk seen from the other side."""
        return Hunk(self.after_start, self.after_end, self.before_start, self.before_end)


class Lines(NamedTuple):
    """The lines of one version of a unit, without line ends.

    Attributes:
        code: as people wrote them, without comments.
        read: the same lines as a model reads them, with ``LOCAL`` for each local name, and without comments.
    """

    code: Sequence[str]
    read: Sequence[str]

    @classmethod
    def plain(cls, lines: Sequence[str]) -> "Lines":
        """Lines of which nobody knows what is local."""
        return cls(lines, lines)

    def part(self, first: int, end: int) -> "Lines":
        """The lines ``[first, end)``."""
        return Lines(self.code[first:end], self.read[first:end])

    def at(self, numbers: Sequence[int]) -> "Lines":
        """The lines with these numbers."""
        return Lines([self.code[n] for n in numbers], [self.read[n] for n in numbers])


@dataclass(frozen=True, slots=True)
class View:
    """The token window of one version of a unit.

    Attributes:
        language: key from ``LANGUAGES``.
        text: the window as text, for patterns and for backends that bring their own tokenizer; without comments, as in
            ``ids``, or one could hide what a pattern looks for.
        ids: at most ``MAX_TOKENS`` token ids, the language token first.
    """

    language: str
    text: str
    ids: tuple[int, ...]


class _Line(NamedTuple):
    text: str
    ids: tuple[int, ...]  # the level token included


class _Choice(NamedTuple):
    hunk: int
    before: tuple[_Line, ...]
    after: tuple[_Line, ...]


_Part = _Line | _Choice | None  # None is a cut


@dataclass(frozen=True, slots=True)
class Window:
    """A frozen choice of lines around a cluster of hunks, from which any mix of the two versions can be read.

    Attributes:
        language: key from ``LANGUAGES``.
        parts: shown context lines, hunks and cuts in file order.
        hunks: indexes, into the edit's hunks, of those this window shows.
    """

    language: str
    parts: tuple[_Part, ...]
    hunks: tuple[int, ...]

    @property
    def before(self) -> View:
        """The old version."""
        return self.mixed(frozenset())

    @property
    def after(self) -> View:
        """The new version."""
        return self.mixed(frozenset(self.hunks))

    def mixed(self, applied: frozenset[int]) -> View:
        """The version in which exactly the hunks in ``applied`` have happened."""
        ids = [FIRST_LANGUAGE + LANGUAGES.index(self.language)]
        text: list[str] = []
        inside = False
        for part in self.parts:
            if isinstance(part, _Choice):
                if not inside:
                    ids.append(EDIT)
                    inside = True
                for line in part.after if part.hunk in applied else part.before:
                    ids.extend(line.ids)
                    if line.ids:
                        text.append(line.text)
                continue
            if inside:
                ids.append(END_EDIT)
                inside = False
            if part is None:
                ids.append(CUT)
                text.append(CUT_TEXT)
            else:
                ids.extend(part.ids)
                text.append(part.text)
        if inside:
            ids.append(END_EDIT)
        return View(self.language, "\n".join(text), tuple(ids))


class Windows(NamedTuple):
    """What an edit looks like to the model.

    Attributes:
        windows: one per cluster of hunks that fits.
        too_large: how many clusters alone overflow a window and are therefore unseen.
    """

    windows: tuple[Window, ...]
    too_large: int


class Encoder:
    """Windows pairs of texts for one tokenizer, remembering the lines it has seen."""

    def __init__(self, tokenizer: LineTokenizer, max_tokens: int = MAX_TOKENS) -> None:
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self._cache: dict[str, tuple[int, ...]] = {}

    def windows(self, before: Lines, after: Lines, hunks: Sequence[Hunk], language: str) -> Windows:
        """Window one edit: signature line, changed lines, nearest context, cuts where lines were left out.

        Args:
            before: the old version.
            after: the new version.
            hunks: all differences, in order; adjacent hunks read as one changed region.
            language: key from ``LANGUAGES``.
        """
        text = _Text(before, language, Indents.of(before.code, after.code))
        changed = [
            _Choice(index, self._lines(before.part(h[0], h[1]), text), self._lines(after.part(h[2], h[3]), text))
            for index, h in enumerate(hunks)
        ]
        # What changes only comments or local names is not shown as a change: it would move every reward a little.
        read = [(h, c) for h, c in map(_trimmed, hunks, changed) if c.before or c.after]
        if read:
            hunks, changed = [h for h, _ in read], [c for _, c in read]
        clusters, too_large = _cluster(changed, hunks, self.max_tokens - 1)  # the language token
        windows = tuple(self._window(text, hunks, changed, cluster) for cluster in clusters)
        return Windows(windows, too_large)

    def whole(self, lines: Lines, language: str) -> View:
        """The first lines of one version that fit, all marked as changed, for units that have no other version."""
        text = _Text(lines, language, Indents.of(lines.code, ()))
        room = self.max_tokens - 4  # the language token, two markers and a cut
        shown: list[_Line] = []
        for start in range(0, len(lines.code), 24):
            for line in self._lines(lines.part(start, start + 24), text):
                if len(line.ids) > room:
                    return Window(language, (_Choice(0, (), tuple(shown)), None), (0,)).after
                room -= len(line.ids)
                shown.append(line)
        return Window(language, (_Choice(0, (), tuple(shown)),), (0,)).after

    def _window(
        self, text: "_Text", hunks: Sequence[Hunk], changed: Sequence[_Choice], cluster: Sequence[int]
    ) -> Window:
        room = self.max_tokens - 1 - _cost(changed, hunks, cluster)
        shown = tuple(changed[n].hunk for n in cluster)
        taken: dict[int, _Line] = {}
        for batch in _batches(_context(text, hunks, cluster), 16):
            lines = self._lines(text.lines.at(batch), text)
            for number, line in zip(batch, lines, strict=True):
                if len(line.ids) > room:
                    return Window(text.language, _assemble(text, hunks, changed, cluster, taken), shown)
                room -= len(line.ids)
                taken[number] = line
        return Window(text.language, _assemble(text, hunks, changed, cluster, taken), shown)

    def _lines(self, lines: Lines, text: "_Text") -> tuple[_Line, ...]:
        bare = ["" if text.is_silent(line) else line.strip() for line in lines.read]
        missing = [b for b in dict.fromkeys(bare) if b and b not in self._cache and len(b) <= _LONGEST_LINE]
        if len(self._cache) + len(missing) > _CACHED_LINES:
            self._cache.clear()
            missing = [b for b in dict.fromkeys(bare) if b and len(b) <= _LONGEST_LINE]
        self._cache.update(zip(missing, self.tokenizer.encode_lines(missing), strict=True))
        return tuple(
            _Line(line.rstrip(), self._ids(b, text.indents.level(line)))
            for line, b in zip(lines.code, bare, strict=True)
        )

    def _ids(self, bare: str, level: int) -> tuple[int, ...]:
        if not bare:
            return ()
        if len(bare) > _LONGEST_LINE:
            return (UNK,) * (self.max_tokens + 1)
        return (FIRST_LEVEL + level, *self._cache[bare])


def _trimmed(hunk: Hunk, choice: _Choice) -> tuple[Hunk, _Choice]:
    """A hunk without the lines at both its ends that read the same in both versions, or not at all."""
    before, after = list(choice.before), list(choice.after)
    starts, ends = [hunk.before_start, hunk.after_start], [hunk.before_end, hunk.after_end]
    for at, edges, step in ((0, starts, 1), (-1, ends, -1)):
        while before or after:
            gone = [bool(lines) and not lines[at].ids for lines in (before, after)]
            if not any(gone):
                if not (before and after and _reads_alike(before[at], after[at])):
                    break
                gone = [True, True]
            for side, lines in enumerate((before, after)):
                if gone[side]:
                    del lines[at]
                    edges[side] += step
    return Hunk(starts[0], ends[0], starts[1], ends[1]), _Choice(choice.hunk, tuple(before), tuple(after))


def _reads_alike(one: _Line, other: _Line) -> bool:
    return one.ids == other.ids and UNK not in one.ids  # of what is too long nothing is known


class _Text(NamedTuple):
    lines: Lines
    language: str
    indents: "Indents"

    def is_silent(self, line: str) -> bool:
        """Blank, or nothing but a comment: what a comment promises must not count as what the code does."""
        bare = line.strip()
        if not bare:
            return True
        if self.language in _HASH_COMMENTS:
            return bare[0] == "#"
        if bare.startswith("/*"):
            return bare.find("*/", 2) in (-1, len(bare) - 2)
        return bare.startswith(("//", "* ", "*/")) or bare == "*"


def _cost(changed: Sequence[_Choice], hunks: Sequence[Hunk], cluster: Sequence[int]) -> int:
    # Any mix of the two versions must fit, so each hunk counts with its larger side.
    lines = sum(
        max(sum(len(line.ids) for line in changed[i].before), sum(len(line.ids) for line in changed[i].after))
        for i in cluster
    )
    regions = _regions(hunks, cluster)
    return lines + 2 * regions + _cuts(regions)  # two markers a region


def _regions(hunks: Sequence[Hunk], cluster: Sequence[int]) -> int:
    return 1 + sum(not _adjacent(hunks[a], hunks[b]) for a, b in pairwise(cluster))


def _cuts(regions: int) -> int:
    return regions + 2  # between regions, at both ends, and after the signature


def _adjacent(first: Hunk, second: Hunk) -> bool:
    return first.before_end == second.before_start and first.after_end == second.after_start


def _cluster(changed: Sequence[_Choice], hunks: Sequence[Hunk], room: int) -> tuple[list[list[int]], int]:
    clusters: list[list[int]] = []
    too_large = 0
    open_cluster: list[int] = []
    for index in range(len(hunks)):
        if open_cluster and _cost(changed, hunks, [*open_cluster, index]) <= room:
            open_cluster.append(index)
            continue
        if open_cluster:
            clusters.append(open_cluster)
            open_cluster = []
        if _cost(changed, hunks, [index]) <= room:
            open_cluster = [index]
        else:
            too_large += 1
    if open_cluster:
        clusters.append(open_cluster)
    return clusters, too_large


def _context(text: _Text, hunks: Sequence[Hunk], cluster: Sequence[int]) -> list[int]:
    """Unchanged lines as before-numbers: the signature first, then by distance from the cluster's hunks.

    Only lines that are shown count for the distance: what lies between them may differ from version to version.
    """
    hidden = {n for h in hunks for n in range(h.before_start, h.before_end)}
    shown = [n for n, line in enumerate(text.lines.read) if n not in hidden and not text.is_silent(line)]
    below = sorted({bisect_left(shown, hunks[i].before_start) for i in cluster})  # the first line after each hunk
    nearest: dict[int, int] = {}
    for rank, n in enumerate(shown):
        at = bisect_right(below, rank)
        after = rank - below[at - 1] if at else len(shown)
        before = below[at] - 1 - rank if at < len(below) else len(shown)
        nearest[n] = min(after, before)
    ordered = sorted(shown, key=lambda n: (nearest[n], n))
    return [*shown[:1], *(n for n in ordered if n != shown[0])] if shown else []


def _batches(numbers: list[int], size: int) -> list[list[int]]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def _assemble(
    text: _Text,
    hunks: Sequence[Hunk],
    changed: Sequence[_Choice],
    cluster: Sequence[int],
    taken: dict[int, _Line],
) -> tuple[_Part, ...]:
    members = set(cluster)
    parts: list[_Part] = []

    def cut() -> None:
        if not parts or parts[-1] is not None:
            parts.append(None)

    line = 0
    for index, hunk in enumerate((*hunks, Hunk(len(text.lines.code), len(text.lines.code), 0, 0))):
        for number in range(line, hunk.before_start):
            if number in taken:
                parts.append(taken[number])
            elif not text.is_silent(text.lines.read[number]):
                cut()
        line = hunk.before_end
        if index in members:
            parts.append(changed[index])
        elif index < len(hunks):
            cut()
    return _within(parts, _cuts(_regions(hunks, cluster)))


def _within(parts: list[_Part], allowed: int) -> tuple[_Part, ...]:
    """Drop cuts beyond those ``_cost`` reserved room for, the last first."""
    kept: list[_Part] = []
    for part in parts:
        if part is None:
            if allowed == 0:
                continue
            allowed -= 1
        kept.append(part)
    return tuple(kept)
