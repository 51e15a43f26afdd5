"""All operators."""

from themis_training.degrade import correctness, memory, neutral, readability, runtime, security
from themis_training.degrade.operator import Operator

DEGRADATIONS: tuple[Operator, ...] = (
    *correctness.OPERATORS,
    *readability.OPERATORS,
    *security.OPERATORS,
    *runtime.OPERATORS,
    *memory.OPERATORS,
)
NEUTRAL: tuple[Operator, ...] = neutral.OPERATORS
