"""Who set what, where: the user's own settings over the configuration file of the repository.

::

    command line  >  THEMIS_* variables  >  the user's file  >  the repository's files  >  the defaults

In a repository the file closest to the reviewed path counts, key by key. What runs on the user's machine
(model, device, threads) is the user's choice: found in a repository, such a key is an error.
"""

import sys
import tomllib
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from themis_lsp.error import SettingsError
from themis_lsp.home import at_home, chosen_model, config_folder, is_name, models_folder
from themis_lsp.pattern import rooted
from themis_lsp.settings import KEYS, Key, Level, Settings, nearest, shown

#: Text of a file by its path relative to the repository, or None; a blob of the merge-base does just as well.
Read = Callable[[str], str | None]

FILES: Final = ("pyproject.toml", "themis.toml", ".themis.toml")

_LONGEST = 256 * 1024  # characters
_LONGEST_BASELINE = 16 * 1024 * 1024  # characters
_PREFIX = "THEMIS_"
_NO_SETTINGS = ("THEMIS_DEBUG", "THEMIS_ACTION_", "THEMIS_PACKAGE_TO_INSTALL")  # how names that set nothing begin
_REFUSALS = {
    Level.COMMAND: "it is said anew for each change: give it as --{key}",
    Level.USER: "a repository must not choose what runs: use --{key}, {variable} or your own configuration",
    Level.RUN: "it holds for the whole run: move it to the configuration at the root of the repository",
}


@dataclass(frozen=True, slots=True)
class Value:
    """One setting and where it came from.

    Attributes:
        value: what ``Settings`` holds.
        plain: what was written, as TOML would write it.
        origin: the option, variable or file that said so.
    """

    value: Any
    plain: object
    origin: str


Source = Mapping[str, Value]


class Config:
    """The settings that hold for each path of one repository, read as they are asked for.

    Args:
        trusted: what the user said, the strongest first, from ``trusted()``.
        read: the repository's files, at the commit or work tree whose configuration counts.
    """

    def __init__(self, trusted: Sequence[Source], read: Read) -> None:
        self._trusted = tuple(trusted)
        self._read = read
        self._folders: dict[str, Source] = {}
        self._settings: dict[str, Settings] = {}

    def values(self, path: str = "") -> Source:
        """Everything that is set for a path relative to the repository; what is missing has its default.

        Raises:
            SettingsError: if a file on the way cannot be used.
        """
        sources = (*self._trusted, *(self._folder(folder) for folder in _folders_above(path)))
        return ChainMap(*(dict(source) for source in sources))

    def at(self, path: str = "") -> Settings:
        """The settings for a path relative to the repository; without one, those of the run as a whole.

        Raises:
            SettingsError: if a file on the way cannot be used.
        """
        folder = next(_folders_above(path))
        if folder not in self._settings:
            given = {_field(name): value.value for name, value in self.values(path).items()}
            known: dict[str, Any] = {f.name: given[f.name] for f in fields(Settings) if f.name in given}
            self._settings[folder] = Settings(**known)
        return self._settings[folder]

    @property
    def model(self) -> Path | None:
        """The bundle the user chose, or None for the one that ships."""
        chosen = ChainMap(*map(dict, self._trusted)).get("model")
        return at_home(chosen.value) if chosen else None

    @property
    def device(self) -> str:
        """``auto``, ``cpu`` or ``cuda``."""
        chosen = ChainMap(*map(dict, self._trusted)).get("device")
        return chosen.value if chosen else "auto"

    def baseline(self, folder: Path) -> tuple[str, str] | None:
        """Name and text of the baseline, or None if there is none.

        The user's is on disk; the repository's is read where its configuration was, so that a change under review
        cannot extend it.

        Args:
            folder: what a path of the user's starts from.

        Raises:
            SettingsError: it is named but cannot be read.
        """
        chosen = self.values().get("baseline")
        if chosen is None:
            return None
        is_users = any("baseline" in source for source in self._trusted)
        path = str(folder / at_home(chosen.value)) if is_users else chosen.value
        text = _text(path, _plain_file if is_users else self._read, _LONGEST_BASELINE)
        if text is None:
            raise SettingsError(f"there is no baseline {path}: write one with themis review --write-baseline FILE")
        return chosen.value, text

    def _folder(self, folder: str) -> Source:
        if folder not in self._folders:
            self._folders[folder] = _from_folder(folder, self._read)
        return self._folders[folder]


def trusted(options: Mapping[str, object], environ: Mapping[str, str]) -> tuple[Source, ...]:
    """What the user said: on the command line, in the environment and in the user's file, in this order.

    Args:
        options: what was given on the command line, by key; None stands for an option that was not given.
        environ: the environment.

    Raises:
        SettingsError: if one of them says something that cannot be used.
    """
    spoken = (_from_options(options), _from_environment(environ))
    return (*(_with_model_found(source, environ) for source in spoken), _from_user_file(environ))


def on_disk(root: Path, path: str) -> str | None:
    """The text of a configuration file in a work tree, or None: a ``Read`` once its root is given."""
    file = root / path
    # A link, of the file or of a folder on the way, may lead out of the work tree.
    return _plain_file(file) if file.resolve() == root.resolve() / path else None


def without_effect(environ: Mapping[str, str]) -> str:
    """One line about variables that look like settings and are none; empty if there are none."""
    known = [_variable(name) for name, key in KEYS.items() if key.level is not Level.COMMAND]
    foreign = [name for name in environ if name.startswith(_PREFIX) and not name.startswith(_NO_SETTINGS)]
    odd = sorted(set(foreign).difference(known))
    return f"no setting is called {', '.join(map(shown, odd))}; known are {', '.join(known)}" if odd else ""


