"""The tokenizer: byte-level BPE inside the words, humps and operators of code."""

from collections.abc import Iterable
from pathlib import Path

from themis_model.tokens import SPECIALS

# Words split at humps, numbers in threes, operators whole; white space separates and is dropped.
_PIECES = (
    r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]{1,3}|_+"
    r"|[=!<>+\-*/%&|^~]=|&&|\|\||->|=>|::|<<|>>|\+\+|--|\?\.|\?\?|\.\.\.?|//|/\*|\*/"
    r"|[^\x00-\x7F]+|[^\sA-Za-z0-9_]"
)


def train_tokenizer(texts: Iterable[str], path: Path, vocabulary: int = 8192) -> None:
    """Learn merges from ``texts`` and write ``tokenizer.json``; ids 0.. are the special tokens."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))  # noqa: S106  (not a password)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(Regex(_PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=3,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
