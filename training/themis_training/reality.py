"""Real edits as preference pairs, the test of reality: what people said of their commits, and readers of edits."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from themis_lsp.change import Nature
from themis_model.criterion import Criterion
from themis_training.mined import Kind, MinedEdit, written_whole
from themis_training.origin import use_of
from themis_training.survey import SOURCE as SURVEY
from themis_training.survey import Surveyed


def write_reality(edits: Iterable[MinedEdit], judged: Iterable[Surveyed], out: Path) -> Counter[tuple[str, str, str]]:
    """Write a parquet file with the columns of ``themis_training.data.Pair``; counts by source, criterion, split.

    An edit whose commit claims to improve a criterion is a pair of that criterion, the new text chosen. An edit that
    was taken back is a pair with the old text chosen: of the criterion its revert names, else of correctness, which is
    what most reverts are about. An edit that readers judged is a pair of each criterion that it moves, plainly or
    somewhat.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [*_rows(edits), *_judged_rows(judged)]
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


def _judged_rows(judged: Iterable[Surveyed]) -> Iterator[dict[str, Any]]:
    for edit in judged:
        one = edit.judged
        for name, (degree, defect) in one.marks.items():
            chosen, rejected = (edit.after, edit.before) if degree > 0 else (edit.before, edit.after)
            yield {
                "id": f"{edit.id}/{Criterion(name).short}",
                "source": f"{SURVEY}/{'plain' if abs(degree) > 1 else 'somewhat'}", "language": one.language,
                "criterion": name, "prompt": "", "chosen": chosen, "rejected": rejected, "rule": "", "reason": defect,
                "cwe": "", "project": one.repository, "license": edit.license, "source_repo": one.repository,
                "source_path": one.path, "commit": one.commit, "split": one.split,
            }  # fmt: skip


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
