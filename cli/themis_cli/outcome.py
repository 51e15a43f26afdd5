"""How a process ends: the one place where errors become exit codes, light enough for starting the language server."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn

from themis_cli.escape import visible
from themis_model.error import ThemisError

_COULD_NOT = 2
_INTERRUPTED = 130


def end_with(work: Callable[[], int]) -> NoReturn:
    """Do what the process is there for, and end it."""
    signal.signal(signal.SIGTERM, _end)  # so that temporary files go away
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not end a review
    sys.exit(_exit_code(work))


def _exit_code(work: Callable[[], int]) -> int:
    """Do some work; every outcome is an exit code and, if it is not a result, one line on standard error."""
    try:
        code = work()
        sys.stdout.flush()
    except ThemisError as problem:
        return _refuse(str(problem), problem.exit_code)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return _COULD_NOT
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


def _discard_output() -> None:
    """Whoever read our output is gone: keep the interpreter from complaining about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  (what signal handlers are given)
    raise SystemExit(128 + number)
