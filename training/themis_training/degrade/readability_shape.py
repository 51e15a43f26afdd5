"""Degradations of readability: how branches and statements are laid out."""

import random
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import ALL, Operator, for_all
from themis_training.degrade.syntax import (
    BLOCKS,
    LOOPS,
    Branch,
    blocks,
    branches,
    guards,
    leaves,
    negation,
    operations,
    own_line,
    statements,
    step,
    without,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_UNMOVABLE = re.compile(r"\"\"\"|'''|`|<<[~-]|^#", re.MULTILINE)  # texts over several lines, directives
_MOST_LINES = 24  # that move together


def _head(function: Function, condition: str) -> str:
    """The opening of an if, spaced as the function's others."""
    key = function.grammar.key
    if key == "python":
        return f"if {condition}:"
    if key == "ruby":
        return f"if {condition}"
    if key == "go":
        return f"if {condition} {{"
    gap = "" if re.search(r"\bif\(", function.text) else " "
    return f"if{gap}({condition}) {{"


def _around(function: Function, margin: str, condition: str, body: str, other: str | None = None) -> str:
    """An if around lines of code, with an else around others."""
    python, ruby = function.grammar.key == "python", function.grammar.key == "ruby"
    own = own_line(function) and not python and not ruby
    head = _head(function, condition)
    if own:
        head = f"{head.removesuffix('{').rstrip()}\n{margin}{{"
    opening = "else:" if python else "else" if ruby else f"}}\n{margin}else\n{margin}{{" if own else "} else {"
    closing = "" if python else f"{margin}end\n" if ruby else f"{margin}}}\n"
    middle = "" if other is None else f"{margin}{opening}\n{other}"
    return f"{margin}{head}\n{body}{middle}{closing}"


def _moved(function: Function, first: "Node", last: "Node", levels: int = 1) -> str:
    """The lines from one statement to another, one level deeper."""
    while (
        (before := first.prev_named_sibling) is not None and "comment" in before.type and function.stands_alone(before)
    ):
        first = before
    lines = function.file[function.lines_of(first).start : function.lines_of(last).end].decode()
    return "".join(step(function) * levels + line if line.strip() else line for line in lines.splitlines(keepends=True))


def _guard_and_rest(function: Function) -> "Iterator[tuple[Node, Branch, list[Node]]]":
    """Blocks with a guard clause in them, and what comes after it."""
    of_node = {branch.node: branch for branch in branches(function)}
    for block, listed in blocks(function):
        for number, node in enumerate(listed):
            branch = of_node.get(node)
            rest = listed[number + 1 :]
            if branch is None or not guards(branch) or not 2 <= len(rest) <= 8 or node.type.endswith("modifier"):
                continue
            whole = function.file[node.start_byte : rest[-1].end_byte].decode()
            if whole.count("\n") > _MOST_LINES:
                continue
            if node.child_by_field_name("initializer") is not None or "\n" in text_of(branch.condition):
                continue
            followed = function.file[node.end_byte :].lstrip().startswith(b"else")
            if not followed and not _UNMOVABLE.search(whole) and all(map(function.stands_alone, (node, rest[-1]))):
                yield block, branch, rest


def _nested_rest(function: Function, _: random.Random) -> Iterator[Way]:
    """A guard clause becomes an if around all the rest."""
    for block, branch, rest in _guard_and_rest(function):
        leaving = statements(branch.body)[0]
        margin = function.indent(branch.node)
        unless = branch.node.type == "unless"
        condition = text_of(branch.condition) if unless else negation(function, branch.condition)
        around = block.parent
        ends = around is not None and around.type in LOOPS if leaving.type in ("continue_statement", "next") else (
            around == function.node or (around is not None and around.parent == function.node)
        )  # fmt: skip
        if not ends or leaving.type not in ("continue_statement", "next", "return_statement", "return"):
            continue
        value = leaving.named_child_count > 0
        if value and not leaves(rest[-1]):
            continue
        other = _moved(function, leaving, leaving, 0) if value and function.stands_alone(leaving) else None
        if value and other is None:
            continue
        text = _around(function, margin, condition, _moved(function, rest[0], rest[-1]), other)
        start, end = function.lines_of(branch.node).start, function.lines_of(rest[-1]).end
        yield Way((Replacement(start, end, text),))


def _else_after_leaving(function: Function, _: random.Random) -> Iterator[Way]:
    """What follows a guard clause moves into an else of it."""
    for _block, branch, rest in _guard_and_rest(function):
        body = branch.body
        if body is None or (branch.node.type != "if_statement" and branch.node.type != "if") or body.type not in BLOCKS:
            continue
        margin = function.indent(branch.node)
        condition = text_of(branch.condition)
        leaving = statements(body)[0]
        if not function.stands_alone(leaving):
            continue
        text = _around(
            function, margin, condition, _moved(function, leaving, leaving, 0), _moved(function, rest[0], rest[-1])
        )
        start, end = function.lines_of(branch.node).start, function.lines_of(rest[-1]).end
        yield Way((Replacement(start, end, text),))


def _nested_conditions(function: Function, _: random.Random) -> Iterator[Way]:
    """Both halves of a condition get an if of their own."""
    for branch in branches(function):
        body = statements(branch.body)
        halves = next((o for o in operations(function, "&&", "and") if o.node == branch.condition), None)
        if halves is None or branch.other is not None or branch.node.type not in ("if_statement", "if") or not body:
            continue
        if _UNMOVABLE.search(text_of(branch.node)) or branch.body is None or branch.body.type not in BLOCKS:
            continue
        if not function.stands_alone(branch.node) or not all(map(function.stands_alone, (body[0], body[-1]))):
            continue
        margin, unit = function.indent(branch.node), step(function)
        start = branch.node.child_by_field_name("initializer")
        first = f"{text_of(start)}; " if start is not None else ""
        inner = _around(function, margin + unit, text_of(halves.right), _moved(function, body[0], body[-1]))
        text = _around(function, margin, first + text_of(halves.left), inner)
        yield Way((function.lines_of(branch.node, text),))


def _tail_in_both(function: Function, _: random.Random) -> Iterator[Way]:
    """What follows an if with an else is copied into both."""
    of_node = {branch.node: branch for branch in branches(function)}
    for _block, listed in blocks(function):
        for node, after in pairwise(listed):
            branch = of_node.get(node)
            if branch is None or branch.other is None or not function.stands_alone(after):
                continue
            if re.search(r"declaration|function|definition|if|for|while", after.type) or ":=" in text_of(after):
                continue
            bodies = _arms(branch)
            if len(bodies) < 2 or text_of(after).count("\n") > 3 or len(text_of(after)) < 15:
                continue
            lasts = [statements(body)[-1] for body in bodies]
            if any(leaves(last) or not function.stands_alone(last) for last in lasts):
                continue
            copies = [_copied(function, last, after) for last in lasts]
            yield Way((without(function, after), *copies))


def _arms(branch: Branch) -> "list[Node]":
    """The bodies of a branch and of all its elses, where each has its lines; empty if there is no last else."""
    found = [branch.body] if branch.body is not None else []
    other = branch.other
    if other is not None and other.type == "else_clause" and other.named_child_count:
        inner = other.named_children[-1]
        other = inner
    if other is None or other.type in ("if_statement", "elif_clause", "elsif"):
        return []
    found.append(other)
    return [node for node in found if node.type in BLOCKS and statements(node)]


def _copied(function: Function, last: "Node", copy: "Node") -> Replacement:
    whole = function.lines_of(last)
    lines, margin, deeper = function.lines_of(copy), function.indent(copy), function.indent(last)
    text = function.file[lines.start : lines.end].decode()
    moved = "".join(
        deeper + line.removeprefix(margin) if line.strip() else line for line in text.splitlines(keepends=True)
    )
    return Replacement(whole.end, whole.end, moved)


def _merged_guards(function: Function, _: random.Random) -> Iterator[Way]:
    """Guard clauses that do the same become one with a long condition."""
    word = "or" if function.grammar.key == "python" else "||"
    of_node = {branch.node: branch for branch in branches(function)}
    for _block, listed in blocks(function):
        for one, other in pairwise(listed):
            first, second = of_node.get(one), of_node.get(other)
            if first is None or second is None or not guards(first) or not guards(second) or one.type != other.type:
                continue
            same = text_of(statements(first.body)[0]) == text_of(statements(second.body)[0])
            plain = not any(node.child_by_field_name("initializer") or "modifier" in node.type for node in (one, other))
            texts = text_of(first.condition), text_of(second.condition)
            if (
                same
                and plain
                and sum(map(len, texts)) > 50
                and function.stands_alone(one)
                and "\n" not in "".join(texts)
            ):
                kept = f" {word} ".join(f"({text})" if re.search(r"&&| and ", text) else text for text in texts)
                yield Way((replace(second.condition, kept), function.lines_of(one)))


def _merged_nest(function: Function, _: random.Random) -> Iterator[Way]:
    """An if that is all another one does moves into its condition, which gets long."""
    word = "and" if function.grammar.key == "python" else "&&"
    of_node = {branch.node: branch for branch in branches(function)}
    for outer in of_node.values():
        inside = statements(outer.body)
        inner = of_node.get(inside[0]) if len(inside) == 1 else None
        if inner is None or outer.other is not None or inner.other is not None or outer.node.type != inner.node.type:
            continue
        texts = text_of(outer.condition), text_of(inner.condition)
        body = statements(inner.body)
        if (
            outer.node.type not in ("if_statement", "if")
            or sum(map(len, texts)) < 45
            or not body
            or "\n" in "".join(texts)
        ):
            continue
        if any(n.child_by_field_name("initializer") for n in (outer.node, inner.node)) or _UNMOVABLE.search(
            text_of(outer.node)
        ):
            continue
        if not function.stands_alone(outer.node) or not all(map(function.stands_alone, (body[0], body[-1]))):
            continue
        condition = f" {word} ".join(f"({text})" if re.search(r"\|\|| or ", text) else text for text in texts)
        unit = step(function)
        start, end = function.lines_of(body[0]).start, function.lines_of(body[-1]).end
        lines = function.file[start:end].decode().splitlines(keepends=True)
        text = _around(
            function, function.indent(outer.node), condition, "".join(line.removeprefix(unit) for line in lines)
        )
        yield Way((function.lines_of(outer.node, text),))


OPERATORS: tuple[Operator, ...] = (
    Operator("nest-rest", "deep-nesting", "a guard clause becomes an if around all the rest",
             for_all(_nested_rest, *ALL)),
    Operator("nest-conditions", "deep-nesting", "both halves of a condition get an if of their own",
             for_all(_nested_conditions, *ALL), held_out=True),
    Operator("else-after-leaving", "redundant-code", "what follows a guard clause moves into a needless else",
             for_all(_else_after_leaving, *ALL)),
    Operator("copy-tail", "duplicated-code", "what follows an if with an else is copied into both",
             for_all(_tail_in_both, *ALL)),
    Operator("merge-guards", "long-condition", "two guard clauses become one with a long condition",
             for_all(_merged_guards, *ALL)),
    Operator("merge-nest", "long-condition", "an if within an if moves into its condition, which gets long",
             for_all(_merged_nest, *ALL)),
)  # fmt: skip
