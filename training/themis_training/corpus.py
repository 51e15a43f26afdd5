"""Plain code for the tokenizer and for masked-token pre-training, with the origin of every file counted."""

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from themis_lsp.git import ObjectReader, run_git
from themis_lsp.language import grammar_of
from themis_training.license import license_of

_SMALLEST, _LARGEST = 500, 60_000  # bytes
_GENERATED = re.compile(r"(?i)generated|do not edit|vendor|third_party|node_modules|\.min\.")


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One source file of a public repository."""

    repository: str
    license: str
    commit: str
    path: str
    language: str
    text: str


def sample_files(clones: Sequence[Path], per_repository: int = 150, seed: int = 1) -> Iterator[CodeFile]:
    """A seeded sample of the files at HEAD of clones named ``owner+name``; only permissively licensed ones are read."""
    for clone in clones:
        draw = random.Random(f"{seed}/{clone}")  # noqa: S311  (sampling, not security)
        commit = run_git(clone, ("rev-parse", "HEAD"), {}).out.decode().strip()
        listed: list[tuple[str, str, str]] = []
        top: dict[str, str] = {}
        tree = run_git(clone, ("ls-tree", "-r", "-l", "-z", "HEAD"), {}).out
        for entry in tree.decode("utf-8", "replace").split("\0"):
            meta, _, path = entry.partition("\t")
            kind = meta.split()
            if path and "/" not in path:
                top[path] = kind[2]
            grammar = grammar_of(path)
            if grammar is None or _GENERATED.search(path) or not kind[3].isdigit():
                continue
            if _SMALLEST < int(kind[3]) < _LARGEST:
                listed.append((kind[2], path, grammar.language))
        draw.shuffle(listed)
        name = clone.parent.name.replace("+", "/") if clone.name in ("repo", ".git") else clone.name
        with closing(ObjectReader(clone, {}, _LARGEST)) as reader:

            def text(blob: str, read: ObjectReader = reader) -> str | None:
                found = read.read(blob)
                return found.data.decode("utf-8", "replace") if found and found.data is not None else None

            terms = license_of(top, lambda path, blobs=top, read=text: read(blobs[path]))  # type: ignore[misc]
            if terms is None:
                continue
            for blob, path, language in listed[:per_repository]:
                code = text(blob)
                if code is not None:
                    yield CodeFile(name, terms, commit, path, language, code)
