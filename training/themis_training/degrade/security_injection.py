"""Degradations of security: what text from outside may do in queries, shells, pages, paths and patterns."""

import random
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import SCRIPTS, Operator, any_of, for_all
from themis_training.degrade.security_calls import adding, calling, dotted, first, held
from themis_training.degrade.syntax import STRINGS, Call, calls

if TYPE_CHECKING:
    from tree_sitter import Node

_OTHERS = ("c_sharp", "go", "java", *SCRIPTS, "python", "ruby")

_JOINS = re.compile(
    r"(?i)(?:.*\.)?(?:join|resolve|combine|open|file|get|send_?file|path|read_?file|write_?file|create)"
)
_LAST_PART = re.compile(
    r"(?:os\.)?path\.basename|(?:file)?path\.Base|File\.basename|Path\.GetFileName|secure_filename|basename"
)


def _whole_path(function: Function, _: random.Random) -> Iterator[Way]:
    """What was cut down to its last part before being joined to a folder is joined whole."""
    for outer in calls(function):
        if not _JOINS.fullmatch(dotted(outer)) or len(outer.arguments) < 2:
            continue
        inside = {argument.start_byte for argument in outer.arguments}
        for call in calls(function):
            if call.node.start_byte in inside and _LAST_PART.fullmatch(dotted(call)) and len(call.arguments) == 1:
                yield Way((replace(call.node, text_of(call.arguments[0])),))


def _as_markup(function: Function, _: random.Random) -> Iterator[Way]:
    for captures in function.matches(
        "(assignment_expression left: (member_expression property: (_) @p) right: (_) @v)"
    ):
        plain = captures["v"].type not in ("string", "number")
        if text_of(captures["p"]) in ("textContent", "innerText") and plain:
            yield Way((replace(captures["p"], "innerHTML"),))
    for call in calls(function):
        receiver, given = text_of(call.target).rpartition(".")[0], call.arguments
        if text_of(call.name) == "text" and len(given) == 1 and re.search(r"\$|el\b|elem|node", receiver):
            if given[0].type not in ("string", "number", "arrow_function", "function_expression"):
                yield Way((replace(call.name, "html"),))
        elif text_of(call.target) == "document.createTextNode" and len(given) == 1:
            text = f"document.createRange().createContextualFragment({text_of(given[0])})"
            yield Way((replace(call.node, text),))


_SQL = re.compile(r"(?i)^\W*(?:select|insert|update|delete|with)\b.*")
_MARK = re.compile(r"%s|\?|\$\d\b")


def _concatenated(function: Function, _: random.Random) -> Iterator[Way]:
    """Parameters of an SQL text are written into it."""
    key = function.grammar.key
    for call in calls(function):
        at = next((n for n, node in enumerate(call.arguments) if node.type in STRINGS and _is_sql(node)), None)
        if at is None or at + 1 >= len(call.arguments):
            continue
        last = call.arguments[-1]
        packed = last.type in ("tuple", "list", "array") and len(call.arguments) == at + 2
        given = last.named_children if packed else call.arguments[at + 1 :]
        text = text_of(call.arguments[at])
        parts, marks = _MARK.split(text), len(_MARK.findall(text))
        if marks != len(given) or (key in ("python", *SCRIPTS) and not packed) or not marks:
            continue
        values = [_written(key, text_of(node)) for node in given]
        if any("\n" in value or "**" in value for value in values):
            continue
        quote = text[-1]
        new = parts[0]
        for value, part in zip(values, parts[1:], strict=True):
            new += f"'#{{{value}}}'{part}" if key == "ruby" else f"'{quote} + {value} + {quote}'{part}"
        if key == "ruby" and quote == "'":
            new = f'"{new[1:-1]}"'
        whole = Replacement(call.arguments[at].start_byte, last.end_byte, new.replace(f" + {quote}{quote}", ""))
        yield Way((whole,))


def _is_sql(node: "Node") -> bool:
    text = text_of(node)
    plain = text[:1] in "\"'`" and text[:3] not in ('"""', "'''") and len(_MARK.findall(text)) and "\n" not in text
    return bool(plain and _SQL.match(text) and not re.search(r"LIKE|'[?%]", text))


def _written(key: str, value: str) -> str:
    table = {"python": f"str({value})", "go": f"fmt.Sprint({value})"}
    return table.get(key, held(value))


