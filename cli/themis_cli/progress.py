"""A progress bar for whatever takes more than a second, on terminals only."""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

_PATIENCE = 1.0  # seconds
_Item = TypeVar("_Item")


def counted(
    items: Iterable[_Item],
    total: int | None,
    what: str,
    err: TextIO | None,
    size: Callable[[_Item], int] | None = None,
) -> Iterator[_Item]:
    """Pass the items on; ``what`` names them on the bar, which counts them or, given their ``size``, bytes."""
    if err is None or not err.isatty():
        yield from items
        return
    start = monotonic()
    bar: Progress | None = None
    try:
        done = 0
        for item in items:
            if bar is None and monotonic() - start > _PATIENCE:
                bar = _started(total, done, what, err, is_bytes=size is not None)
            elif bar is not None:
                bar.update(bar.task_ids[0], completed=done)
            yield item
            done += size(item) if size else 1
    finally:
        if bar is not None:
            bar.stop()


def _started(total: int | None, done: int, what: str, err: TextIO, *, is_bytes: bool) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from themis_cli.report.look import BLUE

    columns = (
        TextColumn(what),
        BarColumn(complete_style=BLUE, finished_style=BLUE),
        DownloadColumn() if is_bytes else MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(file=err), transient=True)
    bar.add_task(what, total=total, completed=done)
    bar.start()
    return bar
