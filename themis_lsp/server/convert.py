"""Between the protocol's types and plain values; the only place where a column is anything but a code point."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from lsprotocol import types as lsp
from pygls.uris import from_fs_path, to_fs_path, uri_scheme

from themis_lsp.server.text import Point

#: Languages of documents that have no file name yet, by the names editors give them.
_SUFFIXES: Final = {
    "c": ".c", "cpp": ".cpp", "csharp": ".cs", "cs": ".cs", "go": ".go", "java": ".java", "javascript": ".js",
    "javascriptreact": ".jsx", "python": ".py", "ruby": ".rb", "typescript": ".ts", "typescriptreact": ".tsx",
}  # fmt: skip


def _utf8(character: str) -> int:
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def _utf16(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def _utf32(_: str) -> int:
    return 1


_UNITS: Final[dict[str, Callable[[str], int]]] = {"utf-8": _utf8, "utf-16": _utf16, "utf-32": _utf32}


class Columns:
    """Columns as one client counts them: in bytes, UTF-16 units or code points."""

    def __init__(self, encoding: str) -> None:
        self._units = _UNITS[encoding]

    def point(self, position: lsp.Position, line: Callable[[int], str]) -> Point:
        """A client's position, given the text of each line; one in the middle of a character means its start."""
        text = line(position.line)
        if text.isascii() or self._units is _utf32:
            return Point(position.line, min(position.character, len(text)))
        left = position.character
        for at, character in enumerate(text):
            left -= self._units(character)
            if left < 0:
                return Point(position.line, at)
        return Point(position.line, len(text))

    def position(self, point: Point, text: str) -> lsp.Position:
        """A place in the line ``text`` as the client counts it."""
        before = text[: point.character]
        units = len(before) if before.isascii() else sum(map(self._units, before))
        return lsp.Position(point.line, units)

    def rows(self, first: int, last: int, lines: Sequence[str]) -> lsp.Range:
        """What stands on the rows ``first``..``last``, both 0-based, without indentation and line end."""
        top, bottom = (max(0, min(row, len(lines) - 1)) for row in (first, last))
        indented = len(lines[top]) - len(lines[top].lstrip())
        start = self.position(Point(top, indented), lines[top])
        return lsp.Range(start, self.position(Point(bottom, len(lines[bottom].rstrip())), lines[bottom]))

    def between(self, start: Point, stop: Point, lines: Sequence[str]) -> lsp.Range:
        """From one place to another."""
        return lsp.Range(*(self.position(p, lines[p.line] if p.line < len(lines) else "") for p in (start, stop)))


def encoding_for(capabilities: lsp.ClientCapabilities) -> str:
    """What columns count: the first of the client's wishes that is known, and UTF-16 without any."""
    wishes = (capabilities.general.position_encodings if capabilities.general else None) or ()
    return next((str(getattr(wish, "value", wish)) for wish in wishes if wish in _UNITS), "utf-16")


def file_of(uri: str) -> Path | None:
    """The file a document lies in; None for one that has none, or none on this machine."""
    if uri_scheme(uri) != "file":
        return None
    try:
        path = to_fs_path(uri)
    except ValueError:
        return None
    return Path(path) if path and "\0" not in path else None


def is_untitled(uri: str) -> bool:
    """Whether a document was never saved."""
    return str(uri_scheme(uri)) == "untitled"


def uri_of(file: Path) -> str:
    """The address of a file."""
    return from_fs_path(str(file)) or file.as_uri()


def name_of(uri: str, language: str) -> str:
    """A file name for a document without one, which says its language."""
    plain = uri.partition(":")[2].strip("/") or "untitled"
    suffix = _SUFFIXES.get(language, "")
    return plain if plain.endswith(suffix) else plain + suffix


def touch(one: lsp.Range, others: Iterable[tuple[int, int]]) -> bool:
    """Whether a range shares a row with one of the row pairs ``first``, ``last``."""
    return any(first <= one.end.line and one.start.line <= last for first, last in others)
