"""Degradations of security: what each makes of a few lines of ours, and that planted texts are code."""

import random
import re
from string import Template
from textwrap import dedent, indent

import pytest

from themis_lsp.language import GRAMMARS, parser_of
from themis_model.criterion import Criterion
from themis_model.reason import reason
from themis_training.degrade.function import errors_in, functions_of
from themis_training.degrade.planted import planted_texts
from themis_training.degrade.security import OPERATORS

pytestmark = pytest.mark.training

BY_KIND = {operator.kind: operator for operator in OPERATORS}
PLANTED = [operator.kind for operator in OPERATORS if operator.kind.startswith("plant-")]

# What planted texts and rows stand in.
AROUND = {
    "c": "int put(struct box *box, char *from, int count, char *to)\n{{\n{}\n    return 0;\n}}\n",
    "c_sharp": "class Box {{\n    async Task<int> Put(string from, int count) {{\n{}\n    return 0;\n}}\n}}\n",
    "go": "package box\n\nfunc Put(from string, count int) int {{\n{}\n    return 0\n}}\n",
    "java": "class Box {{\n    int put(String from, int count) {{\n{}\n    return 0;\n}}\n}}\n",
    "javascript": "async function put(from, count) {{\n{}\n    return 0;\n}}\n",
    "python": "async def put(origin, count):\n{}\n    count += 1\n    return 0\n",
    "ruby": "def put(from, count)\n{}\n    0\nend\n",
}
AROUND |= {"cpp": AROUND["c"], "typescript": AROUND["javascript"], "tsx": AROUND["javascript"]}

