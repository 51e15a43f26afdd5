"""Degradations of security."""

from themis_training.degrade.operator import Operator
from themis_training.degrade.planted import planted_in

OPERATORS: tuple[Operator, ...] = planted_in("security")
