"""A progress bar for whatever takes more than a second, on terminals only."""

from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

_PATIENCE = 1.0  # seconds
_Item = TypeVar("_Item")


def counted(items: Iterable[_Item], total: int | None, what: str, err: TextIO | None) -> Iterator[_Item]:
    """Pass the items on; ``what`` names them on the bar."""
    if err is None or not err.isatty():
        yield from items
        return
    start = monotonic()
    bar: Progress | None = None
    try:
        for done, item in enumerate(items):
            if bar is None and monotonic() - start > _PATIENCE:
                bar = _started(total, what, err)
            if bar is not None:
                bar.update(bar.task_ids[0], completed=done)
            yield item
    finally:
        if bar is not None:
            bar.stop()


def _started(total: int | None, what: str, err: TextIO) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from themis_cli.report.look import BLUE

    columns = (
        TextColumn(what),
        BarColumn(complete_style=BLUE, finished_style=BLUE),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(file=err), transient=True)
    bar.add_task(what, total=total)
    bar.start()
    return bar
