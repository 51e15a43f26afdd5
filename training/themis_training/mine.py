"""Real edits from public histories: neutral, ordinary, claimed to improve something, and taken back later."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, fields, replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from themis_lsp.change import Edit, Nature
from themis_lsp.edits import edits_of
from themis_lsp.error import GitError, UsageError
from themis_lsp.repository import Repository
from themis_training.combine import Combined, combine
from themis_training.data import Split
from themis_training.history import Commit, change_of, commits_of
from themis_training.intent import claim_of, terms
from themis_training.license import license_of
from themis_training.mined import Kind, MinedEdit, PartInfo, part_info, write_part
from themis_training.neutral import bears_out, purpose_of
from themis_training.origin import is_excluded, repository_name, split_of
from themis_training.reverts import Revert, reverts_of
from themis_training.shape import LEAST_DEPTH, is_aside, tree_depth

_GOLDEN = (5**0.5 - 1) / 2
_LARGEST_UNIT = 60_000  # characters
_LONGEST_MESSAGE = 4000
_PERSONAL = re.compile(r"(?im)^\s*[\w-]+-by:.*\n?|^git-svn-id:.*\n?|\s*<[^<>\s]+@[^<>\s]+>")


@dataclass(frozen=True, slots=True)
class MineOptions:
    """What is mined, and how it is divided.

    Attributes:
        since: first day; what counts is when a commit was applied.
        until: first day left out. The default keeps to times when people wrote the code.
        commits: commits looked into of one repository, spread evenly over its history; and at most as many again
            whose messages claim something, or that were taken back later.
        ordinary: ordinary edits kept of one repository, spread evenly over its history.
        per_commit: edits kept of one commit, so that no mass change weighs more than a person's week.
        exclude: projects that serve elsewhere; a repository is left out if its name or its owner is among them.
        hold_out: repositories that are ``test`` whatever the draw.
        jobs: repositories read at the same time.
        any_license: also read repositories without a permissive licence, as whoever mines their own code may.
        with_tests: also read commits that change one source file and, beside it, tests, examples and the like.
    """

    since: date | None = None
    until: date | None = date(2022, 1, 1)
    commits: int = 800
    ordinary: int = 600
    per_commit: int = 12
    exclude: frozenset[str] = frozenset()
    hold_out: frozenset[str] = frozenset()
    jobs: int = 1
    any_license: bool = False
    with_tests: bool = False


@dataclass(frozen=True, slots=True)
class Mined:
    """What became of one repository.

    Attributes:
        repository: ``owner/name``.
        license: SPDX name, or None if it is not a known permissive one.
        because: why it is left out, or None.
        info: what was read, if it is not left out.
        again: it was mined by an earlier run with the same options.
    """

    repository: str
    license: str | None
    because: str | None = None
    info: PartInfo | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class MineReport:
    """Result of ``mine``.

    Attributes:
        repositories: in order of their names.
        file: where all edits are.
        edits: what they are.
    """

    repositories: tuple[Mined, ...]
    file: Path
    edits: Combined


def mine(
    clones: Sequence[Path],
    out: Path,
    options: MineOptions,
    on_done: Callable[[Mined], None] = lambda _: None,
    benchmarks: Iterable[str] = (),
) -> MineReport:
    """Mine clones into ``out/parts``, one file each, then combine them into ``out/edits.parquet``.

    A repository that an earlier run finished with the same options at the same HEAD is not read again. Files
    appear whole or not at all, so it may be interrupted at any time.

    Args:
        clones: folders named ``owner+name``, or ``repo`` or ``.git`` in such a folder.
        out: folder for results; made if missing.
        options: see there.
        on_done: told of each repository as it is finished.
        benchmarks: texts that models will be measured on; edits that share a passage with one are left out.

    Raises:
        UsageError: two clones have the same name.
    """
    by_name = {repository_name(clone): clone for clone in clones}
    if len(by_name) < len(clones):
        raise UsageError("two clones have the same name: give each repository once, in a folder owner+name")
    parts = out / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    done: list[Mined] = []
    for mined in _each(sorted(by_name.items()), parts, options):
        done.append(mined)
        on_done(mined)
    done.sort(key=lambda mined: mined.repository)
    kept = [part_of(parts, mined.repository) for mined in done if mined.because is None]
    return MineReport(tuple(done), out / "edits.parquet", combine(kept, out / "edits.parquet", benchmarks))


def _each(named: Sequence[tuple[str, Path]], parts: Path, options: MineOptions) -> Iterator[Mined]:
    if options.jobs == 1:
        for name, clone in named:
            yield mine_one(name, clone, parts, options)
        return
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        try:
            for future in as_completed([pool.submit(mine_one, *pair, parts, options) for pair in named]):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def mine_one(name: str, clone: Path, parts: Path, options: MineOptions) -> Mined:
    """Mine one clone into a file of its own in the folder ``parts``, unless an earlier run did."""
    if is_excluded(name, options.exclude):
        return Mined(name, None, "excluded, as it serves elsewhere")
    try:
        with Repository.open(clone) as repository:
            spdx = _license(repository) or ("its own" if options.any_license else None)
            if spdx is None:
                return Mined(name, None, "no permissive licence was recognised")
            split = split_of(name, options.hold_out)
            file, stamp = part_of(parts, name), _stamp(repository.head(), split, options)
            earlier = part_info(file)
            if earlier and earlier.stamp == stamp:
                return Mined(name, spdx, info=earlier, again=True)
            edits, commits, unread = _edits_in(repository, (name, spdx, split), options)
            info = PartInfo(stamp, commits, unread, len(edits))
            write_part(file, edits, info)
            return Mined(name, spdx, info=info)
    except GitError as error:
        return Mined(name, None, str(error))


def _edits_in(
    repository: Repository, origin: tuple[str, str, Split], options: MineOptions
) -> tuple[list[MinedEdit], int, int]:
    """Edits by date, the number of commits looked into, and of files that could not be used."""
    history = commits_of(repository, options.since, options.until)
    if options.with_tests:
        history = map(_without_tests, history)
    commits = [c for c in history if len(c.files) == 1 or purpose_of(c.message)]
    taken_back = reverts_of(repository)
    order = spread(len(commits))
    sampled = order[: options.commits]
    telling = [number for number in order[options.commits :] if _tells(commits[number], taken_back)]
    found: list[MinedEdit] = []
    ordinary = unread = 0
    looked_into = sampled + telling[: options.commits]
    for place, number in enumerate(looked_into):
        commit = commits[number]
        changes = [change_of(repository, file) for file in commit.files]
        unread += changes.count(None)
        edits = [edit for edit in edits_of(change for change in changes if change) if isinstance(edit, Edit)]
        rows = [row for edit in edits if (row := _row(edit, commit, origin, taken_back.get(commit.id)))]
        for row in [rows[at] for at in spread(len(rows))[: options.per_commit]]:
            if row.kind != Kind.ORDINARY:
                found.append(row)
            elif ordinary < options.ordinary and place < len(sampled):
                ordinary += 1
                found.append(row)
            elif claim_of(commit.message):
                found.append(replace(row, kind=Kind.CLAIMED))
    found.sort(key=lambda row: (row.date, row.commit, row.path, row.unit))
    return found, len(looked_into), unread


def _without_tests(commit: Commit) -> Commit:
    """The commit as if it had left alone what only serves its one source file, if it has one."""
    code = tuple(file for file in commit.files if not is_aside(file.path))
    return replace(commit, files=code) if len(code) == 1 else commit


def _tells(commit: Commit, taken_back: Mapping[str, Revert]) -> bool:
    """Whether a commit beyond the even sample is worth reading."""
    return commit.id in taken_back or bool(purpose_of(commit.message) or claim_of(commit.message))


def _row(edit: Edit, commit: Commit, origin: tuple[str, str, Split], revert: Revert | None) -> MinedEdit | None:
    """An edit as it is kept, or None: it does not parse, is flat, moved, or changes code together with other files."""
    if edit.incomplete or edit.old_path:
        return None
    before, after = "\n".join(edit.before.lines), "\n".join(edit.after.lines)
    if len(before) + len(after) > _LARGEST_UNIT:
        return None
    evidence = _evidence(edit, commit)
    if not evidence and len(commit.files) > 1:
        return None
    if min(tree_depth(edit.before.lines, edit.path), tree_depth(edit.after.lines, edit.path)) < LEAST_DEPTH:
        return None
    kind = Kind.NEUTRAL if evidence else Kind.REVERTED if revert else Kind.ORDINARY
    return MinedEdit(
        *origin, commit.id, commit.date, _impersonal(commit.message), edit.path, edit.unit, edit.kind, edit.language,
        edit.nature, kind, evidence, before, after,
        reverted_by=revert.commit if revert else "", because=_impersonal(revert.because) if revert else "",
    )  # fmt: skip


def _impersonal(message: str) -> str:
    text = message.encode("utf-8", "replace").decode()  # bytes that are not UTF-8 came as lone surrogates
    return _PERSONAL.sub("", text).strip()[:_LONGEST_MESSAGE]


def _evidence(edit: Edit, commit: Commit) -> str:
    if edit.nature is not Nature.CODE:
        return "tokens"
    purpose = purpose_of(commit.message)
    return purpose if purpose and bears_out(edit, purpose) else ""


def part_of(parts: Path, name: str) -> Path:
    """Where ``mine_one`` puts the edits of a repository."""
    return parts / f"{name.replace('/', '+')}.parquet"


def _stamp(head: str, split: Split, options: MineOptions) -> str:
    """Changes whenever a part would."""
    columns = [column.name for column in fields(MinedEdit)]
    bounds = [options.commits, options.ordinary, options.per_commit, terms().digest]
    settings = [head, split, str(options.since), str(options.until), bounds, columns]
    settings += ["with tests"] if options.with_tests else []
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()


def _license(repository: Repository) -> str | None:
    names = repository.output("ls-tree", "--name-only", "-z", "HEAD").decode("utf-8", "replace").split("\0")
    return license_of(names, lambda name: repository.text_at("HEAD", name))


def spread(count: int) -> list[int]:
    """The numbers below ``count`` in an order of which every beginning is spread evenly over all of them."""
    return sorted(range(count), key=lambda number: number * _GOLDEN % 1)
