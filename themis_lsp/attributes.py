"""Generated and third-party files, as .gitattributes declares them."""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from themis_lsp.content import GENERATED, VENDORED, is_foreign
from themis_lsp.pattern import path_matches, rooted

_GENERATED = "linguist-generated"
_VENDORED = "linguist-vendored"
_LINE = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))\s+(.*)')

Rule = tuple[str, dict[str, bool | None]]


class Attributes:
    """The linguist attributes of one version of the repository.

    They are read from the version *before* a change, so that no change can exempt itself.
    ``read`` gives the text of a file of that version by its path, or None.
    """

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read = read
        self._rules: dict[str, list[Rule]] = {}

    def unjudged(self, path: str) -> str | None:
        """Why a file is not judged, or None."""
        generated: bool | None = None
        vendored: bool | None = None
        folders = [str(folder) for folder in PurePosixPath(path).parents]
        for folder in reversed(folders):  # of the rules that match, the last one counts
            for pattern, sets in self._rules_in(folder):
                if path_matches(path, pattern):
                    generated = sets.get(_GENERATED, generated)
                    vendored = sets.get(_VENDORED, vendored)
        if generated:
            return GENERATED
        return VENDORED if vendored or (vendored is None and is_foreign(path)) else None

    def _rules_in(self, folder: str) -> list[Rule]:
        if folder not in self._rules:
            here = "" if folder == "." else folder
            text = self._read(f"{here}/.gitattributes" if here else ".gitattributes")
            self._rules[folder] = list(_parse(text, here)) if text else []
        return self._rules[folder]


def _parse(text: str, folder: str) -> Iterator[Rule]:
    for line in text.removeprefix("\ufeff").splitlines():
        found = _LINE.match(line)
        if found and "linguist-" in line and not line.lstrip().startswith(("#", "!", "[attr]")):
            quoted, plain, states = found.groups()
            pattern = plain or re.sub(r"\\(.)", r"\1", quoted)
            yield rooted(pattern, folder), dict(map(_state, states.split()))


def _state(word: str) -> tuple[str, bool | None]:
    name, _, value = word.lstrip("-!").partition("=")
    if word.startswith("!"):
        return name, None
    return name, not word.startswith("-") and value.lower() != "false"
