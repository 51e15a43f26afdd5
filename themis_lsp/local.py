"""What a model reads of a line: not what a unit calls its parameters and variables, and no comments."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from themis_lsp.language import COMMENTS, parser_of
from themis_lsp.unit import Source
from themis_model.encode import Lines
from themis_model.tokens import LOCAL, SENSITIVE

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_JAVASCRIPT = (
    "(variable_declarator name: (identifier) @declared)", "(array_pattern (identifier) @declared)",
    "(assignment_pattern left: (identifier) @declared)", "(rest_pattern (identifier) @declared)",
    "(pair_pattern value: (identifier) @declared)", "(arrow_function parameter: (identifier) @declared)",
    "(catch_clause parameter: (identifier) @declared)", "(for_in_statement left: (identifier) @declared)",
    "(call_expression function: (identifier) @far)", "(new_expression constructor: (identifier) @far)",
)  # fmt: skip
_TYPESCRIPT = (
    *_JAVASCRIPT, "(required_parameter pattern: (identifier) @declared)",
    "(optional_parameter pattern: (identifier) @declared)",
)  # fmt: skip
_C = (
    "(init_declarator declarator: (identifier) @declared)", "(declaration declarator: (identifier) @declared)",
    "(parameter_declaration declarator: (identifier) @declared)",
    "(array_declarator declarator: (identifier) @declared)", "(enumerator name: (identifier) @far)",
    "(pointer_declarator declarator: (identifier) @declared)", "(call_expression function: (identifier) @far)",
    "(function_declarator declarator: (identifier) @far)",
)  # fmt: skip

#: By grammar: where an identifier declares a local name, and where it names something else.
_PATTERNS: Final = {
    "python": (
        "(parameters (identifier) @declared)", "(default_parameter name: (identifier) @declared)",
        "(typed_parameter (identifier) @declared)", "(typed_default_parameter name: (identifier) @declared)",
        "(lambda_parameters (identifier) @declared)", "(assignment left: (identifier) @declared)",
        "(augmented_assignment left: (identifier) @declared)", "(for_statement left: (identifier) @declared)",
        "(for_in_clause left: (identifier) @declared)", "(as_pattern_target (identifier) @declared)",
        "(named_expression name: (identifier) @declared)", "(pattern_list (identifier) @declared)",
        "(tuple_pattern (identifier) @declared)", "(list_splat_pattern (identifier) @declared)",
        "(dictionary_splat_pattern (identifier) @declared)", "(keyword_argument name: (identifier) @far)",
        "(attribute attribute: (identifier) @far)", "(call function: (identifier) @far)",
        "(function_definition name: (identifier) @far)", "(class_definition name: (identifier) @far)",
    ),
    "java": (
        "(variable_declarator name: (identifier) @declared)", "(formal_parameter name: (identifier) @declared)",
        "(catch_formal_parameter name: (identifier) @declared)", "(resource name: (identifier) @declared)",
        "(enhanced_for_statement name: (identifier) @declared)", "(inferred_parameters (identifier) @declared)",
        "(lambda_expression parameters: (identifier) @declared)", "(method_invocation name: (identifier) @far)",
        "(field_access field: (identifier) @far)", "(method_declaration name: (identifier) @far)",
        "(constructor_declaration name: (identifier) @far)", "(scoped_identifier name: (identifier) @far)",
    ),
    "javascript": (*_JAVASCRIPT, "(formal_parameters (identifier) @declared)"),
    "typescript": _TYPESCRIPT,
    "tsx": _TYPESCRIPT,
    "go": (
        "(parameter_declaration name: (identifier) @declared)", "(var_spec name: (identifier) @declared)",
        "(variadic_parameter_declaration name: (identifier) @declared)",
        "(short_var_declaration left: (expression_list (identifier) @declared))",
        "(range_clause left: (expression_list (identifier) @declared))",
        "(call_expression function: (identifier) @far)", "(function_declaration name: (identifier) @far)",
        "(keyed_element key: (literal_element (identifier) @far))",
    ),
    "ruby": (
        "(method_parameters (identifier) @declared)", "(block_parameters (identifier) @declared)",
        "(lambda_parameters (identifier) @declared)", "(assignment left: (identifier) @declared)",
        "(operator_assignment left: (identifier) @declared)", "(left_assignment_list (identifier) @declared)",
        "(optional_parameter name: (identifier) @declared)", "(exception_variable (identifier) @declared)",
        "(splat_parameter name: (identifier) @declared)", "(block_parameter name: (identifier) @declared)",
        "(for pattern: (identifier) @declared)", "(call method: (identifier) @far)", "(method name: (identifier) @far)",
        "(singleton_method name: (identifier) @far)",
    ),
    "c": _C,
    "cpp": (
        *_C, "(reference_declarator (identifier) @declared)", "(for_range_loop declarator: (identifier) @declared)",
        "(structured_binding_declarator (identifier) @declared)", "(qualified_identifier name: (identifier) @far)",
    ),
    "c_sharp": (
        "(variable_declarator name: (identifier) @declared)", "(parameter name: (identifier) @declared)",
        "(foreach_statement left: (identifier) @declared)", "(catch_declaration name: (identifier) @declared)",
        "(declaration_expression name: (identifier) @declared)", "(declaration_pattern name: (identifier) @declared)",
        "(implicit_parameter) @declared", "(implicit_parameter) @name",
        "(member_access_expression name: (identifier) @far)", "(invocation_expression function: (identifier) @far)",
        "(method_declaration name: (identifier) @far)", "(argument name: (identifier) @far)",
        "(object_creation_expression type: (identifier) @far)", "(variable_declaration type: (identifier) @far)",
        "(property_declaration name: (identifier) @far)", "(parameter type: (identifier) @far)",
    ),
}  # fmt: skip


_WHOLE = 1 << 30  # bytes of a line
_KEPT = frozenset({b"self", b"cls", b"_"})  # everyone's names for these are the same
_SENSITIVE = re.compile(
    rb"pass(wd|word|phrase|code)|pwd|secret|token|credential|api_?key|private_?key|salt|nonce|\biv\b", re.IGNORECASE
)
_STRING_ALONE = "(expression_statement . (string) @comment .)"  # a docstring, or what says as little


class _Span(NamedTuple):
    """Bytes ``[first, end)`` of a line, and what is read instead."""

    first: int
    end: int
    mark: str


def lines_of(source: Source, rows: Sequence[int]) -> Lines:
    """The lines on ``rows`` without comments, and as a model reads them: besides, with ``LOCAL`` for each local name.

    So rewording or renaming changes nothing. A name is local if these rows declare it; calls, fields, keywords and
    types of the same name stay as they are. Names that speak of secrets read as ``SENSITIVE``, since a constant in one
    is a defect.

    Args:
        source: the parsed text.
        rows: 0-based numbers of a unit's lines, ascending.
    """
    names: dict[int, list[_Span]] = defaultdict(list)
    comments: dict[int, list[_Span]] = defaultdict(list)
    found = _captured(source, rows)
    for node in _locals(source, found, frozenset(rows)):
        mark = SENSITIVE if _SENSITIVE.search(_name(source, node)) else LOCAL
        names[node.start_point[0]].append(_Span(node.start_point[1], node.end_point[1], mark))
    for node in found.get("comment", ()):
        (first, left), (last, right) = node.start_point, node.end_point
        for row in range(first, last + 1):
            comments[row].append(_Span(left if row == first else 0, right if row == last else _WHOLE, ""))
    code = tuple(_marked(source.lines[row], comments.get(row, ())) for row in rows)
    read = (
        _marked(source.lines[row], (*names[row], *comments.get(row, ()))) if row in names else line
        for row, line in zip(rows, code, strict=True)
    )
    return Lines(code, tuple(read))


def _captured(source: Source, rows: Sequence[int]) -> Mapping[str, Sequence["Node"]]:
    from tree_sitter import QueryCursor

    if not rows:
        return {}
    cursor = QueryCursor(_query(source.grammar.key))
    cursor.set_point_range((rows[0], 0), (rows[-1] + 1, 0))
    return cursor.captures(source.tree.root_node)


def _locals(
    source: Source,
    found: Mapping[str, Sequence["Node"]],
    rows: frozenset[int],  # a remainder has gaps
) -> Iterator["Node"]:
    names = {_name(source, node) for node in found.get("declared", ()) if node.start_point[0] in rows} - _KEPT
    far = {node.start_byte for node in found.get("far", ())}
    for node in found.get("name", ()):
        if _name(source, node) in names and node.start_byte not in far and node.start_point[0] in rows:
            yield node


def _name(source: Source, node: "Node") -> bytes:
    return source.data[node.start_byte : node.end_byte]


def _marked(line: str, spans: Sequence[_Span]) -> str:
    if not spans:
        return line
    data = line.encode("utf-8", "replace")  # columns count the bytes that were parsed: see ``tree_of``
    pieces, at = [], 0
    for first, end, mark in sorted(spans):
        if first >= at:  # a name within a comment went with it
            pieces += [data[at:first].decode("utf-8", "replace"), mark]
            at = end
            while not mark and data[at : at + 1] == b" ":  # what parts a comment from code goes with it
                at += 1
    return "".join(pieces) + data[at:].decode("utf-8", "replace")


@cache
def _query(grammar_key: str) -> "Query":
    from tree_sitter import Query

    language = parser_of(grammar_key).language
    assert language is not None  # noqa: S101  (parser_of gave it one)
    comments = [f"({kind}) @comment" for kind in sorted(COMMENTS) if language.id_for_node_kind(kind, True) is not None]
    alone = [_STRING_ALONE] if grammar_key == "python" else []
    return Query(language, "\n".join(("(identifier) @name", *comments, *alone, *_PATTERNS[grammar_key])))
