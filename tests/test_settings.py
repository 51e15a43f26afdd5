"""Settings: who may say what, where, and what a wrong word is answered with."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from themis_lsp.config import Config, on_disk, trusted
from themis_lsp.error import SettingsError
from themis_lsp.pattern import path_matches
from themis_lsp.settings import KEYS, Level, Settings
from themis_model.criterion import Criterion

KNOWN = (
    "known are criteria, min-confidence, ignore, tests, fail-on, new-ignores, baseline, max-findings, model, device, "
    "threads, intent"
)
SECURITY, READABILITY = Criterion.SECURITY_HARDNESS, Criterion.READABILITY_MAINTAINABILITY


@dataclass(frozen=True)
class Row:
    """What was said where, and the settings (or the error) that follow for ``path``."""

    name: str
    want: dict[str, object] | str
    files: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    path: str = "src/app.py"


def config(row: Row, home: Path) -> Config:
    if row.user:
        (home / "themis").mkdir()
        (home / "themis" / "config.toml").write_text(row.user, "utf-8")
    environ = {**row.environ, "XDG_CONFIG_HOME": str(home), "APPDATA": str(home)}
    return Config(trusted(row.options, environ), row.files.get)


def check(row: Row, home: Path) -> None:
    """The settings differ from the defaults in exactly what the row wants, or the error reads as it says."""
    if isinstance(row.want, str):
        with pytest.raises(SettingsError) as caught:
            config(row, home).at(row.path)
        user = str(home / "themis" / "config.toml")
        assert str(caught.value).replace(user, "USER") == row.want
    else:
        assert asdict(config(row, home).at(row.path)) == asdict(Settings()) | row.want


ROWS = [
    Row("nothing said", {}),
    Row("pyproject", {"min_confidence": 0.9}, {"pyproject.toml": "[tool.themis]\nmin-confidence = 0.9"}),
    Row("own file", {"criteria": (SECURITY,)}, {"themis.toml": 'criteria = ["security"]'}),
    Row("hidden file", {"max_findings": 3}, {".themis.toml": "max-findings = 3"}),
    Row("byte-order mark", {"max_findings": 3}, {"themis.toml": "\ufeffmax-findings = 3"}),
    Row(
        "short words and keys, in the one order",
        {"criteria": (SECURITY, READABILITY)},
        {"themis.toml": 'criteria = ["readability_maintainability", "security", "readability"]'},
    ),
    Row("gates", {"fail_on": {SECURITY: 1.0}}, {"pyproject.toml": "[tool.themis.fail-on]\nsecurity = 1"}),
    Row("a word for a switch", {"new_ignores": False}, {"themis.toml": 'new-ignores = "refuse"'}),
    Row("a broken file that is not ours", {}, {"src/pyproject.toml": "[[[", "pyproject.toml": "[tool]\nother = 1"}),
    Row("a name that is only mentioned", {}, {"pyproject.toml": 'tool = "themis"'}),
    # Precedence.
    Row(
        "closest file, key by key",
        {"min_confidence": 0.7, "criteria": (SECURITY,), "max_findings": 5},
        {
            "themis.toml": 'min-confidence = 0.9\ncriteria = ["security"]\nmax-findings = 5',
            "src/themis.toml": "min-confidence = 0.7",
        },
    ),
    Row("file of a sister folder", {}, {"lib/themis.toml": "min-confidence = 0.7"}),
    Row(
        "user over repository",
        {"min_confidence": 0.6},
        {"src/themis.toml": "min-confidence = 0.7"},
        user="min-confidence = 0.6",
    ),
    Row("environment over user", {"threads": 3}, user="threads = 1", environ={"THEMIS_THREADS": "3"}),
    Row("command line over environment", {"threads": 4}, environ={"THEMIS_THREADS": "3"}, options={"threads": 4}),
    Row("empty variable, absent option", {}, environ={"THEMIS_THREADS": ""}, options={"threads": None}),
    Row(
        "text on the command line",
        {"fail_on": {SECURITY: 0.95, READABILITY: 0.9}},
        options={"fail-on": "security_hardness:0.95, readability:0.9"},
    ),
    Row("text in a variable", {"criteria": (READABILITY,)}, environ={"THEMIS_CRITERIA": "readability,"}),
    Row("intent", {"intent": "make it faster"}, options={"intent": "make it faster"}),
    Row("a path outside", {}, {"../themis.toml": "max-findings = 0", "/etc/themis.toml": "?"}, path="../x.py"),
    Row(
        "patterns of a folder",
        {"ignore": ("src/**/*.min.js", "src/gen/**")},
        {"src/themis.toml": 'ignore = ["*.min.js", "/gen/**"]'},
    ),
    Row(
        "patterns of an odd folder", {"ignore": ("[[]x]/**/a",)}, {"[x]/themis.toml": 'ignore = ["a"]'}, path="[x]/b.py"
    ),
    # What is refused.
    Row(
        "unknown key",
        "pyproject.toml: unknown key 'fail_on', did you mean fail-on?",
        {"pyproject.toml": "[tool.themis]\nfail_on = 1"},
    ),
    Row(
        "unknown key like no other",
        f"themis.toml: unknown key 'zzz', {KNOWN}",
        {"themis.toml": "zzz = 1"},
    ),
    Row("unknown option", "unknown key 'thread', did you mean threads?", options={"thread": 1}),
    Row(
        "unknown variable",
        "unknown variable THEMIS_FAILON: did you mean THEMIS_FAIL_ON?",
        environ={"THEMIS_FAILON": "1", "THEMIS_PARK": "1"},
    ),
    Row(
        "unknown criterion",
        "themis.toml: criteria is ['securty']: unknown criterion 'securty', did you mean security?",
        {"themis.toml": 'criteria = ["securty"]'},
    ),
    Row(
        "no criterion",
        '--criteria is []: expected a list of criteria such as ["security", "memory"]',
        options={"criteria": ","},
    ),
    Row(
        "wrong type",
        "src/themis.toml: min-confidence is 'high': expected a number from 0 to 1",
        {"src/themis.toml": 'min-confidence = "high"'},
    ),
    Row("truth is no number", "USER: threads is True: expected a whole number from 1 to 64", user="threads = true"),
    Row(
        "wrong text",
        "THEMIS_MIN_CONFIDENCE is nan: expected a number from 0 to 1",
        environ={"THEMIS_MIN_CONFIDENCE": "nan"},
    ),
    Row(
        "gate without number",
        f"--fail-on is 'security': expected {KEYS['fail-on'].expected}",
        options={"fail-on": "security"},
    ),
    Row(
        "gate named twice",
        "--fail-on is {'security': 0.5, 'security_hardness': 0.9}: one criterion is named twice",
        options={"fail-on": "security:0.5,security_hardness:0.9"},
    ),
    Row(
        "negated pattern",
        "themis.toml: ignore is ['!a']: '!a' is no plain pattern such as \"vendor/**\"",
        {"themis.toml": 'ignore = ["!a"]'},
    ),
    Row(
        "control characters",
        f"themis.toml: unknown key '\\x1b[31m\\n', {KNOWN}",
        {"themis.toml": '"\\u001b[31m\\n" = 1'},
    ),
    Row(
        "two files",
        "pyproject.toml and themis.toml both configure Themis: keep one of them",
        {"themis.toml": "", "pyproject.toml": "[tool.themis]"},
    ),
    Row("not a table", "pyproject.toml: tool.themis is 1: expected a table", {"pyproject.toml": "[tool]\nthemis = 1"}),
    Row("not TOML", "themis.toml is not valid TOML: Invalid value (at line 1, column 6)", {"themis.toml": "a = [}"}),
    Row(
        "nested without end",
        "themis.toml is not valid TOML: nested too deeply",
        {"themis.toml": "a = " + "[" * 100_000},
    ),
    Row(
        "endless",
        "themis.toml is too large: more than 262144 characters",
        {"themis.toml": "#" * 300_000},
    ),
    Row(
        "run key in a folder",
        "src/themis.toml: max-findings may not be set here: "
        "it holds for the whole run: move it to the configuration at the root of the repository",
        {"src/themis.toml": "max-findings = 1"},
    ),
    *(
        Row(
            f"{key} in a repository",
            f"themis.toml: {key} may not be set here: a repository must not choose what runs: "
            f"use --{key}, THEMIS_{key.upper()} or your own configuration",
            {"themis.toml": f'{key} = "cpu"'},
        )
        for key in ("model", "device", "threads")
    ),
    Row(
        "intent in a file",
        "USER: intent may not be set here: it is said anew for each change: give it as --intent",
        user='intent = "x"',
    ),
    Row(
        "relative model of the user",
        "USER: model is './tiny': expected an absolute path or the name of a pulled model",
        user='model = "./tiny"',
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_settings(row: Row, tmp_path: Path) -> None:
    check(row, tmp_path)


def test_the_user_chooses_what_runs(tmp_path: Path) -> None:
    chosen = config(Row("", {}, user='device = "cpu"\nmodel = "~/tiny"', options={"device": "cuda"}), tmp_path)
    assert (chosen.device, chosen.model) == ("cuda", Path.home() / "tiny")
    default = Config((), lambda name: None)
    assert (default.device, default.model) == ("auto", None)


def test_each_value_says_where_it_comes_from(tmp_path: Path) -> None:
    row = Row(
        "",
        {},
        {"src/themis.toml": "min-confidence = 1"},
        "threads = 1",
        {"THEMIS_DEVICE": "cpu"},
        {"criteria": "memory"},
    )
    values = config(row, tmp_path).values(row.path)
    assert {key: (value.plain, value.origin) for key, value in values.items()} == {
        "min-confidence": (1, "src/themis.toml"),
        "threads": (1, str(tmp_path / "themis" / "config.toml")),
        "device": ("cpu", "THEMIS_DEVICE"),
        "criteria": (["memory"], "--criteria"),
    }


def test_files_that_cannot_be_read_are_named() -> None:
    def read(name: str) -> str:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(SettingsError, match=r"cannot read pyproject.toml: .*Permission denied"):
        Config((), read).at()


SCHEMA: dict[str, Any] = json.loads(files("themis_lsp").joinpath("settings.schema.json").read_text("utf-8"))
USER_SCHEMA: dict[str, Any] = SCHEMA["$defs"]["user"]


def test_every_setting_has_a_key_and_every_key_its_place_in_the_schema() -> None:
    assert {f.name.replace("_", "-") for f in fields(Settings)} | {"baseline", "model", "device"} == set(KEYS)
    assert set(SCHEMA["properties"]) == {k for k, key in KEYS.items() if key.level in (Level.PATH, Level.RUN)}
    assert set(USER_SCHEMA["properties"]) == {k for k, key in KEYS.items() if key.level is not Level.COMMAND}
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("toml", "valid"),
    [
        *((f"criteria = ['{name}']", True) for c in Criterion for name in (c.value, c.short)),
        ("criteria = []", False),
        ("criteria = 'security'", False),
        ("criteria = [1]", False),
        ("criteria = ['speed']", False),
        ("min-confidence = 0", True),
        ("min-confidence = 0.95", True),
        ("min-confidence = 1.01", False),
        ("min-confidence = -0.1", False),
        ("min-confidence = true", False),
        ("min-confidence = '0.9'", False),
        ("ignore = []", True),
        ("ignore = ['a', '/a/**', 'b/', '*.min.js']", True),
        ("ignore = ['']", False),
        ("ignore = ['/']", False),
        ("ignore = ['//']", False),
        ("ignore = ['!a']", False),
        ("ignore = 'a'", False),
        ("[fail-on]\nsecurity = 0.9\nreadability_maintainability = 1", True),
        ("[fail-on]\nspeed = 0.9", False),
        ("[fail-on]\nsecurity = 2", False),
        ("fail-on = 'security:0.9'", False),
        ("new-ignores = 'allow'", True),
        ("new-ignores = 'refuse'", True),
        ("new-ignores = 'never'", False),
        ("new-ignores = false", False),
        ("max-findings = 1", True),
        ("max-findings = 0", False),
        ("max-findings = 1.5", False),
        ("max-findings = 100001", False),
        ("model = '~/bundle'", True),
        ("model = ' '", False),
        ("device = 'cuda'", True),
        ("device = 'tpu'", False),
        ("threads = 64", True),
        ("threads = 65", False),
        ("intent = 'x'", False),
        ("other = 1", False),
    ],
)
def test_schema_and_code_agree(toml: str, valid: bool, tmp_path: Path) -> None:
    table = tomllib.loads(toml)
    assert jsonschema.Draft202012Validator(SCHEMA).evolve(schema=USER_SCHEMA).is_valid(table) is valid
    if valid:
        config(Row("", {}, user=toml), tmp_path).at()
    else:
        with pytest.raises(SettingsError):
            config(Row("", {}, user=toml), tmp_path)


@pytest.mark.parametrize(
    ("pattern", "covered", "not_covered"),
    [
        ("*.min.js", "a.min.js a/b/c.min.js", "a.js min.js/a"),
        ("vendor", "vendor vendor/a.c lib/vendor/a.c", "vendors/a.c a/vendor.c"),
        ("vendor/", "vendor/a.c lib/vendor/a.c", "vendors/a.c"),
        ("/vendor", "vendor/a.c", "lib/vendor/a.c"),
        ("lib/vendor", "lib/vendor/a.c", "a/lib/vendor/a.c"),
        ("lib/*.c", "lib/a.c", "lib/b/a.c lib/a.cc"),
        ("lib/**", "lib/a.c lib/b/c/a.c", "src/lib/a.c"),
        ("lib/**/a.c", "lib/a.c lib/b/c/a.c", "lib/b/ba.c a.c"),
        ("**/gen/**", "gen/a gen/b/a x/y/gen/a", "general/a"),
        ("**", "a a/b", ""),
        ("a?c/[xyz].go", "abc/x.go", "ac/x.go abc/w.go a/c/x.go"),
    ],
)
def test_patterns(pattern: str, covered: str, not_covered: str) -> None:
    settings = Settings(ignore=("nothing/else", pattern))
    assert [path for path in covered.split() if not settings.ignores(path)] == []
    assert [path for path in not_covered.split() if settings.ignores(path)] == []


def test_no_pattern_makes_the_search_blow_up() -> None:
    assert not path_matches("a/" * 200 + "b", "**/*a*a*a*a*a*a*a*c/" * 40 + "x")
    assert not path_matches("a" * 4000, "*a" * 100 + "c")


def test_configuration_is_not_read_through_links(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "plain").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    for folder in (tmp_path / "outside", root / "plain"):
        (folder / "themis.toml").write_text("# here")
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "themis.toml").symlink_to(tmp_path / "outside" / "themis.toml")
    (tmp_path / "alias").symlink_to(root)
    names = ("themis.toml", "link/themis.toml", "plain/themis.toml", "gone/themis.toml", "plain")
    assert [on_disk(root, name) for name in names] == [None, None, "# here", None, None]
    assert on_disk(tmp_path / "alias", "plain/themis.toml") == "# here"
