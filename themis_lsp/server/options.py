"""What a client's settings say: the keys of every configuration, and those that only concern editors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from themis_lsp.error import SettingsError
from themis_lsp.settings import KEYS, Level, nearest, shown

_LONGEST_DEBOUNCE: Final = 10_000
_OF_CLIENTS: Final = frozenset({"path", "trace", "enable", "statusBar", "interpreter", "showWalkthrough"})


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one folder.

    Attributes:
        base: compare with the merge-base of HEAD and this branch; None means HEAD itself.
        debounce: milliseconds without a keystroke before a document is judged.
        code_lens: show verdicts above changed units.
        inlay_hints: show verdicts at the end of changed lines.
        given: keys of the settings resolver, which count as if given on a command line.
    """

    base: str | None = None
    debounce: int = 250
    code_lens: bool = True
    inlay_hints: bool = False
    given: Mapping[str, object] = field(default_factory=dict)


def options_of(settings: object) -> Options:
    """Read the section ``themis`` of a client's settings; what is null or missing has its default.

    Keys may be written as in configuration files (``min-confidence``) or as editors do (``minConfidence``).

    Raises:
        SettingsError: a key is unknown, or its value cannot be used.
    """
    if settings is None:
        return Options()
    if not isinstance(settings, Mapping):
        raise SettingsError(f"the settings of the editor are {shown(settings)}: expected an object")
    own: dict[str, Any] = {}
    given: dict[str, object] = {}
    for name, value in settings.items():
        if value in (None, "", [], {}) or name in _OF_CLIENTS:  # how editors say that nothing is set
            continue
        if name in _READERS:
            field_name, read, expected = _READERS[name]
            own[field_name] = _read(name, value, read, expected)
        else:
            given[_key(name)] = _checked(name, value)
    return Options(**own, given=given)


def _key(name: str) -> str:
    plain = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)
    known = [key for key in KEYS if KEYS[key].level is not Level.COMMAND]
    if plain not in known:
        names = [*known, *_READERS]
        raise SettingsError(f"unknown setting themis.{shown(name)[1:-1]}, {nearest(plain, names, names)}")
    return plain


def _checked(name: str, value: object) -> object:
    key = KEYS[_key(name)]
    try:
        key.read(value)
    except ValueError as problem:
        reason = str(problem) or f"expected {key.expected}"
        raise SettingsError(f"the setting themis.{name} is {shown(value)}: {reason}") from None
    return value


def _read(name: str, value: object, read: Any, expected: str) -> object:
    try:
        return read(value)
    except ValueError:
        raise SettingsError(f"the setting themis.{name} is {shown(value)}: expected {expected}") from None


def _branch(value: object) -> str:
    if not isinstance(value, str) or value.startswith("-") or not value.isprintable():
        raise ValueError
    return value.strip()


def _milliseconds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LONGEST_DEBOUNCE:
        raise ValueError
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


_READERS: Final[Mapping[str, tuple[str, Any, str]]] = {
    "base": ("base", _branch, "the name of a branch"),
    "debounce": ("debounce", _milliseconds, f"milliseconds from 0 to {_LONGEST_DEBOUNCE}"),
    "codeLens": ("code_lens", _switch, "true or false"),
    "inlayHints": ("inlay_hints", _switch, "true or false"),
}
