"""Degradations of readability: conditions and statements packed tighter than they can be read."""

import random
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Rewrite, Way, replace, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Operator, for_all
from themis_training.degrade.syntax import (
    BLOCKS,
    Branch,
    blocks,
    branches,
    negation,
    operations,
    statements,
    without,
)

if TYPE_CHECKING:
    from tree_sitter import Node


def _chained_choice(function: Function, _: random.Random) -> Iterator[Way]:
    """Branches that each give a value become one nested conditional expression."""
    for branch in branches(function):
        if branch.node.type not in ("if_statement", "if") or not function.stands_alone(branch.node):
            continue
        arms = _valued_arms(branch, function)
        if arms is None:
            continue
        lead, conditions, values = arms
        if any("\n" in text for text in (*conditions, *values)):
            continue
        if function.grammar.key == "python":
            text = " else ".join(f"{value} if {when}" for when, value in zip(conditions, values, strict=False))
            text = f"{text} else {values[-1]}"
        else:
            text = "".join(f"{when} ? {value} : " for when, value in zip(conditions, values, strict=False)) + values[-1]
        mark = "" if function.grammar.key in ("python", "ruby") else ";"
        yield Way((replace(branch.node, f"{lead}{text}{mark}"),))


def _valued_arms(branch: Branch, function: Function) -> "tuple[str, list[str], list[str]] | None":
    """What each arm begins with, the conditions, and the values with that of the last else."""
    conditions, values, leads = [text_of(branch.condition)], [], set[str]()
    bodies: list[Node | None] = [branch.body]
    others = branch.node.children_by_field_name("alternative")
    while others:
        node = others.pop(0)
        if node.type == "else_clause" and function.grammar.key != "python" and node.named_child_count:
            node = node.named_children[-1]
        if node.type in ("if_statement", "elif_clause", "elsif"):
            condition = node.child_by_field_name("condition")
            if condition is None:
                return None
            conditions.append(re.sub(r"^\((.*)\)$", r"\1", text_of(condition)))
            bodies.append(node.child_by_field_name("consequence"))
            others = node.children_by_field_name("alternative") or others
        else:
            bodies.append(node.child_by_field_name("body") or node)
    for body in bodies:
        listed = statements(body) if body is not None and body.type != "else" else (body.named_children if body else [])
        match = _GIVES.fullmatch(text_of(listed[0])) if len(listed) == 1 else None
        if match is None:
            return None
        leads.add(match[1])
        values.append(match[2])
    return (leads.pop(), conditions, values) if len(leads) == 1 and len(values) == len(conditions) + 1 >= 3 else None


_GIVES = re.compile(r"(return |[\w.@>\-\[\]]+ = )([^;]+);?")


def _one_line(function: Function, _: random.Random) -> Iterator[Way]:
    """A branch moves onto the line of its condition."""
    for branch in branches(function):
        body = statements(branch.body)
        if branch.other is not None or len(body) != 1 or branch.body is None or branch.body.type not in BLOCKS:
            continue
        if branch.node.type not in ("if_statement", "if", "unless") or "\n" in text_of(body[0]):
            continue
        if not function.stands_alone(branch.node) or "\n" in text_of(branch.condition) or "//" in text_of(branch.node):
            continue
        if len(text_of(branch.condition)) + len(text_of(body[0])) < 40 or "#" in text_of(branch.node):
            continue
        if re.match(r"(?:else|if|for|while|with|try|def|class)\b", text_of(body[0])):
            continue
        head = function.file[branch.node.start_byte : branch.body.start_byte].decode().rstrip()
        gap, tail = (" then ", " end") if function.grammar.key == "ruby" else (" ", "")
        yield Way((replace(branch.node, f"{head}{gap}{text_of(body[0])}{tail}"),))


