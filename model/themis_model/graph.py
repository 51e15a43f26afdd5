"""What an ONNX file refers to outside itself, read from its protobuf bytes without the onnx package.

Field numbers are those of onnx.proto3 (github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from collections.abc import Iterator

# Domains whose operators are built into ONNX Runtime.
_BUILT_IN = frozenset({b"", b"ai.onnx", b"ai.onnx.ml", b"com.microsoft"})
_MODEL_GRAPH, _MODEL_OPSET, _MODEL_FUNCTION = 7, 8, 25
_OPSET_DOMAIN = 1
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_DOMAIN, _NODE_ATTRIBUTE = 7, 5
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = (5, 10), (6, 11), (22, 23)
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14
_SPARSE = "it has sparse tensors, which may keep weights in other files"
_DEEPEST = 8  # subgraphs within subgraphs


def graph_problem(content: bytes) -> str:
    """Why a graph must not be loaded: external data, foreign operators or broken bytes; empty if it may."""
    view = memoryview(content)
    try:
        graphs = 0
        for field, value in _fields(view):
            if field == _MODEL_OPSET and isinstance(value, memoryview):
                domain = next((v for f, v in _fields(value) if f == _OPSET_DOMAIN), memoryview(b""))
                if not isinstance(domain, memoryview) or bytes(domain) not in _BUILT_IN:
                    return "it uses operators that are not part of ONNX Runtime"
            elif field == _MODEL_GRAPH and isinstance(value, memoryview):
                graphs += 1
                problem = _in_graph(value, 0)
                if problem:
                    return problem
            elif field == _MODEL_FUNCTION:
                return "it defines operators of its own"
    except (ValueError, IndexError):
        return "it is not an ONNX file"
    return "" if graphs == 1 else "it is not an ONNX file"


def _in_graph(graph: memoryview, depth: int) -> str:
    if depth > _DEEPEST:
        return "its subgraphs are nested too deeply"
    for field, value in _fields(graph):
        if not isinstance(value, memoryview):
            continue
        problem = ""
        if field == _GRAPH_INITIALIZER:
            problem = _in_tensor(value)
        elif field == _GRAPH_SPARSE:
            problem = _SPARSE
        elif field == _GRAPH_NODE:
            problem = _in_node(value, depth)
        if problem:
            return problem
    return ""


def _in_node(node: memoryview, depth: int) -> str:
    for field, value in _fields(node):
        if not isinstance(value, memoryview):
            continue
        if field == _NODE_DOMAIN and bytes(value) not in _BUILT_IN:
            return "it uses operators that are not part of ONNX Runtime"
        if field == _NODE_ATTRIBUTE:
            for inner, part in _fields(value):
                if not isinstance(part, memoryview):
                    continue
                problem = ""
                if inner in _ATTRIBUTE_TENSORS:
                    problem = _in_tensor(part)
                elif inner in _ATTRIBUTE_SPARSE:
                    problem = _SPARSE
                elif inner in _ATTRIBUTE_GRAPHS:
                    problem = _in_graph(part, depth + 1)
                if problem:
                    return problem
    return ""


def _in_tensor(tensor: memoryview) -> str:
    for field, value in _fields(tensor):
        if field == _TENSOR_EXTERNAL or (field == _TENSOR_LOCATION and value == 1):
            return "it keeps weights in other files"
    return ""


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Field numbers and raw values of one protobuf message (protobuf.dev/programming-guides/encoding)."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        if wire == 0:
            number, at = _varint(message, at)
            yield key >> 3, number
            continue
        if wire == 2:
            size, at = _varint(message, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + size > len(message):
            raise ValueError("truncated")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("varint too long")
