"""Degradations of running time in single calls of real functions: the same answer by a slower call."""

import random
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import SCRIPTS, Finder, Operator, any_of, for_all, rewriting
from themis_training.degrade.remake import Texts, inside, on_calls, remaking

if TYPE_CHECKING:
    from tree_sitter import Node

_PREDICATE = re.compile(
    r"(async )?(\w+|\([\w, :]*\)) ?=>|function\b|&?[\w.]+$|\w+ ->|\([\w, ]*\) ->|\w+::\w+$", re.DOTALL
)
_MANY = re.compile(r"([a-z_]{3,}s|\w\)|\})$")
_PLAIN_PREFIX = re.compile(r"""(["'])([A-Za-z0-9_\-:/# ]+)\1""")


def _test_of(texts: Texts) -> bool:
    """Whether the only argument is a predicate."""
    return bool(_PREDICATE.match(inside(texts["args"])))


def _when(test: Callable[[Texts], bool], template: str) -> Callable[[Texts], str | None]:
    """Fills a template with the texts of a call that passes a test."""
    return lambda texts: template.format_map(texts) if test(texts) else None


def _measured(function: Function, _: random.Random) -> Iterator[Way]:
    """The length of a string is taken where its first character tells whether it is empty."""
    star = '(unary_expression "!" argument: (pointer_expression "*" argument: (identifier) @s)) @whole'
    first = (
        "((binary_expression left: (subscript_expression argument: (identifier) @s index: (number_literal) @i)"
        ' operator: _ @how right: (char_literal) @nul) @whole (#eq? @i "0") (#eq? @nul "\'\\\\0\'"))'
    )
    for pattern, template in ((star, "strlen({}) == 0"), (first, "strlen({}) {} 0")):
        for captures in function.matches(pattern):
            name = text_of(captures["s"])
            if re.search(rf"\bchar\s*(const\s*)?\*?\s*{name}\b", function.text):
                how = text_of(captures["how"]) if "how" in captures else ""
                yield Way((replace(captures["whole"], template.format(name, how)),))


_COUNTED = {
    "python": remaking(
        '(call function: (identifier) @f (#eq? @f "any") arguments: (generator_expression) @args) @whole',
        lambda texts: f"sum(1 for {_kept_if(texts['args'])}) > 0" if _kept_if(texts["args"]) else None,
    ),
    **for_all(on_calls("javascript", "some", _when(_test_of, "{on}.filter{args}.length > 0")), *SCRIPTS),
    "java": on_calls("java", "anyMatch", _when(_test_of, "{on}.filter{args}.count() > 0")),
    "c_sharp": on_calls("c_sharp", "Any", lambda texts: f"{texts['on']}.Count{texts['args']} > 0"),
    "ruby": on_calls("ruby", r"any\?", lambda t: f"{t['on']}.count{t['rest']} > 0" if "{" in t["rest"] else None),
    "c": _measured,
}  # fmt: skip


def _kept_if(generator: str) -> str:
    """``(test for x in xs)`` as ``x in xs if test``; nothing but for one plain loop on one line, without a filter."""
    test, _, loop = inside(generator).partition(" for ")
    return "" if " for " in loop or " if " in loop or "\n" in generator else f"{loop} if {test}"


_FOUND = {
    **for_all(on_calls("javascript", "find", _when(_test_of, "{on}.filter{args}[0]")), *SCRIPTS),
    "c_sharp": on_calls(
        "c_sharp",
        "First|FirstOrDefault",
        lambda t: f"{t['on']}.Where{t['args']}.ToList().{t['name']}()" if "=>" in t["args"] else None,
    ),
    "java": on_calls(
        "java", "findFirst|findAny", lambda t: f"{t['on']}.collect(Collectors.toList()).stream().{t['name']}()"
    ),
    "python": remaking(
        '(call function: (identifier) @f (#eq? @f "next")'
        " arguments: (argument_list . (generator_expression) @g .)) @whole",
        lambda texts: f"[{inside(texts['g'])}][0]",
    ),
    "ruby": on_calls(
        "ruby", "find|detect", lambda t: f"{t['on']}.select{t['rest']}.first" if _is_block(t["rest"]) else None
    ),
}


