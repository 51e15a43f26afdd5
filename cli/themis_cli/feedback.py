"""``themis feedback``: whether a finding was right, kept on this machine, and handed on as preference pairs."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from themis_cli import options
from themis_cli.context import Context, real
from themis_model.criterion import CRITERIA

SCHEMA: Final = "themis-feedback/1"

_COLUMNS: Final = ("id", "source", "language", "criterion", "project", "license", "chosen", "rejected", "reason")
_NEUTRAL: Final = "neutral"  # as ``themis_bench.pairs`` calls an edit that neither helps nor harms

_Report = Annotated[Path, typer.Option("--report", metavar="FILE", help="A report in JSON that has the finding.")]
_Finding = Annotated[str, typer.Argument(metavar="FINDING", help="Its place, or how its fingerprint begins.")]

app = typer.Typer(rich_markup_mode="markdown")


@app.callback(invoke_without_command=True)
def _feedback(context: typer.Context) -> None:
    """Say whether findings were right; it stays on this machine.

    For example:

    * `themis review --output-format json --output-file review.json`

    * `themis feedback disagree src/users.py:14 --report review.json`

    * `themis feedback export pairs.jsonl` makes pairs to train on, or to measure a model with

    * `themis feedback calibrate ours` makes a model whose percentages hold for your code, once there are enough answers
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("agree")
def _agree(finding: _Finding, report: _Report) -> None:
    """It is worse, as the finding says.

    The finding is named by its place, as reports print it, or by its fingerprint.

    For example:

    * `themis feedback agree src/users.py:14 --report review.json`
    """
    give(finding, report, real(), agrees=True)


@app.command("disagree")
def _disagree(finding: _Finding, report: _Report) -> None:
    """It is not worse, whatever the finding says.

    The finding is named by its place, as reports print it, or by its fingerprint.

    For example:

    * `themis feedback disagree src/users.py:14 --report review.json`
    """
    give(finding, report, real(), agrees=False)


@app.command("export")
def _export(target: Annotated[Path, typer.Argument(metavar="FILE", help="A .jsonl or .parquet file.")]) -> None:
    """Write everything as preference pairs.

    For example:

    * `themis feedback export pairs.jsonl`, then `themis bench accuracy pairs.jsonl`
    """
    export(target, real())


@app.command("calibrate")
def _calibrate(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="What to call the new model; without one, nothing is written."),
    ] = None,
    model: options.Model = None,
    replace: Annotated[bool, typer.Option("--replace", metavar="", help="Another model of that name may go.")] = False,
) -> None:
    """Refit what the percentages mean to your answers.

    It takes at least 30 answers about one criterion. What comes of it is measured on answers that were held out, shown
    beside the model as it is, and kept only where it is better. A refitted model shows less, or the same, never more.
    It is a model of its own: nothing changes until you choose it.

    For example:

    * `themis feedback calibrate` says what it would come to

    * `themis feedback calibrate ours`, then `themis review --model ours`
    """
    from themis_cli.recalibrate import calibrate

    calibrate(name, model, real(), replaces=replace)


def give(what: str, report: Path, context: Context, *, agrees: bool) -> None:
    """Keep one answer, with both texts of the edit it is about.

    Raises:
        UsageError: the report has no such finding, the edit is no longer there, or what is kept cannot be read.
        GitError: the repository cannot say what changed.
    """
    from themis_cli.escape import visible
    from themis_cli.recovered import recovered
    from themis_cli.saved import finding_in, report_in

    saved = context.folder / report
    reviewed = report_in(saved)
    finding = finding_in(reviewed, saved, what)
    edit, project = recovered(finding, reviewed, context.folder)
    row = {
        "schema": SCHEMA,
        "fingerprint": finding["fingerprint"],
        "agrees": agrees,
        "criterion": finding["criterion"],
        "defect": finding["defect"],
        "delta": finding["delta"],
        "p": finding["p"],
        "model": reviewed["model"],
        "project": project,
        "path": edit.path,
        "unit": edit.unit,
        "language": edit.language,
        "before": "\n".join(edit.before.lines),
        "after": "\n".join(edit.after.lines),
    }
    key = row["fingerprint"], reviewed["model"]["graph_digest"]
    before = next((known for known in answers(context.environ) if _key(known) == key), None)
    kept = store(context.environ)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"{json.dumps(row)}\n")
    instead = ""
    if before:
        instead = f", which replaces your earlier answer ({'agreed' if before['agrees'] else 'disagreed'})"
    word = "agreed with" if agrees else "disagreed with"
    context.out.write(f"{word} {finding['fingerprint']} ({visible(edit.unit)}){instead}; kept in {kept}\n")