def _shell(function: Function, _: random.Random) -> Iterator[Way]:
    """A list of arguments becomes one line for a shell."""
    key = function.grammar.key
    for call in calls(function):
        made = _SHELLS[key](dotted(call), call) if key in _SHELLS else None
        if made is not None:
            yield Way((made,))


def _line(parts: "list[Node]", key: str) -> str | None:
    """The command line of a list whose first element is a literal and which has a value in it."""
    texts = list(map(text_of, parts))
    literal = [node.type in STRINGS and re.fullmatch(r"[\"'][^\"'\\]*[\"']", text_of(node)) for node in parts]
    if not texts or not literal[0] or all(literal) or any("\n" in text or text.startswith("*") for text in texts):
        return None
    if any(node.type in ("spread_element", "splat_argument", "pair", "variadic_argument") for node in parts):
        return None
    if key == "python":
        inner = [text[1:-1] if plain else f"{{{text}}}" for text, plain in zip(texts, literal, strict=True)]
        return None if any('"' in text for text in inner) else f'f"{" ".join(inner)}"'
    if key == "ruby" or key in SCRIPTS:
        quote, sign = ('"', "#") if key == "ruby" else ("`", "$")
        inner = [text[1:-1] if plain else f"{sign}{{{text}}}" for text, plain in zip(texts, literal, strict=True)]
        return None if any(quote in text for text in inner) else quote + " ".join(inner) + quote
    joined = ' + " " + '.join(texts)
    return re.sub(r'" \+ " " \+ "', " ", joined).replace('" + " " + ', ' " + ')


def _python_shell(name: str, call: Call) -> Replacement | None:
    if not re.fullmatch(r"(?:subprocess\.)?(?:run|call|check_call|check_output|Popen)", name) or not call.arguments:
        return None
    first = call.arguments[0]
    line = _line(first.named_children, "python") if first.type == "list" else None
    return Replacement(first.start_byte, first.end_byte, f"{line}, shell=True") if line else None


def _go_shell(name: str, call: Call) -> Replacement | None:
    skipped = {"exec.Command": 0, "exec.CommandContext": 1}.get(name)
    if skipped is None or any(text_of(node).endswith("...") for node in call.arguments):
        return None
    parts = call.arguments[skipped:]
    line = _line(parts, "go")
    return Replacement(parts[0].start_byte, parts[-1].end_byte, f'"sh", "-c", {line}') if line else None


def _ruby_shell(name: str, call: Call) -> Replacement | None:
    if (
        not re.fullmatch(r"system|spawn|exec|(?:Kernel|Process)\.(?:system|spawn)|Open3\.\w+", name)
        or not call.arguments
    ):
        return None
    line = _line(call.arguments, "ruby")
    return Replacement(call.arguments[0].start_byte, call.arguments[-1].end_byte, line) if line else None


def _script_shell(name: str, call: Call) -> Replacement | None:
    if not re.fullmatch(r"(?:\w+\.)?(?:execFile|execFileSync|spawn|spawnSync)", name) or len(call.arguments) < 2:
        return None
    command, listed = call.arguments[:2]
    line = _line([command, *listed.named_children], "javascript") if listed.type == "array" else None
    if line is None:
        return None
    new = {"execFile": "exec", "execFileSync": "execSync", "spawn": "exec", "spawnSync": "execSync"}[text_of(call.name)]
    return Replacement(call.name.start_byte, listed.end_byte, f"{new}({line}")


def _java_shell(name: str, call: Call) -> Replacement | None:
    line = _line(call.arguments, "java") if name == "ProcessBuilder" else None
    if line is None:
        return None
    return Replacement(call.arguments[0].start_byte, call.arguments[-1].end_byte, f'"sh", "-c", {line}')


_SHELLS: dict[str, Callable[[str, Call], Replacement | None]] = {
    "python": _python_shell, "go": _go_shell, "ruby": _ruby_shell, "java": _java_shell,
    **dict.fromkeys(SCRIPTS, _script_shell),
}  # fmt: skip


