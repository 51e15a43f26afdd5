"""``themis score``: where the units of a file stand within their repository."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeAlias

import typer

from themis_cli import options
from themis_cli.context import Context, real

if TYPE_CHECKING:
    from themis_lsp.change import UnitKind
    from themis_lsp.repository import Repository
    from themis_model.criterion import Criterion
    from themis_model.encode import View
    from themis_model.scorer import Scorer

_Group: TypeAlias = "tuple[str, UnitKind]"

_SAMPLE = 1000  # units of one language and kind to compare with
_FEWEST = 20  # below that, a rank says nothing

_MEANS = (
    "A rank is the share of this repository's other units of the same language and kind that the model likes less;\n"
    "ties count half. It compares code that does different things, so it is a hint where to look, never a pass or fail."
)


class _Placed(NamedTuple):
    title: str
    group: "_Group"
    view: "View"


def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files to place.", show_default=False)],
    criteria: options.Criteria = None,
    device: options.Device = None,
    model: options.Model = None,
) -> None:
    """Say where each unit of a file stands within its repository, per criterion. Never a pass or a fail.

    For example:

    * `themis score src/parser.py`

    * `themis score src/*.go --criteria security`
    """
    run(files, {"criteria": criteria, "device": device, "model": model}, real())


def run(files: Sequence[Path], given: Mapping[str, str | None], context: Context) -> None:
    """Place every unit and print the ranks.

    Raises:
        UsageError: a file cannot be read or is in no supported language.
        GitError: there is no repository around the files.
    """
    from themis_cli.source import read_source
    from themis_cli.table import aligned
    from themis_lsp.config import Config, on_disk, trusted
    from themis_lsp.error import UsageError
    from themis_lsp.meaning import silent_lines
    from themis_lsp.ranking import ranked_criteria
    from themis_lsp.repository import Repository

    user = trusted(given, context.environ)
    with Repository.open(context.folder) as repository:
        config = Config(user, lambda path: on_disk(repository.root, path))
        scorer = context.load(config)
        calibration = scorer.info.calibration
        asked = [c for c in config.at().criteria if c in ranked_criteria(calibration)]
        placed: list[_Placed] = []
        for file in files:
            units = list(_units(str(file), read_source(context.folder / file), scorer))
            if not units:
                raise UsageError(f"{file} is not in a supported language")
            placed += units
        own = {(context.folder / file).resolve() for file in files}
        others = _others(repository, {unit.group for unit in placed}, own, scorer)
    rows: list[tuple[str, ...]] = [("unit", *(criterion.short for criterion in asked), "among")]
    for group, views in others.items():
        rows += _rows([unit for unit in placed if unit.group == group], views, asked, scorer)
    for line in (*aligned(rows), "", _MEANS, *silent_lines(calibration)):
        context.out.write(f"{line}\n")


def _rows(
    units: Sequence[_Placed], others: "Sequence[View]", asked: "Sequence[Criterion]", scorer: "Scorer"
) -> Iterator[tuple[str, ...]]:
    from themis_cli.ranking import share_below
    from themis_lsp.attribute import percent
    from themis_model.criterion import CRITERIA

    if len(others) < _FEWEST:
        for unit in units:
            yield unit.title, *("-" for _ in asked), f"{len(others)}, too few to tell"
        return
    columns = [CRITERIA.index(criterion) for criterion in asked]
    rewards = scorer.score(others)
    populations = {column: sorted(rewards[:, column].tolist()) for column in columns}
    for unit, own in zip(units, scorer.score([unit.view for unit in units]), strict=True):
        ranks = (percent(share_below(float(own[column]), populations[column])) for column in columns)
        yield unit.title, *ranks, str(len(others))


def _others(
    repository: "Repository", groups: "Collection[_Group]", own: Collection[Path], scorer: "Scorer"
) -> "dict[_Group, list[View]]":
    """Views of the repository's other units, by language and kind: at most a sample, the same one every time."""
    others: dict[_Group, list[View]] = {group: [] for group in groups}
    languages = {language for language, _ in groups}
    for path, text in _sources(repository, languages, own):
        if all(len(views) >= _SAMPLE for views in others.values()):
            break
        for unit in _units(path, text, scorer):
            if unit.group in others and len(others[unit.group]) < _SAMPLE:
                others[unit.group].append(unit.view)
    return others


def _sources(repository: "Repository", languages: Collection[str], own: Collection[Path]) -> Iterator[tuple[str, str]]:
    """Tracked files in these languages, in an order that has nothing to do with where they are."""
    from themis_lsp.content import Unread, is_foreign, read_text, unjudged_path, unjudged_text
    from themis_lsp.language import grammar_of

    tree = repository.work_tree()
    tracked = [name for name in repository.output("ls-files", "-z").split(b"\0") if name]
    for name in sorted(tracked, key=lambda name: blake2b(name).digest()):
        path = os.fsdecode(name)
        grammar = grammar_of(path)
        if grammar is None or grammar.language not in languages or is_foreign(path) or unjudged_path(path):
            continue
        data = tree.read(name) if (repository.root / path).resolve() not in own else None
        text = read_text(data) if isinstance(data, bytes) else None
        if text is not None and not isinstance(text, Unread) and not unjudged_text(path, text):
            yield path, text


def _units(path: str, text: str, scorer: "Scorer") -> Iterator[_Placed]:
    from themis_lsp.language import grammar_of
    from themis_lsp.local import lines_of
    from themis_lsp.unit import parse, split_lines

    grammar = grammar_of(path, text)
    if grammar is None:
        return
    source = parse(split_lines(text), grammar)
    for unit in source.units:
        lines = lines_of(source, unit.rows)
        if any(line.strip() for line in lines.code):
            view = scorer.encoder.whole(lines, grammar.language)
            yield _Placed(f"{path}: {unit.name}", (grammar.language, unit.kind), view)
