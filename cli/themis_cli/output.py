"""Where a report goes: standard output, or a file that appears whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, ENOENT
from io import StringIO
from pathlib import Path
from typing import TextIO

from themis_lsp.error import UsageError


@contextmanager
def opened(path: Path | None, out: TextIO) -> Iterator[TextIO]:
    """Give ``out``, or a stream whose content takes the place of ``path`` once everything went well.

    Raises:
        UsageError: if the file cannot be written.
    """
    if path is None:
        yield out
        return
    target = path.resolve()
    is_plain = target.is_file() or not target.exists()  # a device or a pipe cannot be replaced
    if not os.access(target.parent if is_plain else target, os.W_OK):
        raise UsageError(f"cannot write {path}: {os.strerror(EACCES if target.parent.is_dir() else ENOENT)}")
    report = StringIO()  # nothing is written before the work tree has been read: it may be part of it
    yield report
    written = target.with_name(f".{target.name}.{os.getpid()}.part") if is_plain else target
    try:
        written.write_text(report.getvalue(), encoding="utf-8", newline="\n")
        if is_plain:
            written.replace(target)
    except OSError as problem:
        raise UsageError(f"cannot write {path}: {problem.strerror}") from None
    finally:
        if is_plain:
            written.unlink(missing_ok=True)
