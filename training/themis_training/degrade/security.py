"""Degradations of security."""

from themis_training.degrade.operator import Operator
from themis_training.degrade.plant import planting

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "plant-shell-string",
        "command-injection",
        "a command line is built as one string for a shell",
        {
            "python": planting(
                (
                    'subprocess.run(["$tool", $a], check=True)',
                    'subprocess.run(f"$tool {$a}", shell=True, check=True)',
                ),
            ),
        },
    ),
)
