"""Degradations of readability: idioms a language has left behind."""

import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import SCRIPTS, Operator, any_of, for_all, rewriting
from themis_training.degrade.syntax import (
    calls,
    declared,
    last_name,
    operations,
    statements,
)

if TYPE_CHECKING:
    from tree_sitter import Node


def _pieces(node: "Node") -> tuple[list[str], list[str]] | None:
    """The literal parts of an interpolated text, and the expressions between them; None if it has formats."""
    parts, values = [""], []
    for child in node.children:
        if child.type in ("string_content", "string_fragment", "escape_sequence", "string_literal_content"):
            parts[-1] += text_of(child)
        elif child.type in ("interpolation", "template_substitution"):
            inner = [c for c in child.named_children if c.type != "interpolation_brace"]
            if len(inner) != 1 or not re.fullmatch(r"[@\w.\[\]'\"]+(?:\(\w*\))?", text_of(inner[0])):
                return None
            values.append(text_of(inner[0]))
            parts.append("")
    return (parts, values) if values and not any("{{" in part or "\n" in part for part in parts) else None


def _concatenated(function: Function, draw: random.Random) -> Iterator[Way]:
    """An interpolated text is put together by hand."""
    key = function.grammar.key
    for node in function.nodes("string", "template_string", "interpolated_string_expression"):
        head = text_of(node)[:2]
        pieces = _pieces(node)
        if (
            pieces is None
            or (key == "python" and head not in ('f"', "f'"))
            or text_of(node).startswith(('f"""', "$@", "@$"))
        ):
            continue
        parts, values = pieces
        quote = text_of(node)[-1] if key == "python" else "'" if key in SCRIPTS and '"' not in function.text else '"'
        if any(quote in value for value in values) or (key in SCRIPTS and any(quote in part for part in parts)):
            continue
        turned = {"python": "str({})", "ruby": "{}.to_s"}.get(key, "{}")
        terms = [f"{quote}{parts[0]}{quote}"] if parts[0] or key in SCRIPTS or key == "c_sharp" else []
        for value, part in zip(values, parts[1:], strict=True):
            terms.append(turned.format(value))
            terms += [f"{quote}{part}{quote}"] if part else []
        ways = [" + ".join(terms)]
        if key == "python":
            whole = f"{quote}{'%s'.join(part.replace('%', '%%') for part in parts)}{quote}"
            ways += [f"{whole} % ({', '.join(values)}{',' if len(values) == 1 else ''})"]
            ways += [f"{quote}{'{}'.join(parts)}{quote}.format({', '.join(values)})"]
        elif key == "ruby":
            ways += [
                f"format({quote}{'%s'.join(part.replace('%', '%%') for part in parts)}{quote}, {', '.join(values)})"
            ]
        elif key == "c_sharp":
            numbered = "".join(f"{part}{{{n}}}" for n, part in enumerate(parts[:-1])) + parts[-1]
            ways += [f"string.Format({quote}{numbered}{quote}, {', '.join(values)})"]
        yield Way((replace(node, draw.choice(ways)),))


def _by_index(function: Function, _: random.Random) -> Iterator[Way]:
    """A loop over elements counts positions."""
    names = declared(function)
    index = next((name for name in ("i", "j", "k", "n") if name not in names), None)
    key = function.grammar.key
    if index is None:
        return
    for node in function.nodes("for_statement", "for_in_statement", "enhanced_for_statement", "foreach_statement",
                               "for_range_loop", "call"):  # fmt: skip
        head = text_of(node).split("\n")[0]
        body = statements(node.child_by_field_name("body") or node)
        found = _EACH[key].match(head) if key in _EACH else None
        if found is None or not body or not function.stands_alone(body[0]):
            continue
        each, over = found["each"], found["over"]
        kind = found.groupdict().get("kind") or ""
        opened = " {" if head.endswith("{") else ""
        first = _INDEXED[key].format(i=index, over=over) + opened
        element = _ELEMENT[key].format(i=index, over=over, each=each, kind=f"{kind.strip()} " if kind else "")
        margin = function.indent(body[0])
        at = function.lines_of(body[0]).start
        lead = Replacement(at, at, f"{margin}{element}\n")
        yield Way((Replacement(node.start_byte, node.start_byte + len(head.encode()), first), lead))


