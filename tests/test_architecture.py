"""The shape of the code: who may import whom, how long a file may grow, and what starting up may load."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
HOLDERS = ("cli", "model", "training", "bench")  # folders that hold one package each, and are none themselves
CEILING = 400  # lines a file


@dataclass(frozen=True)
class Layer:
    """What one layer may import besides itself and the standard library."""

    anywhere: frozenset[str]
    inside_functions: frozenset[str] = frozenset()


def layer(anywhere: str, inside_functions: str = "") -> Layer:
    return Layer(frozenset(anywhere.split()), frozenset(inside_functions.split()))


LAYERS = {
    "themis_model": layer("numpy", "onnxruntime tokenizers"),
    "themis_lsp": layer("themis_model tree_sitter unidiff", "git"),
    "themis_lsp.server": layer("themis_lsp themis_model pygls lsprotocol"),
    "themis_cli": layer(
        "themis_lsp themis_model rich typer", "pyarrow pygments themis_lsp.server themis_training themis_bench"
    ),
    "themis_bench": layer("themis_lsp themis_model numpy rich typer", "onnxruntime psutil pyarrow tokenizers"),
    "themis_training": layer(
        "themis_bench themis_lsp themis_model numpy rich typer onnx optimum pyarrow tokenizers torch transformers "
        "tree_sitter datasketch",
        "onnxruntime",
    ),
}
GIT_FILES = "themis_lsp/git*"  # alone may import GitPython or start git


def layer_of(module: str) -> str:
    """The innermost layer a module is in, or for a foreign one the package."""
    steps = module.split(".")
    names = (".".join(steps[:end]) for end in range(len(steps), 0, -1))
    return next((name for name in names if name in LAYERS), steps[0])


def module_of(path: str) -> str:
    steps = PurePosixPath(path).with_suffix("").parts
    return ".".join(steps[1:] if steps[0] in HOLDERS else steps)


def imports(node: ast.AST, lazy: bool) -> Iterator[tuple[ast.stmt, str, bool]]:
    """Each imported name in dotted form, and whether it waits for a call (or for a type checker)."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((child, alias.name, lazy) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = "." * child.level + (child.module or "")
            yield from ((child, f"{base}.{alias.name}", lazy) for alias in child.names)
        else:
            waits = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            typing = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from imports(child, lazy or waits or typing)


def starts_git(node: ast.AST) -> bool:
    """Whether an expression is a git command line, or a call that is given one as text."""
    if isinstance(node, ast.Call):
        words = node.args if ast.unparse(node.func).startswith(("subprocess.", "os.")) else []
    else:
        words = node.elts if isinstance(node, ast.List | ast.Tuple) else []
        words = words if all(isinstance(word, ast.Constant | ast.Starred) for word in words[:2]) else []
    first = words[0] if words else None
    return isinstance(first, ast.Constant) and re.match(r"git( |$)", str(first.value)) is not None


def violations(path: str, source: str) -> list[str]:
    """Every line of one source file that the layer table forbids."""
    tree = ast.parse(source)
    here = layer_of(module_of(path))
    allowed = LAYERS[here]
    is_git = PurePosixPath(path).match(GIT_FILES)
    found = []
    for statement, name, lazy in imports(tree, lazy=False):
        target = layer_of(name)
        if name.startswith("."):
            found.append(f"{path}:{statement.lineno} imports relatively")
        elif target == "git" and not is_git:
            found.append(f"{path}:{statement.lineno} imports git outside {GIT_FILES}")
        elif target in allowed.inside_functions and not lazy:
            found.append(f"{path}:{statement.lineno} imports {target} at module level")
        elif target != here and target not in allowed.anywhere | allowed.inside_functions | sys.stdlib_module_names:
            found.append(f"{path}:{statement.lineno} imports {target}")
    if not is_git:
        found += [
            f"{path}:{node.lineno} starts git"
            for node in ast.walk(tree)
            if isinstance(node, ast.expr) and starts_git(node)
        ]
    return found


