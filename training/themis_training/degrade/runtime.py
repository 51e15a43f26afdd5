"""Degradations of running time."""

from themis_training.degrade import runtime_calls, runtime_loops
from themis_training.degrade.operator import Operator
from themis_training.degrade.planted import planted_in

OPERATORS: tuple[Operator, ...] = (*runtime_loops.OPERATORS, *runtime_calls.OPERATORS, *planted_in("runtime"))
