"""Degradations of memory use in single expressions of real functions: copies, lists and buffers nobody needs."""

import random
import re
from collections.abc import Iterator

from themis_training.degrade.function import Function, Way, replace, text_of
from themis_training.degrade.loop import changes
from themis_training.degrade.operator import SCRIPTS, Operator, any_of, dropping, for_all, rewriting
from themis_training.degrade.remake import Texts, inside, on_calls, remaking

_MADE_LAZILY = re.compile(
    r"\.(Where|Select|SelectMany|OfType|Cast|Skip|Take|Distinct)(<[\w?]+>)?\([^()]*(\([^()]*\))*[^()]*\)\s*$"
)
_YIELDS = re.compile(r"\.(each_slice|each_cons|each_line|each_char|lazy|each_entry|each_byte)(\(\d+\))?$")

_LISTED = {
    "python": any_of(
        remaking(
            '(call function: (identifier) @f (#match? @f "^(sum|any|all|max|min|set|sorted|dict|frozenset)$")'
            " arguments: (generator_expression) @args) @whole",
            lambda t: f"{t['f']}([{inside(t['args'])}])",
        ),
        remaking(
            '(call function: (attribute attribute: (identifier) @f (#match? @f "^(join|update|extend|writelines)$"))'
            " @call arguments: (generator_expression) @args) @whole",
            lambda t: f"{t['call']}([{inside(t['args'])}])",
        ),
        rewriting(
            "(for_statement right: (call function: (identifier) @f (#match? @f "
            '"^(map|filter|zip|enumerate|reversed)$")) @xs)',
            xs="list($xs)",
        ),
    ),
    "c_sharp": on_calls(
        "c_sharp",
        "Select|Distinct|Any|Sum|Max|Min|First|FirstOrDefault|Count|OrderBy|SelectMany|All|Take",
        lambda t: f"{_to_list(t['on'])}.{t['name']}{t['args']}" if _MADE_LAZILY.search(t["on"]) else None,
    ),
    "java": on_calls(
        "java",
        "map|filter|forEach|anyMatch|distinct|count|flatMap|mapToInt",
        lambda t: (
            f"{t['on']}.collect(Collectors.toList()).stream().{t['name']}{t['args']}"
            if re.search(r"\.(map|filter|flatMap)\(", t["on"]) and "mapTo" not in t["on"]
            else None
        ),
    ),
    "ruby": any_of(
        on_calls(
            "ruby",
            "each|map|select|reject|sum|each_with_index|any\\?",
            lambda t: f"{t['on']}.to_a.{t['name']}{t['rest']}" if _YIELDS.search(t["on"]) else None,
        ),
        on_calls(
            "ruby", "each_with_object|sum", lambda t: f"{t['on']}.dup.{t['name']}{t['rest']}" if t["rest"] else None
        ),
    ),
    "go": remaking(
        '(call_expression function: (selector_expression) @f (#match? @f "^strings.(SplitSeq|FieldsSeq|Lines)$"))'
        " @whole",
        lambda t: f"slices.Collect({t['whole']})",
    ),
    **for_all(
        on_calls(
            "javascript",
            "forEach|map|filter|reduce|some|every",
            lambda t: f"{t['on']}.slice().{t['name']}{t['args']}" if re.search(r"\.(map|filter)\(", t["on"]) else None,
        ),
        *SCRIPTS,
    ),
}


def _to_list(on: str) -> str:
    """A call of ``ToList`` before the line break of a chain."""
    return f"{on.rstrip()}.ToList(){on[len(on.rstrip()) :]}"


_COPIED = {
    "python": "list({})", **dict.fromkeys(SCRIPTS, "[...{}]"), "java": "new ArrayList<>({})",
    "c_sharp": "{}.ToList()", "ruby": "{}.dup",
}  # fmt: skip
_ITERATED = {
    "python": "(for_statement right: [(identifier) (attribute)] @xs body: (_) @body)",
    **dict.fromkeys(
        SCRIPTS,
        '(for_in_statement operator: "of" right: [(identifier) (member_expression)] @xs body: (_) @body)',
    ),
    "java": "(enhanced_for_statement type: (_) @type value: [(identifier) (field_access)] @xs body: (_) @body)",
    "c_sharp": "(foreach_statement right: [(identifier) (member_access_expression)] @xs body: (_) @body)",
    "ruby": "(call receiver: [(identifier) (instance_variable)] @xs method: (identifier) @m block: (_) @body"
    ' (#match? @m "^each"))',
}  # fmt: skip


def _copied_first(function: Function, _: random.Random) -> Iterator[Way]:
    """A collection is copied before it is gone through, although nothing in the loop changes it."""
    key = function.grammar.key
    for captures in function.matches(_ITERATED[key]):
        name, body = text_of(captures["xs"]), text_of(captures["body"])
        arrays = key == "java" and re.search(
            rf"\[\]\s*{re.escape(name)}\b|\b{re.escape(name)}\s*\[|\.\.\.", function.text
        )
        if name.split(".")[-1] not in body and not arrays and not changes(name, body):
            yield Way((replace(captures["xs"], _COPIED[key].format(name)),))


_BIG = re.compile(r"(std::)?(string|vector|map|set|unordered_map|unordered_set|deque|list|function|shared_ptr)\b")


