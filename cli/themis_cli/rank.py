"""``themis rank``: several versions of one file, best first."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from themis_cli import options
from themis_cli.context import Context, real
from themis_cli.escape import visible

if TYPE_CHECKING:
    from themis_cli.ranking import Table
    from themis_lsp.change import Skip
    from themis_lsp.language import Grammar
    from themis_model.criterion import Criterion

_FEWEST = 2


def command(
    versions: Annotated[list[Path], typer.Argument(metavar="A B…", help="Versions of one file.", show_default=False)],
    criteria: options.Criteria = None,
    device: options.Device = None,
    model: options.Model = None,
) -> None:
    """Order several versions of one file by what the model prefers, per criterion.

    Every version is compared with every other, as if one were an edit of the other. Units that only some versions have
    are not compared.

    For example:

    * `themis rank mine.py theirs.py`

    * `themis rank candidates/*.go --criteria security`
    """
    run(versions, {"criteria": criteria, "device": device, "model": model}, real())


def run(versions: Sequence[Path], given: Mapping[str, str | None], context: Context) -> None:
    """Rank and print.

    Raises:
        UsageError: fewer than two versions, or files that are no versions of one thing.
    """
    from themis_cli.ranking import compared, ranked_criteria
    from themis_cli.source import read_source
    from themis_lsp.config import Config, trusted
    from themis_lsp.error import UsageError
    from themis_lsp.language import grammar_of
    from themis_lsp.meaning import silent_lines

    if len(versions) < _FEWEST:
        raise UsageError("nothing to rank: name at least two versions of one file")
    texts = [read_source(context.folder / version) for version in versions]
    _check_languages([grammar_of(str(v), t) for v, t in zip(versions, texts, strict=True)], versions)
    config = Config(trusted(given, context.environ), lambda _: None)
    scorer = context.load(config)
    calibration = scorer.info.calibration
    asked = [criterion for criterion in config.at().criteria if criterion in ranked_criteria(calibration)]
    tables, skipped = compared(versions[0].name, texts, asked, scorer)
    names = [str(version) for version in versions]
    for line in (*_tables(names, tables), *_front(names, tables), *_left_out(skipped), *silent_lines(calibration)):
        context.out.write(f"{line}\n")


def _check_languages(grammars: "Sequence[Grammar | None]", versions: Sequence[Path]) -> None:
    from themis_lsp.error import UsageError

    if None in grammars:
        raise UsageError(f"{versions[grammars.index(None)]} is not in a supported language")
    keys = [grammar.key for grammar in grammars if grammar]
    if len(set(keys)) > 1:
        told = ", ".join(f"{version} is {key}" for version, key in zip(versions, keys, strict=True))
        raise UsageError(f"these are not versions of one file: {told}")


def _tables(names: Sequence[str], tables: "Mapping[Criterion, Table]") -> Iterator[str]:
    """Per criterion the versions, best first: mean Δ against the others, and Δ against each."""
    from themis_cli.ranking import means
    from themis_cli.table import aligned

    for criterion, table in tables.items():
        values = means(table)
        order = sorted(range(len(names)), key=lambda n: -values[n])
        rows = [(criterion.short, "", "mean Δ", *(f"over {names[n]}" for n in order))]
        for n in order:
            place = 1 + sum(value > values[n] for value in values)
            pairs = ("" if n == m else f"{table[n][m]:+.3f}" for m in order)
            rows.append((f"{place}.", names[n], f"{values[n]:+.3f}", *pairs))
        yield from aligned(rows)
        yield ""


def _front(names: Sequence[str], tables: "Mapping[Criterion, Table]") -> Iterator[str]:
    from themis_cli.ranking import means, pareto_front

    scores = list(zip(*(means(table) for table in tables.values()), strict=True))
    if scores:
        best = ", ".join(visible(names[n]) for n in pareto_front(scores))
        yield f"Pareto front: {best} (no other version is at least as good on every criterion, and better on one)"


def _left_out(skipped: "Sequence[Skip]") -> Iterator[str]:
    for unit, because in dict.fromkeys((skip.unit or skip.path, skip.because) for skip in skipped):
        yield f"not compared: {visible(unit)}: {because}"