def _is_block(rest: str) -> bool:
    return bool(re.match(r" ?\{ ?\||\(&:?\w+\)$", rest)) and "\n" not in rest


def _prefix(template: str) -> Callable[[Texts], str | None]:
    """A test for a plain literal prefix as a pattern; ``prefix`` is the literal without its quotes."""

    def make(texts: Texts) -> str | None:
        literal = _PLAIN_PREFIX.fullmatch(inside(texts["args"]))
        return template.format(on=texts["on"], prefix=literal[2]) if literal else None

    return make


_PREFIXED = {
    "python": on_calls("python", "startswith", _prefix('re.match(r"{prefix}", {on})')),
    **for_all(on_calls("javascript", "startsWith", _prefix('new RegExp("^{prefix}").test({on})')), *SCRIPTS),
    "java": on_calls("java", "startsWith", _prefix('{on}.matches("{prefix}.*")')),
    "c_sharp": on_calls("c_sharp", "StartsWith", _prefix('Regex.IsMatch({on}, "^{prefix}")')),
    "ruby": on_calls("ruby", r"start_with\?", _prefix("!({on} =~ Regexp.new('\\A{prefix}')).nil?")),
    "go": remaking(
        '(call_expression function: (selector_expression) @f (#eq? @f "strings.HasPrefix") arguments: (argument_list'
        " . (_) @on . (interpreted_string_literal) @prefix .)) @whole",
        lambda t: (
            f'regexp.MustCompile("^{inside(t["prefix"])}").MatchString({t["on"]})'
            if _PLAIN_PREFIX.fullmatch(t["prefix"])
            else None
        ),
    ),
}

_EXTREME = (
    '(call function: (identifier) @f (#match? @f "^(max|min)$") arguments: (argument_list . (_) @xs . {}) ) @whole'
)


def _sorted(texts: Texts) -> str | None:
    """``max`` and ``min`` of one collection by sorting it; the first of equals stays the first."""
    if re.match(r"\*|[\d\"']", texts["xs"]) or "=" in texts["xs"]:
        return None
    key = f", {texts['key']}" if "key" in texts else ""
    if key and not key.startswith(", key"):
        return None
    downwards = ", reverse=True" if texts["f"] == "max" else ""
    return f"sorted({texts['xs']}{key}{downwards})[0]"


_SORTED = {
    "python": any_of(
        remaking(_EXTREME.format(""), _sorted), remaking(_EXTREME.format("(keyword_argument) @key ."), _sorted)
    ),
    **for_all(
        remaking(
            '(call_expression function: (member_expression) @f (#match? @f "^Math.(max|min)$") arguments: (arguments .'
            " (spread_element (_) @xs) .)) @whole",
            lambda t: f"[...{t['xs']}].sort((x, y) => {'y - x' if t['f'] == 'Math.max' else 'x - y'})[0]",
        ),
        *SCRIPTS,
    ),
    "ruby": any_of(
        on_calls("ruby", "max_by|min_by", lambda t: _sorted_ruby(t) if _is_block(t["rest"]) else None),
        on_calls("ruby", "max|min", lambda t: _sorted_ruby(t) if not t["rest"] and _MANY.search(t["on"]) else None),
    ),
    "c_sharp": on_calls("c_sharp", "Max|Min", lambda t: _sorted_linq(t)),
    "java": on_calls("java", "max|min", lambda t: _sorted_stream(t)),
}


def _sorted_ruby(texts: Texts) -> str:
    sort = "sort_by" if texts["name"].endswith("_by") else "sort"
    return f"{texts['on']}.{sort}{texts['rest']}.{'last' if texts['name'].startswith('max') else 'first'}"


def _sorted_stream(texts: Texts) -> str | None:
    """``Collections.max(xs)`` and ``stream.max(comparator)`` by sorting."""
    arguments = inside(texts["args"])
    if texts["on"] == "Collections" and "," not in arguments:
        order = "Comparator.reverseOrder()" if texts["name"] == "max" else ""
        return f"{arguments}.stream().sorted({order}).findFirst().get()"
    if re.match(r"(Map\.Entry|Comparator)\b.*\)$", arguments, re.DOTALL):
        return f"{texts['on']}.sorted({arguments}{'.reversed()' if texts['name'] == 'max' else ''}).findFirst()"
    return None


