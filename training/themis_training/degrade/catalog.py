"""All operators."""

from themis_training.degrade import correctness, neutral, runtime, security
from themis_training.degrade.operator import Operator

DEGRADATIONS: tuple[Operator, ...] = (*correctness.OPERATORS, *security.OPERATORS, *runtime.OPERATORS)
NEUTRAL: tuple[Operator, ...] = neutral.OPERATORS
