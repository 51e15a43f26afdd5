"""Conflict markers, as git leaves them in a file: each side of the merge as a whole text."""

import re
from collections.abc import Mapping
from typing import Final

from themis_lsp.error import UsageError

OURS: Final = "ours"
THEIRS: Final = "theirs"
BASE: Final = "base"

_MARKER: Final = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: .*)?\r?\n?")
_NEXT: Final = {"<<<<<<<": OURS, "|||||||": BASE, "=======": THEIRS, ">>>>>>>": None}
_FROM: Final = {
    "<<<<<<<": (None,),
    "|||||||": (OURS,),
    "=======": (OURS, BASE),
    ">>>>>>>": (THEIRS,),
}


def sides(text: str, name: str) -> Mapping[str, str]:
    """``ours``, ``theirs``, and ``base`` where every conflict shows it, as texts without markers.

    Args:
        text: a file with conflict markers.
        name: of the file, for messages.

    Raises:
        UsageError: there are no markers, or they do not fit together.
    """
    kept: dict[str, list[str]] = {OURS: [], BASE: [], THEIRS: []}
    side: str | None = None
    conflicts = bases = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        found = _MARKER.fullmatch(line)
        marker = found[1] if found else ""
        if found and side in _FROM[marker]:
            side = _NEXT[marker]
            conflicts += marker == "<<<<<<<"
            bases += marker == "|||||||"
        elif found and marker != "=======":  # which may as well underline a title
            raise UsageError(f"{name}:{number}: the conflict marker {marker} does not belong here")
        else:
            for one in kept if side is None else (side,):
                kept[one].append(line)
    if side is not None or not conflicts:
        raise UsageError(f"{name} has {'an open conflict' if conflicts else 'no conflict markers'}: nothing to choose")
    if bases < conflicts:
        del kept[BASE]
    return {one: "".join(lines) for one, lines in kept.items()}
