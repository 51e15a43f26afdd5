"""Models from addresses: whole or not at all, over nothing but https, and from nowhere the user did not name."""

import hashlib
import os
import shutil
import signal
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.test_cli import PATH, THEMIS
from tests.test_models import BUNDLE, NAME, OTHERS, SIZE, TAR, here, kept, models, pull, refused
from themis_cli.context import Context

__all__ = ["here"]  # a fixture


NOBODY = "http://127.0.0.1:1"


class Server(BaseHTTPRequestHandler):
    """Hands out ``TAR``, and everything that goes wrong on the way."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name, _, rest = self.path[1:].partition("?")[0].partition("/")
        getattr(self, f"give_{name}", self.give_missing)(rest)

    def give_whole(self, _: str) -> None:
        self._give(200, TAR, {"Content-Length": str(len(TAR))})

    def give_chunks(self, _: str) -> None:
        self._give(200, b"%x\r\n%b\r\n0\r\n\r\n" % (len(TAR), TAR), {"Transfer-Encoding": "chunked"})

    def give_half(self, _: str) -> None:
        self._give(200, TAR[: len(TAR) // 2], {"Content-Length": str(len(TAR))})

    def give_half_chunk(self, _: str) -> None:
        self._give(200, b"%x\r\n%b" % (len(TAR), TAR[: len(TAR) // 2]), {"Transfer-Encoding": "chunked"})

    def give_nothing(self, _: str) -> None:
        self.close_connection = True

    def give_noise(self, _: str) -> None:
        self.wfile.write(b"220 mail.example.org ESMTP\r\n")
        self.close_connection = True

    def give_large(self, _: str) -> None:
        self._give(200, b"", {"Content-Length": str(1 << 40)})

    def give_endless(self, _: str) -> None:
        self._give(200, b"", {"Transfer-Encoding": "chunked"})
        while True:  # until the reader goes away
            self.wfile.write(b"10000\r\n%b\r\n" % bytes(1 << 16))

    def give_held(self, _: str) -> None:
        """Half of it, and then nothing, until the other side hangs up."""
        self._give(200, TAR[: len(TAR) // 2], {"Content-Length": str(len(TAR))})
        self.server.halfway.set()  # type: ignore[attr-defined]  # of the one server below
        self.rfile.read(1)

    def give_kept(self, _: str) -> None:
        """All of it, on a line that stays open until the other side hangs up."""
        self._give(200, TAR, {"Content-Length": str(len(TAR))})
        self.rfile.read(1)

    def give_to(self, target: str) -> None:
        self._give(302, b"", {"Location": target, "Content-Length": "0"})

    def give_around(self, rest: str) -> None:
        self._give(307, b"", {"Location": f"/around/{rest}x", "Content-Length": "0"})

    def give_hop(self, _: str) -> None:
        self._give(301, b"", {"Location": "/whole", "Content-Length": "0"})

    def give_missing(self, _: str) -> None:
        self._give(404, b"", {"Content-Length": "0"})

    def _give(self, code: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(code, "\x1b[31mno" if code == 404 else None)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (its name there)
        pass


class Quiet(ThreadingHTTPServer):
    def __init__(self, certificate: Path | None) -> None:
        super().__init__(("127.0.0.1", 0), Server)
        if certificate:
            secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            secured.load_cert_chain(certificate)
            self.socket = secured.wrap_socket(self.socket, server_side=True)
        self.halfway = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that went away is what some of the tests are about."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Quiet]:
    with Quiet(certificate) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[Quiet]:
    with serving() as running:
        yield running


def at(server: Quiet, path: str, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{server.server_port}/{path}"


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("whole", "127.0.0.1"), ("whole?token=1", "localhost"), ("chunks", "127.0.0.1"), ("hop", "127.0.0.1"),
        ("kept", "127.0.0.1"),
    ],
)  # fmt: skip
def test_a_model_comes_from_an_address(
    here: Context, server: Quiet, path: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", NOBODY)  # what is on this machine is not told to another
    said = pull(here, at(server, path, host), f"sha256:{hashlib.sha256(TAR).hexdigest().upper()}")
    assert "token" not in said
    assert kept(here) == {NAME: BUNDLE}


# a path on the server or an address, words of the refusal
TRANSFERS = [
    ("half", "broke off after"),
    ("half_chunk", "run it again to start over"),
    ("nothing", "run it again to start over"),
    ("noise", "run it again to start over"),
    ("large", "is too large: 1099512 MB, where 27 are the most"),
    ("endless", "is too large: more than 27 MB"),
    ("nowhere", "the server says 404"),
    ("around/", "more than 5 redirects"),
    ("to/file:///etc/passwd", "no address of a model"),
    ("to/ftp://example.org/x", "no address of a model"),
    ("to/http://example.org/x", "http://example.org/x is not encrypted"),
    ("hop?", None),
    ("http://example.org/x?key=secret", "http://example.org/x is not encrypted"),
    ("http://127.0.0.1.example.org/x", "is not encrypted"),
    ("http://127.0.0.1@example.org/x", "http://example.org/x is not encrypted"),
    ("ftp://example.org/x", "no address of a model"),
    ("file:///etc/passwd", "no address of a model"),
    ("data://x", "no address of a model"),
    ("https:///x", "no address of a model"),
    ("https://me:secret@example.org/x", "https://example.org/x comes with a user name"),
    ("https://[::1/x", "cannot get"),
    (f"{NOBODY}/x", "Connection refused"),
]


@pytest.mark.parametrize(("path", "words"), TRANSFERS)
def test_transfers_that_fail_leave_nothing(here: Context, server: Quiet, path: str, words: str | None) -> None:
    source = path if "://" in path and not path.startswith("to/") else at(server, path)
    refused(here, words or "not the one given", source, OTHERS)
    assert not models(here).exists()


def test_an_address_needs_a_digest(here: Context, server: Quiet) -> None:
    refused(here, "an address needs --sha256", at(server, "whole"))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """One for 127.0.0.1, with its key."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("there is no openssl to make a certificate with")
    made = tmp_path / "certificate.pem"
    words = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=here"
    where = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(tmp_path / "key.pem"), "-out", str(made)]
    subprocess.run([openssl, *words.split(), *where], check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + (tmp_path / "key.pem").read_bytes())
    return made


