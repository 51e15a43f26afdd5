"""``themis model``: the bundles that judge, those that were pulled, and whether they are sound."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from themis_cli.context import Context, real

if TYPE_CHECKING:
    from themis_model.bundle import Manifest

app = typer.Typer(rich_markup_mode="markdown")

_SHORT = 12  # digits of a digest that people compare


@app.callback(invoke_without_command=True)
def _model(context: typer.Context) -> None:
    """Look after model bundles."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list")
def _list() -> None:
    """Show the model that ships and those you pulled: size, digest, and the criteria that speak.

    For example:

    * `themis model list`

    * `themis review --model NAME` judges with one of them
    """
    show(real())


@app.command("pull")
def _pull(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="An https address or a file, .tar.gz or .zip, or a folder.")
    ],
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="HEX", help="The archive's digest; an address needs it.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Call it so, instead of what its manifest says.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", metavar="", help="Take the place of another model of that name.")
    ] = False,
) -> None:
    """Get a bundle from where you say, check it, and keep it for `--model NAME`.

    This is the one command that uses the network, and only for the address you give.

    For example:

    * `themis model pull https://models.example.org/ours-3.tar.gz --sha256 9f2c…`

    * `themis model pull ../our-model --name ours`
    """
    pull_and_say(source, sha256, name, real(), replaces=replace)


@app.command("verify")
def _verify(
    model: Annotated[str | None, typer.Argument(metavar="[NAME|DIR]", help="By default the bundle that ships.")] = None,
) -> None:
    """Check a bundle: schema, digests, size, a graph that stays within itself, and that it judges.

    For example:

    * `themis model verify`

    * `themis model verify training/runs/out/small`
    """
    verify(model, real())


def show(context: Context) -> None:
    """One line for each model; a broken one says why."""
    from themis_cli.table import aligned
    from themis_lsp.home import is_name, models_folder
    from themis_model.bundle import DEFAULT

    models = models_folder(context.environ)
    pulled = sorted(folder for folder in models.glob("*") if folder.is_dir() and is_name(folder.name))
    rows = [("model", "size", "digest", "speaks of", "where")]
    rows += [_row(folder.name if folder in pulled else None, folder) for folder in (DEFAULT, *pulled)]
    for line in aligned(rows):
        context.out.write(f"{line}\n")


def pull_and_say(source: str, sha256: str | None, name: str | None, context: Context, *, replaces: bool) -> None:
    """Pull, and say what it is and how to use it.

    Raises:
        UsageError: the arguments do not fit together, or the name is taken.
        ModelError: why nothing was kept.
    """
    from themis_cli.labelled import print_labelled
    from themis_cli.pull import pull
    from themis_model.bundle import read_manifest

    folder, sha256 = pull(source, sha256, name, context, replaces=replaces)
    manifest = read_manifest(folder)
    print_labelled(
        [
            ("pulled", f"{folder.name} {manifest.files['model.onnx']}"),
            *([("archive", f"sha256 {sha256}")] if sha256 else []),
            ("size", _size(folder, manifest)),
            ("speaks of", _voices(manifest)),
            ("kept in", str(folder)),
            ("use it", f"themis review --model {folder.name}"),
        ],
        context.out,
    )


def verify(model: str | None, context: Context) -> None:
    """Verify and say so.

    Raises:
        ModelError: what is wrong with the bundle.
    """
    from themis_cli.labelled import print_labelled
    from themis_cli.pull import working
    from themis_lsp.home import chosen_model

    bundle = working(context.folder / chosen_model(model, context.environ) if model else None)
    print_labelled(
        [
            ("bundle", str(bundle.path)),
            ("model", f"{bundle.manifest.name} {bundle.digest}"),
            ("size", _size(bundle.path, bundle.manifest)),
            ("verified", "every file is the one its manifest names, and the graphs load and judge"),
        ],
        context.out,
    )


def _row(name: str | None, folder: Path) -> tuple[str, str, str, str, str]:
    from themis_model.bundle import read_manifest
    from themis_model.error import ModelError

    try:
        manifest = read_manifest(folder)
        size = _size(folder, manifest)
        digest = manifest.digest[:_SHORT]
    except (ModelError, OSError, KeyError) as problem:
        return name or "default", "", "", f"broken: {problem}", str(folder)
    where = str(folder) if name else "ships with Themis, and judges unless you name another"
    return name or manifest.name, size, digest, _voices(manifest), where


def _size(folder: Path, manifest: "Manifest") -> str:
    from themis_model.bundle import size_on_disk

    return f"{size_on_disk(folder, manifest) / 1e6:.1f} MB"


def _voices(manifest: "Manifest") -> str:
    return ", ".join(_speaking(manifest)) or "nothing"


def _speaking(manifest: "Manifest") -> Iterator[str]:
    from themis_model.calibrate import State

    curves = manifest.calibration.curves.items()
    yield from (criterion.short for criterion, curve in curves if curve.state is State.SPEAKS)
