"""Plain code for the tokenizer and for masked-token pre-training, with the origin of every file counted."""

import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from themis_lsp.language import grammar_of

_SMALLEST, _LARGEST = 500, 60_000  # bytes
_GENERATED = re.compile(r"(?i)generated|do not edit|vendor|third_party|node_modules|\.min\.")
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never")


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One source file of a public repository."""

    repository: str
    commit: str
    language: str
    text: str


def sample_files(clones: Sequence[Path], per_repository: int = 150, seed: int = 1) -> Iterator[CodeFile]:
    """A seeded sample of the files at HEAD of bare or working clones named ``owner+name``."""
    for clone in clones:
        draw = random.Random(f"{seed}/{clone}")  # noqa: S311  (sampling, not security)
        commit = _git(clone, "rev-parse", "HEAD").decode().strip()
        listed = []
        for entry in _git(clone, "ls-tree", "-r", "-l", "-z", "HEAD").decode("utf-8", "replace").split("\0"):
            meta, _, path = entry.partition("\t")
            kind = meta.split()
            grammar = grammar_of(path)
            if grammar is None or _GENERATED.search(path) or not kind[3].isdigit():
                continue
            if _SMALLEST < int(kind[3]) < _LARGEST:
                listed.append((kind[2], grammar.language))
        draw.shuffle(listed)
        chosen = listed[:per_repository]
        blobs = _blobs(clone, [blob for blob, _ in chosen])
        name = clone.parent.name.replace("+", "/") if clone.name in ("repo", ".git") else clone.name
        for (blob, language), content in zip(chosen, blobs, strict=True):
            if content is not None and blob:
                yield CodeFile(name, commit, language, content.decode("utf-8", "replace"))


def _blobs(clone: Path, names: Sequence[str]) -> Iterator[bytes | None]:
    output = _git(clone, "cat-file", "--batch", stdin="\n".join(names).encode())
    at = 0
    for _ in names:
        end = output.index(b"\n", at)
        header = output[at:end].split()
        at = end + 1
        if header[1] != b"blob":
            yield None
            continue
        size = int(header[2])
        yield output[at : at + size]
        at += size + 1


def _git(clone: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    environment = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "", "GIT_TERMINAL_PROMPT": "0", "PATH": _path()}
    command = [*_GIT, "-C", str(clone), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True, env=environment).stdout


def _path() -> str:
    import os

    return os.environ.get("PATH", os.defpath)
