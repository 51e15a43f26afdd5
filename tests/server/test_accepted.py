"""What a baseline accepts is quiet in the editor as on the command line, and speaks again once it is not accepted."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.repo import Repo
from tests.server.editor import REAL, editing
from tests.server.test_same_bits import INJECTED, QUERY
from tests.test_cli import themis

EMPTY = '{"schema": "themis-baseline/1", "findings": []}'


# what the repository says, and what the user does
@pytest.mark.parametrize(("config", "given"), [('baseline = "known.json"\n', {}), ("", {"baseline": "known.json"})])
@pytest.mark.asyncio
async def test_the_editor_keeps_quiet_as_the_command_line_does(
    config: str, given: dict[str, Any], tmp_path: Path
) -> None:
    repo = Repo.make(tmp_path / "repo")
    repo.commit(query_py=QUERY)
    repo.write("query.py", INJECTED)
    home = {"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}

    def codes() -> list[str]:
        option = ["--baseline", given["baseline"]] if given else []
        ran = themis("review", "query.py", "--output-format", "json", *option, folder=repo.root, **home)
        return [finding["criterion"] for finding in json.loads(ran.stdout)["findings"]]

    themis("review", "--write-baseline", "known.json", folder=repo.root, **home)
    repo.write("themis.toml", config)
    repo.git("add", "themis.toml", "known.json")
    repo.git("commit", "--quiet", "--message=x", "themis.toml", "known.json")  # a branch cannot accept itself
    async with editing(repo.root, REAL, settings=given, environment=home) as editor:
        uri = editor.open("query.py")
        assert [found.code for found in await editor.pull(uri)] == codes() == []
        assert "The baseline accepts what is said of security here." in await editor.hover(uri, 4)
        assert (await editor.execute("themis.reviewWorkspace"))["findings"] == 0
        await editor.execute("themis.clearReview")
        repo.write("known.json", EMPTY)
        editor.save(uri)
        assert [found.code for found in await editor.pull(uri)] == codes() == ["security_hardness"]
        repo.write("known.json", "{")
        editor.save(uri)
        await editor.pull(uri)
        await editor.until(lambda: any("is no themis-baseline/1 file" in m.message for m in editor.client.messages))
