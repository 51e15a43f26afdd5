"""Degradations of security in C and C++: copies, sizes, and what is freed."""

import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import Finder, Operator, for_all, is_name, rewriting
from themis_training.degrade.security_guard import MANUAL, TYPED
from themis_training.degrade.syntax import Call, blocks, calls, operations, unwrapped, words_in

if TYPE_CHECKING:
    from tree_sitter import Node

_UNSIZED = {
    "snprintf": ("sprintf", 1), "vsnprintf": ("vsprintf", 1), "strlcpy": ("strcpy", 2), "strncpy": ("strcpy", 2),
    "strlcat": ("strcat", 2), "strncat": ("strcat", 2), "strscpy": ("strcpy", 2), "g_strlcpy": ("strcpy", 2),
    "wcsncpy": ("wcscpy", 2), "sprintf_s": ("sprintf", 1), "strcpy_s": ("strcpy", 1),
}  # fmt: skip
_ALLOCATES = re.compile(r"(?i)(?:m|c|re|k|v|z)alloc|alloc(?:ate)?$|_alloc|g_new|alloca")
_FREES = re.compile(r"(?:\w*_)?k?v?free\w*")
_ROOM = re.compile(r"sizeof\s*\(?[\w.>-]+\)?|[A-Z_]*(?:SIZE|MAX|LEN)[A-Z_]*")
_SIZE_WORD = re.compile(r"(?i:sizeof|size|max|cap|limit|remain|avail)|BUF|LEN\b")


def _listed(call: Call) -> str:
    """What stands in the place of a call's arguments, with parentheses."""
    listed = call.node.child_by_field_name("arguments")
    return text_of(listed) if listed is not None else ""


def _without_argument(call: Call, number: int) -> Replacement:
    """Drops one argument and the comma before it."""
    return Replacement(call.arguments[number - 1].end_byte, call.arguments[number].end_byte, "")


def _no_size(function: Function, _: random.Random) -> Iterator[Way]:
    for call in calls(function):
        name, number = _UNSIZED.get(text_of(call.target), ("", 0))
        if name and len(call.arguments) > number and not re.search(r"NULL|^0$", text_of(call.arguments[0])):
            yield Way((replace(call.target, name), _without_argument(call, number)))


def _size_of_source(function: Function, _: random.Random) -> Iterator[Way]:
    for call in calls(function):
        name = text_of(call.target)
        if name in ("strncpy", "strlcpy", "memcpy", "strncat", "strlcat", "std::memcpy") and len(call.arguments) == 3:
            source, size = text_of(call.arguments[1]), call.arguments[2]
            if _SIZE_WORD.search(text_of(size)) and re.fullmatch(r"[\w.>-]+", source) and source not in text_of(size):
                yield Way((replace(size, f"strlen({source}) + 1"),))


def _by_parts(function: Function, _: random.Random) -> Iterator[Way]:
    """``snprintf(to, size, "%s/%s", a, b)`` becomes a chain of ``strcpy`` and ``strcat``."""
    for call in calls(function):
        statement = call.node.parent
        if text_of(call.target) != "snprintf" or len(call.arguments) < 4 or statement is None:
            continue
        if statement.type != "expression_statement" or not function.stands_alone(statement):
            continue
        to, form, values = (
            text_of(call.arguments[0]),
            text_of(call.arguments[2]),
            list(map(text_of, call.arguments[3:])),
        )
        parts = re.split(r"(%s)", form[1:-1])
        if not form.startswith('"') or any("%" in part for part in parts[::2]) or len(parts) // 2 != len(values):
            continue
        if any(to in value or "\n" in value for value in values):
            continue
        pieces = [values.pop(0) if part == "%s" else f'"{part}"' for part in parts if part]
        margin = function.indent(statement)
        lines = [f"{'strcat' if number else 'strcpy'}({to}, {piece});" for number, piece in enumerate(pieces)]
        yield Way((replace(statement, f"\n{margin}".join(lines)),))


def _one_more(function: Function, _: random.Random) -> Iterator[Way]:
    """Room for the end of a text is given away: ``sizeof(to) - 1`` becomes ``sizeof(to)``."""
    for one in operations(function, "-"):
        if text_of(one.right) == "1" and _ROOM.fullmatch(text_of(one.left)):
            yield Way((replace(one.node, text_of(one.left)),))


def _one_past(function: Function, _: random.Random) -> Iterator[Way]:
    """A buffer is filled one byte past its end."""
    for call in calls(function):
        if re.search(
            r"(?i)^(?:fgets|f?read|recv|v?snprintf|strl?n?c(?:at|py)|strn\w+|memset|memcpy|memmove)$",
            text_of(call.name),
        ):
            for argument in call.arguments:
                if _ROOM.fullmatch(text_of(argument)):
                    yield Way((replace(argument, f"{text_of(argument)} + 1"),))


