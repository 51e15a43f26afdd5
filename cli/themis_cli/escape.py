"""Text from a repository, made safe to print: nothing in it may steer a terminal or reorder what people read."""

import unicodedata

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # control, format (bidi, zero width), surrogate, separators
_TAB = 4


def visible(text: str) -> str:
    r"""Replace every control, bidi, zero-width and surrogate character by its escape, and tabs by spaces.

    An escape character becomes the four characters ``\x1b``: the reader sees that something is there.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(ch) for ch in text.expandtabs(_TAB))


def _escaped(ch: str) -> str:
    if unicodedata.category(ch) not in _UNSAFE:
        return ch
    code = ord(ch)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
