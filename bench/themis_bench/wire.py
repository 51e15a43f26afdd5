"""A client of language servers with nothing in it that takes time: bytes out, bytes in, and when they came."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from time import perf_counter
from types import TracebackType
from typing import IO, Any, Final, NamedTuple, Self, cast

from themis_lsp.error import ThemisError

_PATIENCE: Final = 60.0  # seconds for one answer


class WireError(ThemisError):
    """A language server did not answer, or not as it has to."""


class Message(NamedTuple):
    """One message of a server, and when it had arrived, in seconds of ``perf_counter``."""

    body: Mapping[str, Any]
    at: float


class Wire:
    """A running language server; use it in a ``with`` statement.

    Args:
        command: starts the server.
        folder: it is started in, and its workspace.
        settings: what it is told at the start and when it asks: those of Themis, or those of another by its sections.

    Attributes:
        started: when the process was spawned.
        process: the process.
    """

    def __init__(self, command: Sequence[str], folder: Path, settings: Mapping[str, Any]) -> None:
        self._command = command
        self._settings = settings
        self._uri = folder.as_uri()
        self._arrived: Queue[Message | None] = Queue()
        self._asked = 0
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("THEMIS_", "GIT_"))}
        home = {"XDG_CONFIG_HOME": str(folder), "APPDATA": str(folder)}
        if command[0] == sys.executable:  # other servers have packages of their own
            home["PYTHONPATH"] = os.pathsep.join(sys.path)
        self.started = perf_counter()
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment | home, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        Thread(target=self._listen, args=(cast("IO[bytes]", self.process.stdout),), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        cast("IO[bytes]", self.process.stdin).close()

    def initialize(self) -> Message:
        """Begin, as an editor that takes what is pushed; gives the answer."""
        documents = {"synchronization": {}, "publishDiagnostics": {"versionSupport": True}, "hover": {}}
        workspace = {"configuration": True, "workspaceFolders": True}
        answer = self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": self._uri,
                "workspaceFolders": [{"uri": self._uri, "name": "bench"}],
                "capabilities": {"textDocument": documents, "workspace": workspace},
                "initializationOptions": self._settings,
            },
        )
        self.tell("initialized", {})
        return answer

    def tell(self, method: str, params: object) -> float:
        """Send a notification; gives when it was sent."""
        return self._send({"method": method, "params": params})

    def ask(self, method: str, params: object) -> Message:
        """Send a request and wait for its answer.

        Raises:
            WireError: none came.
        """
        self._asked += 1
        number = self._asked
        self._send({"id": number, "method": method, "params": params})
        return self.wait(lambda body: body.get("id") == number and "method" not in body)

    def wait(self, wanted: Callable[[Mapping[str, Any]], bool], patience: float = _PATIENCE) -> Message:
        """The next message that is wanted; requests that come in between are answered.

        Raises:
            WireError: it does not come.
        """
        while True:
            try:
                message = self._arrived.get(timeout=patience)
            except Empty:
                message = None
            if message is None:
                raise WireError(f"{' '.join(self._command[:3])} … does not answer: run it by hand to see why")
            if wanted(message.body):
                return message
            self._answer(message.body)

    def fall_silent(self, seconds: float) -> None:
        """Wait until no message came for so long; requests that come are answered."""
        while True:
            try:
                message = self._arrived.get(timeout=seconds)
            except Empty:
                return
            if message is None:
                self._arrived.put(None)
                return
            self._answer(message.body)

    def _section(self, section: str | None) -> object:
        return self._settings if section == "themis" else self._settings.get(section or "")

    def _answer(self, body: Mapping[str, Any]) -> None:
        if "method" not in body or "id" not in body:
            return
        items = body["params"]["items"] if body["method"] == "workspace/configuration" else []
        result = [self._section(item.get("section")) for item in items] or None
        self._send({"id": body["id"], "result": result})

    def _send(self, body: Mapping[str, object]) -> float:
        data = json.dumps({"jsonrpc": "2.0", **body}).encode()
        stream = cast("IO[bytes]", self.process.stdin)
        at = perf_counter()
        stream.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        stream.flush()
        return at

    def _listen(self, stream: IO[bytes]) -> None:
        length = 0
        while line := stream.readline():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            elif not line.strip():
                data = stream.read(length)
                self._arrived.put(Message(json.loads(data), perf_counter()))
        self._arrived.put(None)
        stream.close()