def _by_value(function: Function, _: random.Random) -> Iterator[Way]:
    """A parameter or local is a copy instead of a constant reference."""
    pattern = (
        '(_ (type_qualifier) @const (#eq? @const "const") type: (_) @type declarator: [(reference_declarator) @ref'
        " (init_declarator declarator: (reference_declarator) @ref)])"
    )
    for captures in function.matches(pattern):
        holder = captures["const"].parent
        known = _BIG.match(text_of(captures["type"])) or "auto" in text_of(captures["type"])
        if holder is None or holder.type not in ("parameter_declaration", "declaration", "for_range_loop") or not known:
            continue
        if text_of(captures["type"]) == "auto" and holder.type == "parameter_declaration":
            continue
        name = re.sub(r"^&\s*", "", text_of(captures["ref"]))
        space = "" if function.file[captures["ref"].start_byte - 1 : captures["ref"].start_byte].isspace() else " "
        yield Way((
            replace(captures["const"], "")._replace(end=captures["type"].start_byte),
            replace(captures["ref"], space + name),
        ))  # fmt: skip


def _unmoved(function: Function, _: random.Random) -> Iterator[Way]:
    """A string or container that is not used again is copied instead of moved."""
    pattern = (
        '(argument_list (call_expression function: (qualified_identifier) @f (#eq? @f "std::move") arguments:'
        " (argument_list . (identifier) @x .)) @whole)"
    )
    for captures in function.matches(pattern):
        name = text_of(captures["x"])
        if re.search(rf"\b(string|vector<.*>|map<.*>|set<.*>|function<.*>)\s*&?&?\s*{name}\b", function.text):
            yield Way((replace(captures["whole"], name),))


def _sized(texts: Texts) -> str | None:
    """``make([]T, 0, n)`` and ``make(map[K]V, n)`` without their capacity."""
    kind, *sizes = [part.strip() for part in re.split(r",(?![^(\[{]*[)\]}])", inside(texts["args"]))]
    if kind.startswith("[]") and len(sizes) == 2 and sizes[0] == "0":
        return f"{kind}{{}}"
    return f"make({kind})" if kind.startswith("map[") and len(sizes) == 1 else None


_NEW = (
    '(object_creation_expression type: [(generic_type) (type_identifier)] @type (#match? @type "^(ArrayList|HashMap|'
    'HashSet|StringBuilder|ArrayDeque|LinkedHashMap|ByteArrayOutputStream)") arguments: (argument_list . (_) @n .))'
)
_COUNTED = re.compile(
    r"\d+|.*(\.size\(\)|\.length(\(\))?|\.Count(\(\))?|\.Length)( [*+] \w+)?|"
    r"\w*([sS]ize|[cC]apacity|[lL]en(gth)?|[cC]ount)"
)


def _uncounted(function: Function, _: random.Random) -> Iterator[Way]:
    """A collection is made without the size that is known."""
    pattern = (
        _NEW
        if function.grammar.key == "java"
        else _NEW.replace("[(generic_type) (type_identifier)]", "(_)").replace(
            "ArrayList|HashMap|HashSet", "List|Dictionary|HashSet|Queue|Stack"
        )
    )
    for captures in function.matches(pattern):
        if _COUNTED.fullmatch(text_of(captures["n"])):
            yield Way((replace(captures["n"], ""),))


_EAGER = {
    "ReadLines": "ReadAllLines", "EnumerateFiles": "GetFiles", "EnumerateDirectories": "GetDirectories",
    "EnumerateFileSystemEntries": "GetFileSystemEntries",
}  # fmt: skip

OPERATORS: tuple[Operator, ...] = (
    Operator("list-between", "list-instead-of-generator", "a list is made of what is gone through once", _LISTED),
    Operator(
        "copy-before-loop",
        "needless-copy",
        "a collection is copied before it is gone through",
        dict.fromkeys(_ITERATED, _copied_first),
        held_out=True,
    ),
    Operator("pass-by-value", "needless-copy", "a large value is copied instead of referred to", {"cpp": _by_value}),
    Operator(
        "copy-instead-of-move",
        "needless-copy",
        "a value that is not used again is copied instead of moved",
        {"cpp": _unmoved},
    ),
    Operator(
        "drop-capacity",
        "missing-capacity",
        "a buffer whose size is known grows step by step",
        {
            "go": remaking(
                '(call_expression function: (identifier) @f (#eq? @f "make") arguments: (argument_list) @args) @whole',
                _sized,
            ),
            "cpp": dropping(
                "(expression_statement (call_expression function: (field_expression field: (field_identifier) @f)"
                ' (#eq? @f "reserve"))) @drop'
            ),
            **for_all(_uncounted, "java", "c_sharp"),
        },
    ),
    Operator(
        "read-all-lines",
        "whole-file-read",
        "all lines are read before the first is used",
        {
            "python": any_of(
                rewriting(
                    "(for_statement right: (identifier) @xs (#match? @xs"
                    ' "^(f|fp|fh|fd|file|stream|infile|handle|fin|inp)$"))',
                    xs="$xs.readlines()",
                ),
                rewriting(
                    '(for_statement right: (call function: (identifier) @f (#eq? @f "open")) @xs)', xs="$xs.readlines()"
                ),
            ),
            "ruby": on_calls(
                "ruby",
                "foreach|each_line",
                lambda t: (
                    f"{t['on']}.readlines{t['rest']}".replace(" do |", ".each do |", 1).replace(" { |", ".each { |", 1)
                    if t["on"] in ("File", "IO", "f", "file", "io", "stream") and "|" in t["rest"]
                    else None
                ),
            ),
            "c_sharp": on_calls(
                "c_sharp",
                "ReadLines|EnumerateFiles|EnumerateDirectories|EnumerateFileSystemEntries",
                lambda t: f"{t['on']}.{_EAGER[t['name']]}{t['args']}",
            ),
        },
    ),
)
