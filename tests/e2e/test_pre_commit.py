"""The hooks through pre-commit itself, which builds them from this repository's last commit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo import Repo

ROOT = Path(__file__).parent.parent.parent
BOUND = 'def find(db, name):\n    return db.execute("SELECT id FROM parcel WHERE name = ?", (name,)).fetchall()\n'
JOINED = BOUND.replace('name = ?", (name,)', 'name = \'" + name + "\'"')
CONFIG = """
default_install_hook_types: [pre-commit, pre-push]
repos:
- repo: {where}
  rev: {revision}
  hooks:
  - id: themis
    args: [--min-confidence=0.01, --fail-on=security:0.01]
  - id: themis-advise
    args: [--min-confidence=0.01]
"""


@pytest.mark.e2e
def test_a_commit_and_a_push_are_stopped(tmp_path: Path) -> None:
    """At so low a bar this change is a finding of any model that knows security; what counts is that both hooks run."""
    here = Repo(ROOT)
    revision = here.git("rev-parse", "HEAD")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    home = str(tmp_path / "built")
    repo = Repo.make(tmp_path / "repository")
    repo.write(".pre-commit-config.yaml", CONFIG.format(where=ROOT.as_uri(), revision=revision))
    repo.commit(a_py=BOUND)
    repo.git("init", "--quiet", "--bare", str(tmp_path / "remote.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    repo.git("push", "--quiet", "origin", "main")
    subprocess.run(
        [sys.executable, "-m", "pre_commit", "install", "--install-hooks"],
        cwd=repo.root,
        env={**os.environ, "PATH": path, "PRE_COMMIT_HOME": home},
        check=True,
    )
    repo.stage("a.py", JOINED)
    repo.write("a.py", BOUND)
    assert repo.git("diff", "--cached", "--name-only") == "a.py"
    for words in (("commit", "--quiet", "--message=Joined"), ("push", "--quiet", "origin", "main")):
        repo.git(*words, fails=True, PATH=path, PRE_COMMIT_HOME=home)
        repo.git(*words, SKIP="themis", PATH=path, PRE_COMMIT_HOME=home)
    assert repo.git("rev-parse", "origin/main") == repo.git("rev-parse", "main")
