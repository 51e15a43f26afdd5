"""Applying the hunks of a patch to the text they were made from, exactly or not at all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unidiff.patch import Hunk


class MisfitError(Exception):
    """A hunk does not fit the text; the message says where and why, and no more."""


def apply(text: str, hunks: Sequence["Hunk"]) -> str:
    """The text after a patch; untouched lines keep their line ends, which are not compared.

    Raises:
        MisfitError: a context or removed line is not where its hunk says.
    """
    old = _lines(text)
    new: list[str] = []
    at = 0
    for number, hunk in enumerate(hunks, 1):
        start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
        if not at <= start <= len(old):
            raise MisfitError(f"hunk {number} starts at line {hunk.source_start} of {len(old)}")
        new += old[at:start]
        at = start
        kind = ""
        for line in hunk:
            if line.is_context or line.is_removed:
                if at == len(old) or _bare(old[at]) != _bare(line.value):
                    raise MisfitError(f"hunk {number} does not fit at line {at + 1}")
                new += old[at : at + 1] if line.is_context else ()
                at += 1
            elif line.is_added:
                new.append(line.value)
            elif line.line_type == "\\" and kind == "+":  # No newline at end of file
                new[-1] = new[-1].removesuffix("\n")
            kind = line.line_type
    return "".join(new + old[at:])


def _lines(text: str) -> list[str]:
    """Lines with their ends; as in git, only a line feed ends one."""
    *whole, last = text.split("\n")
    return [f"{line}\n" for line in whole] + ([last] if last else [])


def _bare(line: str) -> str:
    return line.rstrip("\r\n")
