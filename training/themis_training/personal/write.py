"""A personalised bundle on disk: checked against what was measured, and written whole or not at all."""

import shutil
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from themis_lsp.error import UsageError
from themis_model.bundle import DEFAULT, MANIFEST, REASONS, read_bundle
from themis_model.onnx import load
from themis_training.export import ExportError, Made, write_words
from themis_training.graph import PARITY
from themis_training.personal.merge import merged
from themis_training.personal.personalise import Personal
from themis_training.personal.scored import deltas_of

_COMPARED = 200  # edits of the tail


def write_personal(personal: Personal, target: Path) -> None:
    """Write the bundle: the graph with the correction beside it, its calibration, its card; the rest unchanged.

    Args:
        personal: what was fitted.
        target: folder of the bundle; replaced only when everything succeeded, and only if it holds a bundle.

    Raises:
        ExportError: the graph's rewards differ from those that were measured.
        UsageError: ``target`` is something that must not be replaced.
    """
    check_target(target, personal.base.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as work:
        folder = Path(work) / "bundle"
        folder.mkdir()
        base = personal.base
        (folder / "model.onnx").write_bytes(merged(base.graph, personal.update))
        (folder / "tokenizer.json").write_bytes(base.tokenizer)
        if base.manifest.naming:
            (folder / REASONS).write_bytes(base.reasons)
        training = base.manifest.training | {"personalised": record(personal)}
        results = {"tail": personal.tail.to_json()}  # what the base had proven holds for its own graph alone
        name = f"{base.manifest.name} for {personal.history.name}"
        write_words(folder, Made(name, personal.calibration, training, results, base.manifest.naming))
        read_bundle(folder)
        _compare(personal, folder)
        if target.exists():
            shutil.rmtree(target)
        shutil.move(folder, target)


def check_target(target: Path, base: Path) -> None:
    """Refuse to replace anything but an earlier bundle.

    Raises:
        UsageError: see there.
    """
    if target.resolve() in (base.resolve(), DEFAULT.resolve()):
        raise UsageError(f"{target} is the bundle to start from; give another folder with --out")
    if target.exists() and not (target / MANIFEST).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} holds something other than a bundle; give another folder with --out")


def record(personal: Personal) -> dict[str, Any]:
    """The ``personalised`` object of a manifest's training record."""
    labelled = [edit for edit in personal.older if edit.sign]
    return {
        "repository": personal.history.name,
        "commit": personal.history.head,
        "base": {"name": personal.base.manifest.name, "digest": personal.base.digest},
        "edits": len(personal.older),
        "labelled": len(labelled),
        "until": personal.until,
        "strength": asdict(personal.strength) if personal.update.rank else None,
        "objection": personal.tail.objection,
    }


def _compare(personal: Personal, folder: Path) -> None:
    scorer = load(folder, "cpu", threads=1)
    for edit in personal.newest[:_COMPARED]:
        difference = float(np.abs(deltas_of(edit.views, scorer) - personal.update.deltas(edit)).max())
        if difference > PARITY:
            raise ExportError(f"the merged graph differs from what was measured by {difference:.1e}; please report it")
