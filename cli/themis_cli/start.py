"""Where the process begins: Ctrl-C ends it without a word, even while Themis is still being loaded."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_INTERRUPTED = 130
#: What editors say. The table of commands takes longer to load than the whole server should.
_SERVE = (["lsp"], ["lsp", "--stdio"])


def run() -> NoReturn:
    """Load the command line, or the language server alone if that is all that is wanted, and run it."""
    signal.signal(signal.SIGINT, _leave)
    if sys.argv[1:] in _SERVE:
        from themis_cli.serve import run as run_loaded
    else:
        from themis_cli.main import run as run_loaded
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run_loaded()


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Nothing has been opened yet, so there is nothing to clean up, and no traceback to show.
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    run()
