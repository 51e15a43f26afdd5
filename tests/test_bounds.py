"""Whatever is in a file, a patch, a report or a bundle, time and memory stay within bounds, and the reason is said.

Each row runs in a process of its own, with the processor time and the address space it may take at most.
"""

import os
import sys
from collections.abc import Callable

import pytest

from themis_lsp.change import FileChange
from themis_lsp.edits import NEW, TOO_TANGLED, edits_of
from themis_lsp.error import PatchError
from themis_lsp.patch import changes_from_patch
from themis_lsp.unified import TOO_LARGE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot bound a process so")

SECONDS = 30  # of processor time; what was unbounded took minutes and more
MEMORY = 3 << 30  # bytes of address space


def check(ask: Callable[[], str], want: str) -> None:
    """The answer, from a process that is ended if it takes more than it may."""
    import resource  # not on Windows

    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        try:
            answer = ask()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode("utf-8", "replace"))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as answers:
        found = answers.read()
    assert (os.waitpid(child, 0)[1], found) == (0, want)


def outcome(path: str, text: str) -> str:
    """What is said of the end of a text being changed."""
    found = edits_of([FileChange(path, text, f"{text}\nx = 1;\n")])
    return "; ".join(sorted({getattr(one, "because", "judged") for one in found}))


SOURCES = [
    *((f"a.{end}", "(" * 100_000 + ")" * 100_000, TOO_TANGLED) for end in ("c", "cpp", "cs", "go", "java", "js", "ts")),
    *((f"a.{end}", "(" * 100_000 + ")" * 100_000, TOO_TANGLED) for end in ("py", "rb")),
    ("a.py", "[" * 100_000, TOO_TANGLED),
    ("a.js", "`${" * 100_000, TOO_TANGLED),
    ("a.cpp", "a<" * 200_000, TOO_TANGLED),
    ("a.java", "class A{" * 50_000 + "}" * 50_000, TOO_TANGLED),
    ("a.rb", "class A;" * 60_000 + "end;" * 60_000, TOO_TANGLED),
    ("a.rb", "class A;" * 10_000 + "end;" * 10_000, NEW),
    ("a.go", " /*x" * 200_000, TOO_TANGLED),
    ("a.go", "!" * 500_000, TOO_TANGLED),
    ("a.py", "x = [" + "1," * 300_000 + "]", "judged"),
    ("a.py", "x = 1" + " + 1" * 100_000, TOO_TANGLED),
    ("a.js", "x = (" * 400 + "1" + ")" * 400, "judged"),
]


@pytest.mark.parametrize(("path", "text", "want"), SOURCES, ids=[f"{row[0]} {row[1][:8]}" for row in SOURCES])
def test_sources(path: str, text: str, want: str) -> None:
    check(lambda: outcome(path, text), want)


def patched(text: str) -> str:
    try:
        return f"{len(list(changes_from_patch(text).changes))} files"
    except PatchError as error:
        return str(error)


NEW_FILE = "--- /dev/null\n+++ b/n.py\n"
PATCHES: dict[str, tuple[Callable[[], str], str]] = {
    "lines": (lambda: f"{NEW_FILE}@@ -0,0 +1,1000000 @@\n" + "+\n" * 1_000_000, TOO_LARGE),
    "fewer lines": (lambda: f"{NEW_FILE}@@ -0,0 +1,300000 @@\n" + "+\n" * 300_000, "1 files"),
    "a long line": (lambda: f"{NEW_FILE}@@ -0,0 +1 @@\n+{'a' * 100_000_000}\n", TOO_LARGE),
    "a shorter line": (lambda: f"{NEW_FILE}@@ -0,0 +1 @@\n+{'a' * 19_000_000}\n", "1 files"),
    "headers": (lambda: "diff --git a/n b/n\n" * 100_000, "100000 files"),
    "a long header": (lambda: f"diff --git a/n b/n\n{'x' * 19_000_000}\n", "1 files"),
    "a header of many lines": (lambda: "diff --git a/n b/n\n" + "x\n" * 300_000, "1 files"),
    "slashes": (lambda: f"diff --git {'a/' * 9_000_000}\n@@ -1 +1 @@\n-a\n+b\n", "1 files"),
    "a hunk that claims to be large": (
        lambda: f"{NEW_FILE}@@ -0,0 +1,99999999999999 @@\n+a\n",
        "the patch cannot be read, Hunk is shorter than expected: was it cut off?",
    ),
}


@pytest.mark.parametrize("name", PATCHES)
def test_patches(name: str) -> None:
    make, want = PATCHES[name]
    check(lambda: patched(make()), want)
