"""The editor and the command line say the same of the same edit, bit for bit, with the model that ships."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.repo import Repo
from tests.server.editor import REAL, editing
from tests.test_cli import themis
from themis_cli.demo import examples

QUERY = """import sqlite3


def orders_of(connection, customer):
    rows = connection.execute("SELECT id, total FROM orders WHERE customer = ?", (customer,))
    return rows.fetchall()
"""
INJECTED = QUERY.replace('customer = ?", (customer,))', 'customer = \'" + customer + "\'")')


def rows_of(verdicts: list[dict[str, Any]]) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    return {
        (v["path"], v["unit"], v["criterion"]): (v["verdict"], v["delta"], v["p"] and tuple(v["p"]), v["because"])
        for v in verdicts
    }


@pytest.mark.asyncio
async def test_the_editor_says_what_the_command_line_says(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "repo")
    changes = {"query.py": (QUERY, INJECTED)} | {
        f"{number}/{case.change.path}": (case.change.before or "", case.change.after or "")
        for number, case in enumerate(examples())
    }
    for path, (before, _) in changes.items():
        repo.write(path, before)
    repo.commit()
    for path, (_, after) in changes.items():
        repo.write(path, after)
    home = {"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    report = json.loads(themis("review", "--output-format", "json", folder=repo.root, **home).stdout)
    said: list[dict[str, Any]] = []
    async with editing(repo.root, REAL, environment=home) as editor:
        for path in changes:
            uri = editor.open(path)
            said += (await editor.verdicts(uri))["verdicts"]
        found = await editor.pull(editor.uri("query.py"))
    assert rows_of(said) == rows_of(report["verdicts"])
    assert [diagnostic.code for diagnostic in found] == ["security_hardness"]
