"""Real edits from public histories, as ``themis train mine`` writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_COLUMNS = (
    "repo",
    "license",
    "commit",
    "path",
    "unit",
    "language",
    "nature",
    "kind",
    "split",
    "message",
    "before",
    "after",
)


@dataclass(frozen=True, slots=True)
class RealEdit:
    """One edit somebody made.

    Attributes:
        repository: ``owner/name``.
        license: SPDX id of the repository.
        commit: that made the edit.
        path: the file.
        unit: qualified name.
        language: key from ``themis_model.tokens.LANGUAGES``.
        nature: what its tokens prove: code, layout or rename.
        kind: ``neutral`` or ``ordinary``.
        split: ``calibration`` or ``test``, by repository.
        message: of the commit.
        before: old text of the unit.
        after: new text of the unit.
    """

    repository: str
    license: str
    commit: str
    path: str
    unit: str
    language: str
    nature: str
    kind: str
    split: str
    message: str
    before: str
    after: str

    @property
    def is_scored(self) -> bool:
        """Whether the model sees it at all; layout and plain renames are settled by their tokens."""
        return self.nature == "code"


def read_edits(paths: Sequence[Path]) -> list[RealEdit]:
    """Read parquet files with the columns of ``RealEdit``.

    Raises:
        FileNotFoundError: if one is missing.
    """
    import pyarrow.parquet as pq

    found: list[RealEdit] = []
    for path in paths:
        columns = pq.read_table(path, columns=list(_COLUMNS)).to_pydict()
        found += [RealEdit(*row) for row in zip(*(columns[name] for name in _COLUMNS), strict=True)]
    return found
