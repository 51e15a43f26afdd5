"""From the clones of linters to one file of preference pairs, each labelled with its rule and reason."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from themis_model.criterion import CRITERIA
from themis_training.license import license_of
from themis_training.rules.catalog import SOURCES
from themis_training.rules.criteria import Label, label_of
from themis_training.rules.example import RuleExample, Source
from themis_training.rules.text import bare, squeezed, telltales
from themis_training.rules.tree import Tree

_LONGEST = 6000  # characters of both sides together


@dataclass(frozen=True, slots=True)
class RulePair:
    """One preference pair; its fields are the columns on disk, those of ``themis_training.data.Pair`` among them.

    Attributes:
        id: from a hash of the rule and the texts.
        source: ``rules/`` and the linter.
        language: key from ``themis_model.tokens.LANGUAGES``.
        criterion: what ``chosen`` is better at.
        prompt: what the linter says, or the empty string.
        chosen: the better text.
        rejected: the worse text.
        rule: the linter's name for it.
        reason: id of the defect in ``rejected``, or the empty string.
        cwe: as in ``CWE-89``, or the empty string.
        project: repository and rule, so that no rule is both trained on and tested.
        license: SPDX name.
        source_repo: ``owner/name``.
        source_path: file the example is from.
        commit: that it was read at.
    """

    id: str
    source: str
    language: str
    criterion: str
    prompt: str
    chosen: str
    rejected: str
    rule: str
    reason: str
    cwe: str
    project: str
    license: str
    source_repo: str
    source_path: str
    commit: str


@dataclass(frozen=True, slots=True)
class Collected:
    """What one source gave.

    Attributes:
        source: its name.
        because: why it was not read, or the empty string.
        pairs: what is left of its examples.
        dropped: examples left out, by reason.
        unlabelled: examples left out for want of a criterion, by rule.
    """

    source: str
    because: str
    pairs: tuple[RulePair, ...] = ()
    dropped: Counter[str] = field(default_factory=Counter)
    unlabelled: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What was written.

    Attributes:
        sources: each as it was before sources were compared with each other.
        pairs: what is in the file.
        contradictory: pairs left out because another rule wants the opposite.
        repeated: pairs left out because an earlier one has the same texts and criterion.
    """

    sources: tuple[Collected, ...]
    pairs: tuple[RulePair, ...]
    contradictory: int
    repeated: int

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """Pairs by (language, criterion)."""
        return Counter((pair.language, pair.criterion) for pair in self.pairs)


def collect(
    clones: Path,
    out: Path,
    sources: Sequence[Source] = SOURCES,
    on_done: Callable[[Collected], None] = lambda _: None,
) -> CollectReport:
    """Read the examples of all sources into one parquet file.

    Args:
        clones: folder that holds clones as ``owner+name``, or ``owner+name/repo``.
        out: file to write.
        sources: linters to read.
        on_done: told of each source as it is finished.

    Raises:
        GitError: git cannot read one of the clones.
    """
    collected: list[Collected] = []
    for source in sources:
        collected.append(_read(source, clones))
        on_done(collected[-1])
    everything = [pair for each in collected for pair in each.pairs]
    agreed = _without_contradictions(everything)
    unique = {(_key(pair), pair.criterion): pair for pair in reversed(agreed)}
    pairs = tuple(reversed(unique.values()))
    _write(out, pairs)
    return CollectReport(tuple(collected), pairs, len(everything) - len(agreed), len(agreed) - len(pairs))


def table(report: CollectReport) -> str:
    """Pairs by language and criterion as lines of text, under a summary."""
    rules = len({pair.project for pair in report.pairs})
    left = f"{report.contradictory} contradictory, {report.repeated} repeated"
    lines = [
        f"{len(report.pairs)} pairs of {rules} rules; left out: {left}",
        f"{'':12}" + "".join(f"{criterion.short:>13}" for criterion in CRITERIA),
    ]
    counts = report.counts
    for language in sorted({language for language, _ in counts}):
        numbers = "".join(f"{counts[language, criterion]:13}" for criterion in CRITERIA)
        lines.append(f"{language:12}{numbers}")
    return "\n".join(lines)


def _read(source: Source, clones: Path) -> Collected:
    folder = clones / source.repository.replace("/", "+")
    clone = folder / "repo" if (folder / "repo").is_dir() else folder
    if not clone.is_dir():
        return Collected(source.name, f"{folder} is missing")
    with Tree.open(clone) as tree:
        spdx = license_of([path for path in tree.paths("*") if "/" not in path], tree.text)
        if spdx is None:
            return Collected(source.name, "no permissive licence was recognised")
        pairs: list[RulePair] = []
        dropped: Counter[str] = Counter()
        unlabelled: Counter[str] = Counter()
        for example in source.read(tree):
            label = label_of(source.name, example.rule)
            made = _pair(source, example, label, (spdx, tree.latest, tree.commit)) if label else "no criterion"
            if isinstance(made, RulePair):
                pairs.append(made)
                continue
            dropped[made] += 1
            if label is None:
                unlabelled[example.rule] += 1
    return Collected(source.name, "", tuple(pairs), dropped, unlabelled)


def _pair(source: Source, example: RuleExample, label: Label, origin: tuple[str, str, str]) -> RulePair | str:
    """The pair that an example makes, or why it makes none."""
    chosen, rejected = bare(example.good, example.language), bare(example.bad, example.language)
    if not chosen or not rejected:
        return "one side is empty"
    if squeezed(chosen) == squeezed(rejected):
        return "same code"
    if len(chosen) + len(rejected) > _LONGEST:
        return "too long"
    if telltales(chosen) != telltales(rejected):
        return "names its side"
    spdx, path, commit = origin
    identity = hashlib.blake2b("\0".join((source.name, example.rule, chosen, rejected)).encode(), digest_size=8)
    return RulePair(
        identity.hexdigest(), f"rules/{source.name}", example.language, label.criterion,
        " ".join(example.message.split()), chosen, rejected, example.rule, label.reason, label.cwe,
        f"{source.repository}#{example.rule}", spdx, source.repository, path, commit,
    )  # fmt: skip


def _without_contradictions(pairs: Iterable[RulePair]) -> list[RulePair]:
    kept = list(pairs)
    wanted = {_key(pair) for pair in kept}
    return [pair for pair in kept if _key(pair)[::-1] not in wanted]


def _key(pair: RulePair) -> tuple[str, str]:
    return squeezed(pair.chosen), squeezed(pair.rejected)


def _write(out: Path, pairs: Sequence[RulePair]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(field.name, pa.string()) for field in fields(RulePair)])
    part = out.with_name(f"{out.name}.part")
    pq.write_table(pa.Table.from_pylist([asdict(pair) for pair in pairs], schema), part, compression="zstd")
    part.replace(out)