ROWS = [
    # kind, grammar, lines, what they become
    ("drop-bounds-check", "c", "if (count > box->size)\n    return -1;\nmemcpy(to, from, count);",
     "memcpy(to, from, count);"),
    ("drop-bounds-check", "java", "if (count > limit) {\n    throw new Full();\n}\nread(count);", "read(count);"),
    ("say-bounds", "go", "if count > size {\n    return -1\n}\nread(count)",
     'if count > size {\n    log.Printf("*")\n}\nread(count)'),
    ("weaken-bounds-check", "c", "if (count > box->size)\n    return -1;\nmemcpy(box->to, from, count);",
     "if (count > box->size && *)\n    return -1;\nmemcpy(box->to, from, count);"),
    ("late-bounds-check", "c", "if (count > box->size)\n    return -1;\nmemcpy(to, from, count);",
     "memcpy(to, from, count);\nif (count > box->size)\n    return -1;"),
    ("drop-bounds-operand", "c", "while (count < box->size && from[count])\n    count++;",
     "while (from[count])\n    count++;"),
    ("drop-lower-bound", "java", "if (count < 0 || count >= size)\n    fill(count);",
     "if (count >= size)\n    fill(count);"),
    ("overflow-in-check", "c", "if (count > box->size - at)\n    fill(box);",
     "if (at + count > box->size)\n    fill(box);"),
    ("drop-null-check", "c", "if (!box)\n    return -1;\nbox->size = 1;", "box->size = 1;"),
    ("drop-null-check", "c_sharp", "if (box == null)\n    return 0;\nbox.Close();", "box.Close();"),
    ("say-null", "java", "if (box == null) {\n    return 1;\n}\nbox.close();",
     'if (box == null) {\n    System.err.println("*");\n}\nbox.close();'),
    ("weaken-null-check", "c", "if (!box)\n    return -1;\nbox->size = 1;",
     "if (!box && *)\n    return -1;\nbox->size = 1;"),
    ("late-null-check", "go", "if box == nil {\n    return 1\n}\nsize := box.Size()",
     "size := box.Size()\nif box == nil {\n    return 1\n}"),
    ("drop-null-operand", "c", "if (box && box->size)\n    fill(box);", "if (box->size)\n    fill(box);"),
    ("drop-null-choice", "c", "count = box ? box->size : 0;", "count = box->size;"),
    ("drop-permission-check", "python", "if not user.is_admin:\n    raise Denied\nbox.close()", "box.close()"),
    ("say-denied", "ruby", "return head(:forbidden) unless user.admin?\nbox.close",
     'warn "*" unless user.admin?\nbox.close'),
    ("weaken-permission-check", "javascript", "if (!user.isAdmin) return null;\nbox.close();",
     "if (!user.isAdmin && *) return null;\nbox.close();"),
    ("drop-path-check", "python", 'if ".." in path.parts:\n    raise ValueError(path)\npath.read_text()',
     "path.read_text()"),
    ("drop-host-check", "go", "if !allowed[url.Host] {\n    return -1\n}\nfetch(url)", "fetch(url)"),
    ("drop-size", "c", 'snprintf(to, count, "%d", 1);', 'sprintf(to, "%d", 1);'),
    ("drop-size", "c", "strlcpy(to, from, count);", "strcpy(to, from);"),
    ("size-of-source", "c", "strncpy(to, from, sizeof(to));", "strncpy(to, from, strlen(from) + 1);"),
    ("copy-by-parts", "c", 'snprintf(path, sizeof(path), "%s/%s", from, to);',
     'strcpy(path, from);\nstrcat(path, "/");\nstrcat(path, to);'),
    ("drop-terminator", "c", "strncpy(to, from, count);\nto[count] = '\\0';", "strncpy(to, from, count);"),
    ("copy-one-more", "c", "fill(to, sizeof(to) - 1);", "fill(to, sizeof(to));"),
    ("fill-one-past", "c", "fgets(to, sizeof(to), stdin);", "fgets(to, sizeof(to) + 1, stdin);"),
    ("allocate-one-less", "c", "to = malloc(count + 1);", "to = malloc(count);"),
    ("size-of-pointer", "c", "box = malloc(sizeof(*box));", "box = malloc(sizeof(box));"),
    ("index-unchecked", "cpp", "count = box.at(count);", "count = box[count];"),
    ("drop-clamp", "go", "count = min(count, maxSize)", "count = count"),
    ("multiply-size", "c", "to = calloc(count, sizeof(*to));", "to = malloc(count * sizeof(*to));"),
    ("drop-widening", "c", "size = (uint64_t)count * 8;", "size = count * 8;"),
    ("narrow-size", "c", "size_t len = strlen(from);", "* len = strlen(from);"),
    ("cast-size", "c", "size_t len = strlen(from);", "size_t len = (*)strlen(from);"),
    ("drop-nulling", "c", "free(to);\nto = NULL;", "free(to);"),
    ("free-early", "c", "print(to);\nfree(to);", "free(to);\nprint(to);"),
    ("free-twice", "c", "free(to);\nclose(count);", "free(to);\nclose(count);\nfree(to);"),
    ("text-as-format", "c", 'printf("%s", from);', "printf(from);"),
    ("concatenate-query", "python", 'db.execute("SELECT * FROM boxes WHERE name = ?", (origin,))',
     "db.execute(\"SELECT * FROM boxes WHERE name = '\" + str(origin) + \"'\")"),
    ("concatenate-query", "ruby", 'db.execute("SELECT * FROM boxes WHERE name = ?", from)',
     "db.execute(\"SELECT * FROM boxes WHERE name = '#{from}'\")"),
    ("list-to-shell", "python", 'subprocess.run(["tar", origin])', 'subprocess.run(f"tar {origin}", shell=True)'),
    ("list-to-shell", "go", 'exec.Command("tar", from, to)', 'exec.Command("sh", "-c", "tar " + from + " " + to)'),
    ("list-to-shell", "javascript", 'spawn("tar", [from]);', "exec(`tar ${from}`);"),
    ("list-to-shell", "ruby", 'system("tar", from)', 'system("tar #{from}")'),
    ("list-to-shell", "java", 'new ProcessBuilder("tar", from);', 'new ProcessBuilder("sh", "-c", "tar " + from);'),
    ("ask-for-shell", "python", "subprocess.run(line, check=True)", "subprocess.run(line, check=True, shell=True)"),
    ("ask-for-shell", "python", "Popen([origin], shell=False)", "Popen([origin], shell=True)"),
    ("ask-for-shell", "javascript", 'spawn("tar", [from]);', 'spawn("tar", [from], { shell: true });'),
    ("drop-shell-quote", "python", 'line = "tar " + shlex.quote(origin)', 'line = "tar " + origin'),
    ("call-eval", "javascript", "count = JSON.parse(from);", 'count = eval("(" + from + ")");'),
    ("call-eval", "python", "count = getattr(box, origin)", 'count = eval("box." + origin)'),
    ("unsafe-load", "python", "box = yaml.safe_load(origin)", "box = yaml.load(origin, Loader=yaml.Loader)"),
    ("join-whole-path", "go", 'path := filepath.Join("boxes", filepath.Base(from))',
     'path := filepath.Join("boxes", from)'),
    ("drop-html-escape", "python", 'page = "<p>" + html.escape(origin)', 'page = "<p>" + origin'),
    ("text-as-markup", "javascript", "box.textContent = from;", "box.innerHTML = from;"),
    ("drop-regex-escape", "ruby", "box = Regexp.new(Regexp.escape(from))", "box = Regexp.new(from)"),
    ("weaken-hash", "java", 'hash = MessageDigest.getInstance("SHA-256");', 'hash = MessageDigest.getInstance("*");'),
    ("weaken-hash", "go", "sum := sha256.Sum256(data)", "sum := *.Sum(data)"),
    ("weaken-random", "java", "SecureRandom draw = new SecureRandom();", "Random draw = new Random();"),
    ("weaken-random", "python", "key = os.urandom(16)", "key = bytes(random.randrange(256) for _ in range(16))"),
    ("skip-verification", "python", "requests.get(origin, timeout=5)", "requests.get(origin, timeout=5, verify=False)"),
    ("skip-verification", "go", "box := tls.Config{ServerName: from}",
     "box := tls.Config{InsecureSkipVerify: true, ServerName: from}"),
    ("speak-plain-http", "c_sharp", 'Fetch("https://boxes.example");', 'Fetch("http://boxes.example");'),
    ("loosen-mode", "c", "open(from, O_CREAT, 0600);", "open(from, O_CREAT, 0*);"),
    ("compare-plainly", "python", "same = hmac.compare_digest(origin, key)", "same = (origin == key)"),
]  # fmt: skip
MARKED = [
    ("python", "@login_required", "@login_required\ndef put(origin, count):\n    count += 1\n    return 0\n"),
    (
        "c_sharp",
        "[Authorize]",
        "class Box {\n    [Authorize]\n    int Put(int n) {\n        n++;\n        return n;\n    }\n}\n",
    ),
    (
        "java",
        "@Secured",
        'class Box {\n    @Secured("X")\n    int put(int n) {\n        n++;\n        return n;\n    }\n}\n',
    ),
]


