"""Mined edits on disk: parquet files whose columns are the fields of ``MinedEdit``."""

import difflib
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from themis_lsp.error import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

_INFO = b"themis.mined"


class Kind(StrEnum):
    """Why an edit is kept."""

    NEUTRAL = "neutral"  # it makes nothing better or worse
    ORDINARY = "ordinary"  # an even sample of what people commit, whatever it does
    CLAIMED = "claimed"  # beyond that sample: its commit says what it improves
    REVERTED = "reverted"  # it was taken back, hence a regression


DAILY = frozenset[str]({Kind.NEUTRAL, Kind.ORDINARY})
EVERY_KIND = frozenset[str](Kind)


@dataclass(frozen=True, slots=True)
class MinedEdit:
    """One edit of a public history; its fields are the columns on disk.

    Attributes:
        repo: ``owner/name``.
        license: SPDX name.
        split: ``calibration`` or ``test``, the same for the whole repository.
        commit: full hash.
        date: when it was written, ISO 8601.
        message: of the commit, without people's trailers and addresses.
        path: of the file.
        unit: qualified name.
        unit_kind: ``function``, ``class`` or ``module``.
        language: key from ``themis_model.tokens.LANGUAGES``.
        nature: what the tokens prove: ``code``, ``layout`` or ``rename``.
        kind: a ``Kind``.
        evidence: what says that it is neutral: ``tokens``, or a ``Purpose`` its commit states; else empty.
        before: old text of the unit.
        after: new text of the unit.
        criterion: what its commit says it improves or, of a reverted one, what the revert says it had made worse;
            empty if that is nothing, or more than one thing.
        confidence: calibrated probability of ``criterion`` given the message; 0 without one.
        reverted_by: full hash of the commit that took it back, or empty.
        because: what that commit says besides that it is a revert.
    """

    repo: str
    license: str
    split: str
    commit: str
    date: str
    message: str
    path: str
    unit: str
    unit_kind: str
    language: str
    nature: str
    kind: str
    evidence: str
    before: str
    after: str
    criterion: str = ""
    confidence: float = 0.0
    reverted_by: str = ""
    because: str = ""

    def shown(self, turned: bool) -> tuple[str, str]:
        """Both texts in the order in which a reader saw them: old and new, or the other way round."""
        return (self.after, self.before) if turned else (self.before, self.after)


def digest_of(*texts: str) -> str:
    """Twelve hexadecimal digits: of both sides, what tells an edit from others of the same place."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def diff_of(before: str, after: str, context: int) -> str:
    """A unified diff of one unit, without names of files."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=context)
    return "\n".join(list(lines)[2:])


@dataclass(frozen=True, slots=True)
class PartInfo:
    """How the edits of one repository came about.

    Attributes:
        stamp: of the history and the options.
        commits: commits looked into.
        unread: files of theirs left out: missing blobs, other encodings, generated or third-party code.
        edits: edits found, duplicates included.
    """

    stamp: str
    commits: int
    unread: int
    edits: int


def write_part(file: Path, edits: Sequence[MinedEdit], info: PartInfo) -> None:
    """Write the edits of one repository, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = edits_schema().with_metadata({_INFO: json.dumps(asdict(info)).encode()})
    with written_whole(file) as part:
        pq.write_table(pa.Table.from_pylist([asdict(edit) for edit in edits], schema), part, compression="zstd")


def part_info(file: Path) -> PartInfo | None:
    """What ``write_part`` noted, or None if there is no such file."""
    import pyarrow.parquet as pq

    if not file.exists():
        return None
    metadata = pq.read_schema(file).metadata or {}
    return PartInfo(**json.loads(metadata[_INFO])) if _INFO in metadata else None


def edits_schema() -> "pa.Schema":
    """The columns of a file of mined edits."""
    import pyarrow as pa

    return pa.schema(
        [(field.name, pa.float64() if field.type is float else pa.string()) for field in fields(MinedEdit)]
    )


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """A place to write, moved to ``file`` if all went well and removed if not."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def read_edits(files: Sequence[Path], kinds: Collection[str] = DAILY) -> list[MinedEdit]:
    """Read what ``combine`` or ``write_part`` wrote; columns that an older file lacks have their defaults.

    Args:
        files: parquet files.
        kinds: the kinds to read. The default leaves out what was picked for being an improvement or a regression.

    Raises:
        FileNotFoundError: if a file is missing.
        UsageError: if it holds something else.
    """
    import pyarrow.parquet as pq

    names = [field.name for field in fields(MinedEdit)]
    wanted = [("kind", "in", sorted(kinds))]
    found: list[MinedEdit] = []
    for file in files:
        present = [name for name in names if name in pq.read_schema(file).names]
        if not {"kind", "before", "after"} <= set(present):
            raise UsageError(f"{file} holds no mined edits: give what `themis train mine` or `degrade` wrote")
        found += [MinedEdit(**row) for row in pq.read_table(file, columns=present, filters=wanted).to_pylist()]
    return found
