"""Degradations of running time."""

from themis_training.degrade import runtime_calls, runtime_loops
from themis_training.degrade.operator import Operator

OPERATORS: tuple[Operator, ...] = (*runtime_loops.OPERATORS, *runtime_calls.OPERATORS)
