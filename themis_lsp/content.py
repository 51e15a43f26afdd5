"""What the bytes of a file are: a text that can be judged, or the reason why they are not one."""

import codecs
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from themis_lsp.edits import UNSUPPORTED
from themis_lsp.language import grammar_of

LARGEST = 1_000_000  # bytes

TOO_LARGE = "larger than 1 MB"
BINARY = "binary"
LFS = "a Git LFS pointer"
LOCK = "a lock file"
MINIFIED = "minified"
GENERATED = "generated"
VENDORED = "third-party code"
SUBMODULE = "a submodule"
SYMLINK = "a symbolic link"

_LFS_HEAD = b"version https://git-lfs.github.com/spec/v1\n"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOCK_NAMES = (".lock", "-lock.json", "-lock.yaml", "npm-shrinkwrap.json", "go.sum")
_FOREIGN_FOLDERS = frozenset({"node_modules", "bower_components", "vendor", "_vendor", "third_party"})
_MINIFIABLE = (".js", ".mjs", ".cjs")
_LONG_LINES = 400  # characters a line on average: no person writes that
_HEAD_LINES = 12
_GENERATED = re.compile(
    r"""code\ generated\b.*\bdo\ not\ edit
    | @generated\b
    | <auto-?generated
    | generated\ by\ the\ protocol\ buffer\ compiler
    | \b(?:auto(?:matically)?[- ]?)?generated\b.*\bdo\ not\ (?:edit|modify|change)
    | \bdo\ not\ (?:edit|modify|change)\b.*\b(?:auto(?:matically)?[- ]?)?generated\b""",
    re.IGNORECASE | re.VERBOSE,
)
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|;|<!--)")


@dataclass(frozen=True, slots=True)
class Unread:
    """Why there is no text."""

    because: str


def decode(data: bytes) -> str:
    """Bytes as text: UTF-16 if a byte-order mark says so, else UTF-8 with U+FFFD for every byte that is not."""
    encoding = "utf-16" if data.startswith(_UTF16) else "utf-8"
    return data.decode(encoding, "replace")


def read_text(data: bytes) -> str | Unread:
    """The text of a file, or why it has none."""
    if len(data) > LARGEST:
        return Unread(TOO_LARGE)
    if data.startswith(_LFS_HEAD):
        return Unread(LFS)
    if b"\0" in data and not data.startswith(_UTF16):
        return Unread(BINARY)
    return decode(data)


def unjudged_path(path: str) -> str | None:
    """Why a file of this name is not judged, whatever is in it; None if its content decides."""
    name = PurePosixPath(path)
    if name.name.endswith(_LOCK_NAMES):
        return LOCK
    if ".min." in name.name:
        return MINIFIED
    return None if grammar_of(path) else UNSUPPORTED


def is_foreign(path: str) -> bool:
    """Whether a file lies in a folder that by custom holds third-party code."""
    return not _FOREIGN_FOLDERS.isdisjoint(PurePosixPath(path).parts[:-1])


def unjudged_text(path: str, text: str) -> str | None:
    """Why a text is not judged: generators say so in a comment on top, minifiers leave no line ends."""
    if path.endswith(_MINIFIABLE) and len(text) > _LONG_LINES * (text.count("\n") + 1):
        return MINIFIED
    head = text[:4000].splitlines()[:_HEAD_LINES]
    if any(_COMMENT.match(line) and _GENERATED.search(line) for line in head):
        return GENERATED
    return None
