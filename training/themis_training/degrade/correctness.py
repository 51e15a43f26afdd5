"""Degradations of functional correctness."""

from themis_training.degrade import (
    correctness_call,
    correctness_condition,
    correctness_error,
    correctness_flow,
    correctness_state,
    correctness_value,
)
from themis_training.degrade.operator import SCRIPTS, Operator, for_all, rewriting

_AWAIT = "(await_expression (_) @call) @whole"

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "drop-await",
        "missing-await",
        "a promise is used as if it were its value",
        {
            **for_all(rewriting(_AWAIT, whole="$call"), *SCRIPTS, "c_sharp"),
            "python": rewriting("(await (_) @call) @whole", whole="$call"),
        },
    ),
    *correctness_condition.OPERATORS,
    *correctness_flow.OPERATORS,
    *correctness_error.OPERATORS,
    *correctness_call.OPERATORS,
    *correctness_state.OPERATORS,
    *correctness_value.OPERATORS,
)
