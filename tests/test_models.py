"""Models a user pulls: from addresses, archives and folders, whole and checked, or not at all."""

import gzip
import hashlib
import io
import json
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_commands import context, told
from themis_cli import archive, model
from themis_cli.context import Context
from themis_lsp.config import Config, trusted
from themis_model.bundle import DEFAULT, FILES, MANIFEST, REASONS
from themis_model.calibrate import State
from themis_model.criterion import Criterion
from themis_model.error import ModelError, ThemisError

NAME = json.loads((DEFAULT / MANIFEST).read_text("utf-8"))["name"]
BUNDLE = {name: (DEFAULT / name).read_bytes() for name in (MANIFEST, *FILES, REASONS)}
SIZE = f"{sum(map(len, BUNDLE.values())) / 1e6:.1f} MB"
OTHERS = "0" * 64


def as_tar(files: Mapping[str, bytes], *more: tarfile.TarInfo) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as out:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
        for info in more:
            out.addfile(info)
    return packed.getvalue()


def as_zip(files: Mapping[str, bytes], how: int = zipfile.ZIP_DEFLATED, mode: int = stat.S_IFREG | 0o644) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how, compresslevel=1) as out:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = how
            out.writestr(info, content)
    return packed.getvalue()


def below(folder: str) -> dict[str, bytes]:
    return {f"{folder}{name}": content for name, content in BUNDLE.items()}


TAR = as_tar(below("ours/"))


@pytest.fixture
def here(tmp_path: Path) -> Context:
    """A folder to stand in, and a home of its own."""
    folder = tmp_path / "here"
    folder.mkdir()
    found = context(folder)
    home = str(tmp_path / "home")
    return replace(found, environ={**found.environ, "XDG_DATA_HOME": home, "LOCALAPPDATA": home})


def models(here: Context) -> Path:
    return Path(here.environ["XDG_DATA_HOME"]) / "themis" / "models"


def kept(here: Context) -> dict[str, dict[str, bytes]]:
    """Every file of every model, nothing overlooked."""
    return {
        folder.name: {file.name: file.read_bytes() for file in folder.iterdir()} for folder in models(here).glob("*")
    }


def pull(here: Context, source: str, sha256: str | None = None, name: str | None = None, **how: bool) -> str:
    model.pull_and_say(source, sha256, name, here, replaces=how.get("replaces", False))
    return told(here.out)


def refused(here: Context, words: str, *arguments: str | None, **how: bool) -> None:
    """It cannot be done, in one line, and what was there before is there still."""
    before = kept(here)
    with pytest.raises(ThemisError) as problem:
        pull(here, *arguments, **how)  # type: ignore[arg-type]  # rows hold what the helper takes
    assert words in str(problem.value)
    assert "\n" not in str(problem.value)
    assert kept(here) == before


# what is packed, the name it gets
PACKED = {
    "a tar with a folder": TAR,
    "a tar without": as_tar(BUNDLE),
    "a tar of the current folder": as_tar(below("./")),
    "a zip with a folder": as_zip(below("ours/")),
    "a zip without, as another system makes it": as_zip(BUNDLE, mode=0),
    "a zip that compresses nothing": as_zip(BUNDLE, zipfile.ZIP_STORED),
}


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
def test_an_archive_becomes_a_model(here: Context, packed: bytes) -> None:
    (here.folder / "ours").write_bytes(packed)
    said = pull(here, "ours", name="ours")
    assert f"sha256 {hashlib.sha256(packed).hexdigest()}" in said
    assert "themis review --model ours" in said
    assert kept(here) == {"ours": BUNDLE}


def test_a_folder_becomes_a_model_and_is_found_by_name(here: Context) -> None:
    pull(here, str(DEFAULT), name="ours")
    pull(here, str(DEFAULT))
    assert kept(here) == {"ours": BUNDLE, NAME: BUNDLE}
    model.verify("ours", here)
    assert str(models(here) / "ours") in told(here.out)


