"""Degradations of correctness: calls."""

import random
import re
from collections.abc import Iterator

from themis_training.degrade.function import Function, Replacement, Way, replace, swap, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Operator, any_of, for_all
from themis_training.degrade.plant import planting
from themis_training.degrade.syntax import blocks, branches, calls, unwrapped, without

_EITHER_WAY = re.compile(
    r"(?i)max|min|equal|assert|expect|log|print|debug|warn|info|swap|union|merge|compare|append|push|concat|join|and|"
    r"or|gcd|define|test|it$|describe|should"
)
_OPPOSITES = {
    "": """
        min/max floor/ceil first/last keys/values add/remove insert/erase getFirst/getLast addFirst/addLast start/stop
        open/close lock/unlock enable/disable union/intersection subscribe/unsubscribe getWidth/getHeight lower/upper
    """,
    "python": """
        startswith/endswith lstrip/rstrip encode/decode any/all find/rfind index/rindex append/extend add/update
        isalpha/isdigit isupper/islower acquire/release items/keys popleft/pop appendleft/append add/discard loads/dumps
    """,
    "ruby": """
        start_with?/end_with? lstrip/rstrip any?/all? none?/any? index/rindex push/unshift pop/shift downcase/upcase
        select/reject take/drop each_key/each_value min_by/max_by encode/decode append/prepend concat/push
    """,
    "javascript": """
        startsWith/endsWith some/every indexOf/lastIndexOf push/unshift pop/shift toLowerCase/toUpperCase add/delete
        trimStart/trimEnd filter/map find/filter padStart/padEnd append/prepend has/delete slice/splice parse/stringify
    """,
    "java": """
        startsWith/endsWith anyMatch/allMatch keySet/values indexOf/lastIndexOf add/addAll toLowerCase/toUpperCase
        isBefore/isAfter floorKey/ceilingKey headMap/tailMap getKey/getValue peek/poll offerFirst/offerLast
        put/putIfAbsent
    """,
    "c_sharp": """
        StartsWith/EndsWith TrimStart/TrimEnd Any/All Keys/Values IndexOf/LastIndexOf Add/AddRange ToLower/ToUpper
        Add/Remove First/Last FirstOrDefault/First Max/Min Floor/Ceiling Take/Skip Start/Stop Where/Select Enter/Exit
    """,
    "go": """
        HasPrefix/HasSuffix TrimLeft/TrimRight TrimPrefix/TrimSuffix Marshal/Unmarshal Index/LastIndex ToLower/ToUpper
        Before/After Lock/RLock Max/Min Floor/Ceil Start/Stop Open/Create Encode/Decode Add/Sub Contains/HasPrefix
    """,
    "cpp": """
        find/rfind push_back/pop_back push_front/push_back begin/end front/back lower_bound/upper_bound isalpha/isdigit
        tolower/toupper emplace_back/emplace_front find_first_of/find_last_of pop_front/pop_back
    """,
    "c": "isalpha/isdigit isupper/islower tolower/toupper strchr/strrchr htons/ntohs htonl/ntohl fmin/fmax",
}