@pytest.mark.parametrize(
    ("path", "source", "want"),
    [
        ("themis_lsp/review.py", "import json\nfrom themis_lsp.diff import x\nfrom themis_model.encode import y", []),
        ("themis_lsp/review.py", "import themis_cli.main", ["1 imports themis_cli"]),
        ("themis_lsp/review.py", "from themis_lsp.server import app", ["1 imports themis_lsp.server"]),
        ("themis_lsp/review.py", "from themis_lsp import server", ["1 imports themis_lsp.server"]),
        ("themis_lsp/server/app.py", "import pygls.lsp\nfrom themis_lsp.review import review", []),
        ("themis_lsp/review.py", "def f():\n    import pygls", ["2 imports pygls"]),
        ("themis_lsp/review.py", "from .diff import x", ["1 imports relatively"]),
        ("themis_lsp/review.py", "from git import Repo", ["1 imports git outside themis_lsp/git*"]),
        ("themis_lsp/git.py", "def f():\n    from git import Repo", []),
        ("themis_lsp/git.py", "from git import Repo", ["1 imports git at module level"]),
        ("cli/themis_cli/demo.py", "subprocess.run(['git', 'init'])", ["1 starts git"]),
        ("cli/themis_cli/demo.py", "os.system('git init')\nf('git')\nx = ['github', 'git']", ["1 starts git"]),
        ("cli/themis_cli/doctor.py", "x = ('git', version())\ny = ('git', *options)", ["2 starts git"]),
        ("cli/themis_cli/main.py", "import themis_training.cli", ["1 imports themis_training at module level"]),
        ("cli/themis_cli/main.py", "class A:\n  def f(self):\n    if x:\n      import themis_training.cli", []),
        ("model/themis_model/onnx.py", "if TYPE_CHECKING:\n    import onnxruntime", []),
        ("model/themis_model/onnx.py", "if x:\n    import onnxruntime", ["2 imports onnxruntime at module level"]),
        ("model/themis_model/onnx.py", "def f():\n    import torch", ["2 imports torch"]),
        ("bench/themis_bench/accuracy.py", "def f():\n    import themis_training", ["2 imports themis_training"]),
        ("training/themis_training/fit.py", "import torch\nfrom themis_bench.metrics import ece", []),
    ],
)  # fmt: skip
def test_the_table_is_applied(path: str, source: str, want: list[str]) -> None:
    assert violations(path, source) == [f"{path}:{problem}" for problem in want]


NETWORK = frozenset({"ftplib", "http", "imaplib", "poplib", "smtplib", "socket", "socketserver", "ssl", "xmlrpc"})
REACHES_OUT = "cli/themis_cli/fetch.py"


def reaches_out(name: str) -> bool:
    return name.split(".")[0] in NETWORK or name.startswith(("urllib.request", "urllib.error"))


def test_only_one_file_can_reach_the_network() -> None:
    sources = [path for path in tracked(".py") if layer_of(module_of(path)) in LAYERS]
    found = {
        path for path in sources for _, name, _ in imports(ast.parse(text_of(path)), lazy=False) if reaches_out(name)
    }
    assert found == {REACHES_OUT}


def tracked(*suffixes: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout")
    return [path for path in listed.stdout.split("\0") if path.endswith(suffixes) and (ROOT / path).is_file()]


def text_of(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def test_imports_follow_the_layers() -> None:
    sources = [path for path in tracked(".py") if layer_of(module_of(path)) in LAYERS]
    assert len(sources) > len(LAYERS)
    assert [problem for path in sources for problem in violations(path, text_of(path))] == []


def test_no_file_grows_beyond_the_ceiling() -> None:
    lengths = {path: len(text_of(path).splitlines()) for path in tracked(".py", ".ts", ".lua")}
    assert {path: length for path, length in lengths.items() if length > CEILING} == {}


def test_holding_folders_are_no_packages() -> None:
    assert [
        path for path in tracked("__init__.py") if path.count("/") == 1 and path.startswith((*HOLDERS, "tests"))
    ] == []


FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.~}])/(?:home|Users|root|work|workspace)/\w|[A-Z]:\\+Users\\"),
    "the address of a package index": re.compile(r"index-url|find-links|https?://[\w.]*pypi|\"resolved\": \"http"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_is_tied_to_one_machine(what: str) -> None:
    texts = {path: text_of(path) for path in tracked("") if b"\0" not in (ROOT / path).read_bytes()[:8000]}
    found = [
        f"{path}:{number}"
        for path, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if FORBIDDEN[what].search(line) and path != "tests/test_architecture.py"
    ]
    assert found == []


HEAVY = frozenset({
    "git", "lsprotocol", "numpy", "onnxruntime", "optimum", "pyarrow", "pygls", "tokenizers", "torch", "transformers",
    "tree_sitter", "unidiff",
})  # fmt: skip


@pytest.mark.parametrize(
    ("module", "may_load"),
    [
        ("themis_cli.main", set()),
        ("themis_lsp.config", set()),
        ("themis_lsp.review", {"numpy"}),
        ("themis_model.onnx", {"numpy"}),
    ],
)
def test_starting_up_is_light(module: str, may_load: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {name for name in loaded.split() if name in HEAVY} <= may_load


def test_every_dependency_has_one_tried_version() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    extras = project["optional-dependencies"].values()
    lines = [line for line in text_of("constraints.txt").splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    pins = dict(line.split("==") for line in lines)
    needed = [Requirement(text) for texts in (project["dependencies"], *extras) for text in texts]
    assert [str(n) for n in needed if not n.specifier.contains(pins.get(canonicalize_name(n.name), "0"))] == []
