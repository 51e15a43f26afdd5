"""One example of a rule, and where examples come from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from themis_training.rules.tree import Tree


@dataclass(frozen=True, slots=True)
class RuleExample:
    """Code that breaks a rule, and the same code as the rule wants it.

    Attributes:
        rule: the linter's own name for it.
        language: key from ``themis_model.tokens.LANGUAGES``.
        bad: what the rule complains about.
        good: what its authors write instead.
        message: what the linter says, if it says it.
    """

    rule: str
    language: str
    bad: str
    good: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A linter.

    Attributes:
        name: its section in ``criteria.toml``.
        repository: ``owner/name``.
        read: yields the examples of one file before it reads the next, so that each is known by the file it is in.
    """

    name: str
    repository: str
    read: Callable[[Tree], Iterator[RuleExample]]