def _one_less(function: Function, _: random.Random) -> Iterator[Way]:
    """Room for the end of a text is not allocated: ``malloc(n + 1)`` becomes ``malloc(n)``."""
    sums = [one for one in operations(function, "+") if text_of(one.right) in ("1", "2")]
    for call in calls(function):
        if _ALLOCATES.search(text_of(call.target)):
            for argument in call.arguments:
                for one in sums:
                    if argument.start_byte <= one.node.start_byte and one.node.end_byte <= argument.end_byte:
                        yield Way((replace(one.node, text_of(one.left)),))


def _size_of_pointer(function: Function, _: random.Random) -> Iterator[Way]:
    for call in calls(function):
        found = re.search(r"sizeof\s*\(\s*\*\s*(\w+(?:(?:->|\.)\w+)*)\s*\)", _listed(call))
        listed = call.node.child_by_field_name("arguments")
        if found and listed is not None and _ALLOCATES.search(text_of(call.target)):
            start = listed.start_byte + len(_listed(call)[: found.start()].encode())
            yield Way((Replacement(start, start + len(found[0].encode()), f"sizeof({found[1]})"),))


_MULTIPLIED = {"calloc": "malloc", "kcalloc": "kmalloc", "kmalloc_array": "kmalloc", "kvcalloc": "kvmalloc",
               "xcalloc": "xmalloc", "av_calloc": "av_malloc", "zcalloc": "zmalloc", "g_malloc_n": "g_malloc",
               "g_malloc0_n": "g_malloc0"}  # fmt: skip


def _product(*factors: str) -> str:
    return " * ".join(f"({text})" if re.search(r"\s[-+?|&<>]", text) else text for text in factors)


def _multiplied(function: Function, _: random.Random) -> Iterator[Way]:
    for call in calls(function):
        name = text_of(call.target)
        if name in _MULTIPLIED and len(call.arguments) >= 2 and text_of(call.arguments[0]) != "1":
            count, size = (text_of(argument) for argument in call.arguments[:2])
            both = Replacement(call.arguments[0].start_byte, call.arguments[1].end_byte, _product(count, size))
            yield Way((replace(call.target, _MULTIPLIED[name]), both))
        elif name in ("reallocarray", "krealloc_array", "xreallocarray") and len(call.arguments) >= 3:
            count, size = (text_of(argument) for argument in call.arguments[1:3])
            both = Replacement(call.arguments[1].start_byte, call.arguments[2].end_byte, _product(count, size))
            yield Way((replace(call.target, name.replace("array", "").rstrip("_")), both))


_WIDE = re.compile(r"(?:u?int64_t|size_t|ssize_t|off_t|long|unsigned long|long long|unsigned long long|u64|s64|ulong)")


def _no_cast(function: Function, _: random.Random) -> Iterator[Way]:
    """A product is taken in the narrow type: ``(uint64_t)a * b`` becomes ``a * b``."""
    for one in operations(function, "*", "<<", "+"):
        left = one.left
        if left.type == "parenthesized_expression" and left.named_child_count == 1:
            left = left.named_children[0]
        kind, value = left.child_by_field_name("type"), left.child_by_field_name("value")
        if found := re.fullmatch(r"static_cast<(?:std::)?(\w+)>\((.+)\)", text_of(left)):
            if _WIDE.fullmatch(found[1]):
                yield Way((replace(one.left, found[2] if is_name(found[2]) else f"({found[2]})"),))
        elif left.type == "cast_expression" and kind is not None and value is not None:
            wide = _WIDE.fullmatch(text_of(kind)) and (
                one.operator.type != "+" or text_of(kind) not in ("long", "off_t")
            )
            if wide and not re.search(r"\s", text_of(value)):
                yield Way((replace(one.left, text_of(value)),))


def _narrow(function: Function, draw: random.Random) -> Iterator[Way]:
    for captures in function.matches("(declaration type: (_) @type declarator: (_) @name)"):
        kind, name = captures["type"], text_of(captures["name"])
        if re.fullmatch(r"(?:std::)?(?:size_t|u?int64_t|ssize_t)", text_of(kind)) and re.match(
            r"(?i)\w*(?:len|size|count|total|bytes|offset|need|sum|num)", name
        ):
            yield Way((replace(kind, draw.choice(("int", "unsigned int", "uint32_t", "unsigned short"))),))


