"""Rewrites after which nothing is better or worse: ties."""

from themis_training.degrade.operator import Operator

OPERATORS: tuple[Operator, ...] = ()