def _joined(function: Function, _: random.Random) -> Iterator[Way]:
    """Two statements share a line."""
    key = function.grammar.key
    mark = ";" if key in ("python", "ruby") else ","
    for _block, listed in blocks(function):
        for one, other in pairwise(listed):
            texts = text_of(one), text_of(other)
            plain = all(
                re.fullmatch(r"[\w.@>\[\]\-]+ [-+]?= [^\n,{]+|[\w.@>\-]+\([^\n{]*\)", text.rstrip(";"))
                for text in texts
            )
            near = other.start_point[0] == one.end_point[0] + 1
            if plain and near and function.stands_alone(one) and function.stands_alone(other):
                changes: Rewrite = (Replacement(one.start_byte, other.start_byte, f"{texts[0].rstrip(';')}{mark} "),)
                yield Way(changes)


def _repeated_conversion(function: Function, _: random.Random) -> Iterator[Way]:
    """Two halves of a condition are turned around with two negations."""
    opposite = {"&&": "||", "||": "&&", "and": "or", "or": "and"}
    for branch in branches(function):
        one = next((o for o in operations(function, *opposite) if o.node == branch.condition), None)
        if (
            one is None
            or "\n" in text_of(one.node)
            or re.search(r"&&|\|\|| and | or ", text_of(one.left) + text_of(one.right))
        ):
            continue
        word = opposite[one.operator.type]
        inner = f"{negation(function, one.left)} {word} {negation(function, one.right)}"
        if len(_NEGATIONS.findall(inner)) <= len(_NEGATIONS.findall(text_of(one.node))):
            continue
        yield Way((replace(branch.condition, f"not ({inner})" if function.grammar.key == "python" else f"!({inner})"),))


def _bare_mixture(function: Function, _: random.Random) -> Iterator[Way]:
    """Parentheses go that told and from or."""
    for one in operations(function, "||", "or"):
        tight = {o.node for o in operations(function, "&&", "and")}
        for side in (one.left, one.right):
            inner = side.named_children[0] if side.type == "parenthesized_expression" and side.named_children else None
            if inner is not None and inner in tight and "\n" not in text_of(inner):
                yield Way((replace(side, text_of(inner)),))


def _assigned_within(function: Function, _: random.Random) -> Iterator[Way]:
    """A condition also assigns."""
    key = function.grammar.key
    of_node = {branch.node: branch for branch in branches(function)}
    for _block, listed in blocks(function):
        for node, after in pairwise(listed):
            branch = of_node.get(after)
            found = _ASSIGNS.fullmatch(text_of(node))
            if (
                branch is None
                or found is None
                or not function.stands_alone(node)
                or after.type not in ("if_statement", "if")
            ):
                continue
            condition = text_of(branch.condition)
            rest = re.fullmatch(rf"(!|not )?{re.escape(found[1])}( (?:==|!=|<|>|<=|>=|===|!==) [\w.\-]+)?", condition)
            if rest:
                sign = ":=" if key == "python" else "="
                text = f"{rest[1] or ''}({found[1]} {sign} {found[2]}){rest[2] or ''}"
                yield Way((without(function, node), replace(branch.condition, text)))


_ASSIGNS = re.compile(r"(\w+) = ([^\n;]+);?")
_NEGATIONS = re.compile(r"!|\bnot\b")

OPERATORS: tuple[Operator, ...] = (
    Operator("turn-condition", "long-condition", "a condition is turned around with negations",
             for_all(_repeated_conversion, *ALL)),
    Operator("chain-choice", "dense-expression", "branches become one nested conditional expression",
             for_all(_chained_choice, *(key for key in ALL if key != "go"))),
    Operator("one-line-branch", "dense-expression", "a branch moves onto the line of its condition",
             for_all(_one_line, *(key for key in ALL if key not in ("go", "python")))),
    Operator("drop-parentheses", "dense-expression", "parentheses go that told and from or",
             for_all(_bare_mixture, *ALL)),
    Operator("assign-in-condition", "dense-expression", "a condition also assigns",
             for_all(_assigned_within, "c", "cpp", *SCRIPTS, "python", "ruby", "java")),
    Operator("join-statements", "dense-expression", "two statements share a line",
             for_all(_joined, "python", "ruby", "c", "cpp", *SCRIPTS)),
)  # fmt: skip
