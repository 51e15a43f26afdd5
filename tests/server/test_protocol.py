"""What pygls does otherwise here."""

import asyncio
import json
from typing import Any

from lsprotocol import types as lsp

from themis_lsp.server.app import create
from themis_model.fake import FakeScorer

URI = "untitled:a"


class Sink:
    """A client that keeps what it hears."""

    def __init__(self) -> None:
        self.heard = b""

    def write(self, data: bytes) -> None:
        self.heard += data

    def close(self) -> None:
        pass


class Talk:
    """A server that has been greeted and told of one document, and what is said to it and by it."""

    def __init__(self) -> None:
        self.server, self.sink = create(lambda _: FakeScorer()), Sink()
        self.server.protocol.set_writer(self.sink)
        self.say("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, id=1)
        item = {"uri": URI, "languageId": "python", "version": 1, "text": "x = 1\n"}
        self.say("textDocument/didOpen", {"textDocument": item})

    def say(self, method: str, params: object, **number: int) -> None:
        body: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params, **number}
        message: Any = self.server.protocol.structure_message(body)
        self.server.protocol.handle_message(message)

    def heard(self) -> str:
        return self.sink.heard.decode()

    async def finish(self) -> None:
        while len(asyncio.all_tasks()) > 1:
            await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
        await asyncio.sleep(0)  # what is done is told at the next turn of the loop


def test_nothing_is_kept_of_a_notification_that_is_dealt_with() -> None:
    asyncio.run(_deal_with_notifications())


async def _deal_with_notifications() -> None:
    talk = Talk()
    for version in range(2, 9):
        talk.say(
            "textDocument/didChange",
            {"textDocument": {"uri": URI, "version": version}, "contentChanges": [{"text": f"x = {version}\n"}]},
        )
    talk.say("textDocument/didSave", {"textDocument": {"uri": URI}})
    talk.say("workspace/didChangeConfiguration", {"settings": {}})
    await talk.finish()
    assert str(talk.server.session.documents[URI].text) == "x = 8\n"
    assert talk.server.protocol._request_futures == {}
    talk.server.session.close()


def test_a_shutdown_cancels_what_is_under_way() -> None:
    asyncio.run(_shut_down_at_once())


async def _shut_down_at_once() -> None:
    talk = Talk()
    talk.say("workspace/executeCommand", {"command": "themis.reviewWorkspace", "arguments": []}, id=2)
    talk.say("workspace/didChangeConfiguration", {"settings": {}})
    under_way = dict(talk.server.protocol._request_futures)
    assert 2 in under_way
    talk.say("shutdown", None, id=3)
    await talk.finish()
    assert all(future.cancelled() for future in under_way.values())
    assert talk.server.protocol._request_futures == {}
    bodies = [json.loads(part.partition("Content-Length")[0]) for part in talk.heard().split("\r\n\r\n")[1:]]
    answers = {body["id"]: body.get("error", {}).get("code", body.get("result")) for body in bodies if "id" in body}
    assert (answers[2], answers[3]) == (lsp.LSPErrorCodes.RequestCancelled, None)
    talk.server.session.close()