def _sorted_linq(texts: Texts) -> str | None:
    if texts["on"] == "Math":
        return None
    by = texts["args"] if "=>" in texts["args"] else "(x => x)"
    values = f".Select{by}" if "=>" in texts["args"] else ""
    return f"{texts['on']}{values}.OrderBy{'Descending' if texts['name'] == 'Max' else ''}(x => x).First()"


def _squared(function: Function, _: random.Random) -> Iterator[Way]:
    """``x * x`` by a call of the general power function."""
    power = {"c": "pow", "cpp": "std::pow"}.get(function.grammar.key, "Math.pow")
    for captures in function.matches('(binary_expression left: (_) @x "*" right: (_) @y) @whole'):
        name = text_of(captures["x"])
        if (
            name == text_of(captures["y"])
            and re.fullmatch(r"[A-Za-z_][\w.]*", name)
            and _is_real(function, captures["x"])
        ):
            yield Way((replace(captures["whole"], f"{power}({name}, 2)"),))


def _is_real(function: Function, node: "Node") -> bool:
    """Whether an expression is about floating point numbers; always so in a language with one kind of number."""
    number = r"\b(double|float|sqrtf?|Math\.sqrt)\b"
    line = function.file[function.file.rfind(b"\n", 0, node.start_byte) : node.end_byte]
    return function.grammar.key in SCRIPTS or bool(re.search(number, line.decode("utf-8", "replace")))


def _boxed(function: Function, _: random.Random) -> Iterator[Way]:
    """A local counter or total of a primitive type becomes a boxed object, made anew at each change."""
    pattern = (
        "(local_variable_declaration type: [(integral_type) (floating_point_type)] @type declarator:"
        " (variable_declarator name: (identifier) @name value: [(decimal_integer_literal)"
        " (decimal_floating_point_literal)] @value))"
    )
    boxes = {"int": "Integer", "long": "Long", "double": "Double"}
    for captures in function.matches(pattern):
        kind, name, value = (text_of(captures[key]) for key in ("type", "name", "value"))
        rest = function.file[captures["value"].end_byte : function.node.end_byte].decode("utf-8", "replace")
        grows = re.search(rf"\b{name}\s*(\+=|\+\+|-=|\*=)|\+\+{name}\b", rest)
        if kind in boxes and grows and re.search(r"\b(for|while)\b", rest[: grows.start()]):
            suffix = {"long": "L", "double": "D" if "." not in value else ""}.get(kind, "")
            literal = value if value[-1] in "LlDdFf" else value + suffix
            yield Way((replace(captures["type"], boxes[kind]), replace(captures["value"], literal)))


def _awaited_in_turn(function: Function, _: random.Random) -> Iterator[Way]:
    """``const [a, b] = await Promise.all([f(), g()])``, or its like in Python, as one ``await`` after the other."""
    script = (
        "(lexical_declaration kind: _ @kind (variable_declarator name: (array_pattern) @names value: (await_expression"
        ' (call_expression function: (member_expression) @all (#eq? @all "Promise.all") arguments: (arguments .'
        " (array) @calls .))))) @whole"
    )
    python = (
        "(expression_statement (assignment left: (pattern_list) @names right: (await (call function: (attribute) @all"
        ' (#eq? @all "asyncio.gather") arguments: (argument_list) @calls)))) @whole'
    )
    for captures in function.matches(python if function.grammar.key == "python" else script):
        names, calls = captures["names"].named_children, captures["calls"].named_children
        whole = captures["whole"]
        if len(names) != len(calls) or not function.stands_alone(whole) or any("\n" in text_of(c) for c in calls):
            continue
        kind = f"{text_of(captures['kind'])} " if "kind" in captures else ""
        end = ";" if kind and text_of(whole).endswith(";") else ""
        lines = (f"{kind}{text_of(name)} = await {text_of(call)}{end}" for name, call in zip(names, calls, strict=True))
        start = function.file.rfind(b"\n", 0, whole.start_byte) + 1
        margin = function.indent(whole)
        yield Way((Replacement(start, whole.end_byte, "\n".join(margin + line for line in lines)),))


