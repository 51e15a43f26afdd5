"""A repository that tries to run programs and to reach the network, in every way git and Python know."""

import socket
from pathlib import Path

from tests.repo import Repo

_HOOKS = (
    "applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-checkout", "post-commit", "post-index-change",
    "pre-auto-gc", "pre-commit", "pre-push", "prepare-commit-msg", "reference-transaction",
)  # fmt: skip
_MODULES = ("git", "numpy", "onnxruntime", "pygls", "rich", "tokenizers", "tree_sitter", "typer", "sitecustomize")


def trap(marks: Path, name: str) -> str:
    """A shell command that leaves a mark."""
    return f"touch '{marks}/{name}'; #"


def set_traps(repo: Repo, marks: Path, address: str = "localhost") -> None:
    """Everything in a repository that makes some git command run a program, or ask for something at ``address``."""
    marks.mkdir()
    hooks = marks.parent / "hooks"
    hooks.mkdir()
    for name in _HOOKS:
        for folder in (hooks, repo.root / ".git" / "hooks"):
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(f"#!/bin/sh\n{trap(marks, name)}\n")
            (folder / name).chmod(0o755)
    included = marks.parent / "included"
    included.write_text(f'[core]\n\tfsmonitor = "{trap(marks, "included")}"\n')
    config = {
        "alias.cat-file": "!" + trap(marks, "alias"),
        "alias.ls-files": "!" + trap(marks, "alias"),
        "commit.gpgSign": "true",
        "core.alternateRefsCommand": trap(marks, "alternates"),
        "core.askPass": trap(marks, "askpass"),
        "core.editor": trap(marks, "editor"),
        "core.fsmonitor": trap(marks, "fsmonitor"),
        "core.gitProxy": trap(marks, "proxy"),
        "core.hooksPath": str(hooks),
        "core.pager": trap(marks, "pager"),
        "core.repositoryFormatVersion": "1",
        "core.sshCommand": trap(marks, "ssh"),
        "credential.helper": "!" + trap(marks, "credential"),
        "diff.evil.command": trap(marks, "command"),
        "diff.evil.textconv": trap(marks, "textconv"),
        "diff.external": trap(marks, "external"),
        "diff.submodule": "log",
        "extensions.partialClone": "origin",
        "filter.evil.clean": trap(marks, "clean"),
        "filter.evil.smudge": trap(marks, "smudge"),
        "filter.slow.process": trap(marks, "process"),
        "filter.slow.required": "true",
        "gpg.program": trap(marks, "gpg"),
        "gpg.ssh.defaultKeyCommand": trap(marks, "gpg"),
        "gpg.ssh.program": trap(marks, "gpg"),
        "include.path": str(included),
        "includeIf.gitdir:**.path": str(included),
        "interactive.diffFilter": trap(marks, "interactive"),
        "log.showSignature": "true",
        "merge.evil.driver": trap(marks, "merge"),
        "pager.cat-file": trap(marks, "pager"),
        "pager.diff-index": trap(marks, "pager"),
        "pager.ls-files": trap(marks, "pager"),
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
        "remote.helper.promisor": "true",
        "remote.helper.url": f"ext::touch {marks}/helper",
        "remote.http.promisor": "true",
        "remote.http.url": f"http://{address}/nothing",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": trap(marks, "uploadpack"),
        "remote.origin.url": "ssh://nobody@localhost/nothing",
        "remote.plain.promisor": "true",
        "remote.plain.url": f"git://{address}/nothing",
        "remote.strange.promisor": "true",
        "remote.strange.vcs": "evil",
        "sequence.editor": trap(marks, "editor"),
        "submodule.sub.update": "!" + trap(marks, "submodule"),
        "submodule.sub.url": f"ext::touch {marks}/helper",
        "uploadpack.packObjectsHook": trap(marks, "pack-objects"),
    }  # fmt: skip
    for key, value in config.items():
        repo.git("config", key, value)
    repo.write(".git/info/attributes", "* diff=evil filter=evil merge=evil\n*.rb filter=slow\n")


def set_modules(repo: Repo, marks: Path) -> None:
    """Python files named like what Themis imports, and programs named like what it starts."""
    for name in _MODULES:
        repo.write(f"{name}.py", f"from pathlib import Path\n\nPath({str(marks / name)!r}).touch()\n")
    for name in ("git", "ssh", "less"):
        repo.write(name, f"#!/bin/sh\n{trap(marks, name)}\n")
        (repo.root / name).chmod(0o755)


def surroundings(marks: Path, address: str) -> dict[str, str]:
    """Environment variables that make git run something or reach out: what a folder's own tooling may have set."""
    programs = (
        "EDITOR", "GIT_ASKPASS", "GIT_EDITOR", "GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_PROXY_COMMAND",
        "GIT_SEQUENCE_EDITOR", "GIT_SSH", "GIT_SSH_COMMAND", "PAGER", "SSH_ASKPASS", "VISUAL",
    )  # fmt: skip
    return {
        **{name: trap(marks, name) for name in programs},
        "GIT_ALLOW_PROTOCOL": "ext:file:git:http:ssh",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": trap(marks, "counted"),
        "GIT_NO_LAZY_FETCH": "0",
        "GIT_PROTOCOL_FROM_USER": "1",
        "http_proxy": f"http://{address}",
    }


class Listener:
    """A port of this machine that knows whether anybody ever came."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        self._socket.close()

    def was_called(self) -> bool:
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True


def left(marks: Path) -> list[str]:
    """What ran."""
    return sorted(mark.name for mark in marks.iterdir())
