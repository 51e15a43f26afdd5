"""Rewrites after which nothing is better or worse: ties, so that the model learns when to be silent."""

import random
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Way, replace, swap, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Operator, for_all, rewriting
from themis_training.degrade.plant import local_names, planting, statements_of
from themis_training.degrade.words import WORDS

if TYPE_CHECKING:
    from tree_sitter import Node

_CALL = re.compile(r"[({\[]|\b(?:new|await|yield|throw|return|raise)\b|\+\+|--")
_SHORTEST_NAME = 4  # shorter names may be conventions: i, x, err, ctx


def _renamed(function: Function, draw: random.Random) -> Iterator[Way]:
    """One local gets another plain word of like length everywhere in the function."""
    declared = [name for name in local_names(function) if len(name) >= _SHORTEST_NAME and name.islower()]
    taken = {text_of(node) for node in function.nodes("identifier")}
    for old in draw.sample(declared, min(2, len(declared))):
        words = [word for word in WORDS["new"] if word not in taken and abs(len(word) - len(old)) <= 2]
        if words and "_" not in old:
            new = draw.choice(words)
            yield Way(tuple(replace(n, new) for n in function.nodes("identifier") if text_of(n) == old))


def _reordered(function: Function, _: random.Random) -> Iterator[Way]:
    """Two neighbouring assignments without calls, neither of which uses the other's names, change places."""
    for statements in statements_of(function):
        for one, other in pairwise(statements):
            if _is_simple(one) and _is_simple(other) and one.type == other.type and one != other:
                first, second = _names_in(one), _names_in(other)
                if first.isdisjoint(second) and function.stands_alone(one) and function.stands_alone(other):
                    yield Way(swap(one, other))


def _is_simple(node: "Node") -> bool:
    text = text_of(node)
    return "=" in text and "\n" not in text and not _CALL.search(text)


def _names_in(node: "Node") -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text_of(node)))


def _mirrored(operators: dict[str, str], kind: str) -> Callable[[Function, random.Random], Iterator[Way]]:
    """Both sides of a comparison without calls change places, and the operator with them."""

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for node in function.nodes(kind):
            if node.child_count != 3 or text_of(node.children[1]) not in operators:
                continue
            left, operator, right = node.children
            if any(_CALL.search(text_of(side)) for side in (left, right)) or not left.is_named:
                continue
            if not {"identifier", "field_expression", "attribute", "member_expression"} & {left.type} or (
                right.type != "identifier"
            ):
                continue
            yield Way((*swap(left, right), replace(operator, operators[text_of(operator)])))

    return find


_SIDES = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_COMPARED = {
    **for_all(_mirrored(_SIDES, "binary_expression"), "c", "cpp", "c_sharp", "go", "java", *SCRIPTS),
    "python": _mirrored(_SIDES, "comparison_operator"),
    "ruby": _mirrored(_SIDES, "binary"),
}


def _wrapped(function: Function, _: random.Random) -> Iterator[Way]:
    """The arguments of a call go to a line of their own, or come back from it."""
    for node in function.nodes("argument_list", "arguments"):
        inner = [child for child in node.named_children if "comment" not in child.type]
        if len(inner) < 2 or "\n" in text_of(node) or text_of(node)[0] != "(":
            continue
        margin = function.indent(node)
        joined = f",\n{margin}        ".join(text_of(child) for child in inner)
        yield Way((replace(node, f"({joined})"),))


_LOGGED = {
    "python": (('log.debug("$text: %s", $a)', 'log.debug("$text2 %s", $a)'), ("$new = $a", "$new2 = $a")),
    "java": (('LOG.debug("$text: {}", $a);', 'LOG.debug("$text2 {}", $a);'),),
    "javascript": (('debug("$text: %s", $a);', 'debug("$text2 %s", $a);'),),
    "typescript": (('this.log.debug("$text", { $a });', 'this.log.debug("$text2", { $a });'),),
    "go": (('log.Debugf("$text: %v", $a)', 'log.Debugf("$text2 %v", $a)'),),
    "c_sharp": (('_log.LogDebug("$text {$a}", $a);', '_log.LogDebug("$text2: {$a}", $a);'),),
    "ruby": (('logger.debug("$text")', 'logger.debug("$text2")'),),
    "c": (('log_debug("$text");', 'log_debug("$text2");'),),
    "cpp": (('VLOG(1) << "$text";', 'VLOG(1) << "$text2";'),),
}
_STRING = {
    "python": "(string (string_content) @s)",
    "java": "(string_literal (string_fragment) @s)",
    "go": "(interpreted_string_literal (interpreted_string_literal_content) @s)",
    "ruby": "(string (string_content) @s)",
    "c_sharp": "(string_literal (string_literal_content) @s)",
    **dict.fromkeys(SCRIPTS, "(string (string_fragment) @s)"),
    **dict.fromkeys(("c", "cpp"), "(string_literal (string_content) @s)"),
}


def _reworded(pattern: str) -> Callable[[Function, random.Random], Iterator[Way]]:
    """One word of a sentence in a string becomes another."""

    def find(function: Function, draw: random.Random) -> Iterator[Way]:
        for captures in function.matches(pattern):
            words = text_of(captures["s"]).split(" ")
            plain = [n for n, word in enumerate(words) if word.isalpha() and len(word) > 3]
            if len(words) >= 3 and len(plain) == len(words):
                words[draw.choice(plain)] = draw.choice(WORDS["new"])
                yield Way((replace(captures["s"], " ".join(words)),))

    return find


def _quoted(pattern: str, one: str, other: str) -> Callable[[Function, random.Random], Iterator[Way]]:
    """A string without quotes or escapes inside changes its quotes."""

    def find(function: Function, _: random.Random) -> Iterator[Way]:
        for captures in function.matches(pattern):
            text = text_of(captures["s"])
            if text[0] == one and text[-1] == one and not set(text[1:-1]) & set("\\'\"#`{$"):
                yield Way((replace(captures["s"], f"{other}{text[1:-1]}{other}"),))

    return find


OPERATORS: tuple[Operator, ...] = (
    Operator("neutral-rename", "", "a local gets another name as good as the old one", for_all(_renamed, *ALL)),
    Operator("neutral-reorder", "", "independent assignments change places", for_all(_reordered, *ALL)),
    Operator("neutral-mirror", "", "a comparison is written from the other side", _COMPARED),
    Operator("neutral-wrap", "", "arguments are spread over lines", for_all(_wrapped, *ALL)),
    Operator(
        "neutral-reword", "", "a message uses another word", {k: _reworded(pattern) for k, pattern in _STRING.items()}
    ),
    Operator(
        "neutral-quotes",
        "",
        "a string changes its quotes",
        {
            "python": _quoted("(string) @s", "'", '"'),
            "ruby": _quoted("(string) @s", "'", '"'),
            **for_all(_quoted("(string) @s", "'", '"'), *SCRIPTS),
        },
    ),
    Operator(
        "neutral-log",
        "",
        "a debug message says it in other words",
        {key: planting(*pairs) for key, pairs in _LOGGED.items()},
    ),
    Operator(
        "neutral-parentheses",
        "",
        "a returned expression gets parentheses",
        for_all(rewriting("(return_statement (binary_expression) @e)", e="($e)"), "c", "cpp", "java", *SCRIPTS),
    ),
)
