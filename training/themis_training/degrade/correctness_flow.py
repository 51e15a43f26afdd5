"""Degradations of correctness: what is left out of, or put into, the flow of control."""

import itertools
import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Operator, for_all
from themis_training.degrade.syntax import (
    BLOCKS,
    LOOPS,
    ancestors,
    blocks,
    branches,
    leaves,
    loops,
    statements,
    unwrapped,
    without,
    words_in,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_DROPPED = 8  # lines
_RETURNS = ("return_statement", "return")
_UPDATES = frozenset({
    "update_expression", "postfix_unary_expression", "prefix_unary_expression", "inc_statement", "dec_statement",
    "augmented_assignment", "augmented_assignment_expression", "operator_assignment",
})  # fmt: skip


def _dropped_return(function: Function, _: random.Random) -> Iterator[Way]:
    """The value of the last call is no longer returned."""
    for node in function.nodes("return_statement"):
        value = node.named_children[0] if node.named_child_count == 1 else None
        if value is not None and value.type in ("call", "call_expression", "await_expression", "await"):
            yield Way((replace(node, text_of(value) + (";" if text_of(node).endswith(";") else "")),))


def _dropped_bare_return(function: Function, _: random.Random) -> Iterator[Way]:
    """A branch that ends the function falls through."""
    for node in function.nodes(*_RETURNS):
        branch = next((a for a in ancestors(node) if a.type in BLOCKS), None)
        if branch is None or not function.stands_alone(node) or node.named_child_count:
            continue
        listed = statements(branch)
        if len(listed) > 1 and listed[-1] == node and _goes_on(branch):
            yield Way((without(function, node),))


def _goes_on(branch: "Node") -> bool:
    """Whether anything is done after a branch, so that it matters that it leaves."""
    for above in ancestors(branch):
        if re.search(r"func|method|lambda|closure|do_block|constructor", above.type):
            return False
        if above.type in LOOPS:
            return True
        after = above.next_named_sibling
        if (
            above.parent is not None
            and above.parent.type in BLOCKS
            and after is not None
            and "comment" not in after.type
        ):
            return True
    return False


def _dropped_break(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("break_statement", "break"):
        if node.parent is not None and function.stands_alone(node) and _has_company(node):
            yield Way((without(function, node),))


def _dropped_continue(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("continue_statement", "next"):
        if node.parent is not None and function.stands_alone(node) and _has_company(node):
            yield Way((without(function, node),))


def _has_company(node: "Node") -> bool:
    return node.parent is not None and len([c for c in node.parent.named_children if "comment" not in c.type]) > 1


_CASES = ("case_statement", "switch_section", "switch_block_statement_group", "switch_rule", "switch_case",
          "expression_case", "type_case", "when", "case_clause")  # fmt: skip
_DEFAULTS = ("switch_default", "default_case")


def _dropped_case(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes(*_CASES):
        siblings = [n for n in node.parent.named_children if n.type in _CASES] if node.parent is not None else []
        if len(siblings) > 2 and len(statements_of_case(node)) and function.stands_alone(node):
            yield Way((without(function, node),))


def _dropped_default(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes(*_DEFAULTS, *_CASES):
        if re.match(r"default\b", text_of(node)) and function.stands_alone(node):
            inner = [text_of(n).rstrip(";") for n in statements_of_case(node)]
            if inner and inner != ["break"]:
                yield Way((without(function, node),))
    for node in function.nodes("case"):
        last = (node.named_children or [node])[-1]
        if last.type == "else" and function.stands_alone(last):
            yield Way((without(function, last),))


def statements_of_case(node: "Node") -> "list[Node]":
    """What a case does."""
    fields = {node.child_by_field_name("value"), node.child_by_field_name("pattern")}
    return [
        child
        for child in node.named_children
        if child not in fields and not re.search(r"comment|pattern|label$|type", child.type)
    ]


def _dropped_else(function: Function, _: random.Random) -> Iterator[Way]:
    """An else or elif goes, with what it does."""
    for branch in branches(function):
        if branch.other is None or branch.body is None or branch.node.type == "elif_clause":
            continue
        end = branch.body.end_byte
        last = branch.node.named_children[-1]
        if text_of(branch.other).count("\n") > _MOST_DROPPED:
            continue
        if function.grammar.key == "ruby":
            other = branch.other
            yield Way((Replacement(_line_start(function, other), _line_start_after(function, other), ""),))
        elif last.end_byte > end:
            yield Way((Replacement(end, last.end_byte, ""),))


def _line_start(function: Function, node: "Node") -> int:
    return function.file.rfind(b"\n", 0, node.start_byte) + 1


def _line_start_after(function: Function, node: "Node") -> int:
    return function.file.rfind(b"\n", 0, node.end_byte) + 1 if text_of(node).endswith("\n") else (
        function.file.find(b"\n", node.end_byte) + 1
    )  # fmt: skip


def _dropped_update(function: Function, _: random.Random) -> Iterator[Way]:
    for loop, body in loops(function):
        for node in statements(body):
            inner = unwrapped(node)
            if (
                inner.type in _UPDATES
                and loop.type.startswith(("while", "do", "until"))
                and function.stands_alone(node)
            ):
                yield Way((without(function, node),))


def _counted_twice(function: Function, _: random.Random) -> Iterator[Way]:
    """A counter is advanced, or an element added, twice."""
    for _block, listed in blocks(function):
        for node in listed:
            inner = unwrapped(node)
            adds = _ADDS.match(text_of(node))
            if (inner.type in _UPDATES or adds) and function.stands_alone(node):
                yield Way((function.lines_of(node, _lines(function, node) * 2),))


def _lines(function: Function, node: "Node") -> str:
    whole = function.lines_of(node)
    return function.file[whole.start : whole.end].decode()


_ADDS = re.compile(
    r"(?:this\.|self\.|@)?_?(?!\w*(?i:set|seen|visited|keys))\w+(?:\.append|\.push|\.push_back|(?i:list|s)\.[aA]dd)\(\w+\);?$"
)


def _early_end(function: Function, _: random.Random) -> Iterator[Way]:
    """A loop ends after its first round."""
    mark = ";" if function.grammar.key not in ("python", "ruby", "go") else ""
    for _loop, body in loops(function):
        listed = statements(body)
        if len(listed) < 2 or leaves(listed[-1]) or not function.stands_alone(listed[-1]):
            continue
        last = listed[-1]
        if last.type not in LOOPS:
            line = f"{function.indent(last)}break{mark}\n"
            yield Way((function.lines_of(last, _lines(function, last) + line),))


def _early_return(function: Function, _: random.Random) -> Iterator[Way]:
    """The return after a loop is done within it."""
    for _block, listed in blocks(function):
        for loop, after in itertools.pairwise(listed):
            body = loop.child_by_field_name("body")
            inner = statements(body)
            if loop.type not in LOOPS or after.type not in _RETURNS or not inner or not after.named_child_count:
                continue
            last = inner[-1]
            if leaves(last) or not function.stands_alone(last) or "\n" in text_of(after):
                continue
            if words_in(after) & words_in(loop):
                text = f"{function.indent(last)}{text_of(after)}\n"
                yield Way((function.lines_of(last, _lines(function, last) + text), without(function, after)))
                yield Way((function.lines_of(last, _lines(function, last) + text),))


def _reset_in_loop(function: Function, _: random.Random) -> Iterator[Way]:
    """What a loop gathers is set back in every round."""
    for _block, listed in blocks(function):
        for start, loop in itertools.pairwise(listed):
            if loop.type not in LOOPS or not function.stands_alone(start) or "\n" in text_of(start):
                continue
            body = statements(loop.child_by_field_name("body"))
            name = re.match(r"(?:\w+ )*(\w+) :?= (?:0|\[\]|\{\}|\"\"|''|false|False|null|None|nil|new .*\(\));?$",
                            text_of(start))  # fmt: skip
            if name and body and function.stands_alone(body[0]) and name[1] in words_in(loop):
                line = f"{function.indent(body[0])}{text_of(start).removesuffix(';')}"
                line += ";\n" if text_of(start).endswith(";") else "\n"
                at = _line_start(function, body[0])
                yield Way((without(function, start), Replacement(at, at, line)))
                again = re.sub(
                    r"^(?:var|let|const|int|auto|long|size_t|bool|boolean|double|String|string) ", "", line.strip()
                )
                again = again.replace(":=", "=")
                yield Way((Replacement(at, at, f"{function.indent(body[0])}{again}\n"),))


def _dropped_lock(function: Function, _: random.Random) -> Iterator[Way]:
    """Shared state is changed without its lock."""
    for node in function.nodes(*_LOCKING):
        head = text_of(node).split("\n")[0]
        if node.type in ("with_statement", "call") and not re.search(r"(?i)lock|mutex|synchronize|monitor", head):
            continue
        if node.type == "call" and ".synchronize" not in head and ".mon_synchronize" not in head:
            continue
        block = node.child_by_field_name("block")
        holder = block if block is not None else node
        body = holder.child_by_field_name("body") or holder.named_children[-1]
        if body.type in BLOCKS and function.stands_alone(node) and (lines := dedented(function, node, body)):
            yield Way((function.lines_of(node, lines),))


_LOCKING = ("synchronized_statement", "lock_statement", "with_statement", "call")


def dedented(function: Function, node: "Node", body: "Node") -> str | None:
    """The statements of a block at the indentation of the statement around it; None if the block is empty."""
    listed = statements(body)
    if not listed:
        return None
    first, last = listed[0], listed[-1]
    text = function.file[_line_start(function, first) : function.lines_of(last).end].decode()
    inner, outer = function.indent(first), function.indent(node)
    return "".join(
        outer + line.removeprefix(inner) if line.strip() else line for line in text.splitlines(keepends=True)
    )


def _dropped_lock_calls(function: Function, _: random.Random) -> Iterator[Way]:
    """Lock and unlock go, or the guard object."""
    calls: list[Node] = []
    for _block, listed in blocks(function):
        for node in listed:
            text = text_of(node)
            if re.search(r"\b(?:std::)?(?:lock_guard|unique_lock|scoped_lock)\b|\bMutexLock\b|\bMutexGuard\b", text):
                if "\n" not in text and function.stands_alone(node):
                    yield Way((without(function, node),))
            elif _LOCK_CALL.match(text) and function.stands_alone(node):
                calls.append(node)
    if any(not re.search(r"(?i)unlock", text_of(call)) for call in calls) and len(calls) > 1:
        yield Way(tuple(without(function, call) for call in calls))


_LOCK_CALL = re.compile(
    r"(?:defer )?[\w.>\-&()*\[\]]*(?:(?:Lock|Unlock|RLock|RUnlock)\(\)|(?:mutex_(?:un)?lock|(?:un)?lock_mutex|"
    r"MUTEX_(?:UN)?LOCK|spin_(?:un)?lock|\.(?:un)?lock|(?:Enter|Leave)CriticalSection|mutex_enter|mutex_exit|"
    r"[Ll]ock_?[Aa]cquire|[Ll]ock_?[Rr]elease|Monitor\.(?:Enter|Exit))\(.*\));?$"
)


OPERATORS: tuple[Operator, ...] = (
    Operator("drop-return", "missing-return", "a value is computed and no longer returned",
             for_all(_dropped_return, *SCRIPTS, "python", "c", "cpp")),
    Operator("fall-through", "missing-return", "a branch that ended the function runs on",
             for_all(_dropped_bare_return, *ALL)),
    Operator("drop-break", "missing-break", "a loop or a case runs on", for_all(_dropped_break, *ALL)),
    Operator("drop-continue", "missing-break", "the rest of a round is no longer skipped",
             for_all(_dropped_continue, *ALL)),
    Operator("drop-update", "missing-break", "a loop no longer comes closer to its end",
             for_all(_dropped_update, *ALL)),
    Operator("drop-case", "missing-case", "a case is gone", for_all(_dropped_case, *ALL)),
    Operator("drop-default-case", "missing-case", "the default case is gone", for_all(_dropped_default, *ALL)),
    Operator("drop-else", "missing-case", "the else of a condition is gone", for_all(_dropped_else, *ALL)),
    Operator("count-twice", "off-by-one", "a counter is advanced, or an element added, twice",
             for_all(_counted_twice, *ALL)),
    Operator("end-loop-early", "missing-case", "a loop ends after its first round", for_all(_early_end, *ALL)),
    Operator("return-in-loop", "missing-case", "a loop returns in its first round", for_all(_early_return, *ALL)),
    Operator("reset-in-loop", "uninitialized-value", "what a loop gathers is set back in every round",
             for_all(_reset_in_loop, *ALL)),
    Operator("drop-lock", "unguarded-shared-state", "a lock around shared state is gone",
             {**for_all(_dropped_lock, "python", "java", "c_sharp", "ruby"),
              **for_all(_dropped_lock_calls, "c", "cpp", "go")}),
)  # fmt: skip
