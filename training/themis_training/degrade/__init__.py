"""Degradation operators: rewrites of real functions that make them worse at one thing, and neutral ones beside them."""
