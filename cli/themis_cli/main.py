"""``themis``: the table of commands."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer

from themis_cli import config, demo, doctor, explain, feedback, hook, lsp, model, rank, review, score
from themis_cli.outcome import end_with
from themis_model.error import ThemisError

#: What every mistake on the command line descends from: typer gives it no public name of its own.
_MISTAKE: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="themis",
    help="Tells you whether an edit made code better or worse. Offline.",
    epilog="Exit status: 0 nothing at or above --fail-on, 1 findings there, 2 it could not do the job.",
    add_completion=False,
    rich_markup_mode="markdown",
)
app.command("review")(review.command)
app.command("score")(score.command)
app.command("rank")(rank.command)
app.command("hook")(hook.command)
app.command("explain")(explain.command)
app.command("demo")(demo.command)
app.command("doctor")(doctor.command)
app.command("lsp")(lsp.command)
app.add_typer(feedback.app, name="feedback")
app.add_typer(config.app, name="config")
app.add_typer(model.app, name="model")


@app.callback(invoke_without_command=True)
def _themis(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", metavar="", help="Say which version this is.")] = False,
) -> None:
    if version:
        from themis_lsp import __version__

        typer.echo(f"themis {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
    elif any(name.startswith("THEMIS_") for name in os.environ):
        _warn()


def _warn() -> None:
    """Say which variables look like settings and are none: a slip must not go unnoticed."""
    from themis_cli.escape import visible
    from themis_lsp.config import without_effect

    if told := without_effect(os.environ):
        sys.stderr.write(f"warning: {visible(told)}\n")


_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command("train", add_help_option=False, context_settings=_PASSED_ON)
def _train(context: typer.Context) -> int:
    """Train, export and mine models."""
    return _run_group("themis_training.cli", "train", context.args)


@app.command("bench", add_help_option=False, context_settings=_PASSED_ON)
def _bench(context: typer.Context) -> int:
    """Measure a model's accuracy and speed."""
    return _run_group("themis_bench.cli", "bench", context.args)


def _run_group(module: str, extra: str, arguments: Sequence[str]) -> int:
    """Run a group whose package needs an extra; nothing of it is imported before, and much of it only when needed."""
    try:
        return _invoke(import_module(module).app, f"themis {extra}", arguments or ["--help"])
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("themis_"):  # no extra brings that
            raise
        raise ThemisError(
            f"themis {extra} needs the package {missing.name}: install Themis with its extra '{extra}', as "
            f"pip install '.[cpu,{extra}]' does in a clone of it"
        ) from None


def _invoke(group: typer.Typer, name: str, arguments: Sequence[str]) -> int:
    command: Any = typer.main.get_command(group)
    try:
        with command.make_context(name, list(arguments)) as context:
            code = command.invoke(context)
    except typer.Exit as end:
        code = end.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except _MISTAKE as mistake:
        place = mistake.ctx.command_path if mistake.ctx else _meant(command, name, arguments)
        said = mistake.format_message().rstrip(".")
        raise ThemisError(f"{said}{' See' if said.endswith('?') else '; see'} {place} --help") from None
    return code if isinstance(code, int) else 0


def _meant(command: Any, name: str, arguments: Sequence[str]) -> str:
    """The command that a command line names, where the mistake does not say: an option without its value."""
    for argument in arguments:
        if argument in getattr(command, "commands", {}):
            command = command.commands[argument]
            name = f"{name} {argument}"
    return name


def run() -> NoReturn:
    """The entry point: ends the process."""
    end_with(lambda: _invoke(app, "themis", sys.argv[1:]))


if __name__ == "__main__":
    run()
