"""Reviewing a whole branch: step by step in the background, with progress, into the problems list."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from lsprotocol import types as lsp

from themis_lsp.error import GitError, ThemisError
from themis_lsp.server.convert import file_of, uri_of
from themis_lsp.server.server import ThemisServer
from themis_lsp.server.session import Session

if TYPE_CHECKING:
    from themis_lsp.checkout import Checkout
    from themis_lsp.finding import Finding
    from themis_lsp.server.judge import Judge
    from themis_lsp.server.options import Options

_DEFAULT_BRANCHES: Final = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_STEP: Final = 2  # edits between two looks at what is more urgent


@dataclass(frozen=True, slots=True)
class Step:
    """How far a review is, and what it found since the last step.

    Attributes:
        root: top folder of the repository.
        ref: the branch compared with, or None for HEAD.
        done: files read so far.
        total: files that differ.
        scored: edits judged in this step.
        findings: of this step, with their paths from the root.
    """

    root: Path
    ref: str | None
    done: int
    total: int
    scored: int
    findings: "tuple[Finding, ...]"


async def review_branch(ls: ThemisServer, base: str | None) -> dict[str, Any] | None:
    """Review every workspace folder; open documents are compared with the same base until that is taken back."""
    from themis_lsp.server.commands import clear_review

    clear_review(ls)
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    scored, ref = 0, base
    try:
        async with _progress(ls) as report:
            async for step in _steps(ls, base):
                scored, ref = scored + step.scored, step.ref
                for uri in _noted(step, found):
                    _publish(ls, uri, found[uri])
                if report(step):
                    break
    except ThemisError as problem:
        ls.tell(str(problem))
        return None
    if ref != ls.session.base_under_review:
        ls.session.base_under_review = ref
        ls.session.judge_all_again()
    return {"base": ref, "scored": scored, "findings": sum(map(len, found.values())), "files": len(found)}


def steps(
    judge: "Judge", folder: Path, options: "Options", base: str | None, texts: Mapping[Path, str]
) -> Iterator[Step]:
    """Review the repository around a folder, a few edits at a time; on the worker's thread.

    Args:
        judge: reviews them.
        folder: somewhere in the repository.
        options: of this folder.
        base: the branch to compare with, or None to find one.
        texts: of files that are open, which may not be saved.

    Raises:
        ThemisError: there is no repository, no such base, or no model.
    """
    from themis_lsp.change import FileChange, Skip
    from themis_lsp.comparison import compare_since, compare_work_tree
    from themis_lsp.edits import edits_of

    checkout = judge.checkout(folder)
    if checkout is None:
        raise GitError(f"{folder} is in no git repository, so there is no branch to review")
    repository = checkout.repository
    ref = base or options.base or next((name for name in _DEFAULT_BRANCHES if repository.knows(name)), None)
    comparison = compare_since(repository, ref) if ref else compare_work_tree(repository)
    config = judge.config(options, checkout, ref)
    open_files = dict(_by_path(checkout, texts))
    done = 0

    def changes() -> Iterator[FileChange | Skip]:
        nonlocal done
        for change in comparison.changes:
            done += 1
            file = open_files.pop(change.path, None)
            yield replace(change, after=texts[file]) if file and isinstance(change, FileChange) else change
        for file in open_files.values():  # on disk these are as they were
            change = checkout.change(file, texts[file], ref)
            if isinstance(change, FileChange) and change.before not in (None, change.after):
                yield change

    edits = edits_of(changes())
    while few := list(islice(edits, _STEP)):
        review = judge.review(few, config, folder)
        yield Step(checkout.root, ref, done, comparison.total, review.coverage.scored, review.findings)
    yield Step(checkout.root, ref, done, comparison.total, 0, ())


def _by_path(checkout: "Checkout", files: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    for file in files:
        with suppress(GitError):  # it belongs to another repository
            yield checkout.path_of(file), file


async def _steps(ls: ThemisServer, base: str | None) -> AsyncIterator[Step]:
    session = ls.session
    for uri, folder in list(session.folders.items()):
        options = session.options_of_folder.get(uri, session.options)
        texts = {file: str(one.text) for uri, one in session.documents.items() if (file := file_of(uri))}
        running = await session.on_worker(partial(_begun, session, folder, options, base, texts))
        while step := await session.in_background(partial(next, running, None)):
            yield step


def _begun(
    session: Session, folder: Path, options: "Options", base: str | None, texts: Mapping[Path, str]
) -> Iterator[Step]:
    return steps(session.judge(), folder, options, base, texts)


def _noted(step: Step, found: "dict[str, list[Finding]]") -> set[str]:
    uris = set()
    for finding in step.findings:
        uri = uri_of(step.root / finding.verdict.path)
        found[uri].append(finding)
        uris.add(uri)
    return uris


def _publish(ls: ThemisServer, uri: str, findings: "list[Finding]") -> None:
    """Push what was found in a file that is not open: open ones speak for themselves."""
    from themis_lsp.server.diagnostics import diagnostic
    from themis_lsp.server.text import lines_of

    file = file_of(uri)
    if uri in ls.session.documents or file is None:
        return
    try:
        lines = lines_of(file.read_text("utf-8", "replace"))
    except OSError:  # gone since it was judged
        return
    linked = ls.session.client.links_codes
    shown = [diagnostic(finding, [], lines, ls.session.columns, linked=linked) for finding in findings]
    ls.reviewed[uri] = len(shown)
    ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, shown))


@asynccontextmanager
async def _progress(ls: ThemisServer) -> AsyncIterator[Any]:
    """Gives a function that reports a step, and says whether the user wants no more of them."""
    if not ls.session.client.has_progress:
        yield lambda _: False
        return
    progress, token = ls.work_done_progress, f"themis-{uuid4()}"
    await progress.create_async(token)
    progress.begin(token, lsp.WorkDoneProgressBegin("Themis reviews the branch", cancellable=True, percentage=0))

    def report(step: Step) -> bool:
        share = 100 * step.done // max(1, step.total)
        against = step.ref or "HEAD"
        message = f"{step.done} of {step.total} files, against {against}"
        progress.report(token, lsp.WorkDoneProgressReport(message=message, percentage=share))
        return progress.tokens[token].cancelled()

    try:
        yield report
    finally:
        progress.end(token, lsp.WorkDoneProgressEnd())
        progress.tokens.pop(token, None)
