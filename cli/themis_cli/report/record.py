"""What every output format is given."""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from themis_lsp.review import Review
    from themis_model.scorer import ModelInfo


class Detail(IntEnum):
    """How much a report for people says."""

    QUIET = 0  # findings alone
    NORMAL = 1
    VERBOSE = 2  # every unit that changed, judged or not


@dataclass(frozen=True, slots=True)
class Report:
    """One review and what it was made of.

    Attributes:
        review: the outcome.
        model: what judged.
        base: what the change was compared with: a commit, or words such as ``empty tree``.
        head: what was reviewed: a commit, ``index``, ``work tree`` or ``patch``.
        is_proposed: it is judged by the rules of its base: a range, ``--base`` or a patch.
    """

    review: "Review"
    model: "ModelInfo"
    base: str
    head: str
    is_proposed: bool = False