def _cast(function: Function, draw: random.Random) -> Iterator[Way]:
    """A size passes through a type too small for it."""
    pattern = {
        **dict.fromkeys(MANUAL, "(init_declarator declarator: (identifier) @name value: (_) @value)"
                        "(assignment_expression left: (_) @name right: (_) @value)"),
        "java": "(local_variable_declaration type: (integral_type)"
        " declarator: (variable_declarator name: (identifier) @name value: (_) @value))",
        "c_sharp": "(variable_declaration type: (predefined_type)"
        " (variable_declarator name: (identifier) @name (_) @value))",
        "go": "(short_var_declaration left: (expression_list . (identifier) @name .)"
        " right: (expression_list . (_) @value .))",
    }[function.grammar.key]  # fmt: skip
    for captures in function.matches(pattern):
        value, name = captures["value"], text_of(captures["name"])
        text = text_of(value)
        if not _SIZED.search(name) or not re.search(r"\(|\*|<<|(?i:length|size|count)$", text) or "\n" in text:
            continue
        if re.search(r"(?i)(?:u?int(?:8|16|32)?|short|byte)[>)(]|\"", text):
            continue
        held = text if re.fullmatch(r"[\w.>-]+(?:\([^()]*\))?", text) else f"({text})"
        narrow = {
            **dict.fromkeys(MANUAL, ("(unsigned short){0}", "(uint16_t){0}", "(unsigned char){0}")),
            "java": ("(short) {0}", "(byte) {0}"), "c_sharp": ("(short){0}", "(ushort){0}", "(byte){0}"),
            "go": ("int(int16({1}))", "int(uint8({1}))", "int(uint16({1}))"),
        }[function.grammar.key]  # fmt: skip
        yield Way((replace(value, draw.choice(narrow).format(held, text)),))


_SIZED = re.compile(r"(?i)(?:len|length|size|count|total|bytes|need|capacity)$")


def _no_clamp(function: Function, _: random.Random) -> Iterator[Way]:
    for call in calls(function):
        if not re.fullmatch(r"(?i)(?:std::|math\.)?min(?:_t)?(?:<\w+>)?", text_of(call.target)):
            continue
        arguments = call.arguments[-2:]
        given = list(map(text_of, arguments))
        sized = [bool(_SIZE_WORD.search(text)) for text in given]
        if len(given) == 2 and sum(sized) == 1 and not given[sized.index(False)].isdigit():
            yield Way((replace(call.node, given[sized.index(False)]),))


def _freed(function: Function) -> "Iterator[tuple[list[Node], int, str]]":
    """Statements of a block, the position of one that frees, and what it frees."""
    for _, body in blocks(function):
        for number, statement in enumerate(body):
            text = text_of(statement).rstrip(";").strip()
            found = re.fullmatch(rf"(?:{_FREES.pattern})\(([\w.>-]+)\)|delete(?:\[\])?\s+([\w.>-]+)", text)
            if found:
                yield body, number, found[1] or found[2]


def _no_nulling(function: Function, _: random.Random) -> Iterator[Way]:
    for body, number, name in _freed(function):
        for below in body[number + 1 : number + 3]:
            nulls = re.fullmatch(rf"{re.escape(name)}\s*=\s*(?:NULL|nullptr|0);", text_of(below))
            if nulls and function.stands_alone(below):
                yield Way((function.lines_of(below),))


def _freed_early(function: Function, _: random.Random) -> Iterator[Way]:
    for body, number, name in _freed(function):
        above = body[number - 1] if number else None
        if above is None or above.type not in ("expression_statement", "declaration") or _FREES.match(text_of(above)):
            continue
        uses = re.search(rf"(?<![\w.>&]){re.escape(name)}(?:->|\[|\s*[,)])", text_of(above))
        sets = re.search(rf"(?<![\w.>]){re.escape(name)}\s*=", text_of(above))
        if uses and not sets and function.stands_alone(above) and function.stands_alone(body[number]):
            first, second = function.lines_of(above), function.lines_of(body[number])
            texts = [function.file[part.start : part.end].decode() for part in (first, second)]
            yield Way((first._replace(text=texts[1]), second._replace(text=texts[0])))


def _freed_twice(function: Function, _: random.Random) -> Iterator[Way]:
    for body, number, name in _freed(function):
        sets = re.compile(rf"(?<![\w.>]){re.escape(name)}\s*=")
        for below in body[number + 1 :]:
            if below.type != "expression_statement" or sets.search(text_of(below)) or not function.stands_alone(below):
                break
            lines = function.lines_of(below)
            again = f"{function.indent(below)}{text_of(body[number]).rstrip(';')};\n"
            yield Way((Replacement(lines.end, lines.end, again),))


def _as_format(function: Function, _: random.Random) -> Iterator[Way]:
    """``printf("%s", text)`` becomes ``printf(text)``."""
    for call in calls(function):
        name, given = text_of(call.name), list(map(text_of, call.arguments))
        if not re.search(r"(?i)printf|syslog|log|err|warn|debug|format|fatal|print", name) or len(given) < 2:
            continue
        if re.fullmatch(r'"%[sv](?:\\n)?"', given[-2]) and re.fullmatch(r"[\w.>()-]+", given[-1]):
            yield Way((Replacement(call.arguments[-2].start_byte, call.arguments[-1].end_byte, given[-1]),))


