"""Degraded pairs on disk: preference pairs in one file, neutral ones as ties in another."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from themis_lsp.error import UsageError
from themis_model.reason import reason
from themis_training.corpus import CodeFile, sample_files
from themis_training.data import Split
from themis_training.degrade.catalog import DEGRADATIONS, NEUTRAL
from themis_training.degrade.sample import Degraded, Quota, degraded
from themis_training.mined import MinedEdit, PartInfo, write_part, written_whole
from themis_training.origin import is_excluded, repository_name, split_of, use_of

SOURCE = "degrade"
_OF_TEST = 0.35  # of the quota: test pairs only measure
_NEUTRAL_QUOTA = 4  # ties have no reasons to be spread over, so there are fewer kinds of them


def degrade(
    clones: Sequence[Path],
    out: Path,
    quota: Quota,
    exclude: frozenset[str] = frozenset(),
    hold_out: frozenset[str] = frozenset(),
    tell: Callable[[str], None] = lambda _: None,
) -> Counter[tuple[str, str, str]]:
    """Write ``degraded.parquet`` (columns of ``themis_training.data.Pair``) and ``neutral.parquet`` into ``out``.

    Repositories are split as mined edits are, so what is tested on comes from repositories nothing was learned from;
    operators that are held out are tested on only.

    Args:
        clones: folders of clones named ``owner+name``.
        out: folder; made if missing. Files appear whole or not at all.
        quota: pairs wanted of each operator in each language.
        exclude: projects that serve elsewhere.
        hold_out: repositories that are for testing whatever the draw, as when mining.
        tell: told of progress, a line at a time.

    Raises:
        UsageError: there is no function to rewrite.

    Returns:
        Number of pairs per operator, language and split.
    """
    kept = [clone for clone in clones if not is_excluded(repository_name(clone), exclude)]
    files = list(sample_files(kept, quota.files, quota.seed))
    random.Random(quota.seed).shuffle(files)  # noqa: S311  (order, not security)
    parts: dict[Split, list[CodeFile]] = {use: [] for use in Split}
    for file in files:
        parts[use_of(file.repository, split_of(file.repository, hold_out))].append(file)
    counts: Counter[tuple[str, str, str]] = Counter()
    pairs: list[dict[str, Any]] = []
    ties: list[MinedEdit] = []
    for use, own in parts.items():
        tell(f"{use}: {len(own)} files of {len({file.repository for file in own})} repositories")
        taught = [o for o in DEGRADATIONS if use is Split.TEST or not o.held_out]
        share = replace(quota, each=max(1, round(quota.each * (1 if use is Split.TRAIN else _OF_TEST))))
        for pair in degraded(own, taught, share):
            pairs.append(_row(pair, use, len(pairs)))
            counts[pair.operator.kind, pair.file.language, use] += 1
        for pair in degraded(own, NEUTRAL, replace(share, each=share.each * _NEUTRAL_QUOTA)):
            ties.append(_tie(pair, Split.TEST if use is Split.TEST else Split.CALIBRATION))
            counts[pair.operator.kind, pair.file.language, use] += 1
        tell(f"{use}: {len(pairs)} pairs, {len(ties)} ties so far")
    if not pairs:
        raise UsageError("no function was found to rewrite: give clones named owner+name under a permissive licence")
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "degraded.parquet", pairs)
    write_part(out / "neutral.parquet", ties, PartInfo("", 0, 0, len(ties)))
    return counts


def _row(pair: Degraded, use: Split, number: int) -> dict[str, Any]:
    defect = reason(pair.operator.reason)
    file = pair.file
    return {
        "id": f"{SOURCE}/{number}", "source": f"{SOURCE}/held-out" if pair.operator.held_out else SOURCE,
        "language": file.language, "criterion": defect.criterion.value, "prompt": "", "chosen": pair.chosen,
        "rejected": pair.rejected, "rule": pair.operator.kind, "reason": defect.id,
        "cwe": f"CWE-{defect.cwe}" if defect.cwe else "", "project": file.repository, "license": file.license,
        "source_repo": file.repository, "source_path": file.path, "commit": file.commit, "split": use.value,
    }  # fmt: skip


def _tie(pair: Degraded, split: Split) -> MinedEdit:
    file: CodeFile = pair.file
    return MinedEdit(
        repo=file.repository, license=file.license, split=split, commit=file.commit,
        date="", message="", path=file.path, unit="", unit_kind="function", language=file.language, nature="code",
        kind="neutral", evidence=f"operator {pair.operator.kind}", before=pair.chosen, after=pair.rejected,
    )  # fmt: skip


def _write(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with written_whole(file) as part:
        pq.write_table(pa.Table.from_pylist(list(rows)), part, compression="zstd")
