"""Which language a file is in, and how tree-sitter names the things Themis cuts out of it."""

from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Query


@dataclass(frozen=True, slots=True)
class Grammar:
    """One tree-sitter grammar.

    Attributes:
        key: names the grammar; TypeScript and TSX have their own beside JavaScript.
        language: key from ``themis_model.tokens.LANGUAGES``.
        module: the grammar package to import.
        functions: query patterns of everything that is a unit by itself.
        classes: query patterns of everything whose remainder is a unit.
        factory: function of ``module`` that gives the language.
        declares: ``parent.field`` (or ``parent``) places where an identifier declares a local name.
        borrows: places where an identifier names something that is not local.
    """

    key: str
    language: str
    module: str
    functions: tuple[str, ...]
    classes: tuple[str, ...]
    factory: str = "language"
    declares: frozenset[str] = field(default_factory=frozenset)
    borrows: frozenset[str] = field(default_factory=frozenset)


_C_LOCAL = frozenset({
    "init_declarator.declarator", "declaration.declarator", "parameter_declaration.declarator",
    "pointer_declarator.declarator", "array_declarator.declarator", "reference_declarator", "for_range_loop.declarator",
})  # fmt: skip
_C_FAR = frozenset(
    {"call_expression.function", "function_declarator.declarator", "enumerator.name", "goto_statement.label"}
)
_JS_VALUES = "[(arrow_function) (function_expression) (generator_function)]"
_JS_FUNCTIONS = (
    "(function_declaration)",
    "(generator_function_declaration)",
    "(method_definition)",
    f"(variable_declarator value: {_JS_VALUES})",
    f"(assignment_expression right: {_JS_VALUES})",
    f"(pair value: {_JS_VALUES})",
)
_JS_LOCAL = frozenset({
    "variable_declarator.name", "formal_parameters", "assignment_pattern.left", "array_pattern", "rest_pattern",
    "arrow_function.parameter", "catch_clause.parameter", "for_in_statement.left", "required_parameter.pattern",
    "optional_parameter.pattern",
})  # fmt: skip
_JS_FAR = frozenset({
    "call_expression.function", "new_expression.constructor", "function_declaration.name", "import_specifier.name",
    "import_clause", "export_specifier.name", "class_declaration.name", "namespace_import",
})  # fmt: skip
_TS_FUNCTIONS = (*_JS_FUNCTIONS, f"(public_field_definition value: {_JS_VALUES})")
_TS_CLASSES = (
    "(class_declaration)",
    "(abstract_class_declaration)",
    "(interface_declaration)",
    "(enum_declaration)",
)

