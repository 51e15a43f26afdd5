"""The language server with the ONNX model, started with as little else as can be: an editor waits for it."""

import gc
from typing import NoReturn

from themis_cli.outcome import end_with


def run() -> NoReturn:
    """Serve over standard input and output, and end the process."""
    end_with(over_stdio)


def over_stdio() -> int:
    """Serve one client over standard input and output; returns the exit status."""
    gc.disable()  # thousands of classes are about to be made for good; it goes on again once the model is loaded
    from themis_cli.context import real
    from themis_lsp.server.app import serve_stdio

    return serve_stdio(real().load)


def over_tcp(address: str) -> int:
    """Serve one client that connects to ``HOST:PORT``; returns the exit status.

    Raises:
        UsageError: it is no address, or nobody can listen there.
    """
    from themis_cli.context import real
    from themis_lsp.error import UsageError
    from themis_lsp.server.app import serve_tcp

    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        raise UsageError(f"--tcp is {address!r}: expected HOST:PORT, as 127.0.0.1:9257")
    try:
        return serve_tcp(real().load, host, int(port))
    except (OSError, OverflowError) as problem:
        raise UsageError(f"cannot listen on {address}: {problem}; choose another port") from None