def _opposites(language: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for pair in (_OPPOSITES[language] + " " + _OPPOSITES[""]).split():
        one, other = pair.split("/")
        table.setdefault(one, other)
        table.setdefault(other, one)
    return table


_PURE = re.compile(
    r"(?:replace|replaceAll|Replace|strip|lstrip|rstrip|trim|Trim|TrimSpace|lower|upper|toLowerCase|toUpperCase|ToLower|"
    r"ToUpper|downcase|upcase|gsub|sub|tr|concat|Concat|substring|Substring|slice|filter|map|Where|Select|reject|select|"
    r"compact|uniq|flatten|sorted|reverse|with\w+|With\w+|plus\w+|minus\w+|Add(?:Days|Hours|Seconds)|add|append|merge|"
    r"encode|decode|format|ReplaceAll|TrimSuffix|TrimPrefix|TrimRight|TrimLeft|squeeze|chomp|reduce|union|TrimEnd|"
    r"TrimStart|Join|join|PadLeft|normalize|resolve|relativize|subtract|multiply|divide)$"
)
_ACTS = re.compile(
    r"(?i)_?(?:append|push\w*|put|insert|enqueue|emit|notify\w*|flush|commit|rollback|save\w*|update\w*|register\w*|"
    r"unregister\w*|init\w*|setup\w*|start\w*|stop\w*|reset\w*|remove[_A-Z]\w*|dispatch\w*|send\w*|write\w*|"
    r"validate\w*|check\w*|ensure\w*|apply\w*|set[_A-Z]\w*|set|add[_A-Z]\w*|add|cancel\w*|publish\w*|signal\w*|"
    r"preventDefault|stopPropagation|next|resolve|reject|mark\w*|sync\w*|sort\w*|reverse|refresh\w*|"
    r"increment\w*|attach\w*|detach\w*|bind\w*|done|Done|Wait|join|memset|memcpy|memmove|strcpy|swap)$"
)


def _swapped_arguments(function: Function, _: random.Random) -> Iterator[Way]:
    for call in calls(function):
        if _EITHER_WAY.search(text_of(call.name)):
            continue
        for one, other in zip(call.arguments, call.arguments[1:], strict=False):
            if one.type == other.type == "identifier" and text_of(one) != text_of(other):
                yield Way(swap(one, other))


def _swapped_apart(function: Function, _: random.Random) -> Iterator[Way]:
    """Members, literals or calls change places with their neighbours in an argument list."""
    for call in calls(function):
        if _EITHER_WAY.search(text_of(call.name)):
            continue
        for one, other in zip(call.arguments, call.arguments[1:], strict=False):
            texts = text_of(one), text_of(other)
            simple = all(re.fullmatch(r"[@\w.>\-]+|\"[^\"]*\"|'[^']*'", text) for text in texts)
            if (
                simple
                and one.type != other.type
                and not any(re.search(r"argument|splat|pair", n.type) for n in (one, other))
            ):
                yield Way(swap(one, other))


def _opposite_call(function: Function, _: random.Random) -> Iterator[Way]:
    table = _opposites(function.grammar.language)
    for call in calls(function):
        other = table.get(text_of(call.name))
        if other is not None and call.node.type not in ("new_expression", "object_creation_expression"):
            yield Way((replace(call.name, other),))


def _ignored_result(function: Function, _: random.Random) -> Iterator[Way]:
    """A call that changes nothing stands alone."""
    for call in calls(function):
        above = call.node.parent
        if above is not None and above.type == "expression_list":
            above = above.parent
        if above is None or not _PURE.match(text_of(call.name)) or not function.stands_alone(above):
            continue
        left = above.child_by_field_name("left")
        if left is None or above.type not in _ASSIGNMENTS or "," in text_of(left):
            continue
        name = text_of(left)
        if re.match(rf"{re.escape(name)}\b", text_of(call.node)) or name in map(text_of, call.arguments):
            yield Way((Replacement(left.start_byte, call.node.start_byte, ""),))


_ASSIGNMENTS = ("assignment", "assignment_expression", "assignment_statement")


def _used_result(function: Function, _: random.Random) -> Iterator[Way]:
    """Python: what changes its receiver and gives nothing back is used for its value."""
    for _block, listed in blocks(function):
        for node in listed:
            found = re.fullmatch(
                r"([\w.]+)\.(?:sort|reverse|append|extend|update|clear|insert|add|remove)\(.*\)", text_of(node)
            )
            if found and function.stands_alone(node):
                yield Way((replace(node, f"{found[1]} = {text_of(node)}"),))


def _dropped_call(function: Function, _: random.Random) -> Iterator[Way]:
    stands = {unwrapped(node): node for _block, listed in blocks(function) for node in listed if len(listed) > 1}
    for call in calls(function):
        node = stands.get(call.node)
        if node is None or not _ACTS.match(text_of(call.name)) or not function.stands_alone(node):
            continue
        if len(text_of(node).splitlines()) <= _MOST_LINES:
            yield Way((without(function, node),))


_MOST_LINES = 3


def _dropped_super(function: Function, _: random.Random) -> Iterator[Way]:
    """What the parent class does is no longer done."""
    for _block, listed in blocks(function):
        for node in listed if len(listed) > 1 else ():
            if re.match(r"(?:await )?(?:super\b|base\.)", text_of(node)) and function.stands_alone(node):
                yield Way((without(function, node),))


def _dropped_initializer(function: Function, _: random.Random) -> Iterator[Way]:
    """C#: a constructor no longer calls the one of its parent."""
    for node in function.nodes("constructor_initializer"):
        before = function.file[: node.start_byte].rstrip()
        yield Way((Replacement(len(before), node.end_byte, ""),))


def _mutable_default(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes("default_parameter", "typed_default_parameter"):
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None or text_of(value) not in ("None", "()"):
            continue
        kept = replace(value, _default_for(text_of(name), text_of(node)))
        made = [
            branch.node
            for branch in branches(function)
            if text_of(branch.condition) in (f"{text_of(name)} is None", f"not {text_of(name)}")
            and branch.body is not None
            and re.match(rf"{text_of(name)} = (?:\[\]|\{{\}}|dict\(\)|list\(\)|set\(\))", text_of(branch.body))
        ]
        if made and function.stands_alone(made[0]):
            yield Way((kept, without(function, made[0])))
        elif re.search(rf"\b{text_of(name)}\.(?:append|update|setdefault|extend|add|pop)\(|\b{text_of(name)}\[.+\] =",
                       function.text):  # fmt: skip
            yield Way((kept,))


def _default_for(name: str, whole: str) -> str:
    if re.search(r"(?i)dict|mapping", whole) or re.search(
        r"kwargs|params|headers|options|config|data|env|map|cache", name
    ):
        return "{}"
    return "set()" if re.search(r"(?i)\bset\b", whole) else "[]"


_SHARED_PYTHON = planting(
    ("$new = [[] for _ in range(len($a))]", "$new = [[]] * len($a)"),
    ("$new = [{} for _ in range($number)]", "$new = [{}] * $number"),
    ("$new = {$new2: [] for $new2 in $a}", "$new = dict.fromkeys($a, [])"),
    ("$new = [[0] * $number for _ in $a]", "$new = [[0] * $number] * len($a)"),
    ("self.$new = list($a)", "self.$new = $a"),
    ("$new = dict($a)\n$new[$b] = True", "$new = $a\n$new[$b] = True"),
    ("$new = $a.copy()\n$new.append($b)", "$new = $a\n$new.append($b)"),
    ("$new = defaultdict(list)", "$new = defaultdict(lambda shared=[]: shared)"),
)
_SHARED_RUBY = planting(
    ("$new = Array.new($number) { [] }", "$new = Array.new($number, [])"),
    ("$new = Hash.new { |h, k| h[k] = [] }", "$new = Hash.new([])"),
    ("$new = Array.new($number) { {} }", "$new = [{}] * $number"),
    ("$new = Array.new($a.size) { +'' }", "$new = Array.new($a.size, +'')"),
    ("$new = $a.dup\n$new << $b", "$new = $a\n$new << $b"),
    ("$new = $a.dup\n$new[:id] = $b", "$new = $a\n$new[:id] = $b"),
)
_SHARED_SCRIPT = planting(
    ("const $new = Array.from({ length: $a.length }, () => []);", "const $new = new Array($a.length).fill([]);"),
    ("const $new = Array.from({ length: $number }, () => ({}));", "const $new = Array($number).fill({});"),
    ("const $new = [...$a];\n$new.push($b);", "const $new = $a;\n$new.push($b);"),
    ("const $new = { ...$a };\n$new.id = $b;", "const $new = $a;\n$new.id = $b;"),
    ("const $new = $a.slice().sort();", "const $new = $a.sort();"),
    ("const $new = Object.assign({}, $a, $b);", "const $new = Object.assign($a, $b);"),
)
_SHARED_JAVA = planting(
    ("List<String> $new = new ArrayList<>($a);\n$new.add($b);", "List<String> $new = $a;\n$new.add($b);"),
    ("int[] $new = $a.clone();\n$new[0] = $number;", "int[] $new = $a;\n$new[0] = $number;"),
    ("$new.computeIfAbsent($a, ignored -> new ArrayList<>()).add($b);",
     "$new.getOrDefault($a, new ArrayList<>()).add($b);"),
    ("Map<String, Object> $new = new HashMap<>($a);\n$new.remove($b);",
     "Map<String, Object> $new = $a;\n$new.remove($b);"),
)  # fmt: skip
_SHARED_C_SHARP = planting(
    ("var $new = new List<string>($a);\n$new.Add($b);", "var $new = $a;\n$new.Add($b);"),
    ("var $new = (int[])$a.Clone();\n$new[0] = $number;", "var $new = $a;\n$new[0] = $number;"),
    ("var $new = Enumerable.Range(0, $number).Select(_ => new List<int>()).ToList();",
     "var $new = Enumerable.Repeat(new List<int>(), $number).ToList();"),
    ("var $new = $a.ToDictionary(each => each.Key, each => each.Value);\n$new.Remove($b);",
     "var $new = $a;\n$new.Remove($b);"),
)  # fmt: skip
_SHARED_GO = planting(
    ("$new := append([]string(nil), $a...)\n$new[0] = $b", "$new := $a\n$new[0] = $b"),
    ("$new := make([]byte, len($a))\ncopy($new, $a)\n$new[0] = 0", "$new := $a\n$new[0] = 0"),
    ("$new := maps.Clone($a)\ndelete($new, $b)", "$new := $a\ndelete($new, $b)"),
    ("$new := slices.Clone($a)\nsort.Strings($new)", "$new := $a\nsort.Strings($new)"),
)
_SHARED_CPP = planting(
    ("auto $new = $a;\n$new.push_back($b);", "auto& $new = $a;\n$new.push_back($b);"),
    ("std::vector<int> $new($a);\n$new.clear();", "std::vector<int>& $new = $a;\n$new.clear();"),
    ("auto $new = std::make_shared<Node>(*$a);\n$new->value = $b;", "auto $new = $a;\n$new->value = $b;"),
    ("std::string $new = $a;\n$new += $b;", "std::string& $new = $a;\n$new += $b;"),
)

OPERATORS: tuple[Operator, ...] = (
    Operator("swap-arguments", "swapped-arguments", "two arguments change places",
             for_all(_swapped_arguments, *ALL)),
    Operator("swap-unlike-arguments", "swapped-arguments", "two arguments of different kind change places",
             for_all(_swapped_apart, *ALL), held_out=True),
    Operator("opposite-call", "misused-api", "the call that does the opposite, or something close by",
             for_all(_opposite_call, *ALL)),
    Operator("ignore-result", "misused-api", "what gives a new value back is called as if it changed the old one",
             for_all(_ignored_result, *ALL)),
    Operator("use-nothing", "misused-api", "what changes its receiver is called for its value",
             {"python": _used_result}),
    Operator("drop-call", "missing-call", "a call that did something is gone", for_all(_dropped_call, *ALL)),
    Operator("drop-super", "missing-call", "what the parent class does is no longer done",
             {**for_all(_dropped_super, *SCRIPTS, "python", "java", "ruby"),
              "c_sharp": any_of(_dropped_super, _dropped_initializer)}),
    Operator("default-mutable", "shared-mutable-default", "a default is one object for all calls",
             {"python": _mutable_default}),
    Operator("share-object", "shared-mutable-default", "what should be a copy is the object itself",
             {"python": _SHARED_PYTHON, "ruby": _SHARED_RUBY, **for_all(_SHARED_SCRIPT, *SCRIPTS),
              "java": _SHARED_JAVA, "c_sharp": _SHARED_C_SHARP, "go": _SHARED_GO, "cpp": _SHARED_CPP}),
)  # fmt: skip
