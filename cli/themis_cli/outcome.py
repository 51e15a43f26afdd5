"""How a process ends: the one place where errors become exit codes, light enough for starting the language server."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn, Self

from themis_cli.escape import visible
from themis_model.error import ThemisError

_COULD_NOT = 2
_INTERRUPTED = 130


def end_with(work: Callable[[], int]) -> NoReturn:
    """Do what the process is there for, and end it."""
    signal.signal(signal.SIGTERM, _end)  # so that temporary files go away
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):
            setattr(sys, name, _Text.instead_of(stream))
    sys.exit(_exit_code(work))


class _Text(TextIOWrapper):
    """Text for somebody who may leave, as ``head`` does: the rest goes nowhere, and the exit code stays what it is."""

    @classmethod
    def instead_of(cls, stream: TextIOWrapper) -> Self:
        encoding, is_live = stream.encoding, stream.line_buffering
        # A terminal without UTF-8 must not end a review.
        return cls(stream.detach(), encoding, "backslashreplace", line_buffering=is_live)

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            self._discard()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._discard()

    def _discard(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def _exit_code(work: Callable[[], int]) -> int:
    """Do some work; every outcome is an exit code and, if it is not a result, one line on standard error."""
    try:
        code = work()
        sys.stdout.flush()
    except ThemisError as problem:
        return _refuse(str(problem), problem.exit_code)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as bug:
        if os.environ.get("THEMIS_DEBUG"):
            traceback.print_exc()
        return _refuse(
            f"this is a bug in Themis, please report it with what THEMIS_DEBUG=1 shows: {type(bug).__name__}: {bug}",
            _COULD_NOT,
        )
    return code


def _refuse(message: str, code: int) -> int:
    sys.stderr.write(f"error: {visible(' '.join(message.split()))}\n")
    return code


def _end(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  (what signal handlers are given)
    raise SystemExit(128 + number)
