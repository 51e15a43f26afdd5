"""Picnic's Refaster rules: templates of what to write instead, and the code they are tried on."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from themis_lsp.language import parser_of
from themis_training.rules.example import RuleExample, Source
from themis_training.rules.marked import pieces, renamed
from themis_training.rules.tree import Tree

if TYPE_CHECKING:
    from tree_sitter import Node

_ANNOTATION = re.compile(r"@\w+(?:\((?:[^()]|\([^()]*\))*\))?\s*")
_WHY = re.compile(r"over\s+((?:[\w-]+\s+){0,3}?)alternatives", re.DOTALL)
_TEST_NAME = re.compile(r"\btest([A-Z]\w*)")


def read(tree: Tree) -> Iterator[RuleExample]:
    """Templates as small methods, then the test methods before and after; the rule is ``Family/Name``.

    Behind the name stands what the rule calls the code it replaces: ``MapRules/MapIsEmpty less-efficient``.
    """
    for path in tree.paths("*/src/main/*refasterrules/*Rules.java"):
        family = path.rpartition("/")[2].removesuffix(".java")
        reasons: dict[str, str] = {}
        text = tree.text(path)
        for name, why, pairs in _rules(text):
            reasons[name] = why
            for bad, good in pairs:
                yield RuleExample(f"{family}/{name} {why}".rstrip(), "java", bad, good)
        yield from _tried(tree, family, reasons)


def _tried(tree: Tree, family: str, reasons: dict[str, str]) -> Iterator[RuleExample]:
    for path in tree.paths(f"*refasterrules/{family}TestInput.java"):
        output = tree.text(path.replace("TestInput", "TestOutput"))
        before = {piece.name: piece.text for piece, _ in pieces(tree.text(path), "java")}
        for piece, _ in pieces(output, "java"):
            named = _TEST_NAME.search(piece.name)
            old = before.get(piece.name)
            if named and old and old != piece.text:
                rule = f"{family}/{named[1]} {reasons.get(named[1], '')}".rstrip()
                yield RuleExample(rule, "java", old, piece.text)


def _rules(text: str) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Name, what the replaced code is said to be, and pairs, of each rule in a file."""
    waiting = [parser_of("java").parse(text.encode()).root_node]
    while waiting:
        node = waiting.pop()
        waiting.extend(reversed(node.children))
        body = node.child_by_field_name("body")
        if node.type != "class_declaration" or body is None:
            continue
        methods = [_text(each) for each in body.named_children if each.type == "method_declaration"]
        before = [method for method in methods if "@BeforeTemplate" in method]
        after = [method for method in methods if "@AfterTemplate" in method]
        named = node.child_by_field_name("name")
        if before and len(after) == 1 and named:
            name = _text(named)
            new = _method(after[0], name)
            olds = [_method(one, name) for method in before for one in _alternatives(method)]
            pairs = [(old, new) for old in olds if "Refaster." not in old + new]
            yield name, _why(node), pairs


def _why(node: "Node") -> str:
    above = node.prev_sibling
    while above is not None and above.type == "line_comment":
        above = above.prev_sibling
    found = _WHY.search(_text(above)) if above is not None else None
    return "-".join(found[1].replace("*", "").split()) if found else ""


def _method(text: str, name: str) -> str:
    """A template method without its annotations and under the name of its rule."""
    lines = text.split("\n")
    indent = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=0)
    plain = _ANNOTATION.sub("", "\n".join([lines[0], *(line[indent:] for line in lines[1:])]))
    called = name[0].lower() + name[1:]
    return renamed(renamed(renamed(plain, "before", called), "before2", called), "after", called)


def _alternatives(method: str) -> Iterator[str]:
    """A template for each choice that ``Refaster.anyOf`` leaves."""
    start = method.find("Refaster.anyOf(")
    if start < 0:
        yield method
        return
    depth, last, first, choices = 0, start, start + len("Refaster.anyOf("), []
    quoted = False
    for at in range(first, len(method)):
        sign = method[at]
        quoted ^= sign == '"'
        if quoted:
            continue
        if depth == 0 and sign in ",)":
            choices.append(method[first:at].strip())
            first, last = at + 1, at
            if sign == ")":
                break
        depth += (sign in "([{") - (sign in ")]}")
    for choice in choices:
        yield from _alternatives(f"{method[:start]}{choice}{method[last + 1 :]}")


def _text(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")


SOURCES = (Source("refaster", "PicnicSupermarket/error-prone-support", read),)
