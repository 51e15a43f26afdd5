"""Themis: whether an edit made code better or worse. The review core, and the language server in ``server``."""

__version__ = "0.1.0"