def degraded_in(kind: str, key: str, text: str) -> list[str]:
    """Every worse version an operator makes of the functions of a file."""
    return [
        made
        for function in functions_of(text, GRAMMARS[key])
        for way in BY_KIND[kind].finders[key](function, random.Random(1))
        if (made := function.rewritten(way.rejected)) is not None
    ]


def within(key: str, lines: str) -> str:
    return AROUND[key].format(indent(lines, "    "))


def check(kind: str, key: str, lines: str, expected: str) -> None:
    found = degraded_in(kind, key, within(key, lines))
    shape = ".+".join(re.escape(indent(expected, "    ")).split(re.escape("*"))) if "*)" not in lines else ""
    pattern = shape or re.escape(indent(expected, "    "))
    assert any(re.search(pattern + r"\n", text) and lines not in dedent(text) for text in found), found


@pytest.mark.parametrize(("kind", "key", "lines", "expected"), ROWS)
def test_what_it_makes(kind: str, key: str, lines: str, expected: str) -> None:
    check(kind, key, lines, expected)


@pytest.mark.parametrize(("key", "mark", "text"), MARKED)
def test_a_mark_that_asks_for_rights_goes(key: str, mark: str, text: str) -> None:
    assert [mark in made for made in degraded_in("drop-permission-mark", key, text)] == [False]


def test_every_rewriting_kind_has_a_row() -> None:
    rowed = {row[0] for row in ROWS} | {"drop-permission-mark", "log-freed"}
    assert set(BY_KIND) - set(PLANTED) - rowed == set()


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_texts_are_code_and_differ(kind: str) -> None:
    names = dict.fromkeys("abc", "count") | dict.fromkeys(("new", "new2"), "found")
    words = {"table": "boxes", "column": "name", "column2": "kind", "field": "name", "tool": "tar", "folder": "boxes"}
    words |= {"text": "empty", "number": "64", "host": "boxes.example", "file": "boxes.txt"} | names
    for key, pairs in planted_texts(kind).items():
        parser = parser_of(GRAMMARS[key].key)
        for pair in pairs:
            codes = [Template(text).safe_substitute(words) for text in pair]
            assert codes[0] != codes[1]
            assert [c for c in codes if errors_in(parser.parse(within(key, c).encode()).root_node)] == [], key
            assert not re.search(r"[«»]", "".join(codes))


def test_every_reason_is_one_of_security_and_has_a_weakness() -> None:
    for operator in OPERATORS:
        defect = reason(operator.reason)
        assert (defect.criterion, bool(defect.cwe)) == (Criterion.SECURITY_HARDNESS, True), operator.kind


def test_length_says_nothing_about_planted_texts() -> None:
    longer = [
        len(right) > len(wrong) for kind in PLANTED for pairs in planted_texts(kind).values() for right, wrong in pairs
    ]
    assert 0.42 < sum(longer) / len(longer) < 0.58
