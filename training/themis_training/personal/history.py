"""A team's own history as edits, each with the moment from which on it was known what people thought of it."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from themis_lsp.change import UnitKind
from themis_lsp.error import UsageError
from themis_lsp.repository import Repository
from themis_model.criterion import Criterion
from themis_training.combine import combine
from themis_training.intent import has_single_intent, is_beside, named_by
from themis_training.mine import MineOptions, mine_one, part_of
from themis_training.mined import EVERY_KIND, Kind, MinedEdit, read_edits
from themis_training.origin import repository_name
from themis_training.shape import is_aside

_LOG = ("log", "--no-color", "--no-show-signature", "--no-mailmap", "--format=%H %at %ct")
_PER_YEAR = MineOptions(commits=600, ordinary=600, until=None, any_license=True, with_tests=True)
_FIX = re.compile(r"(?:[\w./-]+:\s*)?(?:bug\s*)?fix(?:e[sd])?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a commit happened, in seconds since 1970: ``written`` by its author, and ``applied`` to the branch."""

    written: int
    applied: int


@dataclass(frozen=True, slots=True)
class History:
    """What was mined of one repository.

    Attributes:
        name: of the repository.
        head: full hash of the newest commit.
        edits: oldest first, by ``known``.
        known: when each edit could be judged, in seconds since 1970: when it was written or, if it was taken back,
            when that happened.
    """

    name: str
    head: str
    edits: tuple[MinedEdit, ...]
    known: tuple[int, ...]


def mine_history(clone: Path, work: Path, on_year: Callable[[str], None], most: int | None = None) -> History:
    """Mine a repository year by year into ``work``; years that an earlier run finished at this HEAD are not read again.

    Args:
        clone: work tree or bare repository.
        work: folder for what was mined; made if missing.
        on_year: told one line about each year as it is finished.
        most: commits looked into per year, and at most as many again that claim something; None for the default.

    Raises:
        GitError: there is no repository, or no commit, or the history cannot be walked.
        UsageError: nothing in it can be read.
    """
    with Repository.open(clone) as repository:
        head = repository.head()
        moments = _moments(repository)
    name = repository_name(clone)
    options = _PER_YEAR if most is None else replace(_PER_YEAR, commits=most)
    years = [datetime.fromtimestamp(moment.applied, UTC).year for moment in moments.values()]
    parts: list[Path] = []
    for year in range(min(years), max(years) + 1):
        folder = work / str(year)
        folder.mkdir(parents=True, exist_ok=True)
        window = replace(options, since=date(year, 1, 1), until=date(year + 1, 1, 1))
        mined = mine_one(name, clone, folder, window)
        if mined.info is None:
            raise UsageError(f"{clone} cannot be mined: {mined.because}")
        again = " (mined before)" if mined.again else ""
        on_year(f"{year}: {mined.info.edits} edits from {mined.info.commits} commits{again}")
        parts.append(part_of(folder, name))
    combine(parts, work / "edits.parquet")
    edits = [_with_fix(edit) for edit in read_edits([work / "edits.parquet"], EVERY_KIND)]
    known = {edit: moments[edit.reverted_by or edit.commit].written for edit in edits}
    edits.sort(key=lambda edit: (known[edit], edit.commit, edit.path, edit.unit))
    return History(name, head, tuple(edits), tuple(known[edit] for edit in edits))


def _with_fix(edit: MinedEdit) -> MinedEdit:
    """An edit of a function in a commit that says no more than that it fixes something, as claimed to be correct.

    Across thousands of repositories that word is too vague; one team means much the same by it.
    """
    if edit.criterion or edit.kind != Kind.ORDINARY or edit.unit_kind != UnitKind.FUNCTION:
        return edit
    message = edit.message
    beside = is_aside(edit.path) or is_beside(message) or not has_single_intent(message) or named_by(message)
    if beside or not _FIX.match(message):
        return edit
    return replace(edit, criterion=Criterion.FUNCTIONAL_CORRECTNESS)


def _moments(repository: Repository) -> dict[str, Moment]:
    lines = os.fsdecode(repository.output(*_LOG, "HEAD", "--")).splitlines()
    return {commit: Moment(int(at), int(applied)) for commit, at, applied in map(str.split, lines)}
