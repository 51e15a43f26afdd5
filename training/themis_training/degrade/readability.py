"""Degradations of readability and maintainability."""

from themis_training.degrade import readability_name, readability_shape
from themis_training.degrade.operator import Operator

OPERATORS: tuple[Operator, ...] = (*readability_name.OPERATORS, *readability_shape.OPERATORS)
