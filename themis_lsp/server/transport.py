"""The two ways to a client: standard input and output, and a socket for debugging.

pygls asks a thread for every line and every body, so that each message waits for several changes of thread, which takes
long while another one computes. Here the main thread reads a pipe itself, and where it cannot wait for one, as on
Windows, one thread hands on whatever has come.
"""

import asyncio
import logging
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from io import RawIOBase
from threading import Event, Thread
from typing import Any, BinaryIO, Final

from pygls.io_ import StdoutWriter, run_async

from themis_lsp.server.server import ThemisServer

_log = logging.getLogger(__name__)
_CHUNK: Final = 1 << 16
_LONGEST: Final = 1 << 30  # bytes of one message


async def over_stdio(server: ThemisServer, source: RawIOBase, target: BinaryIO) -> None:
    """Serve the client at the other end of two pipes until it is gone."""
    async with _reading(source) as stream:
        await _serve(server, stream, StdoutWriter(target))


async def over_tcp(server: ThemisServer, host: str, port: int, listening: Callable[[], None]) -> None:
    """Serve the first client that connects until it is gone; ``listening`` is called once it may.

    Raises:
        OSError: nobody can listen there.
    """
    first: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Future()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first.done():
            writer.close()
        else:
            first.set_result((reader, writer))

    accepting = await asyncio.start_server(connected, host, port, limit=_LONGEST)
    listening()
    await _serve(server, *await first)
    accepting.close()


async def _serve(server: ThemisServer, reader: asyncio.StreamReader, writer: Any) -> None:
    server.protocol.set_writer(writer)
    try:
        with suppress(asyncio.IncompleteReadError, OSError, SystemExit):
            await run_async(Event(), reader, server.protocol, _log, server.report_server_error)
    finally:
        server.shutdown()


@asynccontextmanager
async def _reading(source: RawIOBase) -> AsyncIterator[asyncio.StreamReader]:
    """What comes through a file, without blocking."""
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader(limit=_LONGEST)
    if not _can_be_awaited(source):
        Thread(target=_hand_on, args=(source, stream, loop), name="themis-stdin", daemon=True).start()
        yield stream
        return
    pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), source)
    try:
        yield stream
    finally:
        pipe.close()


def _can_be_awaited(source: RawIOBase) -> bool:
    """Whether it is a pipe or a socket, on a system where these are like other files.

    A terminal must not be made non-blocking, as others read it too.
    """
    mode = os.fstat(source.fileno()).st_mode
    return sys.platform != "win32" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _hand_on(source: RawIOBase, stream: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # the loop may end first
        while data := source.read(_CHUNK):
            loop.call_soon_threadsafe(stream.feed_data, data)
        loop.call_soon_threadsafe(stream.feed_eof)
