"""Which provider each node of a graph really runs on; only ``themis doctor`` asks."""

from collections import Counter

from themis_model.bundle import Bundle


def placement(bundle: Bundle, provider: str) -> Counter[str] | None:
    """Number of nodes, after optimisation, by the provider that runs them.

    Args:
        bundle: holds the graph.
        provider: the one asked for; nodes it cannot run fall back to the CPU.

    Returns:
        None if this ONNX Runtime is too old to tell.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    providers = list(dict.fromkeys((provider, "CPUExecutionProvider")))
    session = ort.InferenceSession(bundle.graph, options, providers=providers)
    if not hasattr(session, "get_provider_graph_assignment_info"):
        return None
    nodes: Counter[str] = Counter()
    for part in session.get_provider_graph_assignment_info():
        nodes[part.ep_name] += len(part.get_nodes())
    return nodes
