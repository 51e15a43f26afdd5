"""Options that several commands share; their values are read by the settings resolver, so here they are text."""

from pathlib import Path
from typing import Annotated

import typer

Baseline = Annotated[
    str | None, typer.Option("--baseline", metavar="FILE", help="Findings to keep quiet about; see --write-baseline.")
]
Criteria = Annotated[
    str | None,
    typer.Option(
        "--criteria", metavar="NAME,…", help="Only these: correctness, runtime, memory, security, readability."
    ),
]
Device = Annotated[str | None, typer.Option("--device", metavar="auto|cpu|cuda", help="Where the model runs.")]
FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="NAME:P,…",
        help="End with status 1 from a probability on: `security:0.95`.",
    ),
]
Intent = Annotated[
    str | None, typer.Option("--intent", metavar="TEXT", help="What the change is for; the shipped model ignores it.")
]
MaxFindings = Annotated[str | None, typer.Option("--max-findings", metavar="N", help="Show only the surest.")]
MinConfidence = Annotated[
    str | None,
    typer.Option(
        "--min-confidence",
        metavar="P",
        help="Show what is worse with at least this probability; --fail-on stays as it is.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME|DIR", help="A model you pulled, or a bundle, instead of the one that ships."),
]
OutputFile = Annotated[
    Path | None, typer.Option("--output-file", metavar="FILE", help="Write there, whole or not at all.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", metavar="", help="Findings alone.")]
Tests = Annotated[
    bool | None,
    typer.Option("--tests/--no-tests", metavar="", help="Judge test code too, or not."),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", metavar="", help="A line for every unit that changed, too.")]
