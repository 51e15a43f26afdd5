"""Bundles: read whole, verified, and refused with the reason and the fix."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from themis_model.bundle import DEFAULT, MANIFEST, read_bundle
from themis_model.calibrate import Calibration, Curve, Mix, State, Threshold
from themis_model.criterion import CRITERIA
from themis_model.encode import View
from themis_model.error import ModelError
from themis_model.graph import graph_problem
from themis_model.onnx import load


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT, tmp_path / "bundle"))


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def replace_file(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    rewrite(folder, files=files | {name: hashlib.sha256(content).hexdigest()})


def replace_graph(folder: Path, content: bytes) -> None:
    replace_file(folder, "model.onnx", content)


def message(tag: int, content: bytes) -> bytes:
    """One length-delimited protobuf field."""
    size = len(content)
    varint = b""
    while size > 127:
        varint += bytes([size & 127 | 128])
        size >>= 7
    key = bytes([tag << 3 | 2]) if tag < 16 else bytes([tag << 3 & 127 | 130, tag >> 4])
    return key + varint + bytes([size]) + content


TENSOR_ELSEWHERE = message(7, message(5, message(13, message(1, b"location"))))
TENSORS_ELSEWHERE = message(7, message(1, message(5, message(10, message(13, message(1, b"location"))))))
SPARSE_TENSOR = message(7, message(15, message(1, message(13, message(1, b"location")))))
SPARSE_ATTRIBUTE = message(7, message(1, message(5, message(22, b""))))
FOREIGN_NODE = message(7, message(1, message(7, b"evil.domain")))
FOREIGN_OPSET = message(8, message(1, b"evil.domain")) + message(7, b"")

# what was done to the bundle, words of the message
BROKEN: list[tuple[Callable[[Path], object], str]] = [
    (shutil.rmtree, "cannot be read, as there is no such folder: themis model list shows those you have"),
    (lambda b: (b / "tokenizer.json").unlink(), "cannot be read: tokenizer.json"),
    (lambda b: (b / "model.onnx").write_bytes((b / "model.onnx").read_bytes() + b"x"), "sha256 differs"),
    (lambda b: (b / MANIFEST).write_text("{"), "is not JSON"),
    (lambda b: (b / MANIFEST).write_text("[" * 100_000), "is not JSON"),
    (lambda b: (b / MANIFEST).write_text("[]"), "has schema None"),
    (lambda b: rewrite(b, schema="themis-bundle/9"), "has schema 'themis-bundle/9'"),
    (lambda b: rewrite(b, window_rule=99), "another window rule"),
    (lambda b: rewrite(b, criteria=[]), "another window rule or criteria order"),
    (lambda b: rewrite(b, calibration={}), "incomplete"),
    (lambda b: rewrite(b, files=None), "incomplete"),
    (lambda b: replace_graph(b, b"not a graph"), "not an ONNX file"),
    (lambda b: replace_graph(b, TENSOR_ELSEWHERE), "weights in other files"),
    (lambda b: replace_graph(b, TENSORS_ELSEWHERE), "weights in other files"),
    (lambda b: replace_graph(b, SPARSE_TENSOR), "sparse tensors"),
    (lambda b: replace_graph(b, SPARSE_ATTRIBUTE), "sparse tensors"),
    (lambda b: replace_graph(b, FOREIGN_NODE), "not part of ONNX Runtime"),
    (lambda b: replace_graph(b, FOREIGN_OPSET), "not part of ONNX Runtime"),
    (lambda b: replace_graph(b, message(7, b"")), "does not load"),
    (lambda b: (b / "CARD.md").write_bytes(b" " * (26 << 20)), "larger than 25 MB"),
]


@pytest.mark.parametrize(("spoil", "words"), BROKEN, ids=[row[1] for row in BROKEN])
def test_broken_bundles_are_refused(bundle: Path, spoil: Callable[[Path], object], words: str) -> None:
    load(bundle, "cpu")
    spoil(bundle)
    with pytest.raises(ModelError, match=words) as refused:
        load(bundle, "cpu")
    assert "\n" not in str(refused.value)


def spoken_less(folder: Path) -> None:
    shipped = read_bundle(folder).manifest.calibration
    curve = shipped.curves[CRITERIA[3]]
    quiet = replace(curve, worse=replace(curve.worse, probability=0.99))
    rewrite(folder, calibration=replace(shipped, curves={**shipped.curves, CRITERIA[3]: quiet}).to_json())


def named_otherwise(folder: Path) -> None:
    naming = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["naming"]
    rewrite(folder, naming=naming | {"sharpness": dict.fromkeys(naming["sharpness"], 0.5)})


# what was done to the bundle, whether reports show other digits then
TOLD_APART: list[tuple[Callable[[Path], object], bool]] = [
    (spoken_less, True),
    (named_otherwise, True),
    (lambda b: replace_file(b, "reasons.onnx", (b / "reasons.onnx").read_bytes() + b"\x78\x00"), True),
    (lambda b: replace_file(b, "tokenizer.json", (b / "tokenizer.json").read_bytes() + b"\n"), True),
    (lambda b: replace_file(b, "CARD.md", b"Ours."), False),
    (lambda b: rewrite(b, name="ours", results={}, training={}), False),
]


@pytest.mark.parametrize(("change", "differs"), TOLD_APART)
def test_what_may_say_something_else_has_another_digest(
    bundle: Path, change: Callable[[Path], object], differs: bool
) -> None:
    shipped = read_bundle()
    change(bundle)
    changed = read_bundle(bundle)
    assert (changed.digest != shipped.digest, changed.graph_digest) == (differs, shipped.graph_digest)


def test_the_bundle_that_ships_is_sound_and_scores_alone_as_in_a_crowd() -> None:
    content = read_bundle()
    assert not graph_problem(content.graph)
    assert sum(path.stat().st_size for path in DEFAULT.iterdir()) <= 25 * 1024 * 1024
    scorer = load(threads=2)
    views = [View("python", "", tuple(range(6, 6 + n))) for n in (30, 200, 30, 317)]
    crowd = scorer.score(views)
    assert crowd.shape == (4, len(CRITERIA))
    for row, view in enumerate(views):
        assert (load(threads=1).score([view])[0] == crowd[row]).all()


def test_a_line_that_no_file_can_hold_is_read_all_the_same() -> None:
    tokenizer = load().encoder.tokenizer
    assert tokenizer.encode_lines(["'é\ud800'"]) == tokenizer.encode_lines(["'é?'"])


def test_cuda_is_never_assumed() -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine has the CUDA provider")
    with pytest.raises(ModelError, match="no CUDA provider"):
        load(device="cuda")
    assert load(device="auto").info.provider == "CPUExecutionProvider"


def test_calibration_round_trip_and_shape() -> None:
    curve = Curve(State.SPEAKS, 2.0, -1.5, 1.2, 0.4, Threshold(0.8, 0.9, 0.75, 0.2, 40), Threshold(0.9), 0.02)
    curve = replace(curve, reasons={"weak-hash": Threshold(0.7, 0.9, 0.6, 0.1, 9)})
    calibration = Calibration(Mix(), dict.fromkeys(CRITERIA, curve))
    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration
    shares = [calibration.probabilities(CRITERIA[0], delta / 10) for delta in range(-200, 201)]
    assert all(p is not None and abs(sum(p) - 1) < 1e-12 for p in shares)
    worse = [p.worse for p in shares if p]
    assert worse == sorted(worse, reverse=True)
