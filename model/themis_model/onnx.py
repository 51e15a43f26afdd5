"""Scores views with ONNX Runtime; the provider that really runs is stated, never assumed."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from themis_model.assent import Clue
from themis_model.bundle import Bundle, read_bundle
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder, View
from themis_model.error import ModelError
from themis_model.scorer import FloatArray, ModelInfo
from themis_model.tokens import BpeTokenizer

if TYPE_CHECKING:
    import onnxruntime as ort

Device = Literal["auto", "cpu", "cuda"]

NO_RUNTIME = (
    "ONNX Runtime is not installed: install Themis with its extra 'cpu', as in 'themis-lsp[cpu]', or run "
    "pip install onnxruntime (for CUDA 'gpu' and onnxruntime-gpu; never both)"
)
_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"
_VIEWS = 8  # whose evidence is remembered


class OnnxScorer:
    """Runs a bundle's graph one view at a time, on as many threads as asked for.

    Batch 1 and no padding: dynamic quantisation takes its scales from the whole batch, so a score would
    otherwise depend on its neighbours.
    """

    def __init__(self, bundle: Bundle, open_graph: "Callable[[bytes], ort.InferenceSession]", threads: int) -> None:
        self.encoder = Encoder(BpeTokenizer.from_bytes(bundle.tokenizer), bundle.manifest.max_tokens)
        self._session = open_graph(bundle.graph)
        provider = self._session.get_providers()[0]
        named = bundle.manifest.name, bundle.digest, bundle.graph_digest
        self.info = ModelInfo(*named, provider, bundle.manifest.calibration)
        self._naming = bundle.manifest.naming
        self._reasons = cache(lambda: open_graph(bundle.reasons))  # opened when the first finding asks for it
        self._evidence = lru_cache(_VIEWS)(self._read_evidence)  # an edit asks once for every criterion
        self._pool = ThreadPoolExecutor(threads, "themis-score") if threads > 1 else None

    def score(self, views: Sequence[View]) -> FloatArray:
        """Rewards of shape ``[len(views), 5]``; equal views are run once."""
        unique = list(dict.fromkeys(view.ids for view in views))
        run = self._pool.map if self._pool and len(unique) > 1 else map
        rewards = dict(zip(unique, run(self._one, unique), strict=True))
        rows = [rewards[view.ids] for view in views]
        return np.stack(rows) if rows else np.zeros((0, len(CRITERIA)), np.float32)

    def clue(self, worse: View, better: View, criterion: Criterion) -> Clue | None:
        """The likeliest named defect that the worse view has more of, if the bundle names any."""
        if self._naming is None:
            return None
        gained = self._evidence(worse.ids) - self._evidence(better.ids)
        return self._naming.clue(criterion, gained, worse, better)

    def _read_evidence(self, ids: tuple[int, ...]) -> FloatArray:
        return _run(self._reasons(), ids)

    def _one(self, ids: tuple[int, ...]) -> FloatArray:
        return _run(self._session, ids)


def _run(graph: "ort.InferenceSession", ids: tuple[int, ...]) -> FloatArray:
    """The graph's one output for one view, without the batch dimension."""
    (rows,) = graph.run(None, {"input_ids": np.asarray([ids], dtype=np.int64)})
    row: FloatArray = cast("FloatArray", rows)[0]
    return row


def load(bundle: Path | None = None, device: Device = "auto", threads: int = 2) -> OnnxScorer:
    """Load a bundle, by default the one that ships with Themis.

    Args:
        bundle: folder of the bundle.
        device: ``auto`` takes CUDA where it works and the CPU otherwise; ``cuda`` insists.
        threads: views scored at the same time.

    Raises:
        ModelError: ONNX Runtime is missing, the bundle is broken or altered, or the device is not there.
    """
    if find_spec("onnxruntime") is None:
        raise ModelError(NO_RUNTIME)
    content = read_bundle(bundle)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3

    def open_graph(graph: bytes) -> "ort.InferenceSession":
        try:
            return ort.InferenceSession(
                graph, options, providers=_providers(device), disabled_optimizers=["SkipLayerNormFusion"]
            )
        except Exception as problem:  # the runtime's exceptions share no base class
            raise ModelError(f"a graph of {content.path} does not load: {_first_line(problem)}") from None

    scorer = OnnxScorer(content, open_graph, threads)
    if device == "cuda" and scorer.info.provider != _CUDA:
        raise ModelError("CUDA was asked for but did not start; check the driver, or use --device cpu")
    return scorer


def _providers(device: Device) -> list[str]:
    import onnxruntime as ort

    cuda = _CUDA in ort.get_available_providers()
    if device == "cuda" and not cuda:
        raise ModelError(
            "this ONNX Runtime has no CUDA provider; run: pip uninstall onnxruntime && pip install onnxruntime-gpu"
        )
    return [_CUDA, _CPU] if cuda and device != "cpu" else [_CPU]


def _first_line(problem: Exception) -> str:
    return str(problem).strip().splitlines()[0][:200] if str(problem).strip() else type(problem).__name__
