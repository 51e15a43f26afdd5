"""The server as a process: how it ends, what it says where, and what it loads before it has to."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.test_bad_input import message, raw
from tests.test_cli import PATH, themis

BEGIN = message("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, id=1)
READY = message("initialized", {})
SHUTDOWN = raw('{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}')
EXIT = raw('{"jsonrpc": "2.0", "method": "exit"}')


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (BEGIN + READY + SHUTDOWN + EXIT, 0),
        (BEGIN + READY + EXIT, 1),
        (BEGIN, 1),
        (b"", 1),
    ],
    ids=["goodbye", "no goodbye", "gone", "nothing"],
)
def test_how_it_ends(said: bytes, status: int, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "themis_cli.start", "lsp"],
        cwd=tmp_path, env={"PYTHONPATH": PATH, "XDG_CONFIG_HOME": str(tmp_path)}, input=said, capture_output=True,
        timeout=60,
    )  # fmt: skip
    assert ran.returncode == status, ran.stderr
    assert ran.stderr == b""
    assert not ran.stdout or ran.stdout.startswith(b"Content-Length: ")


def test_what_is_said_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "said").write_bytes(BEGIN + READY + SHUTDOWN + EXIT)
    with (tmp_path / "said").open("rb") as said:
        ran = subprocess.run(
            [sys.executable, "-m", "themis_cli.start", "lsp"],
            cwd=tmp_path, env={"PYTHONPATH": PATH}, stdin=said, capture_output=True, timeout=60,
        )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b'"capabilities"' in ran.stdout


def test_over_tcp(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "themis_cli.main", "lsp", "--tcp", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, cwd=tmp_path, env={"PYTHONPATH": PATH}, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    assert "waiting" in process.stderr.readline()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(BEGIN)
        assert client.recv(15) == b"Content-Length:"
        client.sendall(SHUTDOWN + EXIT)
        assert process.wait(60) == 0
    process.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tcp", "9257"), "expected HOST:PORT"),
        (("--tcp", "127.0.0.1:x"), "expected HOST:PORT"),
        (("--tcp", "127.0.0.1:99999"), "cannot listen on"),
        (("--stdio", "--tcp", "127.0.0.1:1"), "exclude each other"),
    ],
)
def test_refusals(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    ran = themis("lsp", *arguments, folder=tmp_path)
    assert ran.returncode == 2
    assert words in ran.stderr


WHAT_IS_LOADED = """
import atexit, sys
from themis_cli.start import run

sys.argv[1:] = ["lsp", "--stdio"]
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
run()
"""


def test_nothing_heavy_is_loaded_before_the_client_is_answered(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WHAT_IS_LOADED]
    ran = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": PATH}, input=BEGIN, capture_output=True, timeout=60)
    assert b'"capabilities"' in ran.stdout
    loaded = set(ran.stderr.decode().split())
    assert "lsprotocol.types" in loaded
    assert not {"git", "numpy", "onnxruntime", "rich", "tokenizers", "tree_sitter", "typer"} & loaded
