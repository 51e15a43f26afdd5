"""Makes what a release consists of, checks it where nothing else is installed, and publishes nothing: ``make release``.

Everything is built twice from fresh clones of the last commit, under different paths and circumstances, and has to be
the same to the byte. It lands in ``dist/VERSION`` once every check has passed.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent
VSCODE = Path("editors/vscode")
LARGEST = 30_000_000  # bytes of one file: a bundle has at most 25 MiB, and what else there is stays small

BUILD = (sys.executable, "-m", "build", "--dependency-constraints-txt")  # with one version of the backend, always

#: Where people read which version to install, beside the files that state it.
PINNED = re.compile(r"themis_lsp-(\d[\w.]*?)-py3|themis-(\d[\w.]*?)\.vsix|themis@v(\d[\w.]*\w)|rev: v(\d[\w.]*\w)")
SECTION = re.compile(r"^## \[(.+?)\](.*?)(?=^## |^\[.+?\]: |\Z)", re.MULTILINE | re.DOTALL)  # of the changelog
PAGES = ("README.md", "CONTRIBUTING.md", "action.yml", "docs/*.md", "editors/*/README.md", "templates/*")

IN_WHEEL = {"themis_lsp", "themis_cli", "themis_model", "themis_training", "themis_bench"}
IN_VSIX = {
    "extension.vsixmanifest", "[Content_Types].xml", "extension/package.json", "extension/README.md",
    "extension/LICENSE.txt", "extension/out/extension.cjs", "extension/images/icon.png", "extension/server/install.py",
}  # fmt: skip
PICTURE = re.compile(r"extension/docs/[\w-]+\.png")

NEXT = """
Nothing was published. {folder} has it all; to publish it:

  git tag --annotate v{version} --message 'Themis {version}' {commit}
  git push origin v{version}                 the action and the hooks are what this tag has
  twine upload {folder}/*.whl {folder}/*.tar.gz
  vsce publish --packagePath {folder}/themis-{version}.vsix
  gh release create v{version} --notes-file {folder}/NOTES.md {folder}/*
"""


class ReleaseError(Exception):
    """Why there is no release, and what to do."""


@dataclass(frozen=True)
class Built:
    """What one build gave."""

    wheel: Path
    sdist: Path
    vsix: Path

    def __iter__(self) -> Iterator[Path]:
        return iter((self.wheel, self.sdist, self.vsix))


# ── what is asked before anything is built ────────────────────────────────────


def stated_versions(root: Path) -> dict[str, str]:
    """The version that each place states, pyproject.toml first."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    package = json.loads((root / VSCODE / "package.json").read_text("utf-8"))
    lock = json.loads((root / VSCODE / "package-lock.json").read_text("utf-8"))
    (ours,) = re.findall(r'^__version__ = "(.+)"$', (root / "themis_lsp/__init__.py").read_text("utf-8"), re.MULTILINE)
    found = {
        "pyproject.toml": project["version"],
        "themis_lsp/__init__.py": ours,
        f"{VSCODE}/package.json": package["version"],
        f"{VSCODE}/package-lock.json": lock["version"],
        f"{VSCODE}/package-lock.json, its first package": lock["packages"][""]["version"],
    }
    for page in sorted(path for pattern in PAGES for path in root.glob(pattern)):
        for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
            for pin in PINNED.finditer(line):
                found[f"{page.relative_to(root)}:{number}, {pin[0]}"] = next(filter(None, pin.groups()))
    return found


def notes(changelog: str, version: str) -> str:
    """What the changelog says of a version.

    Raises:
        ReleaseError: there is no such section, it says nothing, or news are still listed as unreleased.
    """
    sections: dict[str, str] = dict(SECTION.findall(changelog))
    if re.search(r"^- ", sections.get("Unreleased", ""), re.MULTILINE):
        raise ReleaseError(f"CHANGELOG.md still lists news under [Unreleased]: move them to '## [{version}] - DATE'")
    if version not in sections:
        raise ReleaseError(f"CHANGELOG.md has no section '## [{version}] - DATE': write it")
    date, _, text = sections[version].partition("\n")
    if not re.fullmatch(r" - \d{4}-\d\d-\d\d", date.rstrip()) or not text.strip():
        raise ReleaseError(f"the section of {version} in CHANGELOG.md has no date, or says nothing")
    return text.strip() + "\n"


def ready(root: Path) -> tuple[str, str]:
    """Version and notes of a checkout that may be released.

    Raises:
        ReleaseError: it may not.
    """
    versions = stated_versions(root)
    version = versions["pyproject.toml"]
    others = [f"{place} ({stated})" for place, stated in versions.items() if stated != version]
    if others:
        raise ReleaseError(f"pyproject.toml says {version}, but not so {'; '.join(others)}: make them one")
    if changed := git(root, "status", "--porcelain").splitlines():
        raise ReleaseError(
            f"the checkout has {len(changed)} uncommitted changes, such as {changed[0][3:]}: commit them"
        )
    if git(root, "tag", "--list", f"v{version}"):
        raise ReleaseError(f"v{version} is tagged already: raise the version in pyproject.toml")
    return str(version), notes((root / "CHANGELOG.md").read_text("utf-8"), version)


# ── building ──────────────────────────────────────────────────────────────────


def built(source: Path, out: Path, **circumstances: str) -> Built:
    """Build all there is from a clone."""
    environ = {**environment(), "SOURCE_DATE_EPOCH": git(source, "log", "-1", "--format=%ct"), **circumstances}
    run([*BUILD, source / "constraints.txt", "--outdir", out, source], out.parent, environ)
    (wheel,) = out.glob("*.whl")
    (sdist,) = out.glob("*.tar.gz")
    vsix = out / f"themis-{wheel.name.split('-')[1]}.vsix"
    for command in (["npm", "ci", "--silent"], ["npm", "run", "--silent", "build"]):
        run(command, source / VSCODE, environ)
    run([sys.executable, "package.py", wheel, vsix], source / VSCODE, environ)
    return Built(wheel, sdist, vsix)


def compare(one: Path, other: Path) -> None:
    """Refuse two builds of one thing that differ."""
    if one.read_bytes() != other.read_bytes():
        raise ReleaseError(
            f"two builds of {one.name} differ: find out what in it depends on time, place or environment"
        )


# ── checking ──────────────────────────────────────────────────────────────────


def check_wheel(wheel: Path, version: str) -> None:
    """Refuse a wheel with anything else than the packages, or without the model."""
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    expect(wheel, {name.split("/")[0] for name in names}, {*IN_WHEEL, f"themis_lsp-{version}.dist-info"})
    if "themis_model/default/model.onnx" not in names:
        raise ReleaseError(f"{wheel.name} has no model")


def check_sdist(sdist: Path, source: Path) -> None:
    """Refuse an sdist with anything that is not committed."""
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers()}
    stray = names - {*git(source, "ls-files").splitlines(), "PKG-INFO"}
    if stray:
        raise ReleaseError(f"{sdist.name} has {min(stray)}, which is not part of the commit")


def check_vsix(vsix: Path, wheel: Path, version: str) -> None:
    """Refuse a package of the extension that lacks something, has something else, or another server or version."""
    server = f"extension/server/{wheel.name}"
    with ZipFile(vsix) as archive:
        names = {name for name in archive.namelist() if not PICTURE.fullmatch(name)}
        expect(vsix, names, {*IN_VSIX, server})
        package = json.loads(archive.read("extension/package.json"))
        manifest = archive.read("extension.vsixmanifest").decode()
        if archive.read(server) != wheel.read_bytes():
            raise ReleaseError(f"{vsix.name} has another wheel inside than {wheel.name}")
    if package["version"] != version or f' Version="{version}" ' not in manifest:
        raise ReleaseError(f"{vsix.name} says it is not {version}")


def expect(file: Path, names: set[str], wanted: set[str]) -> None:
    """Refuse a file that does not have exactly what it is to have."""
    for name in sorted(names ^ wanted):
        raise ReleaseError(f"{file.name} {'lacks' if name in wanted else 'should not have'} {name}")


def check_as_user(vsix: Path, wheel: Path, version: str, folder: Path) -> None:
    """Install the server as the extension does, and use it, where there is no checkout and no settings."""
    with ZipFile(vsix) as archive:
        archive.extractall(folder / "vsix")  # noqa: S202  (we made it, and zipfile stays below the folder)
    server = folder / "vsix/extension/server"
    installed, home = folder / "environment", folder / "home"
    home.mkdir()
    run([sys.executable, server / "install.py", server / wheel.name, installed], folder, environment())
    programs = installed / ("Scripts" if os.name == "nt" else "bin")
    run([programs / "python", "-m", "pip", "--disable-pip-version-check", "check"], folder, environment())

    nobody = dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"), str(home))
    environ = {**environment(), **nobody, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CEILING_DIRECTORIES": str(folder)}

    def themis(*arguments: str) -> str:
        return run([programs / "themis", *arguments], home, environ)

    if (said := themis("--version").strip()) != f"themis {version}":
        raise ReleaseError(f"{wheel.name} calls itself {said}")
    themis("model", "verify")
    themis("demo")
    example = json.loads((ROOT / "tests/e2e/example.json").read_text("utf-8"))
    lines = example["before"]
    file = home / example["file"]
    file.write_text("\n".join(lines), "utf-8")
    person = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
    for command in (("init", "--quiet"), ("add", "."), (*person, "commit", "--quiet", "--message=A start")):
        run(["git", *command], home, environ)
    lines[example["line"] - 1] = example["worse"]
    file.write_text("\n".join(lines), "utf-8")
    if not json.loads(themis("review", "--output-format", "json"))["findings"]:
        raise ReleaseError(f"{wheel.name}, freshly installed, finds nothing in an edit that is worse")


# ── all of it ─────────────────────────────────────────────────────────────────


def release(root: Path) -> None:
    """Make a release of a checkout.

    Raises:
        ReleaseError: it may not be released, or a check failed; ``dist`` is as it was.
    """
    with step("the checkout: one version, nothing uncommitted, no such tag, its notes"):
        version, news = ready(root)
    with TemporaryDirectory(prefix="themis-release-") as scratch:
        made = checked(root, version, Path(scratch))
        target = root / "dist" / version
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for file in made:
            shutil.copy(file, target)
    (target / "NOTES.md").write_text(news, "utf-8", newline="\n")
    sums = [f"{digest(file)}  {file.name}\n" for file in sorted(target.iterdir())]
    (target / "SHA256SUMS").write_text("".join(sums), "utf-8", newline="\n")
    for file in sorted(target.iterdir()):
        say(f"  {file.stat().st_size / 1e6:6.2f} MB  {file.relative_to(root)}")
    say(NEXT.format(folder=target.relative_to(root), version=version, commit=git(root, "rev-parse", "--short", "HEAD")))


def checked(root: Path, version: str, scratch: Path) -> Built:
    """Build everything twice, and check it."""
    sources = [scratch / "one/source", scratch / "another/and a longer/path"]
    for source in sources:
        run(["git", "clone", "--quiet", root, source], scratch, environment())
    with step("wheel, sdist and extension, from a fresh clone"):
        made = built(sources[0], scratch / "one/out")
    with step("the same again, elsewhere and at another hour"):
        again = built(
            sources[1], scratch / "another/out", TZ="Pacific/Kiritimati", LANG="C", LC_ALL="C", PYTHONHASHSEED="7"
        )
    with step("both builds are the same to the byte, and so is a wheel from the sdist"):
        for one, other in zip(made, again, strict=True):
            compare(one, other)
        unpacked = scratch / "unpacked"
        with tarfile.open(made.sdist) as archive:
            archive.extractall(unpacked, filter="data")
        (inner,) = unpacked.iterdir()
        environ = {**environment(), "SOURCE_DATE_EPOCH": git(root, "log", "-1", "--format=%ct")}
        run([*BUILD, inner / "constraints.txt", "--wheel", "--outdir", scratch / "from sdist", inner], scratch, environ)
        compare(scratch / "from sdist" / made.wheel.name, made.wheel)
    with step("metadata, contents and sizes"):
        run([sys.executable, "-m", "twine", "check", "--strict", made.wheel, made.sdist], scratch, environment())
        check_wheel(made.wheel, version)
        check_sdist(made.sdist, sources[0])
        check_vsix(made.vsix, made.wheel, version)
        for file in made:
            if file.stat().st_size > LARGEST:
                raise ReleaseError(f"{file.name} has {file.stat().st_size / 1e6:.0f} MB: more than {LARGEST / 1e6:.0f}")
    with step("installed by the extension's installer: demo, review, model verify"):
        user = scratch / "user"
        user.mkdir()
        check_as_user(made.vsix, made.wheel, version, user)
    return made


def digest(file: Path) -> str:
    """sha256 in hex."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def environment() -> dict[str, str]:
    """The process's own, without what would let a checkout or somebody's settings reach in."""
    inside = ("PYTHON", "THEMIS_", "GIT_", "VIRTUAL_ENV", "XDG_", "PIP_CONSTRAINT", "SOURCE_DATE_EPOCH")
    return {name: value for name, value in os.environ.items() if not name.startswith(inside)}


def git(folder: Path, *arguments: str) -> str:
    """What git says."""
    return run(["git", *arguments], folder, environment()).strip()


def run(command: Sequence[str | Path], folder: Path, environ: Mapping[str, str]) -> str:
    """The output of a program.

    Raises:
        ReleaseError: it is not there, or failed; with the end of what it said.
    """
    program = shutil.which(command[0], path=environ.get("PATH"))  # npm is a .cmd on Windows
    if program is None:
        raise ReleaseError(f"{command[0]} is not installed")
    ran = subprocess.run(
        [program, *command[1:]], cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
    if ran.returncode:
        said = (ran.stdout + ran.stderr).strip().splitlines()[-20:]
        raise ReleaseError("\n".join((f"{' '.join(map(str, command))} ended with {ran.returncode}:", *said)))
    return ran.stdout


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    start = monotonic()
    say(f"── {what} …")
    yield
    say(f"   done in {monotonic() - start:.0f} s")


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        release(ROOT)
    except ReleaseError as problem:
        sys.stderr.write(f"error: {problem}\n")
        sys.exit(2)
