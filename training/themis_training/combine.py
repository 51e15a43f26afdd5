"""From the parts of single repositories to one file of edits: what they claim, and which are worth keeping."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from themis_lsp.change import UnitKind
from themis_model.criterion import Criterion
from themis_training.claims import Claims, Message, claims_of
from themis_training.intent import reason_of
from themis_training.mined import EVERY_KIND, Kind, MinedEdit, edits_schema, read_edits, written_whole
from themis_training.overlap import NearDuplicates, change_text, passages, shares_passage
from themis_training.shape import is_aside


@dataclass(frozen=True, slots=True)
class Combined:
    """What one combined file holds.

    Attributes:
        counts: edits by (split, kind, nature, language).
        duplicates: edits left out because an earlier one has the same texts, white space aside.
        near: edits left out because an earlier change in the same language is nearly the same.
        benchmarked: edits left out because they share a passage with a benchmark.
        claims: how well messages could be read.
    """

    counts: dict[tuple[str, str, str, str], int]
    duplicates: int
    near: int
    benchmarked: int
    claims: Claims


def combine(parts: Sequence[Path], into: Path, benchmarks: Iterable[str] = ()) -> Combined:
    """Join parts in the given order into one file; of edits that are alike the first one stays.

    Args:
        parts: files that ``write_part`` wrote.
        into: file to write, whole or not at all.
        benchmarks: texts that models will be measured on.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    claims = claims_of([message for part in parts for message in _messages(part)])
    known = passages(benchmarks)
    counts: Counter[tuple[str, str, str, str]] = Counter()
    left_out: Counter[str] = Counter()
    seen: set[bytes] = set()
    near = NearDuplicates()
    with written_whole(into) as file, pq.ParquetWriter(file, edits_schema(), compression="zstd") as writer:
        for part in parts:
            kept: list[MinedEdit] = []
            for edit in _with_claims(read_edits([part], EVERY_KIND), claims):
                because = _left_out(edit, seen, near, known)
                left_out[because] += 1
                if not because:
                    kept.append(edit)
                    counts[edit.split, edit.kind, edit.nature, edit.language] += 1
            rows = [{name: getattr(edit, name) for name in edits_schema().names} for edit in kept]
            writer.write_table(pa.Table.from_pylist(rows, edits_schema()))
    return Combined(dict(counts), left_out["same"], left_out["near"], left_out["benchmark"], claims)


def _messages(part: Path) -> Iterator[Message]:
    import pyarrow.parquet as pq

    table = pq.read_table(part, columns=["repo", "message"])
    return map(Message, table["repo"].to_pylist(), table["message"].to_pylist())


def _with_claims(edits: Iterable[MinedEdit], claims: Claims) -> Iterator[MinedEdit]:
    """Edits with their criterion; those kept for a claim only are dropped if it is not about this edit."""
    for edit in edits:
        if edit.kind == Kind.REVERTED:
            yield replace(edit, criterion=reason_of(edit.because) or "")
            continue
        criterion, confidence = claims.of.get(Message(edit.repo, edit.message), ("", 0.0))
        if criterion and edit.kind != Kind.NEUTRAL and _carries(edit, criterion):
            yield replace(edit, criterion=criterion, confidence=confidence)
        elif edit.kind != Kind.CLAIMED:
            yield edit


def _carries(edit: MinedEdit, criterion: str) -> bool:
    """Whether this edit may be what the message is about: beside functions mostly imports and declarations change."""
    is_place = edit.unit_kind == UnitKind.FUNCTION or criterion == Criterion.READABILITY_MAINTAINABILITY
    return is_place and not is_aside(edit.path)


def _left_out(edit: MinedEdit, seen: set[bytes], near: NearDuplicates, known: frozenset[int]) -> str:
    text = f"{' '.join(edit.before.split())}\0{' '.join(edit.after.split())}"
    key = hashlib.blake2b(text.encode(), digest_size=16).digest()
    if key in seen:
        return "same"
    seen.add(key)
    if shares_passage(edit.before, known) or shares_passage(edit.after, known):
        return "benchmark"
    return "near" if near.has_like(change_text(edit)) else ""
