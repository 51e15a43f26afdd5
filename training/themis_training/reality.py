"""Claimed and reverted edits as preference pairs: what people said of their commits, the test of reality."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from themis_lsp.change import Nature
from themis_model.criterion import Criterion
from themis_training.mined import Kind, MinedEdit, written_whole
from themis_training.origin import use_of


def write_reality(edits: Iterable[MinedEdit], out: Path) -> Counter[tuple[str, str, str]]:
    """Write a parquet file with the columns of ``themis_training.data.Pair``; counts by source, criterion, split.

    An edit whose commit claims to improve a criterion is a pair of that criterion, the new text chosen. An edit that
    was taken back is a pair with the old text chosen: of the criterion its revert names, else of correctness, which is
    what most reverts are about.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(_rows(edits))
    with written_whole(out) as part:
        pq.write_table(pa.Table.from_pylist(rows), part, compression="zstd")
    return Counter((row["source"], row["criterion"], row["split"]) for row in rows)


def claim_about(edit: MinedEdit) -> Criterion | None:
    """What people said an edit improves or, of one that was taken back, made worse; None if they did not say."""
    if edit.nature != Nature.CODE or edit.kind == Kind.NEUTRAL:
        return None
    if edit.criterion:
        return Criterion(edit.criterion)
    return Criterion.FUNCTIONAL_CORRECTNESS if edit.kind == Kind.REVERTED else None


def _rows(edits: Iterable[MinedEdit]) -> Iterator[dict[str, Any]]:
    for number, edit in enumerate(edits):
        criterion = claim_about(edit)
        if criterion is None:
            continue
        reverted = edit.kind == Kind.REVERTED
        chosen, rejected = (edit.before, edit.after) if reverted else (edit.after, edit.before)
        yield {
            "id": f"mined/{number}", "source": "mined/reverted" if reverted else "mined/claimed",
            "language": edit.language, "criterion": criterion.value,
            "prompt": edit.message.split("\n")[0], "chosen": chosen, "rejected": rejected, "rule": "", "reason": "",
            "cwe": "", "project": edit.repo, "license": edit.license, "source_repo": edit.repo,
            "source_path": edit.path, "commit": edit.commit, "split": use_of(edit.repo, edit.split).value,
        }  # fmt: skip
