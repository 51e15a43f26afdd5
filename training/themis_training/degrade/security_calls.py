"""Short ways to write operators that make a call of real code in another form."""

import random
import re
from collections.abc import Callable, Iterator, Mapping

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import Finder
from themis_training.degrade.syntax import Call, calls


def dotted(call: Call) -> str:
    """The name of a call with its receiver, without arguments."""
    receiver = call.node.child_by_field_name("receiver") or call.node.child_by_field_name("object")
    before = f"{text_of(receiver)}." if receiver is not None and call.target.type != "attribute" else ""
    return re.sub(r"\s+", "", before + text_of(call.target))


def calling(names: str, make: Callable[[str, list[str]], str | None], count: int | None = None) -> Finder:
    """Calls whose dotted name matches ``names`` whole become what ``make`` says of name and arguments."""
    pattern = re.compile(names)

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for call in calls(function):
            name, given = dotted(call), list(map(text_of, call.arguments))
            if pattern.fullmatch(name) and (count is None or len(given) == count):
                new = make(name, given)
                if new is not None:
                    yield Way((replace(call.node, new),))

    return find


def adding(names: str, argument: str, unless: str) -> Finder:
    """Calls whose dotted name matches get one more argument, unless a part of it is there already."""
    pattern = re.compile(names)

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for call in calls(function):
            listed = call.node.child_by_field_name("arguments")
            if (
                pattern.fullmatch(dotted(call))
                and call.arguments
                and listed is not None
                and unless not in text_of(listed)
            ):
                end = call.arguments[-1].end_byte
                yield Way((Replacement(end, end, f", {argument}"),))

    return find


def first(_: str, given: list[str]) -> str:
    """The first argument, in place of a call that made it safe."""
    return given[0]


def held(text: str) -> str:
    """An expression, in parentheses where it needs them."""
    return text if re.fullmatch(r"[\w.$@]+(?:\([^()]*\))?", text) else f"({text})"


def words(table: Mapping[str, tuple[str, ...]], *kinds: str) -> Finder:
    """Leaves of the given types whose whole text is in the table become one of the words there.

    A line that has such a word already chooses between the two, and an assertion only looks: both are left alone.
    """

    def find(function: Function, draw: random.Random) -> Iterator[Way]:
        for node in function.nodes(*kinds):
            found = table.get(text_of(node), ())
            line = function.file.splitlines()[node.start_point[0]].decode() if found else ""
            if found and not re.search(r"(?i)assert|expect", line) and not any(word in line for word in found):
                yield Way((replace(node, draw.choice(found)),))

    return find