def _python_call(wrapped: str, inner: str) -> Finder:
    """``wrapped(x)`` with one plain argument becomes ``wrapped(inner(x))``."""
    pattern = (
        f'(call function: (identifier) @f (#match? @f "^({wrapped})$") arguments: (argument_list . [(identifier)'
        " (attribute) (call)] @x .))"
    )
    return rewriting(pattern, x=f"{inner}($x)")


def _looked_up_twice(function: Function, _: random.Random) -> Iterator[Way]:
    """``if v, ok := m[k]; ok`` asks for the key first and for its value afterwards."""
    pattern = (
        "(if_statement initializer: (short_var_declaration left: (expression_list . (identifier) @value . (identifier)"
        " @ok .) right: (expression_list . (index_expression) @item .)) @init condition: (identifier) @test"
        " (#eq? @test @ok) consequence: (block . (statement_list . (_) @first)))"
    )
    for captures in function.matches(pattern):
        value, ok, item, first = (text_of(captures[key]) for key in ("value", "ok", "item", "first"))
        if value != "_" and function.file.rfind(b"\n", 0, captures["first"].start_byte) > captures["init"].end_byte:
            line = f"{value} := {item}\n{function.indent(captures['first'])}{first}"
            yield Way((replace(captures["init"], f"_, {ok} := {item}"), replace(captures["first"], line)))


def _flushed(function: Function, _: random.Random) -> Iterator[Way]:
    """A line end written to a stream also flushes it."""
    for captures in function.matches(
        '(binary_expression left: (_) @left "<<" right: [(string_literal) (char_literal)] @end)'
    ):
        stream = re.match(r"[\w:.>\-]+", text_of(captures["left"]))
        if text_of(captures["end"]) not in ('"\\n"', "'\\n'") or stream is None:
            continue
        if re.fullmatch(r"(std::)?(cout|clog|os|o?fs|\w*(out|stream|file|log)_?)", stream[0], re.IGNORECASE):
            yield Way((replace(captures["end"], "std::endl"),))


OPERATORS: tuple[Operator, ...] = (
    Operator("count-to-know-any", "count-to-test-empty", "all are counted only to know whether there is one", _COUNTED),
    Operator(
        "filter-all-for-first",
        "missing-early-exit",
        "all are filtered and only the first is used",
        _FOUND,
        held_out=True,
    ),
    Operator(
        "pattern-for-prefix", "slow-api", "a pattern is matched where a prefix is compared", _PREFIXED, held_out=True
    ),
    Operator("sort-for-one", "sort-for-extreme", "all are sorted to get the largest or smallest", _SORTED),
    Operator(
        "power-for-square",
        "slow-api",
        "the general power function squares",
        for_all(_squared, "c", "cpp", "java", *SCRIPTS),
    ),
    Operator(
        "box-counter", "needless-conversion", "a number changed in a loop is boxed at each change", {"java": _boxed}
    ),
    Operator(
        "await-in-turn",
        "serial-await",
        "independent calls are awaited one after the other",
        for_all(_awaited_in_turn, "python", *SCRIPTS),
    ),
    Operator(
        "convert-twice",
        "needless-conversion",
        "what is consumed at once is first converted",
        {
            "python": _python_call("sorted|set|frozenset", "list"),
            "java": rewriting(
                '(method_invocation name: (identifier) @name (#eq? @name "append") arguments: (argument_list .'
                " (identifier) @x .))",
                x='String.format("%s", $x)',
            ),
        },
    ),
    Operator(
        "look-up-twice",
        "slow-api",
        "a map is searched twice for one key",
        {"go": _looked_up_twice},
    ),
    Operator(
        "flush-each-line",
        "slow-api",
        "each line is flushed",
        {"cpp": _flushed},
    ),
    Operator(
        "shift-left-end",
        "slow-api",
        "a list is shifted to take its first",
        {
            "python": any_of(
                rewriting(
                    '(call function: (attribute attribute: (identifier) @m (#eq? @m "popleft")) arguments: (_) @args)',
                    m="pop",
                    args="(0)",
                ),
                rewriting(
                    '(call function: (attribute attribute: (identifier) @m (#eq? @m "appendleft")) arguments:'
                    " (argument_list . (_) @x .))",
                    m="insert",
                    x="0, $x",
                ),
            ),
        },
    ),
)
