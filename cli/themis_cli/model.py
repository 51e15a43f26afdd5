"""``themis model``: the bundle that judges."""

from pathlib import Path
from typing import Annotated

import typer

from themis_cli.context import Context, real

app = typer.Typer(rich_markup_mode="markdown")


@app.callback(invoke_without_command=True)
def _model(context: typer.Context) -> None:
    """Look after model bundles."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("verify")
def verify(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="By default the bundle that ships.")] = None,
) -> None:
    """Check a bundle: schema, digests, size, a graph that stays within itself, and that it loads.

    For example:

    * `themis model verify`

    * `themis model verify training/runs/out/small`
    """
    run(folder, real())


def run(folder: Path | None, context: Context) -> None:
    """Verify and say so.

    Raises:
        ModelError: what is wrong with the bundle.
    """
    from themis_cli.labelled import print_labelled
    from themis_model.bundle import FILES, MANIFEST, read_bundle
    from themis_model.onnx import load

    bundle = read_bundle(folder and context.folder / folder)
    load(bundle.path, "cpu", threads=1)
    size = sum((bundle.path / name).stat().st_size for name in (*FILES, MANIFEST))
    print_labelled(
        [
            ("bundle", str(bundle.path)),
            ("model", f"{bundle.manifest.name} {bundle.digest}"),
            ("size", f"{size / 1e6:.1f} MB"),
            ("verified", "every file is the one its manifest names, and the graph loads"),
        ],
        context.out,
    )
