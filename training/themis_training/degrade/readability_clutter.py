"""Degradations of readability: what is redundant, dead, left over, or untyped."""

import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Finder, Operator, for_all
from themis_training.degrade.plant import planting
from themis_training.degrade.syntax import (
    CALLS,
    blocks,
    branches,
    declared,
    is_parameter,
    leaves,
    loops,
    negation,
    operations,
    own_line,
    statements,
    step,
)
from themis_training.degrade.words import WORDS

if TYPE_CHECKING:
    from tree_sitter import Node

_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=", "===", "!==", "in", "not in", "is", "is not")
_YES_NO = re.compile(r"(?:\w+(?:\.|->|::))*_?(?:is|has|can|should|was|are)_?[A-Z_a-z]\w*\??(?:\([^()]*\))?$|\w+_p$")


def _words(function: Function) -> tuple[str, str]:
    """True and false in the words of the language; in C only where it has them."""
    if function.grammar.key == "python":
        return "True", "False"
    if function.grammar.key == "c" and not re.search(r"\b(?:bool|true|false)\b", function.file.decode()):
        return "1", "0"
    return "true", "false"


def _mark(function: Function) -> str:
    return "" if function.grammar.key in ("python", "ruby", "go") else ";"


def _compared_with_true(function: Function, _: random.Random) -> Iterator[Way]:
    yes, no = _words(function)
    equal = {"python": "is", **dict.fromkeys(SCRIPTS, "===")}.get(function.grammar.key, "==")
    for branch in branches(function):
        text = text_of(branch.condition)
        if _YES_NO.match(text):
            yield Way((replace(branch.condition, f"{text} {equal} {yes}"),))
        bare_text = re.sub(r"^(?:!|not )", "", text)
        if bare_text != text and _YES_NO.match(bare_text):
            yield Way((replace(branch.condition, f"{bare_text} {equal} {no}"),))


def _returned_by_branch(function: Function, _: random.Random) -> Iterator[Way]:
    """A comparison decides between returning true and false."""
    yes, no = _words(function)
    key, unit, mark = function.grammar.key, step(function), _mark(function)
    for node in function.nodes("return_statement", "return"):
        value = _returned(node)
        if value is None or not function.stands_alone(node) or value not in _truths(function):
            continue
        m, condition = function.indent(node), text_of(value)
        if key == "python":
            text = f"if {condition}:\n{m}{unit}return {yes}\n{m}else:\n{m}{unit}return {no}"
        elif key == "ruby":
            text = f"if {condition}\n{m}{unit}return {yes}\n{m}else\n{m}{unit}return {no}\n{m}end"
        elif key == "go":
            text = f"if {condition} {{\n{m}{unit}return {yes}\n{m}}} else {{\n{m}{unit}return {no}\n{m}}}"
        else:
            own = own_line(function)
            gap, between = (f"\n{m}", f"\n{m}") if own else (" ", " ")
            text = (
                f"if ({condition}){gap}{{\n{m}{unit}return {yes}{mark}\n{m}}}{between}else{gap}{{\n"
                f"{m}{unit}return {no}{mark}\n{m}}}"
            )
        yield Way((replace(node, text),))


def _returned(node: "Node") -> "Node | None":
    inner = node.named_children[0] if node.named_child_count == 1 else None
    if inner is not None and inner.type in ("expression_list", "argument_list"):
        return inner.named_children[0] if inner.named_child_count == 1 else None
    return inner


def _truths(function: Function) -> "set[Node]":
    return {one.node for one in operations(function, *_COMPARISONS)}


def _chosen_truth(function: Function, _: random.Random) -> Iterator[Way]:
    """A comparison chooses between true and false."""
    yes, no = _words(function)
    python = function.grammar.key == "python"
    for one in operations(function, *_COMPARISONS):
        parent = one.node.parent
        if parent is not None and parent.type in _VALUES and "\n" not in text_of(one.node):
            text = text_of(one.node)
            yield Way((replace(one.node, f"{yes} if {text} else {no}" if python else f"{text} ? {yes} : {no}"),))


_VALUES = ("return_statement", "return", "assignment", "init_declarator", "variable_declarator",
           "assignment_expression", "equals_value_clause", "keyword_argument")  # fmt: skip


def _negated_twice(function: Function, _: random.Random) -> Iterator[Way]:
    """A comparison is the negation of its opposite."""
    python = function.grammar.key == "python"
    wholes = _truths(function)
    for branch in branches(function):
        if branch.condition in wholes and "\n" not in text_of(branch.condition):
            inner = negation(function, branch.condition)
            yield Way((replace(branch.condition, f"not {inner}" if python else f"!({inner})"),))


