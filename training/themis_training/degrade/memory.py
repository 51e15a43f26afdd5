"""Degradations of memory use."""

from themis_training.degrade.operator import Operator
from themis_training.degrade.planted import planted_in

OPERATORS: tuple[Operator, ...] = (*planted_in("memory"),)
