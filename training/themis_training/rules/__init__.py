"""Preference pairs from the examples that linters keep beside their rules."""
