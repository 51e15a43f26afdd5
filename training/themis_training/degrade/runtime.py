"""Degradations of running time."""

from themis_training.degrade import runtime_calls, runtime_loops, runtime_values
from themis_training.degrade.operator import Operator
from themis_training.degrade.planted import planted_in

OPERATORS: tuple[Operator, ...] = (
    *runtime_loops.OPERATORS,
    *runtime_calls.OPERATORS,
    *runtime_values.OPERATORS,
    *planted_in("runtime"),
)
