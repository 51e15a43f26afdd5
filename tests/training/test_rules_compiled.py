"""Readers of CodeQL, of linters for Java, C#, Go, C and C++, and of guides, each on a repository of its own."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.repo import Repo
from themis_training.rules import clang, codeql, go, guides, infer, javatest, pmd, refaster, roslyn
from themis_training.rules.example import RuleExample
from themis_training.rules.text import bare, squeezed
from themis_training.rules.tree import Tree

Files = dict[str, str]
Read = Callable[[Tree], Iterator[RuleExample]]

HELP: Files = {
    "python/ql/src/Security/CWE-089/Paste.qhelp": '<qhelp><example><p>This pastes:</p><sample src="paste.py"/>'
    '<p>It should bind instead:</p><sample src="bind.py"/></example></qhelp>',
    "python/ql/src/Security/CWE-089/Paste.ql": "/** @id py/paste */",
    "python/ql/src/Security/CWE-089/paste.py": "def find(name):\n    return ask('select ' + name)\n",
    "python/ql/src/Security/CWE-089/bind.py": "def find(name):\n    return ask('select ?', name)\n",
}
SIGNED: Files = {
    "go/ql/src/Wait.qhelp": '<qhelp><example><sample src="wait.go"/></example></qhelp>',
    "go/ql/src/Wait.ql": "// @id go/wait",
    "go/ql/src/wait.go": "package p\n\nfunc run() {\n\t// BAD: no limit\n\twait(0)\n\n"
    "\t// GOOD: a limit\n\twait(9)\n}\n",
}
ALERTS: Files = {
    "cpp/ql/src/Count.ql": "/** @id cpp/count */",
    "cpp/ql/test/q/Count.qlref": "Count.ql\n",
    "cpp/ql/test/q/Count.expected": "edges\n#select\n| t.c:3:5:3:9 | i | Here. |\n",
    "cpp/ql/test/q/t.c": "int sum_bad(int *a, int n) {\n    int s = 0;\n    for (int i = 0; i <= n; i++) s += a[i];\n"
    "    return s;\n}\n\nint sum_good(int *a, int n) {\n    int s = 0;\n"
    "    for (int i = 0; i < n; i++) s += a[i];\n    return s;\n}\n",
}
JAVA: Files = {
    "core/src/test/HoldTest.java": 'class HoldTest { void t() { h.addInputLines("A.java", "class A {", "  int f() {", '
    '"    return g().h();", "  }", "}").addOutputLines("A.java", """\n        class A {\n          int f() {\n'
    '            return h();\n          }\n        }\n        """).doTest(); } }',
}
BUGS: Files = {
    "core/src/test/HoldTest.java": 'class HoldTest { void t() { h.addSourceLines("A.java", "class A {", '
    '"  int one(int a) {", "    // BUG: Diagnostic contains: no", "    return twice(a, 1);", "  }", '
    '"  int two(int a) {", "    return twice(a, 2);", "  }", "}").doTest(); } }',
}
SILENCED: Files = {
    "core/src/test/HoldTest.java": 'class HoldTest { void t() { h.addInputLines("A.java", "class A { int a; }")'
    '.addOutputLines("A.java", "@SuppressWarnings(1) class A { int a; }").doTest(); } }',
}
TEMPLATE: Files = {
    "x/src/main/java/refasterrules/BagRules.java": "final class BagRules {\n"
    "  /** Prefer {@link Bag#none()} over less efficient alternatives. */\n  static final class BagNone<T> {\n"
    "    @BeforeTemplate\n    boolean before(Bag<T> bag) {\n"
    "      return Refaster.anyOf(bag.all(), bag.some()).size() == 0;\n"
    "    }\n\n    @AfterTemplate\n    boolean after(Bag<T> bag) {\n      return bag.none();\n    }\n  }\n}\n",
}
FIX: Files = {
    "HoldAnalyzerTests.cs": 'class T { async Task A() { await VerifyDiagnosticAndFixAsync(@"\nclass C { void M() { '
    '[|Go(1)|]; } }\n", @"\nclass C { void M() { Go(2); } }\n"); } }',
}
ROWS: Files = {
    "HoldTests.cs": 'class T { [Theory]\n[InlineData("a == true", "a")]\n[InlineData("!(!a)", "a")]\n'
    'async Task A(string source, string expected) { await VerifyDiagnosticAndFixAsync(@"\nclass C { void M() { '
    'Go([||]); } }\n", source, expected); } }',
}
CHAIN: Files = {
    "HoldTests.cs": 'class T { async Task A() { const string Old = """\n        class C { int F() => [|1|]; }\n'
    '        """; var now = """\n        class C { int F() => 2; }\n        """; '
    "await Make().WithSourceCode(Old).ShouldFixCodeWith(now).ValidateAsync(); } }",
}
GOLDEN: Files = {
    "a/s1000/testdata/src/x/x.go": "package x\n\nfunc f() {\n\tg(1) //@ diag(`no`)\n}\n",
    "a/s1000/testdata/src/x/x.go.golden": "package x\n\nfunc f() {\n\tg(2) //@ diag(`no`)\n}\n",
}
DOCUMENTED: Files = {
    "checkers/hold_checker.go": 'package c\n\nfunc init() {\n\tinfo.Name = "hold"\n\tinfo.Summary = "Finds holds"\n'
    "\tinfo.Before = `hold(x, x)`\n\tinfo.After = `hold(x)`\n}\n",
}
SAMPLES: Files = {
    "testutils/g999_samples.go": "package t\n\nvar S = []CodeSample{\n\t{[]string{`\npackage main\n\nfunc main() {\n"
    "\topen(name, 0777)\n}\n`}, 1, c()},\n"
    "\t{[]string{`\npackage main\n\nfunc main() {\n\topen(name, 0600)\n}\n`}, 0, c()},\n}\n",
}
TIDY: Files = {
    "docs/clang-tidy/checks/hold-on.rst": "hold-on\n=======\n",
    "test/clang-tidy/hold-on.cpp": "void f(int *p) {\n  hold(p, 0);\n  // CHECK-MESSAGES: :[[@LINE-1]]:3: warning: no\n"
    "  // CHECK-FIXES: {{^}}  hold(p, nullptr);{{$}}\n  hold(p, 0);\n}\n",
}
NEAR: Files = {
    "c/cert/test/rules/ABC1-C/test.c": "void f(int n) {\n  take(n + 1); // NON_COMPLIANT\n  take(n); // COMPLIANT\n}\n",
}
CASES: Files = {
    "pmd-java/src/test/resources/r/performance/xml/Hold.xml": "<test-data><test-code><expected-problems>1"
    "</expected-problems><expected-linenumbers>2</expected-linenumbers><code><![CDATA[\nclass A {\n  int f(B b) { "
    "return b.all().size(); }\n}\n]]></code></test-code><test-code><expected-problems>0</expected-problems><code>"
    "<![CDATA[\nclass A {\n  int f(B b) { return b.size(); }\n}\n]]></code></test-code></test-data>",
}
ISSUES: Files = {
    "infer/tests/codetoanalyze/c/pulse/issues.exp": "codetoanalyze/c/pulse/a.c, take_bad, 1, NULLPTR_DEREFERENCE, "
    "no_bucket, ERROR, [here]\n",
    "infer/tests/codetoanalyze/c/pulse/a.c": "int take_bad(int *p) { return *p + 1; }\n\n"
    "int take_ok(int *p) { return p ? *p + 1 : 0; }\n\nint FP_take_ok(int *p) { return *p + 1; }\n",
}
TABLE: Files = {
    "src/hold.md": "# Hold\n\n<table>\n<tbody>\n<tr><td>\n\n```go\nhold(a, a)\n```\n\n"
    "</td><td>\n\n```go\nhold(a)\n```\n\n"
    "</td></tr>\n</tbody></table>\n",
}
PAGE: Files = {
    "docs/bugpattern/Hold.md": "Never hold both:\n\nBad:\n\n```java\nhold(one, two);\n```\n\n"
    "Good:\n\n```java\nhold(one);\n```\n",
}


def check(root: Path, read: Read, files: Files, expected: list[tuple[str, str, str, str]]) -> None:
    """A repository of these files gives these examples: rule, language, and both sides without comments and spaces."""
    repo = Repo.make(root)
    for path, text in files.items():
        repo.stage(path, text)
    repo.git("commit", "--quiet", "--message=All of it")
    with Tree.open(root) as tree:
        found = [
            (
                each.rule,
                each.language,
                squeezed(bare(each.bad, each.language)),
                squeezed(bare(each.good, each.language)),
            )
            for each in read(tree)
        ]
    assert found == [(rule, language, squeezed(bad), squeezed(good)) for rule, language, bad, good in expected]


@pytest.mark.parametrize(
    ("read", "files", "expected"),
    [
        (codeql.read, HELP, [("cwe-089/py/paste", "python", "def find(name): return ask('select ' + name)",
                              "def find(name): return ask('select ?', name)")]),
        (codeql.read, SIGNED, [("go/wait", "go", "package p func run() { wait(0) }",
                                "package p func run() { wait(9) }")]),
        (codeql.read, ALERTS, [(
            "cpp/count", "c",
            "int sum(int *a, int n) { int s = 0; for (int i = 0; i <= n; i++) s += a[i]; return s; }",
            "int sum(int *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }",
        )]),
        (javatest.read, JAVA, [("Hold", "java", "class A { int f() { return g().h(); } }",
                                "class A { int f() { return h(); } }")]),
        (javatest.read, BUGS, [("Hold", "java", "int one(int a) { return twice(a, 1); }",
                                "int one(int a) { return twice(a, 2); }")]),
        (javatest.read, SILENCED, []),
        (refaster.read, TEMPLATE, [
            ("BagRules/BagNone less-efficient", "java",
             f"boolean bagNone(Bag<T> bag) {{ return bag.{which}().size() == 0; }}",
             "boolean bagNone(Bag<T> bag) { return bag.none(); }")
            for which in ("all", "some")
        ]),
        (partial(roslyn.read, pattern="*.cs"), FIX, [("Hold", "c_sharp", "class C { void M() { Go(1); } }",
                                                      "class C { void M() { Go(2); } }")]),
        (partial(roslyn.read, pattern="*.cs"), ROWS, [
            ("Hold", "c_sharp", f"class C {{ void M() {{ Go({old}); }} }}", "class C { void M() { Go(a); } }")
            for old in ("a == true", "!(!a)")
        ]),
        (partial(roslyn.read, pattern="*.cs"), CHAIN, [("Hold", "c_sharp", "class C { int F() => 1; }",
                                                        "class C { int F() => 2; }")]),
        (partial(go.golden, ruled="/(s1000)/"), GOLDEN, [("s1000", "go", "package x func f() { g(1) }",
                                                          "package x func f() { g(2) }")]),
        (go.documented, DOCUMENTED, [("hold", "go", "hold(x, x)", "hold(x)")]),
        (go.samples, SAMPLES, [("G999", "go", "func main() { open(name, 0777) }", "func main() { open(name, 0600) }")]),
        (clang.read_tidy, TIDY, [("hold-on", "cpp", "void f(int *p) { hold(p, 0); hold(p, 0); }",
                                  "void f(int *p) { hold(p, nullptr); hold(p, 0); }")]),
        (clang.read_standards, NEAR, [("ABC1-C", "c", "void f(int n) { take(n + 1); }", "void f(int n) { take(n); }")]),
        (pmd.read, CASES, [("performance/Hold", "java", "int f(B b) { return b.all().size(); }",
                            "int f(B b) { return b.size(); }")]),
        (infer.read, ISSUES, [("nullptr-dereference", "c", "int take(int *p) { return *p + 1; }",
                               "int take(int *p) { return p ? *p + 1 : 0; }")]),
        (guides.read_uber, TABLE, [("hold", "go", "hold(a, a)", "hold(a)")]),
        (partial(guides.read_pages, pattern="docs/bugpattern/*.md"), PAGE, [("Hold", "java", "hold(one, two);",
                                                                             "hold(one);")]),
    ],
    ids=["help", "signs", "alerts", "rewrite", "diagnostic", "silenced", "template", "fix", "rows", "chain", "golden",
         "documented", "samples", "tidy", "standards", "cases", "issues", "table", "page"],
)  # fmt: skip
def test_reader(tmp_path: Path, read: Read, files: Files, expected: list[tuple[str, str, str, str]]) -> None:
    check(tmp_path / "clone", read, files, expected)
