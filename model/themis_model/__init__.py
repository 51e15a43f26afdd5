"""The reward model: what it reads, how it is loaded, and what its numbers mean."""

import os

# From 1.29 on, ONNX Runtime reports to its maker unless it finds this when it is first imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
