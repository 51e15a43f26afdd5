"""Gets a model bundle from where the user says, and keeps it only once it proved whole and able to judge."""

import hashlib
import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from themis_cli.archive import KNOWN, LARGEST_ARCHIVE, unpack
from themis_cli.context import Context
from themis_cli.fetch import fetch, without_secrets
from themis_cli.source import read_bounded
from themis_lsp.error import UsageError
from themis_lsp.home import is_name, models_folder
from themis_model.bundle import LARGEST_BUNDLE, MANIFEST, Bundle, read_bundle, read_manifest
from themis_model.encode import Lines, View
from themis_model.error import ModelError

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Pulled(NamedTuple):
    """A bundle that was kept, and the digest of the archive it came in; None if it came as a folder."""

    folder: Path
    sha256: str | None


def pull(source: str, sha256: str | None, name: str | None, context: Context, *, replaces: bool) -> Pulled:
    """Put a bundle into the user's folder of models; nothing changes there unless every check has passed.

    Args:
        source: an address, an archive or a folder.
        sha256: what the archive's digest has to be; an address needs one.
        name: what to call the model, instead of what its manifest says.
        context: the world of the command.
        replaces: whether another model of that name may go.

    Raises:
        UsageError: the arguments do not fit together, the name is taken, or nothing can be written there.
        ModelError: the archive cannot be had, is not the one that was meant, or holds no bundle that works.
    """
    if name is not None and not is_name(name):
        raise UsageError(f"{name!r} cannot be the name of a model: use letters, digits, dots and dashes, at most 64")
    files, digest = _files(source, sha256, context)
    models = models_folder(context.environ)
    try:
        models.mkdir(parents=True, exist_ok=True)
        # Beside its target, so that moving it there is one step.
        with TemporaryDirectory(prefix=".pull-", dir=models) as scratch:
            bundle = Path(scratch) / "bundle"
            bundle.mkdir()
            for file, content in files.items():
                (bundle / file).write_bytes(content)
            target = models / _checked(bundle, without_secrets(source), name)
            _move(bundle, target, Path(scratch), replaces=replaces)
    except OSError as problem:
        raise UsageError(f"cannot write below {models}: {problem.strerror}") from None
    return Pulled(target, digest)


def working(folder: Path | None) -> Bundle:
    """Read and verify a bundle, by default the one that ships, and have every graph of it judge something.

    Raises:
        ModelError: what is wrong with it.
    """
    from themis_model.onnx import load

    bundle = read_bundle(folder)
    scorer = load(bundle.path, "cpu", threads=1)
    before = scorer.encoder.whole(Lines.plain(["x = 1"]), "python")
    after = View("python", "", before.ids[:-1])
    try:
        scorer.score([before, after])
        for criterion in scorer.info.calibration.curves:
            scorer.clue(after, before, criterion)
    except ModelError:
        raise
    except Exception as problem:  # the runtime's exceptions share no base class
        raise ModelError(f"{bundle.path} loads but cannot judge: {str(problem).splitlines()[0]}") from None
    return bundle


def _files(source: str, sha256: str | None, context: Context) -> tuple[dict[str, bytes], str | None]:
    """The contents of a bundle's files, of the archive that was meant, and its digest."""
    expected = sha256.lower().removeprefix("sha256:") if sha256 else None
    if expected is not None and not _DIGEST.fullmatch(expected):
        raise UsageError("--sha256 is no SHA-256 digest: 64 hexadecimal digits, as sha256sum prints them")
    if _ADDRESS.match(source):
        if expected is None:
            raise UsageError(
                "an address needs --sha256, the archive's digest as its publisher states it; "
                "or get the file yourself and name it here"
            )
        content = fetch(source, LARGEST_ARCHIVE, context.err)
    elif (path := context.folder / source).is_dir():
        if expected is not None:
            raise UsageError(f"--sha256 is for archives, and {source} is a folder: leave it out")
        return _in_folder(path), None
    elif not path.exists():
        raise UsageError(
            f"there is no {path} to pull: name an https address, an archive (.tar.gz, .zip) or a folder with a "
            "manifest.json; themis model list shows what you have"
        )
    else:
        content = _bounded(path, LARGEST_ARCHIVE)
    digest = hashlib.sha256(content).hexdigest()
    if expected not in (None, digest):
        raise ModelError(f"{without_secrets(source)} has sha256 {digest}, not the one given: nothing was kept")
    try:
        return unpack(content), digest
    except ModelError as problem:
        raise ModelError(f"{without_secrets(source)} is refused: {problem}") from None


def _in_folder(folder: Path) -> dict[str, bytes]:
    names = (MANIFEST, *read_manifest(folder).all_files)
    return {name: _bounded(folder / name, LARGEST_BUNDLE) for name in names}


def _bounded(path: Path, most: int) -> bytes:
    content = read_bounded(path, most)
    if len(content) > most:
        raise ModelError(f"{path} is too large: more than {most / 1e6:.0f} MB")
    return content


def _checked(bundle: Path, source: str, name: str | None) -> str:
    """The name under which a bundle that works is kept."""
    try:
        manifest = working(bundle).manifest
    except ModelError as problem:
        raise ModelError(str(problem).replace(str(bundle), source)) from None
    stray = [file for file in KNOWN if (bundle / file).exists() and file not in (MANIFEST, *manifest.all_files)]
    if stray:
        raise ModelError(f"{source} has {stray[0]}, which its manifest does not name: refused")
    chosen = name or manifest.name
    if not is_name(chosen):
        raise UsageError(f"the model calls itself {chosen!r}, which cannot be a name here: give it one with --name")
    return chosen


def _move(bundle: Path, target: Path, scratch: Path, *, replaces: bool) -> None:
    old = scratch / "old"
    if target.exists():
        if not replaces and not _is_same(bundle, target):
            raise UsageError(f"there is another model called {target.name}: give --name or --replace")
        target.rename(old)
    try:
        bundle.rename(target)
    finally:
        if old.exists() and not target.exists():  # also when it is interrupted: what is left in scratch goes away
            old.rename(target)


def _is_same(bundle: Path, target: Path) -> bool:
    """Whether both have one manifest, and so are one model; the copy that is there may be damaged."""
    with suppress(OSError):
        return (bundle / MANIFEST).read_bytes() == (target / MANIFEST).read_bytes()
    return False
