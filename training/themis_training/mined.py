"""Mined edits on disk: one parquet file per repository, combined without the texts that repositories share."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_INFO = b"themis.mined"


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
        kind: ``neutral`` or ``ordinary``.
        evidence: what says that it is neutral: ``tokens``, or a ``Purpose`` its commit states; else empty.
        before: old text of the unit.
        after: new text of the unit.
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


@dataclass(frozen=True, slots=True)
class Combined:
    """What one combined file holds.

    Attributes:
        counts: edits by (split, kind, nature, language).
        duplicates: edits left out because an earlier one has the same texts, white space aside.
    """

    counts: dict[tuple[str, str, str, str], int]
    duplicates: int


def write_part(file: Path, edits: Sequence[MinedEdit], info: PartInfo) -> None:
    """Write the edits of one repository, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema().with_metadata({_INFO: json.dumps(asdict(info)).encode()})
    with written_whole(file) as part:
        pq.write_table(pa.Table.from_pylist([asdict(edit) for edit in edits], schema), part, compression="zstd")


def part_info(file: Path) -> PartInfo | None:
    """What ``write_part`` noted, or None if there is no such file."""
    import pyarrow.parquet as pq

    if not file.exists():
        return None
    metadata = pq.read_schema(file).metadata or {}
    return PartInfo(**json.loads(metadata[_INFO])) if _INFO in metadata else None


def combine(parts: Sequence[Path], into: Path) -> Combined:
    """Join parts in the given order into one file; of edits with the same texts the first one stays."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    seen: set[bytes] = set()
    counts: Counter[tuple[str, str, str, str]] = Counter()
    duplicates = 0
    with written_whole(into) as whole, pq.ParquetWriter(whole, _schema(), compression="zstd") as writer:
        for part in parts:
            table = pq.read_table(part).replace_schema_metadata(None)
            keep: list[bool] = []
            for key in _keys(table):
                keep.append(key not in seen)
                seen.add(key)
            kept = table.filter(pa.array(keep, pa.bool_()))
            duplicates += len(table) - len(kept)
            counts.update(
                zip(*(kept[name].to_pylist() for name in ("split", "kind", "nature", "language")), strict=True)
            )
            writer.write_table(kept)
    return Combined(dict(counts), duplicates)


def _keys(table: "pa.Table") -> Iterator[bytes]:
    for before, after in zip(table["before"].to_pylist(), table["after"].to_pylist(), strict=True):
        text = f"{' '.join(before.split())}\0{' '.join(after.split())}"
        yield hashlib.blake2b(text.encode(), digest_size=16).digest()


def _schema() -> "pa.Schema":
    import pyarrow as pa

    return pa.schema([(field.name, pa.string()) for field in fields(MinedEdit)])


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """A place to write, moved to ``file`` if all went well and removed if not."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def read_edits(files: Sequence[Path]) -> list[MinedEdit]:
    """Read what ``combine`` or ``write_part`` wrote.

    Raises:
        FileNotFoundError: if a file is missing.
    """
    import pyarrow.parquet as pq

    names = [field.name for field in fields(MinedEdit)]
    return [MinedEdit(**row) for file in files for row in pq.read_table(file, columns=names).to_pylist()]
