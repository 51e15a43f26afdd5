"""The language server as a process, with a scorer whose words of praise and blame tests know."""

import os
import sys
from collections.abc import Sequence

from themis_lsp.config import Config
from themis_lsp.error import ModelError
from themis_lsp.server.app import serve_stdio
from themis_model.fake import FakeScorer
from themis_model.scorer import Scorer

WEIGHTS: dict[str, Sequence[float]] = {
    "bad": (0, 0, 0, -4, 0),
    "good": (0, 0, 0, 4, 0),
    "mixed": (0, 0, 0, -4, 4),
    "query": (0, 0, 0, -4, 0),
}


def load(config: Config) -> Scorer:
    if os.environ.get("FAKE_TROUBLE"):
        raise ModelError(os.environ["FAKE_TROUBLE"])
    return FakeScorer(WEIGHTS, defects={"query": "sql-injection"})


if __name__ == "__main__":
    sys.exit(serve_stdio(load))
