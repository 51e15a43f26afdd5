"""A client that types at random, undoes, saves, asks and changes its mind: both ends keep the same text.

``FUZZ_MESSAGES`` sets the number of messages (``make fuzz-server``: 20,000) and ``FUZZ_SEED`` the seed.
"""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp

from tests.repo import Repo
from tests.server.editor import Editor, editing

MESSAGES = int(os.environ.get("FUZZ_MESSAGES", "500"))
SEED = int(os.environ.get("FUZZ_SEED", "4"))
CHECKED_EVERY = 25

START = "import os\n\n\ndef f(rows):\n    return plain(rows)\n\n\nclass A:\n    def g(self):\n        return 'é😀'\n"
FRAGMENTS = (
    "bad", "good", "plain(", ")", "\n", "\r\n", "\r", "    ", "'''", "# themis: ignore[security] x\n", "def h():\n",
    "é", "€", "😀", "\x0c", "\u2028", "\x85", "\x0b", "\t", "}", "\ud83d", "x = [\n", "]\n", "return ", "",
)  # fmt: skip
SETTINGS: tuple[dict[str, Any], ...] = (
    {}, {"criteria": ["security"]}, {"debounce": 0}, {"base": "main"}, {"base": "nowhere"}, {"minConfidence": 0.1},
    {"nonsense": 1}, {"inlayHints": True, "codeLens": False}, {"debounce": 5, "ignore": ["b.py"]},
)  # fmt: skip


class Typist:
    """One seeded person at one editor."""

    def __init__(self, editor: Editor, repo: Repo, chance: random.Random) -> None:
        self.editor = editor
        self.repo = repo
        self.chance = chance
        self.uris = [editor.open("a.py"), editor.open("b.py"), editor.open("untitled:u", START)]
        self.undo: list[tuple[str, str]] = []
        self.asked: list[asyncio.Task[Any]] = []

    def type(self) -> None:
        uri = self.chance.choice(self.uris)
        text = self.editor.texts[uri]
        first = self.chance.randrange(len(text) + 1)
        last = min(len(text), first + self.chance.choice((0, 0, 0, 1, 2, 30)))
        first, last = self._whole(text, first), self._whole(text, last)
        new = "".join(self.chance.choices(FRAGMENTS, k=self.chance.randrange(4)))
        self.undo.append((uri, text))
        self.editor.texts[uri] = text[:first] + new + text[last:]
        where = lsp.Range(self.editor.position(text, first), self.editor.position(text, last))
        self.editor.send(uri, [lsp.TextDocumentContentChangePartial(range=where, text=new)])

    def _whole(self, text: str, at: int) -> int:
        """Not between CR and LF, where no position lies."""
        return at + 1 if 0 < at < len(text) and text[at - 1] == "\r" and text[at] == "\n" else at

    def take_back(self) -> None:
        if self.undo:
            uri, text = self.undo.pop()
            self.editor.rewrite(uri, text)

    def reset(self) -> None:
        self.editor.rewrite(self.chance.choice(self.uris), START)

    def reopen(self) -> None:
        uri = self.chance.choice(self.uris)
        self.editor.close(uri)
        self.editor.open(uri, self.editor.texts[uri])

    def configure(self) -> None:
        self.editor.client.set_configuration({"themis": {"debounce": 10, **self.chance.choice(SETTINGS)}})
        self.editor.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(None))

    def save(self) -> None:
        uri = self.uris[0]
        self.repo.write("a.py", self.editor.texts[uri].encode("utf-8", "replace"))
        self.editor.save(uri)

    def commit(self) -> None:
        self.repo.commit()

    def ask(self) -> None:
        uri, line = self.chance.choice(self.uris), self.chance.randrange(12)
        asks: tuple[Callable[[], Awaitable[Any]], ...] = (
            lambda: self.editor.hover(uri, line),
            lambda: self.editor.lenses(uri),
            lambda: self.editor.actions(uri, line),
            lambda: self.editor.pull(uri),
        )
        self.asked.append(asyncio.ensure_future(_waited(self.chance.choice(asks))))
        if self.chance.random() < 0.2:
            self.asked.pop().cancel()

    async def check(self) -> None:
        """Every question has an answer, and both ends have the same text."""
        async with asyncio.timeout(60):
            for task in self.asked:
                await task
        self.asked.clear()
        for uri in self.uris:
            assert await self.editor.server_text(uri) == self.editor.texts[uri]


async def _waited(ask: Callable[[], Awaitable[Any]]) -> Any:
    return await ask()


WEIGHTS = {"type": 70, "take_back": 10, "ask": 10, "save": 3, "reset": 2, "reopen": 2, "configure": 2, "commit": 1}


@pytest.mark.asyncio
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_both_ends_keep_the_same_text(encoding: str, tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "repo")
    repo.commit(a_py=START, b_py=START)
    async with editing(repo.root, encoding=encoding) as editor:
        typist = Typist(editor, repo, random.Random(f"{SEED} {encoding}"))
        for count in range(MESSAGES):
            (act,) = typist.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
            getattr(typist, act)()
            if count % CHECKED_EVERY == 0:
                await typist.check()
        await typist.check()
        last = editor.open("untitled:last", START)
        editor.replace(last, "plain", "bad")
        assert "`f` compared with" in await editor.hover(last, 4)
