"""``themis lsp``: the language server."""

import gc
from typing import Annotated

import typer


def command(
    stdio: Annotated[
        bool, typer.Option("--stdio", metavar="", help="Over standard input and output, the default.")
    ] = False,
    tcp: Annotated[
        str | None, typer.Option("--tcp", metavar="HOST:PORT", help="Wait there for one client; for debugging.")
    ] = None,
) -> int:
    """Speak the Language Server Protocol: what editors run.

    For example:

    * `themis lsp`

    * `themis lsp --tcp 127.0.0.1:9257`
    """
    gc.disable()  # thousands of classes are about to be made for good; it goes on again once the model is loaded
    from themis_cli.context import real
    from themis_lsp.error import UsageError
    from themis_lsp.server.app import serve_stdio, serve_tcp

    load = real().load
    if tcp is None:
        return serve_stdio(load)
    if stdio:
        raise UsageError("--stdio and --tcp exclude each other: keep one")
    host, colon, port = tcp.rpartition(":")
    if not colon or not port.isdecimal():
        raise UsageError(f"--tcp is {tcp!r}: expected HOST:PORT, as 127.0.0.1:9257")
    try:
        return serve_tcp(load, host, int(port))
    except (OSError, OverflowError) as problem:
        raise UsageError(f"cannot listen on {tcp}: {problem}; choose another port") from None