def export(target: Path, context: Context) -> None:
    """Write the last answer about each finding as a pair, or as a neutral edit where people disagreed.

    Raises:
        UsageError: nothing was said yet, or the file cannot be written.
    """
    from themis_cli.output import opened
    from themis_lsp.error import UsageError

    pairs = [_pair(row) for row in answers(context.environ)]
    if not pairs:
        raise UsageError("there is no feedback yet: give some with themis feedback agree or disagree")
    if target.suffix == ".parquet":
        _write_parquet(pairs, context.folder / target)
    elif target.suffix == ".jsonl":
        with opened(context.folder / target, context.out) as out:
            out.writelines(f"{json.dumps(pair)}\n" for pair in pairs)
    else:
        raise UsageError(f"{target} is neither .jsonl nor .parquet: name one of them")
    context.out.write(f"{len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'} written to {target}\n")


def store(environ: Mapping[str, str]) -> Path:
    """Where answers are kept."""
    from themis_lsp.home import data_folder

    return data_folder(environ) / "feedback.jsonl"


def answers(environ: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    """The last answer about each finding of each graph, in the order in which they were first given.

    Raises:
        UsageError: a line of the file is no answer.
    """
    from themis_lsp.error import UsageError

    kept = store(environ)
    if not kept.is_file():
        return ()
    found = {}
    for number, line in enumerate(kept.read_text("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            found[_key(row)] = _known(row)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            raise UsageError(f"line {number} of {kept} is no {SCHEMA} row: take it out") from None
    return tuple(found.values())


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    """What an answer is about: the last one about the same counts."""
    return row["fingerprint"], row["model"]["graph_digest"]


def _known(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row, if it has everything that is made of it.

    Raises:
        ValueError, TypeError, KeyError, OverflowError: it has not.
    """
    texts = [row[name] for name in ("fingerprint", "criterion", "project", "path", "language", "before", "after")]
    is_whole = row["schema"] == SCHEMA and all(isinstance(text, str) for text in (*texts, row["model"]["graph_digest"]))
    if not is_whole or row["criterion"] not in list(CRITERIA) or not isinstance(row["agrees"], bool):
        raise ValueError
    if not isinstance(row["defect"], str | None) or not math.isfinite(row["delta"]):
        raise ValueError
    return row


def _pair(row: Mapping[str, Any]) -> dict[str, str]:
    agrees = row["agrees"]
    return {
        "id": f"{row['fingerprint']}-{row['model']['graph_digest'][:8]}",
        "source": "feedback",
        "language": row["language"],
        "criterion": row["criterion"] if agrees else _NEUTRAL,
        "project": row["project"],
        "license": "own",
        "chosen": row["before"] if agrees else row["after"],
        "rejected": row["after"] if agrees else row["before"],
        "reason": (row["defect"] or "") if agrees else "",
    }


def _write_parquet(pairs: Sequence[Mapping[str, str]], target: Path) -> None:
    from themis_lsp.error import UsageError

    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise UsageError("a .parquet file needs the package pyarrow: install it, or name a .jsonl file") from None
    try:
        parquet.write_table(pyarrow.table({name: [pair[name] for pair in pairs] for name in _COLUMNS}), target)
    except OSError as problem:
        raise UsageError(f"cannot write {target}: {problem.strerror}") from None
