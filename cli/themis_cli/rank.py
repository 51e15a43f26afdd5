"""``themis rank``: several candidates for one thing, best first."""

import json
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer
from rich.cells import cell_len

from themis_cli import options
from themis_cli.context import Context, real
from themis_cli.escape import visible
from themis_model.calibrate import State

if TYPE_CHECKING:
    from themis_cli.candidates import Field
    from themis_lsp.ranking import Candidate, Ranking
    from themis_model.criterion import Criterion
    from themis_model.scorer import ModelInfo

SCHEMA = "themis-rank/1"

_ROWS = Path("-")
_EVEN = 0.5
_LABEL = 13  # columns of a criterion's name
_WIDEST_NAME = 30  # columns of a place and a name that leave room for what is said behind them
_MOST_BELOW = 4  # candidates that one is compared with in words; --json has every pair
_MOST_FOLDED = 8
_LEAST = 0.1  # typical edits
_LEGEND = (
    "Best first, with how far ahead the model rates a version: 1.0 is what a typical edit changes. A percentage beside "
    "it says how surely the version is the better one of the two, if one of them is; that is known where they differ "
    "in a single unit."
)


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

    Every candidate is compared with every other, as if one were an edit of the other. Functions that only some have are
    not compared. A row of JSON on standard input is
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
        _print(ranking, _twins(field.candidates), scorer.info, context.out)


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


def _twins(candidates: "Sequence[Candidate]") -> list[list[str]]:
    """The names of candidates that are the same, together."""
    groups: dict[frozenset[tuple[str, str | None]], list[str]] = {}
    for candidate in candidates:
        groups.setdefault(frozenset(candidate.files.items()), []).append(candidate.name)
    return [names for names in groups.values() if len(names) > 1]


def _print(ranking: "Ranking", twins: Sequence[Sequence[str]], model: "ModelInfo", out: TextIO) -> None:
    from themis_cli.labelled import print_labelled
    from themis_lsp.meaning import silent_lines

    same = [f"the same: {', '.join(names)}" for names in twins]
    if any(len(names) == len(ranking.names) for names in twins):
        print_labelled([("", f"{line}; there is nothing to choose") for line in same], out, 0)
        return
    speaking = [c for c in ranking.tables if model.calibration.curves[c].state is State.SPEAKS]
    if ranking.tables:
        print_labelled([("", _LEGEND), ("", "")], out, 0)
    for criterion in speaking or ranking.tables:
        _print_order(criterion, ranking, model.calibration.curves[criterion].scale, out)
    told = [_choice(ranking)] if ranking.tables else []
    skips = dict.fromkeys((skip.unit or skip.path, skip.because) for skip in ranking.skipped)
    told += [*same, *(f"not compared: {unit}: {because}" for unit, because in skips)]
    print_labelled([("", line) for line in (*told, *silent_lines(model.calibration))], out, 0)
    # What the model never speaks of counts for the choice, but is not worth reading first.
    folded = [c for c in ranking.tables if speaking and c not in speaking]
    print_labelled([(criterion.short, _folded(criterion, ranking)) for criterion in folded], out, _LABEL)


def _folded(criterion: "Criterion", ranking: "Ranking") -> str:
    """The order alone, in one line."""
    values = ranking.means(criterion)
    order = sorted(range(len(values)), key=lambda n: -values[n])
    told = ranking.names[order[0]]
    for one, other in pairwise(order[:_MOST_FOLDED]):
        told += f"{' = ' if values[one] == values[other] else ' > '}{ranking.names[other]}"
    return f"{told}; {len(order) - _MOST_FOLDED} more below" if len(order) > _MOST_FOLDED else told


def _print_order(criterion: "Criterion", ranking: "Ranking", scale: float, out: TextIO) -> None:
    """The candidates, best first, each with how far it is ahead of those below it."""
    from themis_cli.labelled import print_labelled

    values = ranking.means(criterion)
    order = sorted(range(len(values)), key=lambda n: -values[n])
    places = [f"{1 + sum(value > values[n] for value in values)}. {visible(ranking.names[n])}" for n in order]
    widest = max(map(cell_len, places))
    is_beside = widest <= _WIDEST_NAME
    column = _LABEL + (widest + 2 if is_beside else len("1. "))
    for row, (one, place) in enumerate(zip(order, places, strict=True)):
        label = f"{'' if row else criterion.short:<{_LABEL}}{place}"
        told = _compared(criterion, ranking, one, order[row + 1 :], scale)
        print_labelled([(label, told)] if is_beside or not told else [(label, ""), ("", told)], out, column)
    out.write("\n")


def _compared(criterion: "Criterion", ranking: "Ranking", one: int, below: Sequence[int], scale: float) -> str:
    """One candidate against those after it: the mean decides on the order, so a single pair may go the other way."""
    ways: dict[str, list[str]] = {}
    for other in below[:_MOST_BELOW]:
        delta, name = ranking.tables[criterion][one][other], ranking.names[other]
        chance = ranking.margins.get(criterion, {}).get((ranking.names[one], name))
        way = "ahead of" if delta > 0 else "behind" if delta else "equal to"
        ways.setdefault(way, []).append(f"{name}{_how_far(abs(delta) / scale, chance)}")
    told = "; ".join(f"{way} {', '.join(names)}" for way, names in ways.items())
    return f"{told}; {len(below) - _MOST_BELOW} more below" if len(below) > _MOST_BELOW else told


def _how_far(edits: float, chance: float | None) -> str:
    from themis_lsp.attribute import percent

    if not edits:
        return ""
    sure = f" ({percent(max(chance, 1 - chance))})" if chance is not None else ""
    return f" by {edits:.1f}{sure}" if edits >= _LEAST else f" by less than {_LEAST}{sure}"


def _choice(ranking: "Ranking") -> str:
    """The Pareto front, in words of somebody who has to choose."""
    front, beaten = ranking.front, ranking.beaten
    told = ", ".join(front)
    if not beaten:
        return "No version is at least as good as another on every criterion and better on one: choose by what matters."
    if len(front) == 1:
        return f"Best choice: {told}, at least as good as every other version on every criterion."
    left_out = ", ".join(f"{one} (beaten by {by})" for one, by in beaten.items())
    return (
        f"Choose among {told} (the Pareto front): none of them is at least as good as another on every criterion and "
        f"better on one. Left out: {left_out}."
    )
