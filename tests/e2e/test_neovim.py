"""The plugin in a real Neovim, on the real server and a real repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo import Repo

HERE = Path(__file__).parent
PLUGIN = HERE.parent.parent / "editors" / "neovim"
EXAMPLE = HERE / "example.json"
_PATIENCE = 300  # seconds


@pytest.mark.e2e
def test_a_hint_comes_and_goes(tmp_path: Path) -> None:
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join((scripts, os.environ["PATH"]))
    nvim = shutil.which("nvim", path=path)
    assert nvim, "there is no nvim on the PATH: run make e2e, which brings one"
    example = json.loads(EXAMPLE.read_text("utf-8"))
    before = "\n".join(example["before"])
    repo = Repo.make(tmp_path / "repository")
    for name in (example["file"], f"other_{example['file']}"):
        repo.write(name, before)
    repo.commit()
    lines = example["before"].copy()
    lines[example["line"] - 1] = example["worse"]
    repo.write(f"other_{example['file']}", "\n".join(lines))
    ran = subprocess.run(
        [nvim, "--headless", "--clean", "--cmd", f"set runtimepath^={PLUGIN}", "-l", str(HERE / "neovim.lua"), EXAMPLE],
        cwd=repo.root,
        env={**os.environ, "PATH": path, **_at_home(tmp_path)},
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    sys.stdout.write(ran.stderr + ran.stdout)  # -l prints to standard error
    assert ran.returncode == 0, ran.stderr + ran.stdout


def _at_home(folder: Path) -> dict[str, str]:
    """Nobody's own settings reach in, and no log is left behind."""
    return {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
