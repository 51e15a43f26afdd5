"""The part of ``themis train`` that makes data: edits mined and judged, degraded functions, rules' examples."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command("mine")
def mine_command(
    clones: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of git clones.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the edits; what is there is not mined again.")],
    exclude: Annotated[list[Path] | None, typer.Option(help="Pairs whose projects are left out; may repeat.")] = None,
    hold_out: Annotated[list[str] | None, typer.Option(help="owner/name that is for testing only; may repeat.")] = None,
    commits: Annotated[
        int, typer.Option(min=0, help="Commits read per repository; as many again if they claim something.")
    ] = 800,
    ordinary: Annotated[int, typer.Option(min=0, help="Ordinary edits kept per repository.")] = 600,
    decontaminate: Annotated[
        list[str], typer.Option(help="Suite or file; edits that share 13 words in a row with it are left out.")
    ] = ["edits", "slips"],  # noqa: B006  (typer copies it)
    jobs: Annotated[int, typer.Option(min=1, help="Repositories read at the same time.")] = 1,
) -> None:
    """Collect real edits from permissively licensed histories: neutral, ordinary, claimed improvements, reverted.

    Example: themis train mine clones/ --out mined/ --exclude pairs.parquet --hold-out psf/requests

    Example: themis train mine clones/ --out mined/ --decontaminate edits --decontaminate other_suite.jsonl
    """
    from themis_bench.suite import open_suite
    from themis_training.data import read_pairs
    from themis_training.mine import Mined, MineOptions, mine

    def tell(done: Mined) -> None:
        found = f"{done.info.edits} edits from {done.info.commits} commits" if done.info else done.because
        typer.echo(f"{done.repository}: {found}", err=True)

    taken = frozenset(pair.project for path in exclude or () for pair in read_pairs(path))
    options = MineOptions(
        commits=commits, ordinary=ordinary, exclude=taken, hold_out=frozenset(hold_out or ()), jobs=jobs
    )
    suites = [open_suite(name) for name in decontaminate]
    benchmarks = (
        text
        for suite in suites
        for pair in (*suite.pairs(), *suite.neutrals())
        for text in (pair.chosen, pair.rejected)
    )
    edits = mine(clones_in(clones), out, options, tell, benchmarks).edits
    for held in edits.claims.held:
        typer.echo(f"{held.criterion}: {held.claims} of {held.named} messages that name it claim it", err=True)
    left_out = f"{edits.duplicates} duplicates, {edits.near} near duplicates, {edits.benchmarked} benchmarked"
    typer.echo(f"{sum(edits.counts.values())} edits; left out: {left_out}")


@app.command("degrade")
def degrade_command(
    clones: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of git clones.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for degraded.parquet and neutral.parquet.")],
    exclude: Annotated[Path | None, typer.Option(help="Pairs whose projects are left out.")] = None,
    hold_out: Annotated[list[str] | None, typer.Option(help="owner/name that is for testing only; may repeat.")] = None,
    each: Annotated[int, typer.Option(min=1, help="Pairs wanted of each operator in each language.")] = 150,
    seed: Annotated[int, typer.Option(help="Of every draw.")] = 1,
) -> None:
    """Make real functions worse at one thing: preference pairs with a named defect, and ties beside them.

    Example: themis train degrade clones/ --out degraded/ --exclude pairs.parquet
    """
    from themis_training.data import read_pairs
    from themis_training.degrade.sample import Quota
    from themis_training.degrade.write import degrade

    taken = frozenset(pair.project for pair in read_pairs(exclude)) if exclude else frozenset()
    held = frozenset(hold_out or ())
    counts = degrade(clones_in(clones), out, Quota(each, seed), taken, held, lambda line: typer.echo(line, err=True))
    kinds = len({kind for kind, _, _ in counts})
    typer.echo(f"{sum(counts.values())} pairs of {kinds} kinds of rewrites in {out}")


@app.command("rules")
def rules_command(
    clones: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of clones named owner+name.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="Parquet file to write.")],
) -> None:
    """Collect the good and bad examples that permissively licensed linters keep beside their rules.

    Example: themis train rules clones/ --out rules.parquet
    """
    from themis_training.rules.collect import Collected, collect, table

    def tell(done: Collected) -> None:
        left = ", ".join(f"{count} {why}" for why, count in done.dropped.most_common())
        typer.echo(f"{done.source}: {done.because or f'{len(done.pairs)} pairs; left out: {left or 0}'}", err=True)

    report = collect(clones, out, on_done=tell)
    typer.echo(table(report))


@app.command("reality")
def reality_command(
    edits: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="What `themis train mine` wrote.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="Parquet file of pairs, to measure on.")],
    survey: Annotated[
        list[Path] | None, typer.Option(exists=True, dir_okay=False, help="Edits judged on all criteria; may repeat.")
    ] = None,
) -> None:
    """Turn commits that claim an improvement, edits that were taken back or judged, into preference pairs.

    Example: themis train reality mined/edits.parquet --out reality.parquet

    Example: themis train reality mined/edits.parquet --survey training/survey.jsonl --out reality.parquet
    """
    from themis_training.mined import EVERY_KIND, read_edits
    from themis_training.reality import write_reality
    from themis_training.survey import read_survey, surveyed

    asked = read_survey(*(survey or ()))
    judged = surveyed(asked, read_edits(edits, EVERY_KIND)) if asked else []
    found = write_reality(read_edits(edits, EVERY_KIND), judged, out)
    for (source, criterion, split), count in sorted(found.items()):
        typer.echo(f"{source} {criterion} {split}: {count}")


@app.command("draw")
def draw_command(
    edits: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="What `themis train mine` wrote.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the sheets; a new one.")],
    uniform: Annotated[int, typer.Option(min=0, help="Edits drawn evenly from what people commit.")] = 0,
    claimed: Annotated[
        list[str] | None,
        typer.Option(metavar="CRITERION=N", help="Edits whose commits claim to improve a criterion; may repeat."),
    ] = None,
    survey: Annotated[
        list[Path] | None, typer.Option(exists=True, dir_okay=False, help="Edits judged before; may repeat.")
    ] = None,
    per_repository: Annotated[
        int, typer.Option(min=1, help="At most so many edits of one repository, for each number asked for.")
    ] = 40,
    seed: Annotated[int, typer.Option(help="The same seed draws the same sheets.")] = 1,
) -> None:
    """Draw real edits for people to judge on all five criteria: sheets to read, half of them backwards, and a guide.

    Example: themis train draw mined/edits.parquet --uniform 300 --claimed security=200 --out sheets
    """
    from themis_lsp.error import UsageError
    from themis_model.criterion import CRITERIA
    from themis_training.mined import EVERY_KIND, read_edits
    from themis_training.sheets import UNIFORM, DrawOptions, draw
    from themis_training.survey import read_survey

    known = {word: criterion.value for criterion in CRITERIA for word in (criterion.short, criterion.value)}
    wanted = {UNIFORM: uniform}
    for said in claimed or ():
        name, _, count = said.partition("=")
        if name not in known or not count.isdecimal():
            raise UsageError(f"--claimed {said}: write a criterion and a number, as in security=200")
        wanted[known[name]] = int(count)
    drawn = draw(
        read_edits(edits, EVERY_KIND),
        out,
        DrawOptions(wanted, per_repository, seed=seed),
        read_survey(*(survey or ())),
    )
    for by, most in wanted.items():
        short = "; no more there, or --per-repository allows no more" if drawn[by] < most else ""
        typer.echo(f"{by}: {drawn[by]} of {most}{short}", err=True)
    typer.echo(f"{sum(drawn.values())} edits in {out}; {out / 'README.md'} tells readers what to do")


@app.command("gather")
def gather_command(
    sheets: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="What `themis train draw` wrote.")],
    into: Annotated[Path, typer.Option(dir_okay=False, help="Survey that the marks are added to; made if missing.")],
) -> None:
    """Add what people marked on sheets to a survey, which `themis train fit --survey` learns from.

    Example: themis train gather sheets --into survey.jsonl
    """
    from themis_training.sheets import gather

    found = gather(sheets, into)
    missing = f"; {found.missing} of the sheets are not marked yet" if found.missing else ""
    typer.echo(f"{into}: {len(found.judged)} judged edits of these sheets, {found.total} in all{missing}")


def clones_in(folder: Path | None) -> list[Path]:
    """Git repositories directly in a folder, or in its ``owner+name/repo`` sub-folders; sorted.

    Raises:
        UsageError: there are folders, but no clone is among them.
    """
    from themis_lsp.error import UsageError

    if folder is None:
        return []
    folders = [path for path in sorted(folder.iterdir()) if path.is_dir() and path.name[0] != "."]
    found = [path / "repo" if (path / "repo").is_dir() else path for path in folders]
    # A folder within a clone would pass for the clone, under a name of its own.
    clones = [path for path in found if (path / ".git").exists() or (path / "HEAD").is_file()]
    if folders and not clones:
        raise UsageError(f"{folder} holds no clones: name the folder that holds them, not a clone itself")
    return clones
