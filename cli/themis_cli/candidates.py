"""What to rank: versions of one file, patches, rows of JSON, or the sides of a merge conflict."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from themis_cli.source import read_source
from themis_lsp.change import FileChange
from themis_lsp.error import UsageError
from themis_lsp.language import grammar_of
from themis_lsp.ranking import Candidate

_FEWEST = 2
_MOST = 64  # pairs of them are compared, so twice as many take four times as long
_PATCHES = (".patch", ".diff")


@dataclass(frozen=True, slots=True)
class Field:
    """What takes part.

    Attributes:
        candidates: in the order given.
        base: text by path of what a patch does not touch.
    """

    candidates: Sequence[Candidate]
    base: Mapping[str, str | None] = field(default_factory=dict)


def from_files(paths: Sequence[Path], folder: Path) -> Field:
    """Versions of one file, or patches of one repository.

    Raises:
        UsageError: a file cannot be read, is no text, or they are no versions of one thing.
        PatchError: a patch fits nothing.
        GitError: patches are given outside of a repository.
    """
    if paths and all(path.suffix in _PATCHES for path in paths):
        return _patches(paths, folder)
    texts = [read_source(folder / path) for path in paths]
    _check_languages([str(path) for path in paths], texts)
    return _checked([Candidate(str(p), {paths[0].name: text}) for p, text in zip(paths, texts, strict=True)])


def from_rows(lines: Iterable[str]) -> Field:
    """Rows of JSON: ``{"name": "first", "path": "a.py", "text": "…"}``, or with several ``"files": {"a.py": "…"}``.

    Raises:
        UsageError: naming the line that is no such row.
    """
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_candidate(json.loads(line), f"candidate {number}"))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                expected = 'expected {"path": "a.py", "text": "…"} or {"files": {"a.py": "…"}}'
                raise UsageError(f"line {number} of the candidates is no such row: {expected}") from None
    names = [candidate.name for candidate in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two candidates are called {twice}: give each a name of its own")
    return _checked(found)


def from_conflict(path: Path, resolutions: Sequence[Path], folder: Path) -> Field:
    """Both sides of a file with conflict markers, and the resolutions somebody proposes.

    Raises:
        UsageError: it has no markers, or a file cannot be read.
    """
    from themis_lsp.conflict import sides

    texts = dict(sides(read_source(folder / path), str(path)))
    texts |= {str(resolution): read_source(folder / resolution) for resolution in resolutions}
    _check_languages([str(path), *map(str, resolutions)], ["", *(texts[str(r)] for r in resolutions)])
    return _checked([Candidate(name, {path.name: text}) for name, text in texts.items()])


def _candidate(row: Mapping[str, Any], name: str) -> Candidate:
    files = row["files"] if "files" in row else {row["path"]: row["text"]}
    called = row.get("name", name)
    if (
        not isinstance(called, str)
        or not files
        or not all(isinstance(part, str) for pair in files.items() for part in pair)
    ):
        raise ValueError
    return Candidate(called, files)


def _patches(paths: Sequence[Path], folder: Path) -> Field:
    from themis_lsp.patch import changes_from_patch
    from themis_lsp.repository import Repository

    base: dict[str, str | None] = {}
    found = []
    with Repository.open(folder) as repository:
        for path in paths:
            comparison = changes_from_patch(read_source(folder / path), repository)
            changes = [change for change in comparison.changes if isinstance(change, FileChange)]
            base |= {change.path: change.before for change in changes}
            found.append(Candidate(str(path), {change.path: change.after for change in changes}))
    return Field(_checked(found).candidates, base)


def _check_languages(names: Sequence[str], texts: Sequence[str]) -> None:
    grammars = [grammar_of(name, text) for name, text in zip(names, texts, strict=True)]
    if None in grammars:
        raise UsageError(f"{names[grammars.index(None)]} is not in a supported language")
    keys = [grammar.key for grammar in grammars if grammar]
    if len(set(keys)) > 1:
        told = ", ".join(f"{name} is {key}" for name, key in zip(names, keys, strict=True))
        raise UsageError(f"these are not versions of one file: {told}")


def _checked(candidates: Sequence[Candidate]) -> Field:
    if len(candidates) < _FEWEST:
        raise UsageError("nothing to rank: name at least two versions of one file")
    if len(candidates) > _MOST:
        raise UsageError(f"{len(candidates)} candidates are too many: at most {_MOST} are compared, pair by pair")
    return Field(candidates)
