"""``themis rank``: several candidates for one thing, best first."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from themis_cli import options
from themis_cli.context import Context, real
from themis_cli.escape import visible

if TYPE_CHECKING:
    from themis_cli.candidates import Field
    from themis_lsp.ranking import Ranking
    from themis_model.scorer import ModelInfo

SCHEMA = "themis-rank/1"

_ROWS = Path("-")
_EVEN = 0.5


def command(
    versions: Annotated[
        list[Path] | None,
        typer.Argument(metavar="VERSION|PATCH|-", help="At least two; - reads rows of JSON.", show_default=False),
    ] = None,
    conflict: Annotated[
        Path | None,
        typer.Option("--conflict", metavar="FILE", help="Rank both sides of a merge conflict, and resolutions of it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="For programs.")] = False,
    intent: options.Intent = None,
    criteria: options.Criteria = None,
    device: options.Device = None,
    model: options.Model = None,
) -> None:
    """Order several candidates by what the model prefers, per criterion, and say which to choose among.

    Every candidate is compared with every other, as if one were an edit of the other: read a row as "this one over that
    one". Functions that only some have are not compared. A row of JSON on standard input is
    `{"name": "first", "path": "a.py", "text": "…"}`, or has `files` instead, a text for each path.

    For example:

    * `themis rank mine.py theirs.py`

    * `themis rank one.patch two.patch --criteria security`

    * `agent | themis rank - --json` for what a program proposes, one row of JSON for each proposal

    * `themis rank --conflict src/app.py proposed.py` compares both sides of a merge conflict with a resolution of it
    """
    given = {"criteria": criteria, "device": device, "model": model, "intent": intent}
    run(versions or (), given, real(), conflict, as_json=as_json)


def run(
    versions: Sequence[Path],
    given: Mapping[str, str | None],
    context: Context,
    conflict: Path | None = None,
    *,
    as_json: bool = False,
) -> None:
    """Rank and print.

    Raises:
        ThemisError: there are fewer than two candidates, they cannot be read, or are no versions of one thing.
    """
    from themis_lsp.config import Config, trusted
    from themis_lsp.ranking import rank

    field = _field(versions, conflict, context.folder)
    config = Config(trusted(given, context.environ), lambda _: None)
    scorer = context.load(config)
    ranking = rank(field.candidates, scorer, config.at(), field.base)
    if as_json:
        context.out.write(f"{json.dumps(_record(ranking, scorer.info), allow_nan=False)}\n")
    else:
        context.out.writelines(f"{line}\n" for line in _lines(ranking, scorer.info))


def _field(versions: Sequence[Path], conflict: Path | None, folder: Path) -> "Field":
    from themis_cli.candidates import from_conflict, from_files, from_rows

    if conflict:
        return from_conflict(conflict, versions, folder)
    return from_rows(sys.stdin) if list(versions) == [_ROWS] else from_files(versions, folder)


def _record(ranking: "Ranking", model: "ModelInfo") -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "model": {"name": model.name, "digest": model.digest},
        "candidates": ranking.names,
        "front": ranking.front,
        "criteria": {
            criterion: {
                "state": model.calibration.curves[criterion].state,
                "order": ranking.order(criterion),
                "mean": dict(zip(ranking.names, ranking.means(criterion), strict=True)),
                "margins": [
                    {"better": one, "than": other, "p": p}
                    for (one, other), p in ranking.margins.get(criterion, {}).items()
                    if p > _EVEN
                ],
            }
            for criterion in ranking.tables
        },
        "skipped": [{"path": s.path, "unit": s.unit, "because": s.because} for s in ranking.skipped],
    }


def _lines(ranking: "Ranking", model: "ModelInfo") -> Iterator[str]:
    from themis_lsp.meaning import silent_lines

    yield from _tables(ranking)
    if ranking.tables:
        yield _choice(ranking)
    if any(ranking.margins.values()):
        yield (
            "A percentage: how surely the row's version is the better of the two, if one of them is. A number with a "
            "sign: by how much the model prefers it, where that has no percentage."
        )
    for unit, because in dict.fromkeys((skip.unit or skip.path, skip.because) for skip in ranking.skipped):
        yield f"not compared: {visible(unit)}: {because}"
    yield from silent_lines(model.calibration)


def _choice(ranking: "Ranking") -> str:
    """The Pareto front, in words of somebody who has to choose."""
    front, beaten = ranking.front, ranking.beaten
    told = ", ".join(map(visible, front))
    if not beaten:
        return "No version is at least as good as another on every criterion and better on one: choose by what matters."
    if len(front) == 1:
        return f"Best choice: {told}, at least as good as every other version on every criterion."
    left_out = ", ".join(f"{visible(one)} (beaten by {visible(by)})" for one, by in beaten.items())
    return (
        f"Choose among {told} (the Pareto front): none of them is at least as good as another on every criterion and "
        f"better on one. Left out: {left_out}."
    )


def _tables(ranking: "Ranking") -> Iterator[str]:
    """Per criterion the candidates, best first: how each compares with each, and its mean Δ against all others."""
    from themis_cli.table import aligned

    names = ranking.names
    for criterion, table in ranking.tables.items():
        values = ranking.means(criterion)
        order = sorted(range(len(names)), key=lambda n: -values[n])
        margins = ranking.margins.get(criterion, {})
        rows = [(criterion.short, "", *(f"over {names[n]}" for n in order), "mean Δ")]
        for n in order:
            place = 1 + sum(value > values[n] for value in values)
            pairs = ("" if n == m else _compared(table[n][m], margins.get((names[n], names[m]))) for m in order)
            rows.append((f"{place}.", names[n], *pairs, f"{values[n]:+.3f}"))
        yield from aligned(rows)
        yield ""


def _compared(delta: float, chance: float | None) -> str:
    from themis_lsp.attribute import percent

    if delta == 0:
        return "equal"
    return f"{delta:+.3f}" if chance is None else percent(chance)
