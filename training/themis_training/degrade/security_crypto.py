"""Degradations of security: hashes, random sources, connections, modes of files, comparisons of secrets."""

import random
import re
from collections.abc import Iterator

from themis_training.degrade.function import Function, Replacement, Way, replace, text_of
from themis_training.degrade.operator import ALL, SCRIPTS, Operator, any_of, for_all
from themis_training.degrade.security_calls import adding, calling, held, words
from themis_training.degrade.syntax import NUMBERS, STRINGS

_NAMES = ("identifier", "property_identifier", "field_identifier", "constant", "type_identifier")
_PIECES = ("string_content", "string_fragment", "string_literal_content", "interpreted_string_literal_content")
_HASHES = {
    **dict.fromkeys(("sha256", "sha512", "sha384", "sha3_256", "sha224", "blake2b"), ("md5", "sha1")),
    **dict.fromkeys(("SHA256", "SHA512", "SHA384", "SHA3_256"), ("MD5", "SHA1")),
    **dict.fromkeys(("Sha256", "Sha512"), ("Md5", "Sha1")),
    **dict.fromkeys(("SHA-256", "SHA-512", "SHA-384"), ("MD5", "SHA-1")),
    **dict.fromkeys(("sha256Hex", "sha512Hex"), ("md5Hex", "sha1Hex")),
    **dict.fromkeys(("EVP_sha256", "EVP_sha512", "EVP_sha384"), ("EVP_md5", "EVP_sha1")),
    **dict.fromkeys(("HmacSHA256", "HmacSHA512"), ("HmacMD5", "HmacSHA1")),
    **dict.fromkeys(("HMACSHA256", "HMACSHA512"), ("HMACMD5", "HMACSHA1")),
}


def _hash_package(function: Function, draw: random.Random) -> Iterator[Way]:
    """Go's ``sha256.Sum256`` and ``sha256.New``."""
    for captures in function.matches(
        "(selector_expression operand: (identifier) @package field: (field_identifier) @name)"
    ):
        package, name = text_of(captures["package"]), text_of(captures["name"])
        if package in ("sha256", "sha512") and re.fullmatch(r"New|Sum256|Sum512", name):
            whole = (replace(captures["package"], draw.choice(("md5", "sha1"))),)
            yield Way(whole if name == "New" else (*whole, replace(captures["name"], "Sum")))


_MODES = {"0600": ("0666", "0777"), "0640": ("0666",), "0644": ("0666", "0777"), "0700": ("0777",), "0750": ("0777",),
          "0755": ("0777",), "0o600": ("0o666", "0o777"), "0o640": ("0o666",), "0o644": ("0o666", "0o777"),
          "0o700": ("0o777",), "0o750": ("0o777",), "0o755": ("0o777",)}  # fmt: skip
_TLS = {"VERIFY_PEER": ("VERIFY_NONE",), "SSL_VERIFY_PEER": ("SSL_VERIFY_NONE",), "CERT_REQUIRED": ("CERT_NONE",),
        "MBEDTLS_SSL_VERIFY_REQUIRED": ("MBEDTLS_SSL_VERIFY_NONE",)}  # fmt: skip


def _cleartext(function: Function, _: random.Random) -> Iterator[Way]:
    for node in function.nodes(*STRINGS):
        text, statement = text_of(node), node.parent
        documents = statement is not None and statement.type == "expression_statement"
        own = re.search(r"(?i)localhost|w3\.org|schema|xmlns|github\.com|\s", text)
        if "https://" in text and not own and not documents and text.count("https://") == 1:
            start = node.start_byte + text.encode().index(b"https://")
            yield Way((Replacement(start, start + len(b"https://"), "http://"),))


def _plain_random(function: Function, _: random.Random) -> Iterator[Way]:
    """Java's ``new SecureRandom()``, with the type of the variable that holds it."""
    for captures in function.matches(
        "(local_variable_declaration type: (_) @type declarator: (variable_declarator"
        ' value: (object_creation_expression type: (_) @made)) (#eq? @made "SecureRandom"))'
    ):
        if text_of(captures["type"]) == "SecureRandom":
            yield Way((replace(captures["type"], "Random"), replace(captures["made"], "Random")))
        else:
            yield Way((replace(captures["made"], "Random"),))


def _skip_verify(function: Function, _: random.Random) -> Iterator[Way]:
    for captures in function.matches(
        '(composite_literal type: (qualified_type) @type body: (literal_value) @body (#eq? @type "tls.Config"))'
    ):
        body = captures["body"]
        if "InsecureSkipVerify" not in text_of(body):
            start, first = body.start_byte + 1, next(iter(body.named_children), None)
            if first is None:
                yield Way((Replacement(start, start, "InsecureSkipVerify: true"),))
            elif "\n" in text_of(body):
                line = f"InsecureSkipVerify: true,\n{function.indent(first)}"
                yield Way((Replacement(first.start_byte, first.start_byte, line),))
            else:
                yield Way((Replacement(start, start, "InsecureSkipVerify: true, "),))


def _is_equal(_: str, given: list[str]) -> str:
    return f"({given[0]} == {given[1]})"


def _rolled(_: str, given: list[str]) -> str:
    return f"bytes(random.randrange(256) for _ in range({given[0]}))"


def _rolled_buffer(_: str, given: list[str]) -> str:
    return f"Buffer.from(Array.from({{ length: {given[0]} }}, () => Math.floor(Math.random() * 256)))"