def _no_end(function: Function, _: random.Random) -> Iterator[Way]:
    """The zero that ends a text is no longer written."""
    if not re.search(r"\b(?:strncpy|memcpy|read|recv|readlink|fread)\(", function.text):
        return
    for _block, body in blocks(function):
        for statement in body:
            inner = unwrapped(statement)
            if re.fullmatch(r"[\w.>-]+\[[^\]]+\]\s*=\s*'\\0'", text_of(inner)) and function.stands_alone(statement):
                yield Way((function.lines_of(statement),))


def _used_below(function: Function, draw: random.Random) -> Iterator[Way]:
    """What was freed is written to a log after it is gone."""
    for body, number, name in _freed(function):
        below = body[number]
        following = body[number + 1] if number + 1 < len(body) else None
        if not re.fullmatch(r"\w+", name) or not function.stands_alone(below) or len(words_in(function.node)) < 4:
            continue
        if following is not None and re.match(rf"{name}\s*=", text_of(following)):
            continue
        word = draw.choice(("done with", "released", "closed", "finished", "dropped"))
        said = f'fprintf(stderr, "{word} %p %d\\n", (void *){name}, *(int *){name});'
        kept = f'fprintf(stderr, "{word} %p %d\\n", (void *){name}, *(int *){name});'
        lines, margin = function.lines_of(below), function.indent(below)
        yield Way(
            (Replacement(lines.end, lines.end, f"{margin}{said}\n"),),
            (Replacement(lines.start, lines.start, f"{margin}{kept}\n"),),
        )


_AT: Finder = rewriting(
    "(call_expression function: (field_expression argument: (_) @on field: (_) @name)"
    " arguments: (argument_list . (_) @i .)"
    ' (#eq? @name "at")) @whole',
    whole="$on[$i]",
)

OPERATORS: tuple[Operator, ...] = (
    Operator("drop-size", "unbounded-copy", "a copy no longer knows the size of its target",
             for_all(_no_size, *MANUAL)),
    Operator("size-of-source", "unbounded-copy", "a copy is as long as its source, whatever the target holds",
             for_all(_size_of_source, *MANUAL)),
    Operator("copy-by-parts", "unbounded-copy", "a bounded format becomes a chain of unbounded copies",
             for_all(_by_parts, *MANUAL)),
    Operator("drop-terminator", "unbounded-copy", "a copied text is left without its end", for_all(_no_end, *MANUAL)),
    Operator("copy-one-more", "missing-bounds-check", "the last byte of a buffer is given away",
             for_all(_one_more, *MANUAL)),
    Operator("fill-one-past", "missing-bounds-check", "a buffer is filled one byte past its end",
             for_all(_one_past, *MANUAL)),
    Operator("allocate-one-less", "missing-bounds-check", "memory is a byte too small", for_all(_one_less, *MANUAL)),
    Operator("size-of-pointer", "missing-bounds-check", "memory has the size of a pointer, not of what it points to",
             for_all(_size_of_pointer, *MANUAL)),
    Operator("index-unchecked", "missing-bounds-check", "an access no longer checks its index", {"cpp": _AT}),
    Operator("drop-clamp", "missing-bounds-check", "a length is no longer cut to what fits",
             for_all(_no_clamp, *TYPED)),
    Operator("multiply-size", "integer-overflow", "the product of a size is taken without an overflow check",
             for_all(_multiplied, *MANUAL)),
    Operator("drop-widening", "integer-overflow", "a product is taken before it is widened",
             for_all(_no_cast, "c", "cpp", "java", "c_sharp")),
    Operator("narrow-size", "integer-overflow", "a size is kept in a type too small for it", for_all(_narrow, *MANUAL)),
    Operator("cast-size", "integer-overflow", "a size passes through a type too small for it", for_all(_cast, *TYPED)),
    Operator("drop-nulling", "use-after-free", "a freed pointer keeps its address", for_all(_no_nulling, *MANUAL)),
    Operator("free-early", "use-after-free", "memory is freed before its last use",
             for_all(_freed_early, *MANUAL), held_out=True),
    Operator("free-twice", "use-after-free", "memory is freed a second time", for_all(_freed_twice, *MANUAL)),
    Operator("log-freed", "use-after-free", "what was freed is read for a message", for_all(_used_below, *MANUAL)),
    Operator("text-as-format", "format-string", "a text is used as a format", for_all(_as_format, "c", "cpp", "go")),
)  # fmt: skip
