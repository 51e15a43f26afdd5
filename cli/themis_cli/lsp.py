"""``themis lsp``: the language server."""

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
    from themis_cli.serve import over_stdio, over_tcp

    if tcp is None:
        return over_stdio()
    if stdio:
        from themis_lsp.error import UsageError

        raise UsageError("--stdio and --tcp exclude each other: keep one")
    return over_tcp(tcp)
