"""What a command runs in: streams, folder, environment and the way to its model. Tests bring their own."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from themis_lsp.config import Config
    from themis_model.scorer import Scorer


@dataclass(frozen=True, slots=True)
class Context:
    """The world of one command.

    Attributes:
        out: where the result goes.
        err: where notes and progress go.
        folder: what relative paths start from.
        environ: the environment variables.
        load: gives the model that a configuration asks for.
    """

    out: TextIO
    err: TextIO
    folder: Path
    environ: Mapping[str, str]
    load: "Callable[[Config], Scorer]"


def real() -> Context:
    """The process's own world, with the ONNX model."""
    return Context(sys.stdout, sys.stderr, Path.cwd(), os.environ, _load)


def _load(config: "Config") -> "Scorer":
    from themis_model.onnx import Device, load

    device = cast("Device", config.device)  # the resolver lets no other word through
    return load(config.model, device, config.at().threads)