def test_over_https(here: Context, server: Quiet, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(certificate) as secure:
        source, digest = at(secure, "whole").replace("http:", "https:"), hashlib.sha256(TAR).hexdigest()
        refused(here, "certificate verify failed", source, digest)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        away = at(secure, f"to/{at(server, 'whole')}").replace("http:", "https:", 1)
        refused(here, "redirects away from https, to http://127.0.0.1", away, digest)
        pull(here, source, digest)
        monkeypatch.setenv("https_proxy", NOBODY)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        refused(here, "Connection refused", source, digest)
    assert kept(here) == {NAME: BUNDLE}


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_transfer_leaves_nothing(here: Context, sent: signal.Signals, code: int) -> None:
    with serving() as server:
        command = [*THEMIS, "model", "pull", at(server, "held"), "--sha256", OTHERS]
        environ = {**os.environ, **here.environ, "PYTHONPATH": PATH}
        process = subprocess.Popen(command, cwd=here.folder, env=environ, stderr=subprocess.PIPE)
        assert server.halfway.wait(60)
        process.send_signal(sent)
        _, complaint = process.communicate()
    assert (process.returncode, complaint) == (code, b"")
    assert not models(here).exists()


def test_the_command_line(here: Context, server: Quiet) -> None:
    environ = {**os.environ, **here.environ, "PYTHONPATH": PATH}

    def themis(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*THEMIS, *arguments], cwd=here.folder, env=environ, capture_output=True, text=True)

    missing = themis("model", "pull", at(server, "nowhere"), "--sha256", OTHERS)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "\x1b" not in missing.stderr
    digest = hashlib.sha256(TAR).hexdigest()
    done = themis("model", "pull", at(server, "whole"), "--sha256", digest, "--name", "ours")
    assert (done.returncode, done.stderr) == (0, "")
    assert "ours" in themis("model", "list").stdout
    assert themis("model", "verify", "ours").returncode == 0
    assert f"model        {NAME}, {SIZE}, {models(here) / 'ours'}" in themis("doctor", "--model", "ours").stdout
