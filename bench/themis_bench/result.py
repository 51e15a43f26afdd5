"""Results as files: what was measured, on which machine, written whole or not at all."""

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from themis_bench.metrics import Estimate
from themis_lsp.error import UsageError

_PACKAGES = ("numpy", "onnxruntime", "onnxruntime-gpu", "tokenizers", "tree-sitter")


def machine() -> dict[str, Any]:
    """What figures depend on besides the model: processor, cores, system and versions; nothing that names a person."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def write_result(path: Path, schema: str, values: Mapping[str, Any]) -> None:
    """Write a result with its schema, date and machine; undefined numbers become null.

    Raises:
        UsageError: if the file cannot be written.
    """
    measured = datetime.now(UTC).date().isoformat()
    result = {"schema": schema, "measured": measured, "machine": machine(), **values}
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(plain(result), indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as problem:
        raise UsageError(f"cannot write {path}: {problem.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def plain(value: Any) -> Any:
    """A value as JSON has it: estimates as objects, five digits, and null for what is undefined."""
    match value:
        case Estimate():
            return {name: plain(number) for name, number in value._asdict().items()}
        case float():
            return round(value, 5) if math.isfinite(value) else None
        case Mapping():
            return {str(name): plain(inner) for name, inner in value.items()}
        case str():
            return value
        case Sequence():
            return [plain(inner) for inner in value]
        case _:
            return value


def _processor() -> str:
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in described.splitlines() if line.startswith("model name"))
    return next(names, platform.machine())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
