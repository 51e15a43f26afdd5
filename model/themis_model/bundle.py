"""A model bundle on disk: read whole, bounded, digest-checked, and refused with a reason otherwise.

A bundle is a folder with ``model.onnx``, ``tokenizer.json``, ``manifest.json`` and ``CARD.md``, and with
``reasons.onnx`` if its manifest has a ``naming``.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from themis_model.calibrate import Calibration
from themis_model.criterion import CRITERIA
from themis_model.encode import MAX_TOKENS, WINDOW_RULE
from themis_model.error import ModelError
from themis_model.graph import graph_problem
from themis_model.naming import Naming

SCHEMA = "themis-bundle/1"
GRAPH = "model.onnx"
CARD = "CARD.md"
FILES = (GRAPH, "tokenizer.json", CARD)
REASONS = "reasons.onnx"
MANIFEST = "manifest.json"
LARGEST_BUNDLE = 25 * 1024 * 1024
DEFAULT = Path(__file__).parent / "default"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``manifest.json`` says.

    Attributes:
        name: human name of the model.
        files: sha256 in hex of every other file of the bundle.
        max_tokens: longest view the model was trained on.
        calibration: reward differences to probabilities, thresholds, measured precision.
        training: data sources with licences and counts.
        results: bench results, as ``themis bench accuracy`` writes them.
        naming: how ``reasons.onnx`` is read; None if the bundle names no defects.
    """

    name: str
    files: dict[str, str]
    max_tokens: int
    calibration: Calibration
    training: dict[str, Any]
    results: dict[str, Any]
    naming: Naming | None = None

    @property
    def all_files(self) -> tuple[str, ...]:
        """The other files of the bundle."""
        return (*FILES, REASONS) if self.naming else FILES

    @property
    def digest(self) -> str:
        """sha256 in hex of all that decides what is said: every file but the card, calibration and naming.

        Names, cards and measured results may change under it, and so may the order and layout of ``manifest.json``.
        """
        deciding = {
            "window_rule": WINDOW_RULE,
            "criteria": CRITERIA,
            "files": {name: self.files[name] for name in self.all_files if name != CARD},
            "max_tokens": self.max_tokens,
            "calibration": self.calibration.to_json(),
            "naming": self.naming and self.naming.to_json(),
        }
        return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle in memory; ``reasons`` is empty if it names no defects."""

    path: Path
    manifest: Manifest
    graph: bytes
    tokenizer: bytes
    reasons: bytes = b""

    @property
    def digest(self) -> str:
        """That of the manifest: tells apart what may say different things."""
        return self.manifest.digest

    @property
    def graph_digest(self) -> str:
        """sha256 in hex of the graph: with equal ones, Δ is equal, whatever is made of it."""
        return self.manifest.files[GRAPH]


def read_bundle(path: Path | None = None) -> Bundle:
    """Read and verify a bundle, by default the one that ships with Themis.

    Raises:
        ModelError: a file is missing, too large, altered or unreadable, the schema or window rule is unknown,
            or the graph refers to data or operators outside itself.
    """
    folder = path or DEFAULT
    manifest = read_manifest(folder)
    contents = {name: _read(folder, name) for name in manifest.all_files}
    if sum(map(len, contents.values())) > LARGEST_BUNDLE:
        raise ModelError(f"model bundle {folder} is larger than 25 MB; not loaded")
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != manifest.files.get(name):
            raise ModelError(
                f"{folder / name} is not the file its manifest names (sha256 differs); reinstall Themis or the bundle"
            )
    for name in contents:
        problem = graph_problem(contents[name]) if name.endswith(".onnx") else None
        if problem:
            raise ModelError(f"{folder / name} is refused: {problem}")
    return Bundle(folder, manifest, contents[GRAPH], contents["tokenizer.json"], contents.get(REASONS, b""))


def read_manifest(folder: Path) -> Manifest:
    """Read ``manifest.json`` alone, without verifying the other files.

    Raises:
        ModelError: it is missing, unreadable, or of a schema or window rule this version does not know.
    """
    try:
        value = json.loads(_read(folder, MANIFEST))
    except (ValueError, RecursionError) as problem:
        raise ModelError(f"{folder / MANIFEST} is not JSON: {problem}") from None
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema != SCHEMA:
        raise ModelError(f"{folder / MANIFEST} has schema {schema!r}; this Themis reads {SCHEMA!r}: update one of them")
    try:
        if value["window_rule"] != WINDOW_RULE or value["criteria"] != [c.value for c in CRITERIA]:
            raise ModelError(f"{folder} was made for another window rule or criteria order; export the model again")
        return Manifest(
            str(value["name"]),
            {str(name): str(digest) for name, digest in value["files"].items()},
            min(int(value["max_tokens"]), MAX_TOKENS),
            Calibration.from_json(value["calibration"]),
            dict(value["training"]),
            dict(value["results"]),
            Naming.from_json(value["naming"]) if value.get("naming") else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ModelError(f"{folder / MANIFEST} is incomplete or malformed: {problem}") from None


def size_on_disk(folder: Path, manifest: Manifest) -> int:
    """Bytes of all files of a bundle.

    Raises:
        OSError: one of them is missing.
    """
    return sum((folder / name).stat().st_size for name in (MANIFEST, *manifest.all_files))


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BUNDLE + 1)
    except OSError as problem:
        if not folder.is_dir():
            ways = "themis model list shows those you have, themis model pull SOURCE gets another"
            raise ModelError(f"model bundle {folder} cannot be read, as there is no such folder: {ways}") from None
        raise ModelError(f"model bundle {folder} cannot be read: {name}: {problem.strerror}") from None
    if len(content) > LARGEST_BUNDLE:
        raise ModelError(f"{path} is larger than 25 MB; not loaded")
    return content
