"""Where in a file a finding points, in the units that each format counts in."""

from collections.abc import Callable
from urllib.parse import quote

from themis_lsp.finding import Excerpt

Measure = Callable[[str], int]


def utf8(text: str) -> int:
    """Length in bytes of UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def utf16(text: str) -> int:
    """Length in code units of UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def columns(excerpt: Excerpt, measure: Measure) -> tuple[int, int] | None:
    """From the first visible character to behind the last one, counted from 1, the end exclusive.

    None where only lines are known: something was removed, or the lines do not lie together.
    """
    first, last, _ = excerpt.lines
    if last - first + 1 != len(excerpt.added):
        return None
    head, tail = excerpt.added[0], excerpt.added[-1]
    start = 1 + measure(head[: len(head) - len(head.lstrip())])
    end = 1 + measure(tail.rstrip())
    return None if first == last and end <= start else (start, end)


def uri(path: str) -> str:
    """A path relative to the repository as a relative URI."""
    return quote(path.encode("utf-8", "surrogateescape"))
