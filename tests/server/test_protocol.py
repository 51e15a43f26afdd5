"""What pygls does otherwise here."""

import asyncio
from typing import Any

from themis_lsp.server.app import create
from themis_model.fake import FakeScorer

URI = "untitled:a"


class Sink:
    """A client that reads nothing."""

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


def test_nothing_is_kept_of_a_notification_that_is_dealt_with() -> None:
    asyncio.run(_deal_with_notifications())


async def _deal_with_notifications() -> None:
    server = create(lambda _: FakeScorer())
    protocol = server.protocol
    protocol.set_writer(Sink())

    def say(method: str, params: object, **number: int) -> None:
        body: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params, **number}
        protocol.handle_message(protocol.structure_message(body))

    say("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, id=1)
    item = {"uri": URI, "languageId": "python", "version": 1, "text": "x = 1\n"}
    say("textDocument/didOpen", {"textDocument": item})
    for version in range(2, 9):
        say(
            "textDocument/didChange",
            {"textDocument": {"uri": URI, "version": version}, "contentChanges": [{"text": f"x = {version}\n"}]},
        )
    say("textDocument/didSave", {"textDocument": {"uri": URI}})
    say("workspace/didChangeConfiguration", {"settings": {}})
    while len(asyncio.all_tasks()) > 1:
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
    await asyncio.sleep(0)  # what is done is told at the next turn of the loop
    assert str(server.session.documents[URI].text) == "x = 8\n"
    assert protocol._request_futures == {}
    server.session.close()
