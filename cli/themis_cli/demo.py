"""``themis demo``: Themis speaking and keeping silent, on examples of its own in a throw-away repository."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from themis_cli import options
from themis_cli.context import Context, real

if TYPE_CHECKING:
    from themis_lsp.case import Case
    from themis_lsp.verdict import Direction, Verdict
    from themis_model.criterion import Criterion

_COMMIT: Final = (
    ("init", "--quiet", "--template="),
    ("add", "--all"),
    ("commit", "--quiet", "--message", "Before"),
)
_GIT: Final = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "Themis" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "demo@themis.invalid" for who in ("AUTHOR", "COMMITTER")},
}


class Outcome(NamedTuple):
    """What one example expects, beside what was said of it.

    Attributes:
        title: the example's.
        expected: in words.
        said: in words.
        is_met: None where the model keeps silent although something is expected.
    """

    title: str
    expected: str
    said: str
    is_met: bool | None


def command(device: options.Device = None, model: options.Model = None) -> None:
    """Review Themis's own examples in a throw-away repository: see it speak, and see it keep silent.

    For example:

    * `themis demo`
    """
    run({"device": device, "model": model}, real())


def run(given: Mapping[str, str | None], context: Context) -> None:
    """Build the repository, review it, and print the report and what was expected; nothing is left behind.

    Raises:
        ThemisError: git or the model cannot be used.
    """
    from themis_cli.report import FORMATS, Detail
    from themis_cli.report.tally import count
    from themis_cli.review import judged
    from themis_cli.source import Selection

    cases = examples()
    with TemporaryDirectory(prefix="themis-demo-") as name, _no_repository_around():
        folder = Path(name).resolve()
        build(folder, cases)
        # The user's own thresholds would spoil the expectations, so their configuration is not looked for.
        inside = replace(context, folder=folder, environ=dict.fromkeys(("APPDATA", "XDG_CONFIG_HOME"), name))
        report, _ = judged(Selection(), given, inside, context.err)
    edits = count(report.review.coverage.edits, "edit")
    context.out.write(f"Themis's own {len(cases)} examples, {edits} in all, reviewed as any others would be:\n\n")
    FORMATS["text"](report, context.out, Detail.NORMAL)
    _print(list(outcomes(cases, report.review.verdicts)), context)


def examples() -> "Sequence[Case]":
    """The examples that ship with Themis, in a fixed order."""
    from themis_lsp.case import cases_in

    pages = sorted(files("themis_cli").joinpath("examples").iterdir(), key=lambda page: page.name)
    return [case for page in pages for case in cases_in(page.read_text("utf-8"), page.name)]


def build(folder: Path, cases: "Sequence[Case]") -> None:
    """Make a repository whose commit holds every case's old text, and whose work tree the new ones.

    Raises:
        GitError: git does not do it.
    """
    from themis_lsp.error import GitError
    from themis_lsp.git import run_git

    _write(folder, ((case.change.path, case.change.before) for case in cases))
    for arguments in _COMMIT:
        ran = run_git(folder, arguments, _GIT)
        if ran.status:
            raise GitError(f"git {arguments[0]} failed in {folder}, try a newer git: {ran.error.strip()}")
    _write(folder, ((case.change.path, case.change.after) for case in cases))


def outcomes(cases: "Sequence[Case]", verdicts: "Sequence[Verdict]") -> Iterator[Outcome]:
    """What each case expects beside what the verdicts on its file say of the criteria it names."""
    from themis_lsp.verdict import Direction

    for case in cases:
        wanted = {(c, direction) for c, direction in case.expected.items() if direction is not Direction.NONE}
        asked = [v for v in verdicts if v.path == case.change.path and v.criterion in case.expected]
        spoken = {(v.criterion, v.direction) for v in asked if v.direction is not Direction.NONE}
        reasons = dict.fromkeys(v.because for v in asked if v.because) if wanted else ()
        said = _words(spoken) or "; ".join(reasons) or "nothing"
        is_silent = bool(wanted) and not spoken
        yield Outcome(case.title, _words(wanted) or "nothing", said, None if is_silent else spoken == wanted)


def _words(said: "Iterable[tuple[Criterion, Direction]]") -> str:
    return ", ".join(f"{criterion.short} {direction}" for criterion, direction in sorted(said))


@contextmanager
def _no_repository_around() -> Iterator[None]:
    """Hide git's variables: inside a hook they name the caller's repository, which must stay as it is."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("GIT_")}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _write(folder: Path, texts: Iterable[tuple[str, str | None]]) -> None:
    for path, text in texts:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text or "", "utf-8", newline="\n")


def _print(found: Sequence[Outcome], context: Context) -> None:
    from rich.text import Text

    from themis_cli.report.look import BETTER, QUIET, WORSE, Look, Screen
    from themis_cli.table import aligned

    console = Screen(context.out)
    symbols = Look.of(console).symbols
    marks = {True: (symbols.better, BETTER), False: (symbols.worse, WORSE), None: (symbols.dot, QUIET)}
    found = sorted(found, key=lambda outcome: outcome.is_met is None)
    lines = aligned([("example", "expected", "said"), *((o.title, o.expected, o.said) for o in found)])
    console.print()
    for (mark, colour), line in zip([("", QUIET), *(marks[o.is_met] for o in found)], lines, strict=True):
        console.print(Text.assemble((f"{mark:<2}", colour), (line, "" if mark else colour)), soft_wrap=True)
    met, wrong, silent = (sum(outcome.is_met is state for outcome in found) for state in (True, False, None))
    console.print(f"\n{met} as expected, {wrong} not, {silent} silent for the reason given.")
