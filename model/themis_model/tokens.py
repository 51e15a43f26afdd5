"""The vocabulary's reserved part, and the tokenizer that turns single lines into ids."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Keys of the eight languages; TypeScript, TSX and JSX count as JavaScript.
LANGUAGES: Final = ("c", "c_sharp", "cpp", "go", "java", "javascript", "python", "ruby")
MAX_LEVEL: Final = 12
PAD, UNK, MASK, CUT, EDIT, END_EDIT = range(6)
FIRST_LANGUAGE: Final = 6
FIRST_LEVEL: Final = FIRST_LANGUAGE + len(LANGUAGES)
#: What a model reads for a local name, and for one that speaks of secrets: characters found in no source.
LOCAL: Final = "\ue000"
SENSITIVE: Final = "\ue002"
SPECIALS: Final = (
    *("<pad>", "<unk>", "<mask>", "<cut>", "<edit>", "</edit>"),
    *(f"<{language}>" for language in LANGUAGES),
    *(f"<n{level}>" for level in range(MAX_LEVEL + 1)),
)


class LineTokenizer(Protocol):
    """Turns single lines into token ids; ids below ``len(SPECIALS)`` are reserved."""

    def encode_lines(self, lines: Sequence[str]) -> list[tuple[int, ...]]:
        """Token ids of each line, none of them special."""
        ...


class BpeTokenizer:
    """A ``tokenizer.json`` of the Hugging Face tokenizers library."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        for index, special in enumerate(SPECIALS):
            if tokenizer.token_to_id(special) != index:
                raise ValueError(f"tokenizer lacks the special token {special} at id {index}")
        self._tokenizer = tokenizer
        self._ids: dict[int, int] = {}
        self.vocabulary_size: int = tokenizer.get_vocab_size()

    @classmethod
    def from_bytes(cls, content: bytes) -> "BpeTokenizer":
        """Read a ``tokenizer.json``.

        Raises:
            ValueError: if it is not one, or lacks the special tokens.
        """
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_buffer(content)
        except Exception as problem:  # the library raises bare Exception
            raise ValueError(f"not a tokenizer file: {problem}") from None
        return cls(tokenizer)

    @classmethod
    def from_file(cls, path: Path) -> "BpeTokenizer":
        """Read a ``tokenizer.json`` from disk."""
        return cls.from_bytes(path.read_bytes())

    def encode_lines(self, lines: Sequence[str]) -> list[tuple[int, ...]]:
        """Token ids of each line."""
        # Serial on purpose: the library's thread pool costs more than a screenful of lines.
        encoded = (self._tokenizer.encode(_text(line), add_special_tokens=False).ids for line in lines)
        # One object for each id: lines and views are remembered in thousands, and a number is four times its place.
        return [tuple(map(self._ids.setdefault, ids, ids)) for ids in encoded]


def _text(line: str) -> str:
    """The line with a question mark for each lone surrogate, which JSON may hold and the library refuses."""
    return line if line.isascii() else line.encode("utf-8", "replace").decode()
