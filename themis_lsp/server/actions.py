"""What can be done about a finding: put the old lines back, or write down why it is fine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from themis_lsp.change import Edit, FileChange, Nature
from themis_lsp.edits import edits_of
from themis_lsp.finding import Finding
from themis_lsp.language import grammar_of
from themis_lsp.server.judgement import Judged, Judgement
from themis_lsp.suppress import PLACEHOLDER, suppressions
from themis_model.criterion import Criterion
from themis_model.encode import Hunk

_HASHED = frozenset({"python", "ruby"})


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Whole rows replaced by other lines.

    Attributes:
        first: first row replaced, 0-based.
        end: the row after the last one; equal to ``first`` where lines are only inserted.
        lines: what stands there then, without line ends.
    """

    first: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restoring:
    """The old lines of one changed place, put back.

    Attributes:
        title: what is put back, in words.
        rewrites: from the top of the file down.
    """

    title: str
    rewrites: tuple[Rewrite, ...]


def restorings(judged: Judged, finding: Finding, first: int, last: int) -> Iterator[Restoring]:
    """Ways to take back what a finding is about, where it touches the rows ``first``..``last``."""
    edit = judged.edit
    weighed = [(lines.first - 1, lines.last - 1) for lines in finding.lines]
    blocks = list(_blocks(edit.hunks))
    places = ((block, _rows(edit, block)) for block in blocks)
    chosen = [b for b, at in places if _touches(at, first, last) and any(_touches(at, *one) for one in weighed)]
    for block in chosen:
        rewrites = tuple(_rewrites(edit, block))
        if rewrites:
            yield Restoring(_title(block), rewrites)
    if chosen and len(blocks) > 1:
        everything = tuple(rewrite for block in blocks for rewrite in _rewrites(edit, block))
        yield Restoring(f"Put all of {edit.unit} back", everything)


def silencing(judgement: Judgement, row: int, criterion: Criterion) -> tuple[Rewrite, str] | None:
    """A comment that silences a criterion on a row, and what stands in it for the reason.

    It goes on a line of its own above, or, where that would change what the code means (inside a string, after a
    continued line), at the end of the line. None if neither is possible.
    """
    path = judgement.snapshot.file.name if judgement.snapshot.file else judgement.snapshot.name
    grammar = grammar_of(path, judgement.snapshot.text)
    if grammar is None or row >= len(judgement.lines):
        return None
    opener = "#" if grammar.language in _HASHED else "//"
    comment = f"{opener} themis: ignore[{criterion.short}] {PLACEHOLDER}"
    line = judgement.lines[row]
    indent = line[: len(line) - len(line.lstrip())]
    for rewrite in (Rewrite(row, row, (indent + comment,)), Rewrite(row, row + 1, (f"{line.rstrip()}  {comment}",))):
        if _is_only_comment(path, judgement.lines, rewrite, grammar.language):
            return rewrite, PLACEHOLDER
    return None


def _is_only_comment(path: str, lines: Sequence[str], rewrite: Rewrite, language: str) -> bool:
    """Whether an edit adds a suppression and nothing else, as the tokens prove."""
    after = [*lines[: rewrite.first], *rewrite.lines, *lines[rewrite.end :]]
    if len(suppressions(after, language)) <= len(suppressions(lines, language)):
        return False
    change = FileChange(path, "\n".join(lines), "\n".join(after))
    return all(isinstance(item, Edit) and item.nature is Nature.LAYOUT for item in edits_of([change]))


def _blocks(hunks: Sequence[Hunk]) -> Iterator[Hunk]:
    """Hunks that touch, as one: half of a rewritten statement cannot go back alone."""
    number = 0

    def key(pair: tuple[Hunk | None, Hunk]) -> int:
        nonlocal number
        last, hunk = pair
        number += last is None or (last.before_end, last.after_end) != (hunk.before_start, hunk.after_start)
        return number

    for _, group in groupby(zip((None, *hunks), hunks, strict=False), key):
        found = [hunk for _, hunk in group]
        yield Hunk(found[0].before_start, found[-1].before_end, found[0].after_start, found[-1].after_end)


def _rows(edit: Edit, block: Hunk) -> tuple[int, int]:
    """First and last row of a block; of what was only removed, the row that now stands there."""
    numbers = edit.after.numbers
    rows = numbers[block.after_start : max(block.after_end, block.after_start + 1)] or numbers[-1:]
    return rows[0], rows[-1]


def _touches(rows: tuple[int, int], first: int, last: int) -> bool:
    return rows[0] <= last and first <= rows[1]


def _rewrites(edit: Edit, block: Hunk) -> Iterator[Rewrite]:
    """The rows of a block may have gaps, where other units lie in between: those stay."""
    old = edit.before.lines[block.before_start : block.before_end]
    rows = edit.after.numbers[block.after_start : block.after_end]
    if not rows:
        here = edit.after.numbers[block.after_start : block.after_start + 1]
        row = here[0] if here else edit.after.numbers[-1] + 1
        yield Rewrite(row, row, old)
        return
    runs = [[row for _, row in run] for _, run in groupby(enumerate(rows), lambda pair: pair[1] - pair[0])]
    for number, run in enumerate(runs):
        yield Rewrite(run[0], run[-1] + 1, () if number else old)


def _title(block: Hunk) -> str:
    old, new = block.before_end - block.before_start, block.after_end - block.after_start
    if not old:
        return "Take the new line out" if new == 1 else f"Take the {new} new lines out"
    return "Put the old line back" if old == 1 else f"Put the {old} old lines back"
