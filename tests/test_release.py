"""What a release is refused for; ``make release`` itself builds and tries everything."""

import importlib.util
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest

from tests.repo import Repo
from tests.test_cli import themis

ROOT = Path(__file__).parent.parent
VERSION = "1.2.3"
SECTION = f"## [{VERSION}] - 2026-11-21\n\n### Added\n\n- One thing.\n"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / ".github" / "release.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release = loaded()


def test_there_is_one_version(tmp_path: Path) -> None:
    versions = release.stated_versions(ROOT)
    assert len(versions) > 5, "the pages name it, too"
    assert set(versions.values()) == {versions["pyproject.toml"]}, versions
    assert themis("--version", folder=tmp_path).stdout == f"themis {versions['pyproject.toml']}\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A checkout that may be released."""
    repo = Repo.make(tmp_path / "repo")
    repo.write("pyproject.toml", f'[project]\nversion = "{VERSION}"\n')
    repo.write("themis_lsp/__init__.py", f'"""Words."""\n\n__version__ = "{VERSION}"\n')
    repo.write("editors/vscode/package.json", json.dumps({"version": VERSION}))
    repo.write(
        "editors/vscode/package-lock.json", json.dumps({"version": VERSION, "packages": {"": {"version": VERSION}}})
    )
    repo.write("README.md", f"pip install themis_lsp-{VERSION}-py3-none-any.whl, or themis-{VERSION}.vsix\n")
    repo.write("docs/ci.md", f"- uses: OWNER/themis@v{VERSION}\n  rev: v{VERSION}\n")
    repo.write("CHANGELOG.md", f"# Changelog\n\n## [Unreleased]\n\n{SECTION}\n## [1.2.2] - 2026-10-01\n\n- Another.\n")
    repo.commit()
    return repo


def test_a_checkout_that_may_be_released(repo: Repo) -> None:
    assert release.ready(repo.root) == (VERSION, "### Added\n\n- One thing.\n")


def changed(path: str, old: str, new: str) -> Callable[[Repo], object]:
    def change(repo: Repo) -> None:
        text = (repo.root / path).read_text("utf-8")
        assert old in text
        repo.write(path, text.replace(old, new))
        repo.commit()

    return change


# what is done to the checkout, words of the refusal
NOT_READY: list[tuple[Callable[[Repo], object], str]] = [
    (lambda repo: repo.write("new.py", ""), "the checkout has 1 uncommitted changes, such as new.py"),
    (lambda repo: repo.write("README.md", "x"), "uncommitted changes"),
    (lambda repo: repo.git("tag", f"v{VERSION}"), f"v{VERSION} is tagged already"),
    (changed("pyproject.toml", VERSION, "1.3.0"), "says 1.3.0, but not so themis_lsp/__init__.py (1.2.3)"),
    (changed("editors/vscode/package.json", VERSION, "1.3.0"), "editors/vscode/package.json (1.3.0): make them one"),
    (changed("editors/vscode/package-lock.json", '"": {"version": "1', '"": {"version": "9'), "package-lock.json"),
    (changed("README.md", "lsp-1.2.3", "lsp-1.2.2"), "README.md:1, themis_lsp-1.2.2-py3 (1.2.2)"),
    (changed("README.md", "themis-1.2.3", "themis-1.2.2"), "README.md:1, themis-1.2.2.vsix (1.2.2)"),
    (changed("docs/ci.md", "@v1.2.3", "@v1.2.2"), "docs/ci.md:1, themis@v1.2.2 (1.2.2)"),
    (changed("docs/ci.md", "rev: v1.2.3", "rev: v1.2.2"), "docs/ci.md:2, rev: v1.2.2 (1.2.2)"),
    (changed("CHANGELOG.md", "[1.2.3]", "[1.2.4]"), "CHANGELOG.md has no section '## [1.2.3] - DATE'"),
    (changed("CHANGELOG.md", " - 2026-11-21", ""), "has no date, or says nothing"),
    (changed("CHANGELOG.md", "### Added\n\n- One thing.\n", ""), "has no date, or says nothing"),
    (changed("CHANGELOG.md", "[Unreleased]\n", "[Unreleased]\n\n- News.\n"), "still lists news under [Unreleased]"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), NOT_READY, ids=[row[1] for row in NOT_READY])