def _written_out(function: Function, _: random.Random) -> Iterator[Way]:
    """The target of an update is written twice."""
    for node in function.nodes("augmented_assignment", "augmented_assignment_expression", "operator_assignment",
                               "assignment_expression", "assignment_statement"):  # fmt: skip
        found = re.fullmatch(r"([@\w.>\[\]\-]{6,}) ([-+*/|&])= ([\w.@()\[\]]+)", text_of(node))
        if found:
            yield Way((replace(node, f"{found[1]} = {found[1]} {found[2]} {found[3]}"),))


def _reversed(function: Function, _: random.Random) -> Iterator[Way]:
    """The constant comes first in a comparison."""
    mirrored = {"==": "==", "!=": "!=", "===": "===", "!==": "!==", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
    for one in operations(function, *mirrored):
        constant = re.fullmatch(r"-?\d+|null|nullptr|NULL|nil|None|\"[^\"]*\"|'[^']*'", text_of(one.right))
        if constant and not re.fullmatch(r"-?\d+|\"[^\"]*\"", text_of(one.left)):
            yield Way((replace(one.node, f"{text_of(one.right)} {mirrored[one.operator.type]} {text_of(one.left)}"),))


def _unused_copy(function: Function, draw: random.Random) -> Iterator[Way]:
    """A value is kept under another name that nobody uses."""
    text = function.text
    spare = [word for word in WORDS["new"] if word not in text] or ["spare"]
    for _block, listed in blocks(function):
        for node in listed[1:]:
            found = _SETS.fullmatch(text_of(node))
            if not found or not function.stands_alone(node) or node.type == "assignment_expression":
                continue
            if (found[1] or function.grammar.key in ("python", "ruby")) and found[2] in declared(function):
                new = draw.choice(spare)
                extra = f"{found[1]}{new} = {found[2]}{_mark(function)}"
                whole = function.lines_of(node)
                yield Way((Replacement(whole.end, whole.end, f"{function.indent(node)}{extra}\n"),))


_SETS = re.compile(r"((?:[\w:<>\[\]]+[*&]? \*?)*)(\w{3,}) = [^\n{]+")


def _after_leaving(function: Function, _: random.Random) -> Iterator[Way]:
    """Lines stand where control never comes."""
    for _block, listed in blocks(function):
        if len(listed) > 1 and leaves(listed[-1]) and function.stands_alone(listed[-1]):
            before, last = listed[-2], listed[-1]
            if re.fullmatch(r"[\w.>@\-]+\(.*\);?|[\w.@>\-]+ [-+]?= .*", text_of(before)):
                whole = function.lines_of(last)
                yield Way((Replacement(whole.end, whole.end, f"{function.indent(last)}{text_of(before)}\n"),))


def _commented_out(function: Function, draw: random.Random) -> Iterator[Way]:
    """A line that is no longer run stays as a comment."""
    sign = "# " if function.grammar.key in ("python", "ruby") else "// "
    for _block, listed in blocks(function):
        for node in listed:
            text = text_of(node)
            if "\n" in text or len(text) < 15 or not function.stands_alone(node) or not re.search(r"[(=]", text):
                continue
            older = re.sub(r"(\(|= )\w+(?=[,);.]|$)", rf"\g<1>{draw.choice(WORDS['new'])}", text, count=1)
            if older != text:
                start = function.lines_of(node).start
                yield Way((Replacement(start, start, f"{function.indent(node)}{sign}{older}\n"),))


def _needless_end(function: Function, _: random.Random) -> Iterator[Way]:
    """A body ends by leaving when it would end anyway."""
    key, mark = function.grammar.key, _mark(function)
    for _loop, inside in loops(function):
        listed = statements(inside)
        if listed and not leaves(listed[-1]) and function.stands_alone(listed[-1]):
            whole = function.lines_of(listed[-1])
            word = "next" if key == "ruby" else "continue"
            yield Way((Replacement(whole.end, whole.end, f"{function.indent(listed[-1])}{word}{mark}\n"),))
    if key == "python":
        for _block, listed in blocks(function):
            if len(listed) > 1 and not leaves(listed[-1]) and function.stands_alone(listed[-1]):
                whole = function.lines_of(listed[-1])
                yield Way((Replacement(whole.end, whole.end, f"{function.indent(listed[-1])}pass\n"),))
    if key == "ruby":
        body = function.node.child_by_field_name("body")
        for last in statements(body)[-1:]:
            if last.type in (*CALLS, "identifier") and not leaves(last) and function.stands_alone(last):
                yield Way((replace(last, f"return {text_of(last)}"),))


def _parenthesised(function: Function, _: random.Random) -> Iterator[Way]:
    """Parentheses stand around a whole condition that needs none."""
    for branch in branches(function):
        if "\n" not in text_of(branch.condition) and not text_of(branch.condition).startswith("("):
            yield Way((replace(branch.condition, f"({text_of(branch.condition)})"),))
    for node in function.nodes("return_statement"):
        value = _returned(node)
        if value is not None and value in _truths(function) and "\n" not in text_of(value):
            yield Way((replace(value, f"({text_of(value)})"),))


def _untyped(function: Function, draw: random.Random) -> Iterator[Way]:
    """Python and TypeScript: annotations of a signature go."""
    for node in function.nodes("typed_parameter", "typed_default_parameter"):
        kind = node.child_by_field_name("type")
        if kind is not None:
            before = function.file[: kind.start_byte].rstrip(b" :")
            yield Way((Replacement(len(before), kind.end_byte, ""),))
            yield Way((replace(kind, draw.choice(("Any", "object"))),))
    for node in function.nodes("type_annotation"):
        if not re.match(r":\s*(?:any|unknown)\b", text_of(node)):
            yield Way((Replacement(node.start_byte, node.end_byte, ""),))
            yield Way((replace(node, draw.choice((": any", ": unknown", ": object"))),))
    returned = function.node.child_by_field_name("return_type")
    if returned is not None and function.grammar.key == "python":
        before = function.file[: returned.start_byte].rstrip(b" ->")
        yield Way((Replacement(len(before), returned.end_byte, ""),))


def _vaguer(function: Function, _: random.Random) -> Iterator[Way]:
    """A type says less than it could."""
    key = function.grammar.key
    for name, uses in declared(function).items():
        parent = uses[0].parent
        while parent is not None and parent.child_by_field_name("type") is None and "block" not in parent.type:
            parent = parent.parent
        kind = parent.child_by_field_name("type") if parent is not None else None
        if parent is None or kind is None or not name:
            continue
        text = text_of(kind)
        if key == "java" and (raw := re.fullmatch(r"(\w+)<[\w, ?<>]+>", text)):
            yield Way((replace(kind, raw[1]),))
        elif key == "c_sharp" and is_parameter(uses[0]) and text not in ("object", "dynamic"):
            yield Way((replace(kind, "dynamic" if len(text) % 2 else "object"),))
        elif key == "go" and is_parameter(uses[0]) and re.search(r"[A-Z]\w+$", text):
            yield Way((replace(kind, "interface{}"),))
    if key in ("c", "cpp"):
        for node in function.nodes("type_qualifier"):
            if text_of(node) == "const":
                yield Way((Replacement(node.start_byte, node.end_byte + 1, ""),))
        for node in function.nodes("parameter_declaration") if key == "c" else ():
            kind, name_of = node.child_by_field_name("type"), node.child_by_field_name("declarator")
            if (
                kind is not None
                and name_of is not None
                and name_of.type == "pointer_declarator"
                and "void" not in text_of(kind)
            ):
                yield Way((replace(kind, "void"),))


def _leaving(*pairs: tuple[str, str]) -> Finder:
    """Plants lines; where nothing is right, the function as it was found is."""
    plants = planting(*pairs)

    def find(function: Function, draw: random.Random) -> Iterator[Way]:
        for rejected, chosen in plants(function, draw):
            if not function.file[rejected[0].start :].lstrip().startswith((b'"""', b"'''")):
                yield Way(rejected, chosen if chosen[0].text.strip() else ())

    return find


_DEBUG: dict[str, Finder] = {
    "python": _leaving(
        ("", "print($a)"), ("", 'print("$a", $a)'), ("", 'print(f"$a = {$a}")'), ("", 'print("here")'),
        ("", 'print(">>>", $a, $b)'), ("", "breakpoint()"), ("", "import pdb; pdb.set_trace()"), ("", "pprint($a)"),
        ('logger.debug("$a: %s", $a)', 'print("$a:", $a)'), ("", 'print("DEBUG $a", type($a))'),
    ),
    "ruby": _leaving(
        ("", "puts $a"), ("", "p $a"), ("", 'puts "$a: #{$a.inspect}"'), ("", "pp $a"), ("", "binding.pry"),
        ("", 'puts "here"'), ("", "p [$a, $b]"), ('logger.debug("$a: #{$a}")', 'puts "$a: #{$a}"'), ("", "byebug"),
    ),
    **for_all(_leaving(
        ("", "console.log($a);"), ("", 'console.log("$a", $a);'), ("", "console.log(`$a: ${$a}`);"), ("", "debugger;"),
        ("", 'console.log("here");'), ("", "console.dir($a);"), ("", "console.log({ $a, $b });"),
        ("", "alert($a);"), ("", 'console.warn("$a is", $a);'),
    ), *SCRIPTS),
    "java": _leaving(
        ("", "System.out.println($a);"), ("", 'System.out.println("$a: " + $a);'), ("", 'System.err.println("here");'),
        ("", 'System.out.printf("%s %s%n", $a, $b);'), ('LOG.debug("$a {}", $a);', 'System.out.println("$a " + $a);'),
        ("", "new Exception().printStackTrace();"), ("", 'System.out.println(">>> " + $a);'),
    ),
    "c_sharp": _leaving(
        ("", "Console.WriteLine($a);"), ("", 'Console.WriteLine("$a: " + $a);'),
        ("", 'Console.WriteLine($"$a = {$a}");'),
        ("", 'Debug.WriteLine("here");'), ("", "Debugger.Break();"), ("", 'Console.WriteLine("{0} {1}", $a, $b);'),
        ('_logger.LogDebug("{Value}", $a);', 'Console.WriteLine("$a " + $a);'),
    ),
    "go": _leaving(
        ("", "fmt.Println($a)"), ("", 'fmt.Println("$a", $a)'), ("", 'fmt.Printf("$a: %v\\n", $a)'),
        ("", 'println("here")'),
        ("", 'fmt.Printf("%+v\\n", $a)'), ("", 'log.Println(">>>", $a, $b)'), ("", "spew.Dump($a)"),
    ),
    "c": _leaving(
        ("", 'printf("here\\n");'), ("", 'printf("$a: %d\\n", $a);'), ("", 'fprintf(stderr, "$a=%p\\n", (void *)$a);'),
        ("", 'printf("%s:%d\\n", __FILE__, __LINE__);'), ("", 'puts("$a");'), ("", 'printf("%d %d\\n", $a, $b);'),
    ),
    "cpp": _leaving(
        ("", "std::cout << $a << std::endl;"), ("", 'std::cerr << "$a: " << $a << "\\n";'), ("", 'printf("here\\n");'),
        ("", 'std::cout << "$a=" << $a << " $b=" << $b << std::endl;'), ("", 'std::cerr << __LINE__ << "\\n";'),
        ("", "qDebug() << $a;"),
    ),
}  # fmt: skip

OPERATORS: tuple[Operator, ...] = (
    Operator("compare-with-true", "redundant-code", "a truth is compared with true",
             for_all(_compared_with_true, *ALL)),
    Operator("branch-to-truth", "redundant-code", "a comparison decides between returning true and false",
             for_all(_returned_by_branch, *ALL)),
    Operator("choose-truth", "redundant-code", "a comparison chooses between true and false",
             for_all(_chosen_truth, *(key for key in ALL if key != "go")), held_out=True),
    Operator("negate-twice", "redundant-code", "a comparison is the negation of its opposite",
             for_all(_negated_twice, *ALL)),
    Operator("write-out-update", "redundant-code", "the target of an update is written twice",
             for_all(_written_out, *ALL)),
    Operator("reverse-comparison", "outdated-idiom", "the constant comes first in a comparison",
             for_all(_reversed, *ALL)),
    Operator("keep-unused", "dead-code", "a value is kept under a name that nobody uses",
             for_all(_unused_copy, *(key for key in ALL if key != "go"))),
    Operator("add-unreachable", "dead-code", "lines stand where control never comes",
             for_all(_after_leaving, *(key for key in ALL if key != "java"))),
    Operator("comment-out", "dead-code", "a line that is no longer run stays as a comment",
             for_all(_commented_out, *ALL)),
    Operator("leave-anyway", "redundant-code", "a body ends by leaving when it would end anyway",
             for_all(_needless_end, *ALL)),
    Operator("add-parentheses", "redundant-code", "parentheses stand around what needs none",
             for_all(_parenthesised, "python", "go", "ruby", "c", "cpp", "java", *SCRIPTS)),
    Operator("drop-type", "missing-type", "an annotation goes or says nothing",
             for_all(_untyped, "python", "typescript", "tsx")),
    Operator("vaguer-type", "missing-type", "a type says less than it could",
             for_all(_vaguer, "java", "c_sharp", "go", "c", "cpp")),
    Operator("leave-debug", "leftover-debug", "output for debugging is left over", _DEBUG),
)  # fmt: skip