GRAMMARS = {
    grammar.key: grammar
    for grammar in (
        Grammar(
            "python", "python", "tree_sitter_python", ("(function_definition)",), ("(class_definition)",),
            declares=frozenset({
                "parameters", "default_parameter.name", "typed_parameter", "typed_default_parameter.name",
                "lambda_parameters", "assignment.left", "augmented_assignment.left", "for_statement.left",
                "for_in_clause.left", "as_pattern_target", "named_expression.name", "pattern_list", "tuple_pattern",
                "list_splat_pattern", "dictionary_splat_pattern",
            }),
            borrows=frozenset({
                "attribute.attribute", "keyword_argument.name", "call.function", "dotted_name", "aliased_import.alias",
                "function_definition.name", "class_definition.name", "global_statement", "nonlocal_statement",
            }),
        ),
        Grammar(
            "java", "java", "tree_sitter_java",
            ("(method_declaration)", "(constructor_declaration)", "(compact_constructor_declaration)",
             "(static_initializer)"),
            ("(class_declaration)", "(interface_declaration)", "(enum_declaration)", "(record_declaration)",
             "(annotation_type_declaration)"),
            declares=frozenset({
                "variable_declarator.name", "formal_parameter.name", "catch_formal_parameter.name",
                "enhanced_for_statement.name", "lambda_expression.parameters", "inferred_parameters", "resource.name",
            }),
            borrows=frozenset({
                "method_invocation.name", "field_access.field", "method_declaration.name", "method_reference",
                "constructor_declaration.name", "class_declaration.name", "scoped_identifier.name",
                "enum_constant.name",
            }),
        ),
        Grammar(
            "javascript", "javascript", "tree_sitter_javascript",
            (*_JS_FUNCTIONS, f"(field_definition value: {_JS_VALUES})"), ("(class_declaration)", "(class)"),
            declares=_JS_LOCAL, borrows=_JS_FAR,
        ),
        Grammar(
            "typescript", "javascript", "tree_sitter_typescript", _TS_FUNCTIONS, _TS_CLASSES,
            factory="language_typescript", declares=_JS_LOCAL, borrows=_JS_FAR,
        ),
        Grammar(
            "tsx", "javascript", "tree_sitter_typescript", _TS_FUNCTIONS, _TS_CLASSES,
            factory="language_tsx", declares=_JS_LOCAL, borrows=_JS_FAR,
        ),
        Grammar(
            "go", "go", "tree_sitter_go", ("(function_declaration)", "(method_declaration)"), ("(type_declaration)",),
            declares=frozenset({
                "parameter_declaration.name", "short_var_declaration.left", "var_spec.name", "range_clause.left",
                "variadic_parameter_declaration.name",
            }),
            borrows=frozenset({"call_expression.function", "function_declaration.name", "keyed_element"}),
        ),
        Grammar(
            "ruby", "ruby", "tree_sitter_ruby", ("(method)", "(singleton_method)"),
            ("(class)", "(module)", "(singleton_class)"),
            declares=frozenset({
                "method_parameters", "block_parameters", "lambda_parameters", "assignment.left",
                "operator_assignment.left", "left_assignment_list", "optional_parameter.name", "exception_variable",
                "for.pattern", "splat_parameter.name", "block_parameter.name",
            }),
            borrows=frozenset({
                "call.method", "method.name", "singleton_method.name", "keyword_parameter.name", "alias",
            }),
        ),
        Grammar(
            "c", "c", "tree_sitter_c", ("(function_definition)",),
            ("(struct_specifier body: (_))", "(union_specifier body: (_))", "(enum_specifier body: (_))"),
            declares=_C_LOCAL, borrows=_C_FAR,
        ),
        Grammar(
            "cpp", "cpp", "tree_sitter_cpp", ("(function_definition)",),
            ("(class_specifier body: (_))", "(struct_specifier body: (_))", "(union_specifier body: (_))",
             "(enum_specifier body: (_))"),
            declares=_C_LOCAL, borrows=_C_FAR | {"qualified_identifier.name", "template_function.name"},
        ),
        Grammar(
            "c_sharp", "c_sharp", "tree_sitter_c_sharp",
            ("(method_declaration)", "(constructor_declaration)", "(destructor_declaration)", "(operator_declaration)",
             "(conversion_operator_declaration)", "(property_declaration)", "(indexer_declaration)"),
            ("(class_declaration)", "(struct_declaration)", "(interface_declaration)", "(record_declaration)",
             "(enum_declaration)"),
            declares=frozenset({
                "variable_declarator.name", "variable_declarator", "parameter.name", "foreach_statement.left",
                "catch_declaration.name", "declaration_expression.name",
            }),
            borrows=frozenset({
                "member_access_expression.name", "invocation_expression.function", "method_declaration.name",
                "argument.name", "qualified_name", "object_creation_expression.type", "generic_name",
                "property_declaration.name", "class_declaration.name", "variable_declaration.type", "parameter.type",
            }),
        ),
    )
}  # fmt: skip

COMMENTS = frozenset({"comment", "line_comment", "block_comment", "html_comment"})

_BY_SUFFIX = {
    **dict.fromkeys((".py", ".pyi", ".pyw"), "python"),
    ".java": "java",
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), "javascript"),
    **dict.fromkeys((".ts", ".mts", ".cts"), "typescript"),
    ".tsx": "tsx",
    ".go": "go",
    **dict.fromkeys((".rb", ".rake", ".gemspec", ".ru"), "ruby"),
    ".c": "c",
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".inl", ".tpp"), "cpp"),
    **dict.fromkeys((".cs", ".csx"), "c_sharp"),
}
_BY_NAME: dict[str, str] = dict.fromkeys(("Rakefile", "Gemfile", "Guardfile", "Capfile", "Vagrantfile"), "ruby")
_CPP_ONLY = (
    "class ",
    "namespace ",
    "template<",
    "template <",
    "public:",
    "private:",
    "std::",
    "constexpr ",
    "nullptr",
)


def grammar_of(path: str, text: str = "") -> Grammar | None:
    """The grammar for a file, or None if it is in none of the eight languages.

    A ``.h`` file is C unless ``text`` has words that only C++ has.
    """
    name = PurePosixPath(path)
    if name.suffix == ".h":
        return GRAMMARS["cpp" if any(word in text for word in _CPP_ONLY) else "c"]
    key = _BY_SUFFIX.get(name.suffix.lower()) or _BY_NAME.get(name.name)
    return GRAMMARS[key] if key else None


@cache
def parser_of(grammar_key: str) -> "Parser":
    """The parser of one grammar; loaded on first use, as each costs milliseconds."""
    from tree_sitter import Language, Parser

    grammar = GRAMMARS[grammar_key]
    return Parser(Language(getattr(import_module(grammar.module), grammar.factory)()))


@cache
def query_of(grammar_key: str) -> "Query":
    """The query that captures every ``function`` and ``class`` of one grammar."""
    from tree_sitter import Query

    grammar = GRAMMARS[grammar_key]
    patterns = [f"{p} @function" for p in grammar.functions] + [f"{p} @class" for p in grammar.classes]
    language = parser_of(grammar_key).language
    assert language is not None  # noqa: S101  (parser_of gave it one)
    return Query(language, "\n".join(patterns))
