"""Degradations of security."""

from themis_training.degrade import security_crypto, security_guard, security_injection, security_memory
from themis_training.degrade.operator import Operator
from themis_training.degrade.planted import planted_in

OPERATORS: tuple[Operator, ...] = (
    *planted_in("security"),
    *security_guard.OPERATORS,
    *security_memory.OPERATORS,
    *security_injection.OPERATORS,
    *security_crypto.OPERATORS,
)