def link(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "../../../etc/passwd"
    return info


def announcing(size: int, kind: bytes) -> bytes:
    """A tar whose one header announces more than follows, or than anybody wants, in very few bytes."""
    info = tarfile.TarInfo(MANIFEST)
    info.size, info.type = size, kind
    plain = info.tobuf(tarfile.GNU_FORMAT)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as out:
        out.write(plain)
        for _ in range(min(size, 200 << 20) >> 20):
            out.write(bytes(1 << 20))
    return packed.getvalue()


def bomb(size: int) -> bytes:
    return as_zip({**BUNDLE, "CARD.md": bytes(size)})


def understated(packed: bytes) -> bytes:
    """A zip whose lists say that every file is small."""
    content = bytearray(packed)
    at = content.find(b"PK\1\2")
    while at >= 0:
        content[at + 24 : at + 28] = struct.pack("<L", 10)
        at = content.find(b"PK\1\2", at + 4)
    return bytes(content)


def with_flag(packed: bytes, flag: int) -> bytes:
    content = bytearray(packed)
    content[6] |= flag
    content[content.find(b"PK\1\2") + 8] |= flag
    return bytes(content)


# an archive, words of its refusal
HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("text", lambda: b"<html>not found</html>", "neither a .tar.gz nor a .zip"),
    ("nothing", lambda: b"", "neither a .tar.gz nor a .zip"),
    ("cut off", lambda: TAR[: len(TAR) // 2], "is damaged"),
    ("zip cut off", lambda: as_zip(BUNDLE)[:-30], "is damaged"),
    ("up and out", lambda: as_tar({"../../manifest.json": b""}), "../../manifest.json, which leads out of it"),
    ("root", lambda: as_tar({"/manifest.json": b""}), "leads out of it"),
    ("zip up and out", lambda: as_zip({"../manifest.json": b""}), "leads out of it"),
    ("zip with backslashes", lambda: as_zip({"..\\manifest.json": b""}), "leads out of it"),
    ("stray", lambda: as_tar({**BUNDLE, "setup.py": b""}), "setup.py, which is no part of a bundle"),
    ("deep", lambda: as_tar(below("a/b/")), "no part of a bundle"),
    ("symlink", lambda: as_tar({}, link("model.onnx", tarfile.SYMTYPE)), "a link or no plain file"),
    ("hard link", lambda: as_tar({}, link("model.onnx", tarfile.LNKTYPE)), "a link or no plain file"),
    ("device", lambda: as_tar({}, link("model.onnx", tarfile.CHRTYPE)), "a link or no plain file"),
    ("sparse", lambda: as_tar({}, link("model.onnx", tarfile.GNUTYPE_SPARSE)), "a link or no plain file"),
    ("zip symlink", lambda: as_zip({"model.onnx": b"x"}, mode=stat.S_IFLNK), "a link or no plain file"),
    ("twice", lambda: as_tar({**below("a/"), **below("b/")}), "more than one bundle"),
    ("many", lambda: as_tar({}, *(tarfile.TarInfo(f"{n}/manifest.json") for n in range(2))), "more than one bundle"),
    ("folders", lambda: as_tar({}, *[link("d", tarfile.DIRTYPE)] * 99), "more than 16 entries"),
    ("zip with many", lambda: as_zip({f"{n}/": b"" for n in range(99)}), "more than 16 entries"),
    ("tar bomb", lambda: announcing(200 << 20, tarfile.REGTYPE), "unpacks to more than 27 MB"),
    ("header bomb", lambda: announcing(200 << 20, tarfile.XHDTYPE), "unpacks to more than 27 MB"),
    ("endless headers", lambda: as_tar({}, *[link("x", tarfile.XHDTYPE)] * 5000), "is damaged"),
    ("zip bomb", lambda: bomb(40 << 20), "unpacks to more than 27 MB"),
    ("zip bomb that lies", lambda: understated(bomb(40 << 20)), "is damaged"),
    ("bz2", lambda: as_zip(BUNDLE, zipfile.ZIP_BZIP2), "compressed in an unusual way"),
    ("encrypted", lambda: with_flag(as_zip(BUNDLE), 1), "is damaged"),
    ("half", lambda: as_tar({MANIFEST: BUNDLE[MANIFEST]}), "cannot be read: model.onnx"),
    ("altered", lambda: as_tar({**BUNDLE, "model.onnx": b"x"}), "sha256 differs"),
    ("no manifest", lambda: as_tar({"CARD.md": b""}), "cannot be read: manifest.json"),
    ("large", lambda: bytes(archive.LARGEST_ARCHIVE + 1), "is too large"),
]


@pytest.mark.parametrize(("make", "words"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_archives_are_refused(here: Context, make: Callable[[], bytes], words: str) -> None:
    (here.folder / "given").write_bytes(make())
    refused(here, words, "given")
    assert [path.name for path in here.folder.iterdir()] == ["given"]
    assert list(models(here).glob(".*")) == []


def renamed(name: str) -> dict[str, bytes]:
    manifest = json.loads(BUNDLE[MANIFEST])
    return {**BUNDLE, MANIFEST: json.dumps({**manifest, "name": name}).encode()}


def speaking(*shorts: str) -> dict[str, bytes]:
    """The bundle, where these criteria alone speak."""
    manifest = json.loads(BUNDLE[MANIFEST])
    for name, curve in manifest["calibration"]["curves"].items():
        curve["state"] = State.SPEAKS if Criterion(name).short in shorts else State.NOT_PRECISE
    return {**BUNDLE, MANIFEST: json.dumps(manifest, indent=1).encode()}


def unnamed() -> dict[str, bytes]:
    manifest = json.loads(BUNDLE[MANIFEST])
    return {**BUNDLE, MANIFEST: json.dumps({**manifest, "naming": None}).encode()}


@pytest.mark.parametrize(
    ("files", "name", "sha256", "words"),
    [
        (renamed("../../../evil"), None, None, "calls itself '../../../evil', which cannot be a name"),
        (renamed(".hidden"), None, None, "cannot be a name"),
        (BUNDLE, "../evil", None, "'../evil' cannot be the name of a model"),
        (BUNDLE, "con.", None, "cannot be the name of a model"),
        (unnamed(), None, None, "has reasons.onnx, which its manifest does not name"),
        (BUNDLE, None, OTHERS, "not the one given: nothing was kept"),
        (BUNDLE, None, "12345", "--sha256 is no SHA-256 digest"),
        (renamed("taken"), None, None, "there is another model called taken: give --name or --replace"),
    ],
)
def test_what_is_not_kept(
    here: Context, files: dict[str, bytes], name: str | None, sha256: str | None, words: str
) -> None:
    pull(here, str(DEFAULT), name="taken")
    (here.folder / "given").write_bytes(as_tar(files))
    refused(here, words, "given", sha256, name)


def test_a_model_is_replaced_when_asked_and_repaired_always(here: Context) -> None:
    (here.folder / "other").write_bytes(as_tar(renamed("ours")))
    pull(here, str(DEFAULT), name="ours")
    (models(here) / "ours" / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="sha256 differs"):
        model.verify("ours", here)
    pull(here, str(DEFAULT), name="ours")
    assert kept(here) == {"ours": BUNDLE}
    pull(here, "other", replaces=True)
    assert kept(here) == {"ours": renamed("ours")}


def test_the_list_shows_what_speaks_and_what_is_broken(here: Context) -> None:
    pull(here, str(DEFAULT), name="ours")
    for name, shorts in (("few", ("memory", "security")), ("none", ())):
        (here.folder / name).write_bytes(as_tar(speaking(*shorts)))
        pull(here, name, name=name)
    pull(here, str(DEFAULT), name="spoilt")
    (models(here) / "spoilt" / MANIFEST).write_text("{")
    (models(here) / ".pull-left-behind").mkdir()
    here.out.truncate(0)
    model.show(here)
    default, few, none, ours, spoilt = told(here.out).splitlines()[1:]
    assert default.startswith(NAME)
    assert "ships with Themis" in default
    assert SIZE in ours
    assert "  memory, security  " in few
    assert "  nothing  " in none
    assert str(models(here) / "ours") in ours
    assert "broken: " in spoilt


@pytest.mark.parametrize(
    ("option", "variable", "file", "want"),
    [
        ("ours", None, None, "PULLED"),
        (None, "ours", None, "PULLED"),
        (None, None, "ours", "PULLED"),
        ("./ours", None, None, "PLAIN"),
        ("gone", None, None, "PLAIN"),
        (None, None, "gone", "GONE"),  # never relative to where Themis runs
    ],
)
def test_a_name_means_the_pulled_model(
    here: Context, option: str | None, variable: str | None, file: str | None, want: str
) -> None:
    pull(here, str(DEFAULT), name="ours")
    (here.folder / "ours").mkdir()  # what a repository may hold does not matter
    environ = {**here.environ, "XDG_CONFIG_HOME": str(here.folder), "APPDATA": str(here.folder)}
    if variable:
        environ["THEMIS_MODEL"] = variable
    if file:
        (here.folder / "themis").mkdir()
        (here.folder / "themis" / "config.toml").write_text(f'model = "{file}"', "utf-8")
    places = {"PULLED": models(here) / "ours", "GONE": models(here) / "gone", "PLAIN": Path(option or "")}
    assert Config(trusted({"model": option}, environ), lambda _: None).model == places[want]