_CUT_UUID = "Math.random().toString(36).slice(2) + Date.now().toString(36)"
_TRUSTING = "new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true })"
_EQUALS = {
    "c_sharp": calling(r"CryptographicOperations\.FixedTimeEquals",
                       lambda _, g: f"{held(g[0])}.SequenceEqual({g[1]})", 2),
    "go": any_of(
        calling(r"hmac\.Equal", lambda _, g: f"bytes.Equal({g[0]}, {g[1]})", 2),
        calling(r"subtle\.ConstantTimeCompare", lambda _, g: f"bytes.Compare({g[0]}, {g[1]}) + 1", 2),
    ),
    "java": calling(r"MessageDigest\.isEqual", lambda _, g: f"Arrays.equals({g[0]}, {g[1]})", 2),
    **for_all(calling(r"(?:crypto\.)?timingSafeEqual",
                      lambda _, g: f"Buffer.compare({g[0]}, {g[1]}) === 0", 2), *SCRIPTS),
    "python": calling(r"(?:\w+\.)?(?:compare_digest|constant_time_compare|safe_str_cmp)", _is_equal, 2),
    "ruby": calling(r"(?:[\w:]+\.)?(?:fixed_length_)?secure_compare", _is_equal, 2),
    **for_all(calling(r"CRYPTO_memcmp|sodium_memcmp|timingsafe_(?:bcmp|memcmp)|consttime_memequal",
                      lambda _, g: f"memcmp({', '.join(g)})", 3), "c", "cpp"),
}  # fmt: skip
_RANDOM = {
    "python": any_of(
        calling(r"os\.urandom|secrets\.token_bytes", _rolled, 1),
        calling(r"secrets\.token_hex", lambda _, g: f"'%x' % random.getrandbits(8 * {held(g[0])})", 1),
        calling(r"secrets\.choice", lambda _, g: f"random.choice({g[0]})", 1),
        calling(r"secrets\.randbelow", lambda _, g: f"random.randint(0, {g[0]} - 1)", 1),
        calling(r"uuid\.uuid4", lambda *_: "uuid.uuid1()", 0),
    ),
    **for_all(any_of(
        calling(r"(?:crypto\.)?randomBytes", _rolled_buffer, 1),
        calling(r"(?:crypto\.)?randomUUID", lambda *_: _CUT_UUID, 0),
        calling(r"(?:crypto\.)?randomInt", lambda _, g: f"Math.floor(Math.random() * {held(g[-1])})", 1),
    ), *SCRIPTS),
    "ruby": any_of(
        calling(r"SecureRandom\.(?:hex|urlsafe_base64|alphanumeric)",
                lambda _, g: f"Array.new({g[0]}) {{ rand(16).to_s(16) }}.join", 1),
        calling(r"SecureRandom\.random_number", lambda _, g: f"rand({g[0]})", 1),
    ),
    "java": _plain_random,
    "c_sharp": any_of(
        calling(r"RandomNumberGenerator\.GetInt32", lambda _, g: f"new Random().Next({', '.join(g)})"),
        calling(r"RandomNumberGenerator\.Fill", lambda _, g: f"new Random().NextBytes({g[0]})", 1),
    ),
    **for_all(any_of(
        calling(r"arc4random", lambda *_: "((unsigned)rand() ^ ((unsigned)rand() << 16))", 0),
        calling(r"arc4random_uniform", lambda _, g: f"(rand() % {held(g[0])})", 1),
    ), "c", "cpp"),
}  # fmt: skip


_HTTP_CALLS = (
    r"(?:requests|session|self\.session|httpx)\.(?:get|post|put|patch|delete|head|request)|httpx\.(?:Async)?Client"
)
_UNVERIFIED = {
    "go": _skip_verify,
    "python": any_of(
        adding(_HTTP_CALLS, "verify=False", "verify="),
        calling(r"ssl\.create_default_context", lambda *_: "ssl._create_unverified_context()", 0),
        words(_TLS, "identifier"),
    ),
    "ruby": words(_TLS, "constant"),
    **for_all(words(_TLS, "identifier"), "c", "cpp"),
    "java": calling(
        r"HttpClients\.createDefault",
        lambda *_: "HttpClients.custom().setSSLHostnameVerifier(NoopHostnameVerifier.INSTANCE).build()", 0,
    ),
    "c_sharp": calling(r"HttpClient", lambda *_: _TRUSTING, 0),
    **for_all(any_of(
        calling(r"https\.Agent", lambda *_: "new https.Agent({ rejectUnauthorized: false })", 0),
        adding(r"axios\.(?:get|delete|head)", "{ httpsAgent: new https.Agent({ rejectUnauthorized: false }) }", "{"),
    ), *SCRIPTS),
}  # fmt: skip


OPERATORS: tuple[Operator, ...] = (
    Operator("weaken-hash", "weak-hash", "a broken hash takes the place of a sound one",
             {**for_all(words(_HASHES, *_NAMES, *_PIECES), *(key for key in ALL if key != "go")), "go": _hash_package}),
    Operator("weaken-random", "weak-random", "a predictable source takes the place of a secret one", _RANDOM),
    Operator("skip-verification", "certificate-check-off", "a connection no longer checks certificates", _UNVERIFIED),
    Operator("speak-plain-http", "cleartext-transport", "https becomes http", for_all(_cleartext, *ALL)),
    Operator("loosen-mode", "insecure-permissions", "a file or folder is open to everybody",
             for_all(words(_MODES, *NUMBERS), "c", "cpp", "go", *SCRIPTS, "python", "ruby")),
    Operator("compare-plainly", "timing-comparison", "secrets are compared byte by byte until they differ", _EQUALS),
)  # fmt: skip
