"""Real repositories, built where a test wants them."""

import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from themis_lsp.change import FileChange, Skip
from themis_lsp.comparison import Comparison
from themis_lsp.repository import Repository

# Neither the hook that runs the tests nor the settings of whoever runs them may reach into them.
for name in [name for name in os.environ if name.startswith("GIT_")]:
    del os.environ[name]
os.environ["GIT_CONFIG_GLOBAL"] = os.environ["GIT_CONFIG_SYSTEM"] = os.devnull

_PERSON = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A Person"), ("EMAIL", "person@example.org"))
}


Ask = Callable[[Repository], Comparison]


class Repo:
    """A repository, or a folder that is to become one."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def make(cls, root: Path, *options: str) -> "Repo":
        root.mkdir(parents=True, exist_ok=True)
        repo = cls(root)
        repo.git("init", "--quiet", "--initial-branch=main", *options)
        return repo

    def git(self, *arguments: str, text: bytes | None = None, fails: bool = False, **environment: str) -> str:
        ran = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.root,
            env={**os.environ, **_PERSON, **environment},
            input=text,
            capture_output=True,
        )
        assert (ran.returncode != 0) is fails, ran.stderr.decode()
        return os.fsdecode(ran.stdout).strip()

    def write(self, path: str, content: str | bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def stage(self, path: str, content: str | bytes) -> None:
        self.write(path, content)
        self.git("add", "--", path)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def link(self, path: str, target: str) -> None:
        (self.root / path).symlink_to(target)

    def commit(self, **files: str | bytes) -> str:
        """Commit everything, after writing ``files``: ``a_py`` is ``a.py``."""
        for path, content in files.items():
            self.write(path.replace("_", "."), content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=A change")
        return self.git("rev-parse", "HEAD")


def told(changes: Iterable[FileChange | Skip]) -> list[str]:
    """Changes as lines: ``old.py > new.py: before -> after`` or ``path: reason``; short texts without line ends."""
    lines = []
    for change in changes:
        if isinstance(change, Skip):
            lines.append(f"{change.path}: {change.because}")
            continue
        before, after = ("none" if text is None else _brief(text) for text in (change.before, change.after))
        old = f"{change.old_path} > " if change.old_path else ""
        lines.append(f"{old}{change.path}: {before} -> {after}")
    return lines


def check(repo: Repo, ask: Ask, want: list[str], start: str = ".") -> Comparison:
    """Ask from the folder ``start``, and compare what is told."""
    with Repository.open(repo.root / start) as repository:
        comparison = ask(repository)
        found = told(comparison.changes)
    assert found == want, found
    assert comparison.total == len(want)
    return comparison


def _brief(text: str) -> str:
    plain = text.removesuffix("\n")
    return repr(plain)[1:-1] if len(plain) <= 40 else f"{text.count(chr(10))} lines"
