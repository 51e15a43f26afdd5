"""``themis train``: from public histories and preference pairs to a bundle."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from themis_training.cli_data import app as data
from themis_training.cli_data import clones_in
from themis_training.data import Split

if TYPE_CHECKING:
    from themis_training.mined import MinedEdit
    from themis_training.recipe import Recipe

app = typer.Typer(
    help="Mine edits, fit a model, export it as a bundle.",
    epilog="Example: themis train fit small_1 --pairs pairs.parquet --clones clones/ --run runs/small_1",
    add_completion=False,
)

app.add_typer(data)

RecipeName = Annotated[str, typer.Argument(help="A named configuration, e.g. small_1, wide_1 or tiny.")]
Pairs = Annotated[list[Path], typer.Option(exists=True, dir_okay=False, help="Parquet files of pairs; may repeat.")]
Clones = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Folder of git clones, for plain code.")
]
Edits = Annotated[list[Path] | None, typer.Option(help="Parquet files of real edits, from `themis train mine`.")]
Texts = Annotated[
    list[Path] | None, typer.Option(exists=True, help="Parquet files of the edits that were judged; may repeat.")
]
Survey = Annotated[
    list[Path] | None, typer.Option(exists=True, dir_okay=False, help="Edits judged on all criteria; may repeat.")
]
WrittenEdits = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Folder of edits written to teach one defect each.")
]
Run = Annotated[Path, typer.Option(file_okay=False, help="Folder of the run; an interrupted run goes on there.")]


@app.command("fit")
def fit_command(
    recipe: RecipeName,
    pairs: Pairs,
    run: Run,
    clones: Clones = None,
    edits: Edits = None,
    readings: Annotated[
        list[Path] | None, typer.Option(exists=True, dir_okay=False, help="Judged findings to learn from; may repeat.")
    ] = None,
    texts: Texts = None,
    survey: Survey = None,
    written: WrittenEdits = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads for torch.")] = 1,
) -> None:
    """Train a model: tokenizer, pre-training, both paths, and their blend.

    Example: themis train fit wide_1 --pairs pairs.parquet --run runs/wide_1

    Example: themis train fit wide_8 --pairs p.parquet --survey s.jsonl --texts mined/edits.parquet --run runs/wide_8
    """
    import torch

    from themis_training.fit import fit, read_data
    from themis_training.judged import read_judged
    from themis_training.mined import read_edits
    from themis_training.reading import with_texts
    from themis_training.survey import read_survey, surveyed
    from themis_training.written import read_written

    torch.set_num_threads(threads)
    chosen = _recipe(recipe)
    judged, asked = read_judged(*(readings or ())), read_survey(*(survey or ()))
    about = _about({one.commit for one in judged} | {one.commit for one in asked}, texts)
    read, seen = with_texts(judged, about), surveyed(asked, about)
    for found, wanted, what in ((read, judged, "readings"), (seen, asked, "judged edits")):
        if wanted:
            typer.echo(f"{len(found)} of {len(wanted)} {what} have their texts", err=True)
    own = read_written(written) if written else ()
    data = read_data(pairs, clones_in(clones), read_edits(edits or []), chosen, read, seen, own)
    fit(chosen, data, run, lambda line: typer.echo(line, err=True))
    typer.echo(f"trained {chosen.name} into {run}")


def _about(commits: set[str], texts: list[Path] | None) -> "list[MinedEdit]":
    """The mined edits of these commits."""
    from themis_training.mined import EVERY_KIND, read_edits

    return [edit for edit in read_edits(texts or [], EVERY_KIND) if edit.commit in commits] if commits else []


@app.command("export")
def export_command(
    recipe: RecipeName,
    pairs: Pairs,
    run: Run,
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder of the bundle; replaced when all checks pass.")],
    edits: Edits = None,
    reduce_range: Annotated[bool, typer.Option(help="7-bit weights, for CPUs without VNNI.")] = True,
) -> None:
    """Turn a finished run into a bundle: ONNX, int8, parity, calibration, card.

    Example: themis train export wide_1 --pairs pairs.parquet --run runs/wide_1 --edits edits.parquet --out bundle
    """
    from themis_training.export import export_bundle
    from themis_training.fit import read_data
    from themis_training.mined import read_edits

    chosen = _recipe(recipe)
    mined = read_edits(edits or [])
    parity = export_bundle(chosen, read_data(pairs, (), (), chosen), mined, run, out, reduce_range=reduce_range)
    typer.echo(f"exported {chosen.name} to {out}: {parity}")


@app.command("publish")
def publish_command(
    bundle: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of an exported bundle.")],
    accuracy: Annotated[Path, typer.Option(exists=True, help="What `themis bench accuracy --json` wrote.")],
    edits: Edits = None,
) -> None:
    """Measure silence on real edits kept for testing, and put all figures into the bundle's manifest and card.

    Example: themis train publish bundle --accuracy accuracy.json --edits mined/edits.parquet
    """
    import json

    from themis_model.onnx import load
    from themis_training.export import add_results
    from themis_training.mined import read_edits
    from themis_training.silence import as_result, silence

    kept = [edit for edit in read_edits(edits or []) if edit.split == Split.TEST]
    rows, _ = silence(kept, load(bundle, "cpu"))
    for row in rows:
        typer.echo(f"{row.kind}: {row.findings} findings in {row.edits} edits ({row.share:.2%})")
    add_results(bundle, "accuracy", json.loads(accuracy.read_text(encoding="utf-8")))
    add_results(bundle, "silence", as_result(rows))


@app.command("candidates")
def candidates_command(
    bundle: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of an exported bundle.")],
    edits: Annotated[list[Path], typer.Option(exists=True, dir_okay=False, help="Real edits; may repeat.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="JSON lines, one finding each.")],
    part: Annotated[
        Split, typer.Option(help="Which repositories: those set aside for calibration, or for the test.")
    ] = Split.CALIBRATION,
    most: Annotated[int, typer.Option(min=1, help="Edits looked at, drawn evenly.")] = 1_000_000,
    least: Annotated[float, typer.Option(min=0.01, max=0.99, help="P(worse) from which on it counts.")] = 0.3,
    told: Annotated[bool, typer.Option("--told", help="Only what the bundle tells as it is, to measure it.")] = False,
) -> None:
    """Write down every finding that a bundle could tell on real edits, both ways round, for people to judge.

    Fill in "kept" (would a careful reader keep it?) and, of kept ones, "named" (is the name right?); then see `settle`.

    Example: themis train candidates bundle --edits mined/edits.parquet --out candidates.jsonl

    Example: themis train candidates bundle --edits mined/edits.parquet --part test --told --out told.jsonl
    """
    import random

    from themis_training.judged import possible_findings, write_possible
    from themis_training.mined import EVERY_KIND, read_edits
    from themis_training.origin import use_of
    from themis_training.settle import as_it_is, opened_bundle

    chosen = [edit for edit in read_edits(edits, EVERY_KIND) if use_of(edit.repo, edit.split) is part]
    drawn = random.Random(1).sample(chosen, min(most, len(chosen)))  # noqa: S311  (sampling)
    with as_it_is(bundle) if told else opened_bundle(bundle, least) as scorer:
        count = write_possible(possible_findings(drawn, scorer), out)
    typer.echo(f"{count} possible findings on {len(drawn)} edits in {out}")


@app.command("settle")
def settle_command(
    bundle: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Folder of an exported bundle; changed in place.")
    ],
    judged: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="Judged findings of calibration repositories.")
    ],
    test: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="Judged findings of test repositories, to measure."),
    ] = None,
    texts: Texts = None,
    survey: Survey = None,
    written: WrittenEdits = None,
    run: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="The run, if it has learned from what is judged.")
    ] = None,
) -> None:
    """Let what people said of findings decide which defects a bundle tells, and from which probability on.

    Example: themis train settle bundle judged.jsonl --texts mined/edits.parquet --test judged_test.jsonl

    Example: themis train settle bundle readings.jsonl --survey s.jsonl --texts edits.parquet --run runs/wide_8
    """
    from themis_training.judged import read_judged
    from themis_training.reading import with_texts
    from themis_training.settle import settle
    from themis_training.survey import read_survey, surveyed, taught_by
    from themis_training.written import read_written

    read, others, asked = read_judged(*judged), read_judged(*(test or ())), read_survey(*(survey or ()))
    about = _about({one.commit for one in (*read, *others)} | {one.commit for one in asked}, texts)
    taught, own = taught_by(surveyed(asked, about)), read_written(written) if written else ()
    for line in settle(bundle, with_texts(read, about), with_texts(others, about), taught, own, run):
        typer.echo(line)


@app.command("readings")
def readings_command(
    judged: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Judged findings.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="JSON lines; replaced.")],
) -> None:
    """Keep what people said of findings, without the code they were about.

    Example: themis train readings judged_1.jsonl judged_2.jsonl --out training/readings.jsonl
    """
    from themis_training.judged import read_judged
    from themis_training.reading import write_readings

    typer.echo(f"{write_readings(read_judged(*judged), out)} readings in {out}")


@app.command("curve")
def curve_command(
    recipe: RecipeName,
    pairs: Pairs,
    tokenizer: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="tokenizer.json of a finished run.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="curve.json; the picture goes beside it as .svg.")],
    edits: Edits = None,
) -> None:
    """Fit the wide path on less and less, and plot how accuracy grows with pairs, named defects and parameters.

    Example: themis train curve wide_2 --pairs pairs.parquet --tokenizer run/tokenizer.json --out training/curve.json
    """
    import json

    from themis_model.encode import Encoder
    from themis_model.tokens import BpeTokenizer
    from themis_training.curve import as_result, curve
    from themis_training.curve_plot import plot
    from themis_training.fit import read_data
    from themis_training.mined import read_edits
    from themis_training.network import Wide
    from themis_training.pairs import examples_of, ties_of
    from themis_training.wide import differences_of

    chosen = _recipe(recipe)
    data = read_data(pairs, (), read_edits(edits or []), chosen)
    encoder = Encoder(BpeTokenizer.from_file(tokenizer))
    examples = [*examples_of(data.pairs, encoder), *ties_of(data.edits, chosen.tied, encoder)]
    wide = Wide(chosen.shape.buckets, chosen.shape.longest_gram, power=chosen.shape.power)
    features = differences_of(wide, examples)
    points = list(curve(chosen, data, examples, features, lambda line: typer.echo(line, err=True)))
    out.write_text(json.dumps(as_result(chosen, points, data.digest), indent=1) + "\n", encoding="utf-8")
    out.with_suffix(".svg").write_text(plot(points), encoding="utf-8")
    typer.echo(f"{len(points)} points in {out} and {out.with_suffix('.svg')}")


@app.command("personalise")
def personalise_command(
    repository: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A clone of your own repository.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder of the new bundle; a bundle there is replaced.")],
    model: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Bundle to start from instead of the shipped.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder for mined edits, for the next run; else OUT.mined.")
    ] = None,
    commits: Annotated[
        int | None, typer.Option(min=1, help="Commits read per year; as many again if they claim something.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write the bundle even if it is not better.")] = False,
    seed: Annotated[int, typer.Option(help="Of the intervals.")] = 1,
) -> None:
    """Correct a bundle by what your own repository merged and took back, if that helps on its newest edits.

    Nothing leaves the machine. Use the new bundle with `themis review --model DIR`.

    Example: themis train personalise . --out ../our-model
    """
    import torch

    from themis_model.bundle import DEFAULT
    from themis_training.personal.personalise import PersonalError, Steps, personalise
    from themis_training.personal.tail import table
    from themis_training.personal.write import check_target, write_personal

    torch.set_num_threads(1)
    check_target(out, model or DEFAULT)
    steps = Steps(lambda line: typer.echo(line, err=True), _counted)
    mined = work or out.with_name(f"{out.name}.mined")
    found = personalise(repository, model, mined, steps, seed=seed, per_year=commits)
    typer.echo(f"fitted to {len(found.older)} edits, measured on the {len(found.newest)} since {found.until}")
    typer.echo(table(found.tail))
    objection = found.tail.objection
    if objection and not force:
        raise PersonalError(f"no bundle is written, as it is no better on the newest edits: {objection}; see --force")
    write_personal(found, out)
    typer.echo(f"wrote {out}{f' by force, although {objection}' if objection else ''}: themis review --model {out}")


def _counted(edits: "Sequence[MinedEdit]") -> "Iterable[MinedEdit]":
    """Show progress on terminals."""
    if not sys.stderr.isatty():
        return edits
    from rich.console import Console
    from rich.progress import track

    return track(edits, "edits scored", console=Console(stderr=True), transient=True)


def _recipe(name: str) -> "Recipe":
    from themis_training.recipe import RECIPES

    if name not in RECIPES:
        raise typer.BadParameter(f"no recipe {name!r}; there are {', '.join(RECIPES)}")
    return RECIPES[name]()
