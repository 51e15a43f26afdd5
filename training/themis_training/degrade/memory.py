"""Degradations of memory use."""

from themis_training.degrade import memory_blocks, memory_calls
from themis_training.degrade.operator import Operator
from themis_training.degrade.planted import planted_in

OPERATORS: tuple[Operator, ...] = (*memory_blocks.OPERATORS, *memory_calls.OPERATORS, *planted_in("memory"))
