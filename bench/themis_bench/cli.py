"""``themis bench``: measures models and the product itself."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from themis_bench.pairs import Pair
from themis_bench.split import TEST, TRAIN
from themis_lsp.error import UsageError
from themis_model.scorer import Scorer

app = typer.Typer(help="Measure a model's accuracy and the speed of Themis.", add_completion=False)
floor_app = typer.Typer(help="The linear model that every other has to beat.", no_args_is_help=True)
app.add_typer(floor_app, name="floor")

_Item = TypeVar("_Item")
SplitFile = Annotated[Path | None, typer.Option("--split", metavar="FILE", help="Which pairs belong to which part.")]


@app.command("accuracy")
def accuracy(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="A suite that ships, a file, or a folder of cases.")],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="DIR|floor:FILE|longer", help="Whom to measure; repeat it to compare."),
    ] = None,
    split: SplitFile = None,
    part: Annotated[str, typer.Option("--part", metavar="NAME", help="Part of the split to measure on.")] = TEST,
    source: Annotated[str, typer.Option("--source", metavar="NAME,…", help="Only pairs of these datasets.")] = "",
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
) -> None:
    """Count how often the better version scores higher, plain and with the length shortcut taken away.

    For example:

    * `themis bench accuracy edits`

    * `themis bench accuracy pairs.parquet --split split.json --model run/bundle --model floor:floor.npz`
    """
    from themis_bench.accuracy import group_json, groups, scored
    from themis_bench.judge import open_judge
    from themis_bench.result import write_result
    from themis_bench.split import read_split
    from themis_bench.spoken import spoken, spoken_json
    from themis_bench.suite import open_suite
    from themis_bench.table import accuracy_table, in_words, notes, spoken_table

    opened = open_suite(suite)
    info = opened.info()
    listing = read_split(split) if split else None
    sources = {name.strip() for name in source.split(",") if name.strip()}
    judges = [open_judge(spec) for spec in model or [""]]

    def asked(pairs: Iterable[Pair]) -> Iterator[Pair]:
        chosen = listing.only(part, pairs) if listing else iter(pairs)
        return (pair for pair in chosen if not sources or pair.source in sources)

    edits = (pair for pairs in (opened.pairs(), opened.neutrals()) for pair in asked(pairs))
    rows = list(scored(_counted(edits, "pairs scored"), judges))
    names = [judge.name for judge in judges]
    found = list(_counted(groups(rows, judges), "groups resampled"))
    calibration = judges[0].calibration
    said = list(spoken(rows, 0, calibration)) if calibration else []
    if not rows:
        raise UsageError(f"{suite} holds no pair of the part and sources asked for; see --part and --source")
    labelled = sum(row.criterion is not None for row in rows)
    typer.echo(f"{info.name} {info.version}: {labelled} pairs, {len(rows) - labelled} neutral edits\n")
    for line in (*accuracy_table(found, names), "", *notes(found, names)):
        typer.echo(line)
    for line in ("", *spoken_table(said)) if said else ():
        typer.echo(line)
    for line in ("", *in_words(found, names[0], calibration.mix if calibration else None, said)):
        typer.echo(line)
    if json:
        values = {
            "suite": info._asdict(),
            "split": {"digest": listing.digest, "part": part} if listing else None,
            "sources": sorted(sources),
            "models": [{"name": j.name, "digest": j.digest, "provider": j.provider} for j in judges],
            "pairs": labelled,
            "neutral_edits": len(rows) - labelled,
            "groups": [group_json(group, names) for group in found],
            "spoken": [spoken_json(one) for one in said],
        }
        write_result(json, "themis-bench-accuracy/1", values)


@app.command("speed")
def speed(
    model: Annotated[
        Path | None, typer.Option("--model", metavar="DIR", help="A bundle other than the shipped.")
    ] = None,
    only: Annotated[
        str, typer.Option("--only", metavar="NAME,…", help="Some of cold, hook, edit, throughput, memory.")
    ] = "cold,hook,edit,throughput,memory",
    runs: Annotated[int, typer.Option("--runs", metavar="N", min=1, help="Rounds; medians are what counts.")] = 9,
    units: Annotated[int, typer.Option("--units", metavar="N", min=1, help="Size of a large change.")] = 1000,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
) -> int:
    """Measure speed and memory, as multiples of what could not be avoided; end with 1 if a limit is not kept.

    For example:

    * `themis bench speed`

    * `themis bench speed --only edit --runs 101`
    """
    from themis_bench.result import write_result
    from themis_bench.speed import Figure, bare_call, cold, hook, memory, one_edit, throughput
    from themis_bench.table import figure_table
    from themis_model.onnx import load

    options = ("--model", str(model.resolve())) if model else ()
    few = (runs + 2) // 3  # of what takes minutes

    def threads(count: int) -> Scorer:
        return load(model, "cpu", count)

    measures: dict[str, Callable[[], Sequence[Figure]]] = {
        "cold": lambda: [cold(options, runs)],
        "hook": lambda: [hook(options, runs)],
        "edit": lambda: [one_edit(threads(1), bare_call(model), 10 * runs)],
        "throughput": lambda: [throughput(threads(1), threads(2), units, few)],
        "memory": lambda: memory(options, units, 2 * units, few),
    }
    names = _chosen(only, measures)
    digest = threads(1).info.digest
    figures = [figure for name in _counted(names, "measured") for figure in measures[name]()]
    for line in figure_table(figures):
        typer.echo(line)
    if json:
        found = [asdict(figure) | {"is_kept": figure.is_kept} for figure in figures]
        write_result(json, "themis-bench-speed/1", {"model": {"digest": digest}, "figures": found})
    return 0 if all(figure.is_kept for figure in figures) else 1


@app.command("pullrequest")
def pullrequest(
    repository: Annotated[Path, typer.Argument(metavar="REPOSITORY", help="One with the whole history of the range.")],
    spec: Annotated[str, typer.Argument(metavar="BASE..HEAD", help="What the pull request changes.")],
    semgrep: Annotated[str, typer.Option("--semgrep", metavar="PATH", help="The semgrep to measure.")] = "semgrep",
    pylint: Annotated[str, typer.Option("--pylint", metavar="PATH", help="The pylint to measure.")] = "pylint",
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="PATH", help="What semgrep looks for, instead of 30 patterns.")
    ] = None,
    runs: Annotated[int, typer.Option("--runs", metavar="N", min=1, help="Rounds; medians are what counts.")] = 5,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
) -> int:
    """Measure a large pull request beside semgrep and pylint; end with 1 if Themis is not as far ahead as it should be.

    For example:

    * `themis bench pullrequest ../scrapy 1.8.0..2.4.0 --semgrep ../tools/bin/semgrep --pylint ../tools/bin/pylint`

    * `themis bench pullrequest ../scrapy 1.8.0..2.4.0 --rules ../semgrep-rules/python`
    """
    from themis_bench.pullrequest import RULES, checked_out, is_kept, lines, measured, tools
    from themis_bench.result import write_result

    with checked_out(repository, spec) as request, tools(request, semgrep, pylint, rules) as asked:
        typer.echo(f"{spec}: {request.files:,} Python files, {request.hunks:,} hunks")
        *_, found = _counted(measured(request, asked, runs), "rounds")
        size = {"base": request.base, "head": request.head, "files": request.files, "hunks": request.hunks}
        size |= {"rules": rules.name if rules else RULES}
    for line in lines(found):
        typer.echo(line)
    if json:
        rows = [asdict(one) | {"cost": one.cost._asdict()} for one in found]
        write_result(json, "themis-bench-pullrequest/1", {"range": spec, **size, "tools": rows, "kept": is_kept(found)})
    return 0 if is_kept(found) else 1


@app.command("latency")
def latency(
    only: Annotated[
        str, typer.Option("--only", metavar="NAME,…", help="Some of start, typing, handling, rest.")
    ] = "start,typing,handling,rest",
    runs: Annotated[int, typer.Option("--runs", metavar="N", min=3, help="Rounds; medians are what counts.")] = 9,
    edits: Annotated[int, typer.Option("--edits", metavar="N", min=5, help="After which memory is measured.")] = 5000,
    beside: Annotated[
        list[str] | None,
        typer.Option(
            "--beside",
            metavar="NAME[=COMMAND]",
            help="Another language server to measure as well: ruff, pylsp, semgrep, or any with its command.",
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
) -> int:
    """Measure the language server, as multiples of what could not be avoided; end with 1 if a limit is not kept.

    For example:

    * `themis bench latency`

    * `themis bench latency --only start --beside ruff --beside "pylsp=../tools/bin/pylsp"`
    """
    from themis_bench.beside import EDITS, measured, row, server
    from themis_bench.latency import beginnings, handling, resting, typing
    from themis_bench.result import write_result
    from themis_bench.speed import Figure
    from themis_bench.table import figure_table
    from themis_model.onnx import load

    servers = [server(spec) for spec in (["themis", *beside] if beside else [])]
    scorer = load()
    measures: dict[str, Callable[[], Sequence[Figure]]] = {
        "start": lambda: beginnings(runs),
        "typing": lambda: typing(scorer, 20 * runs),
        "handling": lambda: [handling(100 * runs)],
        "rest": lambda: resting(edits),
    }
    figures = [figure for name in _counted(_chosen(only, measures), "measured") for figure in measures[name]()]
    others = [measured(one, max(3, runs // 3), EDITS) for one in servers]
    for line in figure_table(figures):
        typer.echo(line)
    for one in others:
        typer.echo(row(one))
    if json:
        values = [asdict(figure) | {"is_kept": figure.is_kept} for figure in figures]
        found = {"figures": values, "beside": [asdict(one) for one in others]}
        write_result(json, "themis-bench-latency/1", {"model": {"digest": scorer.info.digest}, **found})
    return 0 if all(figure.is_kept for figure in figures) else 1


def _chosen(only: str, measures: Iterable[str]) -> list[str]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := set(names) - set(measures):
        raise UsageError(f"nothing called {min(unknown)!r} is measured; known are {', '.join(measures)}")
    return names


@floor_app.command("fit")
def fit(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Pairs as .parquet or .jsonl.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the floor goes, as .npz.")],
    split: SplitFile = None,
    part: Annotated[str, typer.Option("--part", metavar="NAME", help="Part of the split to learn from.")] = TRAIN,
    ridge: Annotated[float | None, typer.Option("--ridge", help="Strength of the squared penalty.")] = None,
) -> None:
    """Fit the linear floor on the training part of a split.

    For example:

    * `themis bench floor fit pairs.parquet --split split.json -o floor.npz`
    """
    from themis_bench.floor_fit import RIDGE, fit_floor
    from themis_bench.split import read_split
    from themis_bench.suite import FileSuite

    suite = FileSuite(data)
    digest = suite.info().digest
    listing = read_split(split) if split else None
    pairs = listing.only(part, suite.pairs()) if listing else suite.pairs()
    floor = fit_floor(_counted(pairs, "pairs read"), ridge or RIDGE, f"{digest}/{listing.digest if listing else ''}")
    if not any(floor.origin.pairs):
        raise UsageError(f"{data} holds too few pairs of that part to learn from")
    floor.save(output)
    typer.echo(f"{output}: fitted on {sum(floor.origin.pairs)} pairs, digest {floor.info.digest[:12]}")


def _counted(items: Iterable[_Item], what: str) -> Iterator[_Item]:
    """Show progress on terminals."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(what), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(items)


if __name__ == "__main__":
    app()
