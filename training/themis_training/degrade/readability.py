"""Degradations of readability and maintainability."""

from themis_training.degrade import (
    readability_clutter,
    readability_dense,
    readability_idiom,
    readability_name,
    readability_shape,
)
from themis_training.degrade.operator import Operator

OPERATORS: tuple[Operator, ...] = (
    *readability_name.OPERATORS,
    *readability_shape.OPERATORS,
    *readability_dense.OPERATORS,
    *readability_clutter.OPERATORS,
    *readability_idiom.OPERATORS,
)
