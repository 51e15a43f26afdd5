"""Measures models and the product: suites, metrics, accuracy, latency, memory."""
