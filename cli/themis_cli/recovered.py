"""The edit that a saved finding is about, looked for where it was reviewed and in the commits made since."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from themis_cli.source import Selection, selected
from themis_lsp.attribute import changed_lines
from themis_lsp.change import Edit
from themis_lsp.edits import edits_of
from themis_lsp.error import UsageError
from themis_lsp.finding import fingerprints
from themis_lsp.repository import Repository

_MOST_COMMITS: Final = 100  # of those that touch the file, since the report
_MOST_ALIKE: Final = 8  # findings with the same changed lines in one report, told apart by their ordinal
_ONE_BY_ONE: Final = 8  # ranges of a finding; if there are no more, each is one hunk


def recovered(finding: Mapping[str, Any], report: Mapping[str, Any], folder: Path) -> tuple[Edit, str]:
    """The edit a finding is about, and the name of its repository.

    Args:
        finding: a row of ``findings``.
        report: the JSON report that has it.
        folder: in the repository.

    Raises:
        UsageError: neither what was reviewed nor a commit made since has the edit.
        GitError: the repository cannot say what changed.
    """
    base, head, path = report["base"], report["head"], finding["path"]
    if head == "patch":
        raise UsageError("the report is of a patch, which is not here: apply it, and review the work tree")
    with Repository.open(folder) as repository:
        root = repository.root
    partly = None
    for selection in _selections(base, head, path, root):
        with selected(selection, root) as chosen:
            changes = (change for change in chosen.comparison.changes if change.path == path)
            found = [(_share(edit, finding), edit) for edit in edits_of(changes) if isinstance(edit, Edit)]
        first = finding["lines"][0][0] - 1
        share, edit = max(found, key=lambda one: (one[0], first in one[1].after.numbers), default=(0.0, None))
        if edit and share == 1:
            return edit, root.name
        partly = partly or (edit if share else None)
    if partly:  # more changed than the finding is about, as where an edit takes several windows
        return partly, root.name
    if not _moves(head):
        raise UsageError(f"{base[:10]}..{head[:10]} has no such edit of {path}: answer in the repository it is from")
    raise UsageError(
        f"neither the {head} nor a commit since {base[:10]} has this edit of {path} any more: review what is there "
        "now, with themis review HEAD~1..HEAD if it is the last commit, and answer on that report"
    )


def _moves(head: str) -> bool:
    return head in ("index", "work tree")


def _selections(base: str, head: str, path: str, root: Path) -> Iterator[Selection]:
    """Where to look: what was reviewed, each commit made since, the oldest first, and what they come to together."""
    words = [f"./{path}"] if (root / path).exists() else []  # git has to know a path, and the file may be gone
    if not _moves(head):
        yield Selection([f"{base}..{head}", *words])
        return
    yield Selection(words, staged=True) if head == "index" else Selection([base, *words])
    with Repository.open(root) as repository:
        newest = ("--first-parent", f"--max-count={_MOST_COMMITS}")
        told = repository.output("rev-list", *newest, f"{base}..HEAD", "--", f":(top,literal){path}")
    commits = told.decode("ascii").split()[::-1]
    yield from (Selection([f"{commit}~1..{commit}", *words]) for commit in commits)
    yield from (Selection([f"{base}..{commit}", *words]) for commit in commits[1:])


def _share(edit: Edit, finding: Mapping[str, Any]) -> float:
    """The share of an edit's hunks that the finding is about: neighbours with the very texts of its fingerprint."""
    if (edit.path, edit.unit) != (finding["path"], finding["unit"]):
        return 0.0
    ranges = len(finding["lines"])
    # A model is not shown hunks that read alike, so a fingerprint leaves them out.
    shown = [n for n, hunk in enumerate(edit.hunks) if not edit.reads_alike(hunk)] or list(range(len(edit.hunks)))
    longest = ranges if ranges <= _ONE_BY_ONE else len(shown)
    for length in range(ranges, longest + 1):
        for start in range(len(shown) - length + 1):
            lines = changed_lines(edit, shown[start : start + length])
            key = (finding["criterion"], finding["unit"], lines)
            if finding["fingerprint"] in fingerprints([key] * _MOST_ALIKE):
                return length / len(shown)
    return 0.0