def test_what_is_not_released(repo: Repo, change: Callable[[Repo], object], words: str) -> None:
    change(repo)
    with pytest.raises(release.ReleaseError) as refused:
        release.ready(repo.root)
    assert words in str(refused.value)


def test_a_refusal_is_one_line_and_status_2(repo: Repo) -> None:
    repo.write(".github/release.py", (ROOT / ".github" / "release.py").read_bytes())
    ran = subprocess.run([sys.executable, ".github/release.py"], cwd=repo.root, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert "uncommitted changes, such as .github/" in ran.stderr
    assert not (repo.root / "dist").exists()


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def refuses(words: str | None, check: Callable[..., object], *arguments: object) -> None:
    if words is None:
        check(*arguments)
        return
    with pytest.raises(release.ReleaseError) as refused:
        check(*arguments)
    assert words in str(refused.value)


IN_WHEEL = {f"{name}/__init__.py": "" for name in release.IN_WHEEL} | {"themis_lsp-1.2.3.dist-info/METADATA": ""}
MODEL = {"themis_model/default/model.onnx": ""}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (IN_WHEEL | MODEL, None),
        (IN_WHEEL, "has no model"),
        (IN_WHEEL | MODEL | {"tests/x.py": ""}, "should not have tests"),
        (MODEL, "lacks themis_bench"),
        (MODEL | IN_WHEEL | {"themis_lsp-1.2.2.dist-info/METADATA": ""}, "should not have themis_lsp-1.2.2.dist-info"),
    ],
)
def test_wheels(tmp_path: Path, files: Mapping[str, str], words: str | None) -> None:
    refuses(words, release.check_wheel, zipped(tmp_path / "a.whl", files), VERSION)


@pytest.mark.parametrize(
    ("stray", "words"), [("PKG-INFO", None), ("README.md", None), (".env", ".env, which is not part of the commit")]
)
def test_sdists(repo: Repo, tmp_path: Path, stray: str, words: str | None) -> None:
    sdist = tmp_path / "a.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name in ("pyproject.toml", stray):
            archive.addfile(tarfile.TarInfo(f"themis_lsp-1.2.3/{name}"), io.BytesIO())
    refuses(words, release.check_sdist, sdist, repo.root)


WHEEL = b"a wheel"
IN_VSIX: dict[str, str | bytes] = {
    **dict.fromkeys(release.IN_VSIX, ""),
    "extension/package.json": json.dumps({"version": VERSION}),
    "extension.vsixmanifest": f'<Identity Id="themis" Version="{VERSION}" Publisher="x"/>',
    "extension/server/a.whl": WHEEL,
    "extension/docs/vscode-lens.png": "",
}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, None),
        ({"extension/node_modules/x.js": ""}, "should not have extension/node_modules/x.js"),
        ({"extension/server/b.whl": WHEEL}, "should not have extension/server/b.whl"),
        ({"extension/server/a.whl": b"another"}, "has another wheel inside"),
        ({"extension/package.json": '{"version": "1.2.2"}'}, "says it is not 1.2.3"),
        ({"extension.vsixmanifest": '<Identity Version="1.2.2" />'}, "says it is not 1.2.3"),
    ],
)
def test_extensions(tmp_path: Path, more: dict[str, str | bytes], words: str | None) -> None:
    wheel = tmp_path / "a.whl"
    wheel.write_bytes(WHEEL)
    refuses(words, release.check_vsix, zipped(tmp_path / "a.vsix", IN_VSIX | more), wheel, VERSION)


def test_builds_that_differ(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(WHEEL)
    other.write_bytes(WHEEL)
    release.compare(one, other)
    other.write_bytes(b"another wheel")
    refuses("two builds of one differ", release.compare, one, other)