_EACH = {
    "python": re.compile(r"for (?P<each>\w+) in (?P<over>(?:self\.)?\w+):$"),
    **dict.fromkeys(
        SCRIPTS, re.compile(r"for \((?P<kind>const|let|var) (?P<each>\w+) of (?P<over>(?:this\.)?\w+)\) ?\{$")
    ),
    "java": re.compile(r"for \((?:final )?(?P<kind>[\w<>\[\], ]+) (?P<each>\w+) ?: (?P<over>(?:this\.)?\w+)\) ?\{$"),
    "c_sharp": re.compile(r"foreach \((?P<kind>[\w<>\[\]]+) (?P<each>\w+) in (?P<over>\w+)\)(?: ?\{)?$"),
    "cpp": re.compile(r"for ?\((?P<kind>(?:const )?[\w:<>]+ ?&?&?) ?(?P<each>\w+) ?: (?P<over>\w+)\) ?\{$"),
    "go": re.compile(r"for _, (?P<each>\w+) := range (?P<over>[\w.]+) \{$"),
}
_INDEXED = {
    "python": "for {i} in range(len({over})):",
    **dict.fromkeys(SCRIPTS, "for (let {i} = 0; {i} < {over}.length; {i}++)"),
    "java": "for (int {i} = 0; {i} < {over}.size(); {i}++)",
    "c_sharp": "for (int {i} = 0; {i} < {over}.Count; {i}++)",
    "cpp": "for (size_t {i} = 0; {i} < {over}.size(); {i}++)",
    "go": "for {i} := 0; {i} < len({over}); {i}++",
}
_ELEMENT = {
    "python": "{each} = {over}[{i}]",
    **dict.fromkeys(SCRIPTS, "{kind}{each} = {over}[{i}];"),
    "java": "{kind}{each} = {over}.get({i});",
    "c_sharp": "{kind}{each} = {over}[{i}];",
    "cpp": "{kind}{each} = {over}[{i}];",
    "go": "{each} := {over}[{i}]",
}


def _for_in(function: Function, _: random.Random) -> Iterator[Way]:
    """Ruby: ``each`` becomes ``for``."""
    for node in function.nodes("call"):
        found = re.match(r"([@\w.]+)\.each do \|([\w, ]+)\|", text_of(node))
        if found and function.stands_alone(node):
            whole = Replacement(
                node.start_byte, node.start_byte + len(found[0].encode()), f"for {found[2]} in {found[1]} do"
            )
            yield Way((whole,))


def _old_python(function: Function, _: random.Random) -> Iterator[Way]:
    for one in operations(function, "is", "is not", "not in"):
        sign = {"is": "==", "is not": "!="}.get(one.operator.type)
        if sign and text_of(one.right) in ("None", "True", "False"):
            yield Way((replace(one.operator, sign),))
        elif sign is None:
            yield Way((replace(one.node, f"not {text_of(one.left)} in {text_of(one.right)}"),))
    owner = function.node.parent.parent if function.node.parent is not None else None
    name = owner.child_by_field_name("name") if owner is not None and owner.type == "class_definition" else None
    for call in calls(function):
        target, given = text_of(call.target), call.arguments
        if target == "super" and not given and name is not None:
            yield Way((replace(call.node, f"super({text_of(name)}, self)"),))
        elif target == "isinstance" and len(given) == 2 and given[1].type == "identifier":
            yield Way((replace(call.node, f"type({text_of(given[0])}) == {text_of(given[1])}"),))
    for node in function.nodes("list", "dictionary"):
        parent = node.parent
        if text_of(node) in ("[]", "{}") and parent is not None and parent.type == "assignment":
            yield Way((replace(node, "list()" if node.type == "list" else "dict()"),))
    for node in function.nodes("list_comprehension", "set_comprehension"):
        inner = re.fullmatch(r"\[(\w+\(\w+\)) for (\w+) in ([\w.]+)\]", text_of(node))
        if inner and inner[1].endswith(f"({inner[2]})"):
            yield Way((replace(node, f"list(map(lambda {inner[2]}: {inner[1]}, {inner[3]}))"),))
        kept = re.fullmatch(r"\[(\w+) for \1 in ([\w.]+) if ([^\n]+)\]", text_of(node))
        if kept:
            yield Way((replace(node, f"list(filter(lambda {kept[1]}: {kept[3]}, {kept[2]}))"),))


