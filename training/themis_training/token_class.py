"""Which classes each token of a vocabulary belongs to: what a reader counts when asked whether code got simpler."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from themis_model.tokens import CUT, FIRST_LEVEL, LOCAL, SPECIALS

Table = npt.NDArray[np.uint8]

_WORDS: Final = (
    *("if", "else", "elif", "unless", "for", "while", "do", "switch", "case", "break", "continue", "goto", "try"),
    *("catch", "except", "finally", "throw", "raise", "return", "yield", "await", "async", "defer", "with", "using"),
    *("new", "delete", "free", "null", "None", "nil", "true", "false", "True", "False", "not", "and", "or", "in"),
    *("is", "const", "static", "final", "var", "let", "auto", "unsigned", "int", "string", "String", "void", "bool"),
    *("lambda", "def", "function", "class", "public", "private", "self", "this", "end", "assert", "print", "printf"),
    "console",
)
_SIGNS: Final = (
    *("(", "[", "{", ".", ",", ";", ":", "::", "=", "==", "!=", "<", ">", "!", "&&", "||", "?", "->", "=>"),
    *("+", "-", "*", "/", "%", "&", "|", "#", "@", "\\", '"', "'", "_"),
)
_DEEP: Final = (2, 3, 4, 5, 6)  # levels of indentation from which on a line counts as deep
#: Lines, lines from some depth on, cuts, tokens, local names, short and long words, numbers other than 0 and 1, and
#: single words and signs.
CLASSES: Final = (
    *("line", "cut", "token", "local", "short word", "long word", "number"),
    *(f"deep {level}" for level in _DEEP),
    *(f"word {word}" for word in _WORDS),
    *(f"sign {sign}" for sign in _SIGNS),
)


def token_classes(tokenizer: Path, vocabulary: int) -> Table:
    """Which of ``CLASSES`` the tokens of a ``tokenizer.json`` belong to, ``[vocabulary, classes]`` of 0 and 1.

    Args:
        tokenizer: its own vocabulary may be smaller.
        vocabulary: ids that the table has rows for.
    """
    from tokenizers import Tokenizer

    words = Tokenizer.from_file(str(tokenizer))
    local = words.encode(LOCAL, add_special_tokens=False).ids[-1]
    table = np.zeros((vocabulary, len(CLASSES)), np.uint8)
    for n in range(words.get_vocab_size()):
        text = words.decode([n], skip_special_tokens=False).strip()
        table[n, [CLASSES.index(name) for name in _classes_of(n, text)]] = 1
    table[local, CLASSES.index("local")] = 1
    return table


def _classes_of(token: int, text: str) -> Iterator[str]:
    if FIRST_LEVEL <= token < len(SPECIALS):
        yield "line"
        yield from (f"deep {level}" for level in _DEEP if token - FIRST_LEVEL >= level)
        return
    if token < len(SPECIALS):
        yield from ["cut"] * (token == CUT)
        return
    yield "token"
    if text in _WORDS:
        yield f"word {text}"
    elif re.fullmatch(r"[A-Za-z]{1,2}", text):
        yield "short word"
    elif re.fullmatch(r"[A-Za-z_]{7,}", text):
        yield "long word"
    if text.isdecimal() and text not in ("0", "1"):
        yield "number"
    yield from (f"sign {sign}" for sign in _SIGNS if sign in text)
