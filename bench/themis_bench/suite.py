"""Suites: versioned labelled edits behind one small interface, whether they ship with Themis or lie in a file.

A suite that ships is a folder of literate cases with a ``suite.json`` that gives its name, its version and the digest
of its pages, so that no page changes without a new version.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple, Protocol

from themis_bench.pairs import DataError, Pair, read_pairs
from themis_lsp.case import Case, cases_in
from themis_lsp.verdict import Direction

MANIFEST = "suite.json"
_CHUNK = 1 << 20


class SuiteInfo(NamedTuple):
    """Which suite was measured on.

    Attributes:
        name: e.g. ``edits``.
        version: of its content; of a file or of a folder without a manifest, the start of its digest.
        digest: sha256 of its content, in hex.
    """

    name: str
    version: str
    digest: str


class Suite(Protocol):
    """Labelled edits to measure on, read again on each call and never held in memory as a whole."""

    def info(self) -> SuiteInfo:
        """Name, version and digest."""
        ...

    def pairs(self) -> Iterator[Pair]:
        """Pairs of which one side is better."""
        ...

    def neutrals(self) -> Iterator[Pair]:
        """Edits that make nothing better or worse."""
        ...


@dataclass(frozen=True, slots=True)
class FileSuite:
    """A ``.parquet`` or ``.jsonl`` file; see ``themis_bench.pairs.read_pairs``."""

    path: Path

    def info(self) -> SuiteInfo:
        """Name, version and digest."""
        hashed = sha256()
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    hashed.update(chunk)
        except OSError as problem:
            raise DataError(f"{self.path} cannot be read: {problem.strerror}") from None
        return SuiteInfo(self.path.stem, hashed.hexdigest()[:12], hashed.hexdigest())

    def pairs(self) -> Iterator[Pair]:
        """Rows that name a criterion."""
        return (pair for pair in read_pairs(self.path) if pair.criterion is not None)

    def neutrals(self) -> Iterator[Pair]:
        """Rows whose criterion is ``neutral``."""
        return (pair for pair in read_pairs(self.path) if pair.criterion is None)


@dataclass(frozen=True, slots=True)
class CaseSuite:
    """A folder of literate cases; see ``themis_lsp.case``."""

    folder: Traversable

    def info(self) -> SuiteInfo:
        """Name, version and digest.

        Raises:
            DataError: the manifest is malformed, or names another digest than the pages have.
        """
        digest = self.digest()
        manifest = self.folder.joinpath(MANIFEST)
        if not manifest.is_file():
            return SuiteInfo(self.folder.name, digest[:12], digest)
        try:
            value = json.loads(manifest.read_bytes())
            info = SuiteInfo(str(value["name"]), str(value["version"]), str(value["digest"]))
        except (ValueError, KeyError, TypeError) as problem:
            raise DataError(f"{manifest} is not a manifest: {problem}") from None
        if info.digest != digest:
            raise DataError(f"{manifest} is not of these pages: they have the digest {digest}; raise its version too")
        return info

    def digest(self) -> str:
        """sha256 over names and contents of all pages, in hex; line endings do not count."""
        hashed = sha256()
        for page in self._pages():
            content = page.read_bytes().replace(b"\r\n", b"\n")
            hashed.update(f"{page.name}\0{len(content)}\0".encode() + content)
        return hashed.hexdigest()

    def pairs(self) -> Iterator[Pair]:
        """One pair for each criterion a case expects to get worse or better."""
        for name, case in self._cases():
            for criterion, direction in case.expected.items():
                if direction is not Direction.NONE:
                    old, new = case.change.before or "", case.change.after or ""
                    chosen, rejected = (new, old) if direction is Direction.BETTER else (old, new)
                    yield Pair(
                        f"{name}/{criterion}", self.folder.name, case.language, criterion, chosen, rejected, name
                    )

    def neutrals(self) -> Iterator[Pair]:
        """Cases that expect silence on everything they name."""
        for name, case in self._cases():
            if all(direction is Direction.NONE for direction in case.expected.values()):
                new, old = case.change.after or "", case.change.before or ""
                yield Pair(name, self.folder.name, case.language, None, new, old, name)

    def _cases(self) -> Iterator[tuple[str, Case]]:
        for page in self._pages():
            for number, case in enumerate(cases_in(page.read_text("utf-8"), page.name), 1):
                yield f"{page.name.removesuffix('.md')}/{number}", case

    def _pages(self) -> list[Traversable]:
        return sorted((f for f in self.folder.iterdir() if f.name.endswith(".md")), key=lambda page: page.name)


def open_suite(name: str) -> Suite:
    """The suite of that name that ships with Themis, or else the file or folder of that path.

    Raises:
        DataError: there is neither.
    """
    shipped = files("themis_bench").joinpath("suites")
    names = sorted(folder.name for folder in shipped.iterdir() if folder.is_dir())
    if name in names:
        return CaseSuite(shipped.joinpath(name))
    path = Path(name)
    if path.is_file():
        return FileSuite(path)
    if path.is_dir():
        return CaseSuite(path)
    raise DataError(f"no suite or file {name!r}; the suites that ship are: {', '.join(names)}")
