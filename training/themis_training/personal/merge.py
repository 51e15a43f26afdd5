"""A bundle's graph with a correction beside it: the same input, and the sum of both rewards as the output."""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from themis_lsp.error import UsageError
from themis_model.tokens import EDIT, END_EDIT, FIRST_LANGUAGE
from themis_training.network import Wide, changed_region
from themis_training.personal.scored import BUCKETS, LONGEST_GRAM
from themis_training.personal.update import Update

if TYPE_CHECKING:
    import onnx

PREFIX = "personal/"  # of every name the correction brings into a graph


class Correction(nn.Module):
    """Token ids ``[batch, tokens]`` to what is added to the rewards, ``[batch, 5]``."""

    def __init__(self, update: Update) -> None:
        super().__init__()
        self.wide = Wide(BUCKETS, LONGEST_GRAM, columns=update.rank)
        self.mix: Tensor
        self.register_buffer("mix", torch.from_numpy(update.mix))
        with torch.no_grad():
            self.wide.table.weight[torch.from_numpy(update.buckets)] = torch.from_numpy(update.table)

    def forward(self, input_ids: Tensor) -> Tensor:
        """Corrections; nothing is padded."""
        bag = cast("Tensor", self.wide(input_ids, changed_region(input_ids), torch.ones_like(input_ids)))
        return bag @ self.mix


def merged(graph: bytes, update: Update) -> bytes:
    """A bundle's graph with the correction added to its one output; unchanged for an update without directions.

    Raises:
        UsageError: the graph has been corrected before, or is not of the shape of a bundle's.
    """
    import onnx

    if not update.rank:
        return graph
    base = onnx.load_from_string(graph)
    if any(tensor.name.startswith(PREFIX) for tensor in base.graph.initializer):
        raise UsageError("the bundle is personalised already; start from the one it was made from")
    if len(base.graph.input) != 1 or len(base.graph.output) != 1:
        raise UsageError("the bundle's graph must have one input and one output to be personalised")
    version = next(opset.version for opset in base.opset_import if opset.domain in ("", "ai.onnx"))
    extra = _exported(Correction(update), version, base.graph.input[0].name)
    output = base.graph.output[0].name
    for node in base.graph.node:
        node.output[:] = [f"{PREFIX}shipped" if name == output else name for name in node.output]
        node.input[:] = [f"{PREFIX}shipped" if name == output else name for name in node.input]
    base.graph.initializer.extend(extra.initializer)
    base.graph.node.extend(extra.node)
    added = onnx.helper.make_node("Add", [f"{PREFIX}shipped", extra.output[0].name], [output], f"{PREFIX}sum")
    base.graph.node.append(added)
    onnx.checker.check_model(base)
    return cast("bytes", base.SerializeToString())


def _exported(correction: Correction, version: int, input_name: str) -> "onnx.GraphProto":
    """The correction as nodes whose names cannot meet those of another graph, but for the input they share."""
    import onnx
    from onnx import compose

    example = torch.tensor([[FIRST_LANGUAGE, EDIT, 40, 41, END_EDIT]])
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about the route that works; see graph.py
        target = Path(folder) / "correction.onnx"
        torch.onnx.export(
            correction, (example,), target, input_names=[input_name], output_names=["correction"],
            dynamic_axes={input_name: {0: "views", 1: "tokens"}, "correction": {0: "views"}},
            opset_version=version, dynamo=False,
        )  # fmt: skip
        model = onnx.load(target)
    return compose.add_prefix(model, PREFIX, rename_inputs=False).graph
