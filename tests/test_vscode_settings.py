"""The settings of the VS Code extension are those of configuration files, and the server takes them all."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from themis_lsp.server.options import Options, options_of

ROOT = Path(__file__).parent.parent
MANIFEST: dict[str, Any] = json.loads((ROOT / "editors/vscode/package.json").read_text("utf-8"))
SETTINGS: dict[str, Any] = MANIFEST["contributes"]["configuration"]["properties"]
SCHEMA: dict[str, Any] = json.loads(files("themis_lsp").joinpath("settings.schema.json").read_text("utf-8"))
KEYS: dict[str, Any] = SCHEMA["properties"] | SCHEMA["$defs"]["user"]["properties"]

NOT_IN_EDITORS = {"fail-on", "new-ignores", "baseline"}  # an editor gates nothing
ONLY_IN_EDITORS = {"enable", "path", "base", "codeLens", "inlayHints", "debounce", "trace.server"}
OF_THE_MACHINE = {"path", "model", "device", "threads"}  # what a repository must not choose


def setting(key: str) -> str:
    """A key of configuration files as VS Code writes it: ``min-confidence`` is ``minConfidence``."""
    first, *others = key.split("-")
    return first + "".join(word.capitalize() for word in others)


def resolved(schema: Any) -> Any:
    """The rules alone: references followed, words for people left out, and null for what is not set."""
    if isinstance(schema, list):
        return [resolved(item) for item in schema if item not in (None, "null")]
    if not isinstance(schema, dict):
        return schema
    if name := schema.get("$ref"):
        path = name.removeprefix("#/").split("/")
        target: Any = SCHEMA
        for step in path:
            target = target[step]
        return resolved(target)
    words = {"description", "markdownDescription", "default", "scope", "order", "uniqueItems", "minItems"}
    rules = {key: resolved(value) for key, value in schema.items() if key not in words}
    if isinstance(rules.get("type"), list) and len(rules["type"]) == 1:
        (rules["type"],) = rules["type"]
    if "enum" in rules:
        rules = {"enum": sorted(rules["enum"])}
    return {key: value for key, value in rules.items() if (key, value) != ("pattern", r"\S")}


@pytest.mark.parametrize("key", sorted(set(KEYS) - NOT_IN_EDITORS))
def test_a_setting_follows_the_schema(key: str) -> None:
    assert resolved(SETTINGS[f"themis.{setting(key)}"]) == resolved(KEYS[key])


def test_there_is_no_other_setting() -> None:
    names = {name.removeprefix("themis.") for name in SETTINGS}
    assert names == {setting(key) for key in set(KEYS) - NOT_IN_EDITORS} | ONLY_IN_EDITORS


def test_the_server_takes_the_defaults_for_its_own() -> None:
    given: dict[str, Any] = {}
    for name, rules in SETTINGS.items():
        *outer, last = name.removeprefix("themis.").split(".")
        within = given
        for step in outer:
            within = within.setdefault(step, {})
        within[last] = rules["default"]
    assert options_of(given) == Options()


def test_a_repository_cannot_choose_what_runs() -> None:
    of_the_machine = {
        name.removeprefix("themis.") for name, rules in SETTINGS.items() if rules.get("scope") == "machine"
    }
    restricted = MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    assert of_the_machine == OF_THE_MACHINE == {name.removeprefix("themis.") for name in restricted}
