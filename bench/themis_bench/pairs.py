"""Labelled edits as rows: preference pairs, and neutral edits that neither help nor harm."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from themis_bench.metrics import sign_of_length
from themis_lsp.error import ThemisError
from themis_model.criterion import Criterion
from themis_model.tokens import LANGUAGES

NEUTRAL = "neutral"

_NAMES = {
    "c#": "c_sharp", "csharp": "c_sharp", "c++": "cpp", "typescript": "javascript", "tsx": "javascript",
    "jsx": "javascript",
}  # fmt: skip
_COLUMNS = ("id", "source", "language", "criterion", "chosen", "rejected", "project")
_ROWS_AT_ONCE = 128


class DataError(ThemisError):
    """Labelled data, or a listing of how they are split, that cannot be read."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions of one piece of code, one of which is better.

    Attributes:
        id: unique within the data.
        source: dataset it comes from.
        language: key from ``themis_model.tokens.LANGUAGES``.
        criterion: what ``chosen`` is better at; None if neither is better, so that the edit is neutral.
        chosen: the better text, or the new one of a neutral edit.
        rejected: the worse text, or the old one of a neutral edit.
        project: repository, task or template it comes from: what data are split and resampled by.
        license: the dataset's licence; the code inside stays under its own.
    """

    id: str
    source: str
    language: str
    criterion: Criterion | None
    chosen: str
    rejected: str
    project: str
    license: str = ""

    @property
    def longer(self) -> int:
        """Sign of the length difference in characters, chosen minus rejected."""
        return sign_of_length(self.chosen, self.rejected)


def read_pairs(path: Path) -> Iterator[Pair]:
    """Read a ``.parquet`` or ``.jsonl`` file row by row; the columns are the attributes of ``Pair``.

    The criterion of a neutral edit is ``neutral``. Language names are taken as datasets write them. Other columns
    are ignored.

    Raises:
        DataError: naming the file, and the row if it is one row's fault.
    """
    for number, row in enumerate(_rows(path), 1):
        try:
            yield _pair(row)
        except (KeyError, TypeError, ValueError) as problem:
            what = f"lacks {problem}" if isinstance(problem, KeyError) else str(problem)
            raise DataError(f"{path}: row {number} {what}") from None


def _pair(row: Mapping[str, Any]) -> Pair:
    texts = {name: row[name] for name in _COLUMNS}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise TypeError(f"has no text as {name}")
    language = texts["language"].casefold()
    language = _NAMES.get(language, language)
    if language not in LANGUAGES:
        raise ValueError(f"is in {texts['language']}, which is none of {', '.join(LANGUAGES)}")
    if texts["criterion"] not in (*Criterion, NEUTRAL):
        raise ValueError(
            f"has the criterion {texts['criterion']!r}, which is none of {', '.join(Criterion)}, {NEUTRAL}"
        )
    criterion = None if texts["criterion"] == NEUTRAL else Criterion(texts["criterion"])
    values = texts | {"language": language, "criterion": criterion, "license": row.get("license") or ""}
    return Pair(**values)


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.suffix not in (".parquet", ".jsonl"):
        raise DataError(f"{path} is neither .parquet nor .jsonl")
    try:
        yield from _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path)
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem.strerror or problem}") from None


def _parquet_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise DataError(f"{path} needs the package pyarrow to be read: run pip install pyarrow") from None
    try:
        with path.open("rb") as stream, pyarrow.parquet.ParquetFile(stream) as file:
            known = [name for name in (*_COLUMNS, "license") if name in file.schema_arrow.names]
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=known):
                yield from batch.to_pylist()
    except pyarrow.ArrowException as problem:
        raise DataError(f"{path} is not a parquet file: {str(problem).splitlines()[0]}") from None


def _json_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as problem:
                raise DataError(f"{path}: row {number} is not JSON: {problem}") from None
            if not isinstance(row, dict):
                raise DataError(f"{path}: row {number} is not an object")
            yield row