def _asked_for(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("keyword_argument"):
        if text_of(node) == "shell=False":
            yield Way((replace(node, "shell=True"),))


_FLAGGED = {
    "python": any_of(
        _asked_for,
        adding(r"(?:subprocess\.)?(?:check_call|check_output|Popen)|subprocess\.(?:run|call)", "shell=True", "shell="),
    ),
    **for_all(adding(r"(?:\w+\.)?(?:spawn|spawnSync|execFile|execFileSync)", "{ shell: true }", "{"), *SCRIPTS),
}

_NO_HTML_ESCAPE = calling(
    r"(?i)(?:[\w.:]+[.:])?(?:html_?escape|escape_?html4?|html_?encode|encode_?for_?html|html_?escapestring|escape_?xml"
    r"|escapehtml\w*|htmlspecialchars|sanitize_?html)|(?:html|cgi|erb::util|template|_|markup|markupsafe)\.escape"
    r"(?:html|string)?|DOMPurify\.sanitize",
    first, 1,
)  # fmt: skip


def _evaluated_name(_: str, given: list[str]) -> str | None:
    return f'eval("{given[0]}." + {given[1]})' if all(re.fullmatch(r"[\w.]+", text) for text in given) else None


def _evaluated_number(_: str, given: list[str]) -> str | None:
    return f"eval({given[0]})" if re.search(r"(?i)input|arg|param|text|str", given[0]) else None


_EVAL = {
    "python": any_of(
        calling(r"(?:ast\.)?literal_eval|json\.loads", lambda _, g: f"eval({g[0]})", 1),
        calling(r"getattr", _evaluated_name, 2),
        calling(r"int|float", _evaluated_number, 1),
    ),
    **for_all(calling(r"JSON\.parse", lambda _, g: f'eval("(" + {held(g[0])} + ")")', 1), *SCRIPTS),
    "ruby": any_of(
        calling(r"JSON\.parse", lambda _, g: f"eval({g[0]})", 1),
        calling(r"(?:[\w.@]+\.)?public_send", lambda n, g: f"eval(\"{n.removesuffix('public_send')}#{{{g[0]}}}\")", 1),
    ),
}  # fmt: skip
_LOADS = {
    "python": any_of(
        calling(r"yaml\.safe_load", lambda _, g: f"yaml.load({g[0]}, Loader=yaml.Loader)", 1),
        calling(r"yaml\.safe_load_all", lambda _, g: f"yaml.load_all({g[0]}, Loader=yaml.Loader)", 1),
        calling(r"(?:np|numpy)\.load", lambda _, g: f"np.load({g[0]}, allow_pickle=True)", 1),
        calling(r"json\.load", lambda _, g: f"pickle.load({g[0]})", 1),
    ),
    "ruby": any_of(
        calling(r"(?:YAML|Psych)\.safe_load", lambda _, g: f"YAML.unsafe_load({g[0]})"),
        calling(r"(?:YAML|Psych)\.safe_load_file", lambda _, g: f"YAML.unsafe_load_file({g[0]})"),
    ),
}

OPERATORS: tuple[Operator, ...] = (
    Operator("concatenate-query", "sql-injection", "parameters of an SQL text are written into it",
             for_all(_concatenated, "go", "java", *SCRIPTS, "python", "ruby")),
    Operator("list-to-shell", "command-injection", "a list of arguments becomes one line for a shell",
             for_all(_shell, *_SHELLS)),
    Operator("ask-for-shell", "command-injection", "a flag hands a command to a shell", _FLAGGED),
    Operator("drop-shell-quote", "command-injection", "a word of a command line is no longer quoted",
             {"python": calling(r"(?:shlex|pipes)\.quote|quote", first, 1),
              "ruby": calling(r"Shellwords\.(?:escape|shellescape)|shellescape", first, 1)}),
    Operator("call-eval", "code-injection", "text is run as code where it was parsed or looked up", _EVAL),
    Operator("unsafe-load", "unsafe-deserialization", "a safe loader becomes one that builds any object", _LOADS),
    Operator("join-whole-path", "path-traversal", "a name is joined to a folder with all its parts",
             for_all(_whole_path, *_OTHERS)),
    Operator("drop-html-escape", "cross-site-scripting", "text goes into a page without escaping",
             for_all(_NO_HTML_ESCAPE, *_OTHERS)),
    Operator("text-as-markup", "cross-site-scripting", "text is set as markup", for_all(_as_markup, *SCRIPTS)),
    Operator("drop-regex-escape", "regex-denial", "text from outside is used as a pattern",
             {"python": calling(r"re\.escape", first, 1), "ruby": calling(r"Regexp\.(?:escape|quote)", first, 1),
              "java": calling(r"Pattern\.quote", first, 1), "c_sharp": calling(r"Regex\.Escape", first, 1),
              "go": calling(r"regexp\.QuoteMeta", first, 1),
              **for_all(calling(r"(?:_\.)?escape_?(?:StringRegexp|RegExp|Regex)", first, 1), *SCRIPTS)}),
)  # fmt: skip
