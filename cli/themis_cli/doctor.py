"""``themis doctor``: what is installed, what judges, how well, and what is broken."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from themis_cli import options
from themis_cli.context import Context, real

if TYPE_CHECKING:
    from themis_lsp.config import Config
    from themis_model.bundle import Manifest

_Rows = Iterator[tuple[str, str]]
_BROKEN: Final = 2  # exit status
_RUNTIMES: Final = ("onnxruntime", "onnxruntime-gpu")


def command(device: options.Device = None, model: options.Model = None) -> int:
    """Show versions, the model and what was measured of it, and the configuration; end with 2 if something is broken.

    For example:

    * `themis doctor`

    * `themis doctor --device cuda`
    """
    return run({"device": device, "model": model}, real())


def run(given: Mapping[str, str | None], context: Context) -> int:
    """Print every section, the broken ones with their fix, and give the exit status."""
    from themis_cli.labelled import print_labelled
    from themis_model.error import ThemisError

    problems = 0
    for check in _CHECKS:
        try:
            for row in check(given, context):
                print_labelled([row], context.out)
        except ThemisError as problem:
            problems += 1
            print_labelled([("broken", str(problem))], context.out)
    print_labelled([("", ""), ("result", f"{problems} broken" if problems else "everything works")], context.out)
    return _BROKEN if problems else 0


def _versions(given: Mapping[str, str | None], context: Context) -> _Rows:  # noqa: ARG001  (one shape for all)
    from themis_lsp import __version__

    yield "themis", __version__
    yield "python", f"{sys.version.split()[0]} ({sys.executable})"


def _packages(given: Mapping[str, str | None], context: Context) -> _Rows:  # noqa: ARG001  (one shape for all)
    from importlib.metadata import PackageNotFoundError, requires, version

    from themis_model.error import ThemisError

    try:
        needed = [line.split(";")[0] for line in requires("themis-lsp") or () if "extra ==" not in line]
    except PackageNotFoundError:
        yield "packages", "themis-lsp runs without being installed, so what it needs is not looked for"
        return
    found: dict[str, str] = {}
    for name in (*(_name(line) for line in needed), *_RUNTIMES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            if name not in _RUNTIMES:
                raise ThemisError(f"the package {name} is missing: run pip install {name}") from None
    yield "packages", ", ".join(f"{name} {number}" for name, number in found.items())
    if found.keys() >= set(_RUNTIMES):
        raise ThemisError("onnxruntime and onnxruntime-gpu overwrite each other: uninstall both, install one")


def _name(requirement: str) -> str:
    for end, character in enumerate(requirement):
        if not (character.isalnum() or character in "-_."):
            return requirement[:end]
    return requirement


def _git(given: Mapping[str, str | None], context: Context) -> _Rows:  # noqa: ARG001  (one shape for all)
    from themis_lsp.git import run_git

    yield "git", run_git(context.folder, ("version",), {}).out.decode("utf-8", "replace").strip()


def _configuration(given: Mapping[str, str | None], context: Context) -> _Rows:
    from themis_lsp.config import user_file

    file = user_file(context.environ)
    yield "user file", f"{file}{'' if file.is_file() else ' (there is none)'}"
    config = _config(given, context)
    for name, value in config.values().items():
        yield "set", f"{name} = {value.plain!r} by {value.origin}"
    config.at()


def _model(given: Mapping[str, str | None], context: Context) -> _Rows:
    from themis_model.bundle import read_bundle, size_on_disk
    from themis_model.placement import placement

    config = _config(given, context)
    bundle = read_bundle(config.model)
    size = size_on_disk(bundle.path, bundle.manifest)
    yield "model", f"{bundle.manifest.name}, {size / 1e6:.1f} MB, {bundle.path}"
    yield "digest", bundle.digest
    yield from _criteria(bundle.manifest)
    provider = context.load(config).info.provider
    nodes = placement(bundle, provider)
    told = [f"{count} nodes on {name}" for name, count in nodes.most_common()] if nodes else []
    yield "provider", "; ".join((provider, *told))


def _criteria(manifest: "Manifest") -> _Rows:
    """What each criterion says from where on, what was measured there, and which defects it tells by name."""
    from themis_cli.named import told_briefly
    from themis_lsp.meaning import of_criterion
    from themis_model.calibrate import State

    for criterion, curve in manifest.calibration.curves.items():
        yield criterion.short, str(curve.state)
        if curve.state is not State.SPEAKS:
            continue  # thresholds that nothing is told by would read like a promise
        for label, words in of_criterion(criterion, manifest.calibration):
            if label.startswith("says"):
                yield "", f"{label} {words[0].lower()}{words[1:]}"
        for words in told_briefly(criterion, manifest):
            yield "", words
        yield "", f"themis explain {criterion.short} has each of them, and what readers made of it"


def _config(given: Mapping[str, str | None], context: Context) -> "Config":
    """The configuration of the work tree around the folder, or the user's alone."""
    from functools import partial

    from themis_lsp.config import Config, on_disk, trusted
    from themis_lsp.error import GitError
    from themis_lsp.repository import Repository

    user = trusted(given, context.environ)
    try:
        with Repository.open(context.folder) as repository:
            return Config(user, partial(on_disk, repository.root))
    except GitError:
        return Config(user, lambda _: None)


_CHECKS: Final[Sequence[Callable[[Mapping[str, str | None], Context], _Rows]]] = (
    _versions, _packages, _git, _configuration, _model,
)  # fmt: skip
