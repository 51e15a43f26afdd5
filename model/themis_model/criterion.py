"""The five criteria of the Themis paper, in the one order used everywhere (arXiv 2605.00754, section 3)."""

from enum import StrEnum


class Criterion(StrEnum):
    """One aspect of code quality that an edit can make better or worse."""

    FUNCTIONAL_CORRECTNESS = "functional_correctness"
    RUNTIME_EFFICIENCY = "runtime_efficiency"
    MEMORY_EFFICIENCY = "memory_efficiency"
    SECURITY_HARDNESS = "security_hardness"
    READABILITY_MAINTAINABILITY = "readability_maintainability"

    @property
    def short(self) -> str:
        """The word people say: ``security`` for ``security_hardness``."""
        return _SHORT[self]


CRITERIA: tuple[Criterion, ...] = tuple(Criterion)

_SHORT = {
    Criterion.FUNCTIONAL_CORRECTNESS: "correctness",
    Criterion.RUNTIME_EFFICIENCY: "runtime",
    Criterion.MEMORY_EFFICIENCY: "memory",
    Criterion.SECURITY_HARDNESS: "security",
    Criterion.READABILITY_MAINTAINABILITY: "readability",
}
