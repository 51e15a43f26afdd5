"""``themis config``: what is set, and who set it where."""

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from themis_cli.context import Context, real

if TYPE_CHECKING:
    from themis_lsp.config import Config

app = typer.Typer(rich_markup_mode="markdown")


@app.callback(invoke_without_command=True)
def _config(context: typer.Context) -> None:
    """Look at the settings."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("show")
def _show(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file, whose folder may have its own.")] = "",
) -> None:
    """Say what every setting is for a file, or for the run as a whole, and where it was set.

    For example:

    * `themis config show`

    * `themis config show src/app.py`
    """
    show(path, real())


def show(path: str, context: Context) -> None:
    """Print every setting that a file, a variable or a default decides.

    Raises:
        UsageError: the path is outside of the repository.
        SettingsError: something is set that cannot be used.
    """
    from themis_cli.table import aligned
    from themis_lsp.config import Config, Read, on_disk, trusted
    from themis_lsp.error import GitError, UsageError
    from themis_lsp.repository import Repository

    root = context.folder
    read: Read = lambda _: None  # noqa: E731  (a folder without a repository has no configuration)
    with suppress(GitError), Repository.open(context.folder) as repository:
        root = repository.root
        read = partial(on_disk, root)
    place = (context.folder / path).resolve()
    if not place.is_relative_to(root.resolve()):
        raise UsageError(f"{path} is outside of {root}: name a file in it")
    relative = place.relative_to(root.resolve()).as_posix() if path else ""
    config = Config(trusted({}, context.environ), read)
    for line in aligned([("setting", "value", "set by"), *_rows(config, relative)]):
        context.out.write(f"{line}\n")


def _rows(config: "Config", path: str) -> Iterator[tuple[str, str, str]]:
    from themis_lsp.settings import KEYS, Level, Settings

    values = config.values(path)
    defaults = {"criteria": "all", "new-ignores": "allow", "threads": str(Settings().threads), "device": "auto"}
    for name, key in KEYS.items():
        if key.level is Level.COMMAND:
            continue
        if value := values.get(name):
            yield name, json.dumps(value.plain, ensure_ascii=False), value.origin
        else:
            yield name, defaults.get(name, "not set"), "default"