def _old_script(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("lexical_declaration"):
        word = node.children[0]
        if word.type in ("const", "let") and node.parent is not None and node.parent.parent == function.node:
            yield Way((replace(word, "var"),))
    for node in function.nodes("arrow_function"):
        body = node.child_by_field_name("body")
        given = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
        if body is None or given is None or re.search(r"\bthis\b|^async", text_of(node)) or body.type == "object":
            continue
        listed = text_of(given) if text_of(given).startswith("(") else f"({text_of(given)})"
        code = text_of(body) if body.type == "statement_block" else f"{{ return {text_of(body)}; }}"
        yield Way((replace(node, f"function {listed} {code}"),))
    for node in function.nodes("object"):
        inner = re.match(r"\{ ?\.\.\.(\w+), ?([^{}.]+?),? ?\}$", text_of(node))
        if inner:
            yield Way((replace(node, f"Object.assign({{}}, {inner[1]}, {{ {inner[2]} }})"),))


def _spelt_chain(function: Function, _: random.Random) -> Iterator[Way]:
    """What may be absent is checked by hand."""
    key = function.grammar.key
    for node in function.nodes("member_expression", "conditional_access_expression", "call", "call_expression"):
        text, above = text_of(node), node.parent
        found = re.fullmatch(r"([@\w.]+?)(?:\?\.|&\.)([\w.]+(?:\([\w, .]*\))?)", text)
        if not found or above is None or above.type in ("member_expression", "call_expression", "call"):
            continue
        if above.type in ("expression_statement", "binary_expression", "binary") or re.search(r"\?\.|&\.", found[2]):
            continue
        name, rest = found[1], found[2]
        texts = {"c_sharp": f"{name} != null ? {name}.{rest} : null", "ruby": f"{name} && {name}.{rest}"}
        yield Way((replace(node, f"({texts.get(key, f'{name} && {name}.{rest}')})"),))
    for one in operations(function, "??"):
        left, right = text_of(one.left), text_of(one.right)
        if re.fullmatch(r"[\w.]+", left) and "\n" not in right and "throw" not in right:
            text = f"{left} != null ? {left} : {right}"
            yield Way((replace(one.node, text if one.node.parent and one.node.parent.type in _WHOLE else f"({text})"),))


_WHOLE = ("variable_declarator", "return_statement", "assignment_expression", "expression_statement", "argument")


def _old_java(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("local_variable_declaration"):
        found = re.fullmatch(r"(?:final )?\w+(<[\w, <>]+>) \w+ = new \w+(<>)\(.*\);", text_of(node))
        if found:
            at = node.start_byte + text_of(node).index("<>(")
            yield Way((Replacement(at, at + 2, found[1]),))
    for call in calls(function):
        receiver = call.node.child_by_field_name("object")
        if text_of(call.name) == "isEmpty" and receiver is not None and not call.arguments:
            above = call.node.parent
            if above is not None and above.type == "unary_expression":
                yield Way((replace(above, f"{text_of(receiver)}.{_length(text_of(receiver))}() > 0"),))
            else:
                yield Way((replace(call.node, f"{text_of(receiver)}.{_length(text_of(receiver))}() == 0"),))
    for node in function.nodes("lambda_expression", "method_reference"):
        found = re.fullmatch(r"(\w+)::(\w+)", text_of(node))
        if found and found[1][0].isupper() and found[2] != "new":
            yield Way((replace(node, f"each -> each.{found[2]}()"),))


def _length(name: str) -> str:
    return "length" if re.search(r"(?i)name|text|str|path|line|key|value|url|prefix|message", name) else "size"


def _old_cpp(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("null", "nullptr"):
        if text_of(node) == "nullptr":
            yield Way((replace(node, "NULL"),))
    for call in calls(function):
        found = re.fullmatch(r"(static|reinterpret|const)_cast<(.+)>", text_of(call.target))
        if found and len(call.arguments) == 1:
            value = text_of(call.arguments[0])
            plain = re.fullmatch(r"[\w.]+", value)
            yield Way((replace(call.node, f"({found[2]}){value}" if plain else f"({found[2]})({value})"),))
        made = re.fullmatch(r"std::make_(unique|shared)<([\w:]+)>", text_of(call.target))
        if made:
            inner = ", ".join(map(text_of, call.arguments))
            yield Way((replace(call.node, f"std::{made[1]}_ptr<{made[2]}>(new {made[2]}({inner}))"),))
        if (
            text_of(last_name(call.target)) == "emplace_back"
            and len(call.arguments) == 1
            and call.arguments[0].type == "identifier"
        ):
            yield Way((replace(call.name, "push_back"),))


def _old_go(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("short_var_declaration"):
        parent = node.parent
        found = re.fullmatch(r"(\w+) := ([^\n]+)", text_of(node))
        if found and parent is not None and parent.type == "statement_list":
            yield Way((replace(node, f"var {found[1]} = {found[2]}"),))
    for node in function.nodes("type_identifier"):
        if text_of(node) == "any":
            yield Way((replace(node, "interface{}"),))
    for node in function.nodes("range_clause"):
        if found := re.match(r"\w+(?= := range)", text_of(node)):
            at = node.start_byte + len(found[0].encode())
            yield Way((Replacement(at, at, ", _"),))


def _old_ruby(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("pair"):
        found = re.fullmatch(r"(\w+): ([^\n]+)", text_of(node))
        if found:
            yield Way((replace(node, f":{found[1]} => {found[2]}"),))
    for node in function.nodes("block_argument"):
        found = re.fullmatch(r"&:(\w+[?!]?)", text_of(node))
        call = node.parent.parent if node.parent is not None else None
        if found and call is not None and text_of(call).endswith(f"({text_of(node)})"):
            start = call.end_byte - len(text_of(node).encode()) - 2
            yield Way((Replacement(start, call.end_byte, f" {{ |each| each.{found[1]} }}"),))
    for node in function.nodes("unless", "unless_modifier"):
        word = next((child for child in node.children if child.type == "unless" and not child.is_named), None)
        condition = node.child_by_field_name("condition")
        if word is not None and condition is not None and re.fullmatch(r"[@\w.?]+(?:\(\w*\))?", text_of(condition)):
            yield Way((replace(word, "if"), replace(condition, f"!{text_of(condition)}")))


def _old_c(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("for_statement"):
        start = node.child_by_field_name("initializer")
        found = re.fullmatch(r"((?:unsigned )?\w+) (\w+) = ([^,;\n]+);", text_of(start)) if start is not None else None
        names = declared(function)
        within = found is not None and all(
            node.start_byte <= one.start_byte < node.end_byte for one in names.get(found[2], [node])
        )
        if found and start is not None and within and function.stands_alone(node):
            ahead = f"{found[1]} {found[2]};\n{function.indent(node)}"
            yield Way((
                Replacement(node.start_byte, node.start_byte, ahead), replace(start, f"{found[2]} = {found[3]};"),
            ))  # fmt: skip
    for node in function.nodes("null"):
        if text_of(node) == "NULL":
            yield Way((replace(node, "0"),))
    for node in function.nodes("field_expression"):
        found = re.fullmatch(r"(\w+)->(\w+)", text_of(node))
        if found:
            yield Way((replace(node, f"(*{found[1]}).{found[2]}"),))


_c_sharp_name = rewriting(
    '(invocation_expression function: (_) @f arguments: (argument_list (argument (identifier) @a)) (#eq? @f "nameof"))'
    " @whole",
    whole='"$a"',
)


def _old_c_sharp(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("is_pattern_expression"):
        found = re.fullmatch(r"([\w.]+) is (not )?null", text_of(node))
        if found:
            yield Way(
                (
                    replace(
                        node,
                        f"object.Equals({found[1]}, null)" if not found[2] else f"!object.Equals({found[1]}, null)",
                    ),
                )
            )
    for call in calls(function):
        found = re.fullmatch(r"(?:string|String)\.IsNullOrEmpty", text_of(call.target))
        if found and len(call.arguments) == 1 and re.fullmatch(r"[\w.]+", text := text_of(call.arguments[0])):
            above = call.node.parent
            if above is None or above.type != "prefix_unary_expression":
                yield Way((replace(call.node, f'({text} == null || {text} == "")'),))


OPERATORS: tuple[Operator, ...] = (
    Operator("concatenate-text", "outdated-idiom", "an interpolated text is put together by hand",
             for_all(_concatenated, "python", "ruby", "c_sharp", *SCRIPTS)),
    Operator("loop-by-index", "outdated-idiom", "a loop over elements counts positions",
             {**for_all(_by_index, *_EACH), "ruby": _for_in}),
    Operator("old-spelling", "outdated-idiom", "an older way to write it",
             {"python": _old_python, **for_all(_old_script, *SCRIPTS), "java": _old_java, "cpp": _old_cpp,
              "go": _old_go, "ruby": _old_ruby, "c": _old_c, "c_sharp": any_of(_old_c_sharp, _c_sharp_name)}),
    Operator("spell-out-null-chain", "outdated-idiom", "what may be absent is checked by hand",
             for_all(_spelt_chain, *SCRIPTS, "ruby", "c_sharp")),
)  # fmt: skip
