"""Plain values that pass between the main thread, which reads messages, and the worker, which judges."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from themis_lsp.server.options import Options

if TYPE_CHECKING:
    from themis_lsp.change import Edit, Skip
    from themis_lsp.finding import Finding
    from themis_lsp.review import Review
    from themis_lsp.settings import Settings
    from themis_lsp.verdict import Verdict
    from themis_model.scorer import ModelInfo


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One document at one moment.

    Attributes:
        uri: as the client writes it.
        file: where it lies, or None if it was never saved.
        name: what says its language, where there is no file.
        revision: grows with every edit of any document.
        version: the client's own number for it.
        text: all of it.
        opened: what it was when it was opened.
        folder: the workspace folder it belongs to.
        options: the client's settings for that folder.
    """

    uri: str
    file: Path | None
    name: str
    revision: int
    version: int | None
    text: str
    opened: str
    folder: Path | None
    options: Options


@dataclass(frozen=True, slots=True)
class Judged:
    """One changed unit, and what is said of it.

    Attributes:
        edit: the unit before and after.
        review: of this edit alone.
        is_kept: it does not parse just now, and this is what was said when it last did, on lines still unchanged.
    """

    edit: "Edit"
    review: "Review"
    is_kept: bool = False

    @property
    def first_row(self) -> int:
        """0-based row the unit begins on."""
        return self.edit.after.numbers[0]

    def changed_rows(self) -> Iterator[tuple[int, int]]:
        """First and last row, 0-based, of each hunk; of what was only removed, the row that now stands there."""
        numbers = self.edit.after.numbers
        for hunk in self.edit.hunks:
            rows = numbers[hunk.after_start : max(hunk.after_end, hunk.after_start + 1)] or numbers[-1:]
            yield rows[0], rows[-1]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one document.

    Attributes:
        snapshot: what was judged.
        lines: its lines, without their ends, as the protocol numbers them.
        before: the text it was compared with, or None if it is new.
        base: what that is, in words that follow "compared with".
        units: changed units that were judged, in the order of the file.
        skipped: everything else that changed, each with its reason.
        info: the model.
        settings: that held for the file.
        accepted: fingerprints of findings that the baseline keeps quiet.
    """

    snapshot: Snapshot
    lines: tuple[str, ...]
    before: str | None
    base: str
    units: tuple[Judged, ...]
    skipped: "tuple[Skip, ...]"
    info: "ModelInfo"
    settings: "Settings"
    accepted: frozenset[str]

    def findings(self) -> "Iterator[tuple[Judged, Finding]]":
        """Regressions worth showing, the surest first, each with its unit."""
        found = [(unit, finding) for unit in self.units for finding in unit.review.findings]
        found.sort(key=lambda pair: -pair[1].verdict.p.worse if pair[1].verdict.p else 0.0)
        yield from found[: self.settings.max_findings]

    def at(self, row: int) -> Judged | None:
        """The changed unit a row belongs to."""
        return next((unit for unit in self.units if row in unit.edit.after.numbers), None)


def improvements(judged: Judged) -> "list[Verdict]":
    """What became better in a unit."""
    from themis_lsp.verdict import Direction

    return [verdict for verdict in judged.review.verdicts if verdict.direction is Direction.BETTER]


def spoken(judged: Judged) -> "list[Verdict]":
    """What is said of a unit: regressions that are shown, and improvements."""
    return [finding.verdict for finding in judged.review.findings] + improvements(judged)
