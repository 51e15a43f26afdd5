"""One file from an address: the only code of Themis that reaches out, called by ``themis model pull`` alone.

What comes in is bounded, and whoever calls compares its digest; nothing about this machine is sent but a version.
"""

import urllib.request
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING, Final, TextIO, cast
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit

from themis_cli.progress import counted
from themis_lsp import __version__
from themis_model.error import ModelError

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

_CHUNK: Final = 64 * 1024  # bytes
_PATIENCE: Final = 30.0  # seconds without a byte
_LONGEST: Final = 1800.0  # seconds for everything
_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


def fetch(address: str, most: int, err: TextIO | None) -> bytes:
    """Get a file whole, over https, or over http from this machine itself.

    Args:
        address: where it is, as the user gave it.
        most: bytes; a longer file is refused.
        err: a terminal for the progress bar, if it takes long.

    Raises:
        ModelError: the address is not allowed, cannot be reached or redirects to one that is not allowed, or the
            file is too large or broke off.
    """
    shown = without_secrets(address)
    try:
        with closing(_answer(address)) as answer:
            return _whole(answer, most, shown, err)
    except HTTPError as problem:
        with problem:
            raise ModelError(f"cannot get {shown}: the server says {problem.code} {problem.reason}") from None
    except (OSError, HTTPException, ValueError) as problem:
        why = " ".join(str(getattr(problem, "reason", problem)).split()) or type(problem).__name__
        raise ModelError(f"cannot get {shown}: {why}; run it again to start over") from None


def without_secrets(address: str) -> str:
    """An address as it may be printed: a query may hold a token, and so may what stands before an @."""
    plain = address.split("?")[0].split("#")[0]
    scheme, mark, rest = plain.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def _answer(address: str) -> HTTPResponse:
    """The answer at the end of all redirects, each of which has to be allowed by itself."""
    opener = _opener()
    for _ in range(_MOST_REDIRECTS + 1):
        _check(address)
        headers = {"User-Agent": f"themis/{__version__}", "Accept-Encoding": "identity"}
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  (checked right above)
        try:
            return cast("HTTPResponse", opener.open(request, timeout=_PATIENCE))
        except HTTPError as refusal:
            target = refusal.headers.get("Location") if refusal.code in _REDIRECTS else None
            if target is None:
                raise
            refusal.close()
            following = urljoin(address, target)
            if urlsplit(address).scheme == "https" and urlsplit(following).scheme != "https":
                raise ModelError(
                    f"{without_secrets(address)} redirects away from https, to {without_secrets(following)}: refused"
                ) from None
            address = following
    raise ModelError(f"{without_secrets(address)} is behind more than {_MOST_REDIRECTS} redirects: refused")


def _opener() -> "OpenerDirector":
    # The usual opener would also follow redirects by itself, and read ftp:, file: and data: addresses.
    opener = urllib.request.OpenerDirector()
    proxies = {scheme: proxy for scheme, proxy in urllib.request.getproxies().items() if scheme == "https"}
    for handler in (
        urllib.request.ProxyHandler(proxies), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor(),
    ):  # fmt: skip
        opener.add_handler(handler)
    return opener


def _check(address: str) -> None:
    parts = urlsplit(address)
    shown = without_secrets(address)
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise ModelError(f"{shown} is not encrypted: name an https address (http is for this machine alone)")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ModelError(f"{shown} is no address of a model: name an https address, a file or a folder")
    if parts.username is not None:
        raise ModelError(f"{shown} comes with a user name: it would be sent along; get the file yourself and name it")


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _whole(answer: HTTPResponse, most: int, shown: str, err: TextIO | None) -> bytes:
    expected = answer.length
    if expected is not None and expected > most:
        raise ModelError(f"{shown} is too large: {expected / 1e6:.0f} MB, where {most / 1e6:.0f} are the most")
    content = bytearray()
    for chunk in counted(_chunks(answer), expected, "fetched", err, size=len):
        content += chunk
        if len(content) > most:
            raise ModelError(f"{shown} is too large: more than {most / 1e6:.0f} MB")
    if expected is not None and len(content) < expected:
        raise ModelError(f"{shown} broke off after {len(content)} of {expected} bytes; run it again to start over")
    return bytes(content)


def _chunks(answer: HTTPResponse) -> Iterator[bytes]:
    start = monotonic()
    while chunk := answer.read1(_CHUNK):  # whatever has come: a slow server must not hide the clock
        yield chunk
        if monotonic() - start > _LONGEST:
            raise TimeoutError(f"not complete after {_LONGEST / 60:.0f} minutes")