def user_file(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Where the user's own configuration lies: in %APPDATA% on Windows, else in $XDG_CONFIG_HOME or ~/.config."""
    return config_folder(environ, platform) / "config.toml"


def _with_model_found(source: Source, environ: Mapping[str, str]) -> Source:
    if "model" not in source:
        return source
    model = source["model"]
    return {**source, "model": replace(model, value=chosen_model(model.value, environ))}


def _from_options(options: Mapping[str, object]) -> Source:
    return {name: _spoken(name, given, f"--{name}") for name, given in options.items() if given is not None}


def _from_environment(environ: Mapping[str, str]) -> Source:
    variables = {_variable(name): name for name, key in KEYS.items() if key.level is not Level.COMMAND}
    for variable in environ:
        # Other programs may own names with our prefix, but a slip of the key must not disarm a gate.
        close = get_close_matches(variable, variables, n=1, cutoff=0.9) if variable.startswith(_PREFIX) else []
        if close and variable not in variables:
            raise SettingsError(f"unknown variable {variable}: did you mean {close[0]}?")
    given = {name: variable for variable, name in variables.items() if environ.get(variable)}
    return {name: _spoken(name, environ[variable], variable) for name, variable in given.items()}


def _from_user_file(environ: Mapping[str, str]) -> Source:
    path = user_file(environ)
    text = _text(str(path), _plain_file)
    source = {} if text is None else _from_table(_table(text, str(path)), str(path), (Level.COMMAND,))
    if "model" in source and not at_home(source["model"].value).is_absolute():
        model = source["model"]
        if not is_name(model.value):
            raise SettingsError(
                f"{path}: model is {shown(model.plain)}: expected an absolute path or the name of a pulled model"
            )
        # Never relative to where Themis happens to run, even if the model is gone.
        return {**source, "model": replace(model, value=str(models_folder(environ) / model.value))}
    return source


def _from_folder(folder: str, read: Read) -> Source:
    found: dict[str, object] = {}
    for path in (f"{folder}/{name}" if folder else name for name in FILES):
        text = _text(path, read)
        if text is None:
            continue
        if not path.endswith("pyproject.toml"):
            found[path] = _table(text, path)
        elif "themis" in text:  # one that never says our name may be as broken as its owner likes
            tool = _table(text, path).get("tool")
            if isinstance(tool, dict) and "themis" in tool:
                found[path] = tool["themis"]
    if len(found) > 1:
        raise SettingsError(f"{' and '.join(found)} both configure Themis: keep one of them")
    refused = (Level.COMMAND, Level.USER, Level.RUN) if folder else (Level.COMMAND, Level.USER)
    source = {name: value for path, table in found.items() for name, value in _from_table(table, path, refused).items()}
    if "ignore" in source:
        patterns = tuple(rooted(pattern, folder) for pattern in source["ignore"].value)
        source["ignore"] = replace(source["ignore"], value=patterns)
    return source


def _plain_file(name: str | Path) -> str | None:
    if not Path(name).is_file():
        return None
    with Path(name).open(encoding="utf-8") as file:
        return file.read(_LONGEST_BASELINE + 1)


def _text(name: str, read: Read, longest: int = _LONGEST) -> str | None:
    try:
        text = read(name)
    except (OSError, UnicodeError) as problem:
        raise SettingsError(f"cannot read {name}: {problem}") from None
    if text is not None and len(text) > longest:
        raise SettingsError(f"{name} is too large: more than {longest} characters")
    return text


def _table(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise SettingsError(f"{name} is not valid TOML: nested too deeply") from None
    except ValueError as problem:
        raise SettingsError(f"{name} is not valid TOML: {problem}") from None


def _from_table(table: object, origin: str, refused: Sequence[Level]) -> dict[str, Value]:
    if not isinstance(table, dict):
        raise SettingsError(f"{origin}: tool.themis is {shown(table)}: expected a table")
    for name in table:
        level = _key(name, f"{origin}: ").level
        if level in refused:
            refusal = _REFUSALS[level].format(key=name, variable=_variable(name))
            raise SettingsError(f"{origin}: {name} may not be set here: {refusal}")
    return {name: _value(name, plain, origin, f"{origin}: {name}") for name, plain in table.items()}


def _spoken(name: str, given: object, label: str) -> Value:
    """A value given as text on a command line or in a variable, or already as TOML would hold it."""
    key = _key(name, "")
    try:
        plain = key.parse(given) if isinstance(given, str) else given
    except ValueError:
        raise SettingsError(f"{label} is {shown(given)}: expected {key.expected}") from None
    return _value(name, plain, label, label)


def _value(name: str, plain: object, origin: str, label: str) -> Value:
    key = KEYS[name]
    try:
        return Value(key.read(plain), plain, origin)
    except ValueError as problem:
        raise SettingsError(f"{label} is {shown(plain)}: {str(problem) or f'expected {key.expected}'}") from None


def _key(name: str, label: str) -> Key:
    if name not in KEYS:
        raise SettingsError(f"{label}unknown key {shown(name)}, {nearest(name, list(KEYS), list(KEYS))}")
    return KEYS[name]


def _folders_above(path: str) -> Iterator[str]:
    """The folders around a path, the closest first and the root, which is empty, last."""
    steps = path.split("/")[:-1]
    if "" in steps or ".." in steps:  # not a path inside the repository, whatever a patch may say
        steps = []
    while steps:
        yield "/".join(steps)
        steps.pop()
    yield ""


def _variable(name: str) -> str:
    return _PREFIX + _field(name).upper()


def _field(name: str) -> str:
    return name.replace("-", "_")
