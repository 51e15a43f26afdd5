"""From the torch network to an ONNX graph: exported by optimum, quantised, and held to the original."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import torch
from optimum.exporters.onnx import export
from optimum.exporters.onnx.config import TextEncoderOnnxConfig
from optimum.utils import NormalizedTextConfig

from themis_model.scorer import FloatArray
from themis_model.tokens import EDIT, END_EDIT, FIRST_LANGUAGE
from themis_training.network import Evidence, RewardNetwork

OPSET = 17
PARITY = 1e-4  # largest difference of a reward between torch and the fp32 graph


class RewardOnnxConfig(TextEncoderOnnxConfig):  # type: ignore[misc]  # optimum is untyped
    """Tells optimum the inputs and outputs of ``RewardNetwork``."""

    NORMALIZED_CONFIG_CLASS = NormalizedTextConfig
    DEFAULT_ONNX_OPSET = OPSET

    @property
    def inputs(self) -> dict[str, dict[int, str]]:
        """Only ids: nothing is padded in serving, so there is no mask."""
        return {"input_ids": {0: "views", 1: "tokens"}}

    @property
    def outputs(self) -> dict[str, dict[int, str]]:
        """Rewards under the name the Hugging Face classifier shape gives them."""
        return {"logits": {0: "views"}}


def export_fp32(network: RewardNetwork, target: Path) -> None:
    """Write the network as one fp32 ONNX file.

    Raises:
        ValueError: if the graph's rewards differ from torch's by more than ``PARITY``.
    """
    network.train(mode=False)
    with warnings.catch_warnings():
        # The TorchScript route is chosen on purpose: the other one fails at run time with attention masks.
        warnings.simplefilter("ignore")
        export(network, RewardOnnxConfig(network.config, task="text-classification"), target, opset=OPSET)


def export_evidence(evidence: Evidence, target: Path) -> None:
    """Write the graph that names defects as one fp32 ONNX file."""
    example = torch.tensor([[FIRST_LANGUAGE, EDIT, 40, 41, END_EDIT]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            evidence, (example,), target, input_names=["input_ids"], output_names=["evidence"],
            dynamic_axes={"input_ids": {0: "views", 1: "tokens"}, "evidence": {0: "views"}},
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip


def quantise(
    source: Path, target: Path, *, reduce_range: bool, keep: Sequence[str] = (), halve: Sequence[str] = ()
) -> None:
    """Dynamic int8, one scale per channel; nodes whose name contains a word of ``keep`` stay as they are.

    The unfused graph is quantised: fusing first makes CPU inference slower.

    Args:
        source: fp32 graph.
        target: file to write.
        reduce_range: 7 bits, for CPUs without VNNI.
        keep: words in the names of nodes.
        halve: words in the names of tables that are looked up in: these become fp16. One large weight takes all eight
            bits from the small ones.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(source, prepared, skip_optimization=True, skip_symbolic_shape=True)
        nodes = [node.name for node in onnx.load(prepared).graph.node]
        quantize_dynamic(
            prepared,
            target,
            per_channel=True,
            reduce_range=reduce_range,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[name for name in nodes if any(word in name for word in (*keep, *halve))],
        )
    if halve:
        model = onnx.load(target)
        _halve(model, halve)
        onnx.save(model, target)


def _halve(model: Any, words: Sequence[str]) -> None:
    """Store tables as fp16 in place; what is looked up in them is cast back."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    for table in [t for t in graph.initializer if any(word in t.name for word in words)]:
        table.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(table).astype(np.float16), table.name))
        for number, node in reversed(list(enumerate(graph.node))):
            if table.name in node.input:
                (seen,) = node.output
                node.output[0] = f"{seen}_half"
                cast_back = helper.make_node(
                    "Cast", [node.output[0]], [seen], f"{node.name}_cast", to=TensorProto.FLOAT
                )
                graph.node.insert(number + 1, cast_back)


def graph_rewards(graph: Path, views: Sequence[Sequence[int]]) -> FloatArray:
    """The one output of an ONNX file, ``[views, columns]``, one view at a time as in serving."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
    )
    runs = (session.run(None, {"input_ids": np.asarray([view], dtype=np.int64)}) for view in views)
    rows = [cast("FloatArray", rewards)[0] for (rewards,) in runs]
    return np.stack(rows) if rows else np.zeros((0, 5), np.float32)
