"""Sheets of real edits for people to judge on all five criteria, and the survey that comes out of their marks."""

import json
import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Final

from themis_lsp.error import UsageError
from themis_lsp.testcode import is_test
from themis_model.criterion import CRITERIA, Criterion
from themis_model.reason import reason, reasons
from themis_training.data import Split
from themis_training.mined import Kind, MinedEdit, diff_of, digest_of, written_whole
from themis_training.origin import use_of
from themis_training.survey import Judged, read_survey, write_survey

UNIFORM: Final = "uniform"
KEY: Final = "key.jsonl"
_GUIDE: Final = "README.md"
_MARKED: Final = "marks_*.txt"
_CODES: Final[dict[str, Criterion]] = dict(zip(("FC", "RE", "ME", "SH", "RM"), CRITERIA, strict=True))
_MARK: Final = re.compile(r"(FC|RE|ME|SH|RM)([+-][12])(?::([a-z-]+))?")
_CONTEXT = 5  # lines of a diff
_LONGEST = 3000  # characters of a diff
_PER_COMMIT = 2


@dataclass(frozen=True, slots=True)
class DrawOptions:
    """What is drawn.

    Attributes:
        wanted: how many edits by what they are drawn by: ``uniform`` among those that people commit day by day, or the
            value of a criterion that commits claim to improve.
        per_repository: edits of one repository that are drawn by the same thing.
        most_lines: changed lines of an edit.
        sheet: edits on one sheet.
        seed: of everything that is drawn.
    """

    wanted: Mapping[str, int]
    per_repository: int = 40
    most_lines: int = 26
    sheet: int = 90
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of marked sheets.

    Attributes:
        judged: edits with marks or with none to give, by the sheets' order.
        missing: edits of sheets that nobody has marked yet.
        total: edits that the survey holds now.
    """

    judged: list[Judged]
    missing: int
    total: int


def draw(edits: Iterable[MinedEdit], out: Path, options: DrawOptions, asked: Collection[Judged] = ()) -> Counter[str]:
    """Write sheets, the key to them and a guide into a folder; how many edits were drawn, by what.

    Half of the edits are shown the other way round; the key says which, so keep it from whoever judges.

    Args:
        edits: real edits.
        out: folder; made if missing.
        options: what to draw.
        asked: edits that were judged before, which are not drawn again.

    Raises:
        UsageError: nothing is wanted, or the folder holds sheets already.
    """
    if not any(options.wanted.values()):
        raise UsageError("nothing is asked for: say how many, as in --uniform 300 --claimed security=200")
    if (out / KEY).exists():
        raise UsageError(f"{out} holds sheets already: gather their marks first, or name another folder")
    # Not for secrets: the same seed has to draw the same sheets.
    chance = random.Random(options.seed)  # noqa: S311
    known = {one.digest for one in asked}
    pool = list(edits)
    chance.shuffle(pool)
    drawn: list[tuple[Judged, str]] = []
    for by, count in options.wanted.items():
        for edit in _chosen(pool, by, count, options, known):
            turned = chance.random() < 0.5
            drawn.append((_judged(edit, by, turned=turned), diff_of(*edit.shown(turned), _CONTEXT)))
            known.add(drawn[-1][0].digest)
    chance.shuffle(drawn)
    out.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, len(drawn), options.sheet)):
        shown = (_shown(one, diff) for one, diff in drawn[start : start + options.sheet])
        (out / f"sheet_{number:03d}.txt").write_text("".join(shown), encoding="utf-8", newline="\n")
    (out / _GUIDE).write_text(_guide(), encoding="utf-8", newline="\n")
    with written_whole(out / KEY) as key:
        key.write_text("".join(json.dumps(asdict(one)) + "\n" for one, _ in drawn), encoding="utf-8", newline="\n")
    return Counter(one.drawn for one, _ in drawn)


def gather(folder: Path, into: Path) -> Gathered:
    """Add what was marked on the sheets of a folder to a survey, which is made if missing.

    Raises:
        UsageError: there is no key, nothing is marked, or a line of marks cannot be read.
    """
    if not (folder / KEY).exists():
        raise UsageError(f"{folder} holds no {KEY}: name a folder that `themis train draw` wrote")
    if not any(folder.glob(_MARKED)):
        raise UsageError(f"{folder} holds no marks: write marks_000.txt beside sheet_000.txt; {_GUIDE} there says how")
    key = {one.id: one for one in read_survey(folder / KEY)}
    marks: dict[str, Mapping[str, tuple[int, str]]] = {}
    for file in sorted(folder.glob(_MARKED)):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                name, *told = line.replace(",", " ").split()
                try:
                    if name not in key:
                        raise ValueError(f"no edit here is called {name}")
                    if name in marks:
                        raise ValueError(f"{name} was marked before")
                    marks[name] = _marks(told)
                except ValueError as problem:
                    raise UsageError(f"{file}:{number}: {problem}") from None
    judged = [replace(one, marks=marks[name]) for name, one in key.items() if name in marks]
    earlier = {one.id: one for one in read_survey(into)} if into.exists() else {}
    total = write_survey([*(earlier | {one.id: one for one in judged}).values()], into)
    return Gathered(judged, len(key) - len(judged), total)


def _chosen(
    pool: Sequence[MinedEdit], by: str, count: int, options: DrawOptions, known: set[str]
) -> Iterator[MinedEdit]:
    """At most so many edits; what is already ``known`` is left out, and grows while this is read."""
    repositories: Counter[str] = Counter()
    commits: Counter[str] = Counter()
    for edit in pool:
        if count <= 0:
            return
        fits = edit.kind == Kind.ORDINARY if by == UNIFORM else edit.criterion == by and edit.kind != Kind.NEUTRAL
        if not fits or repositories[edit.repo] >= options.per_repository or commits[edit.commit] >= _PER_COMMIT:
            continue
        new = known.isdisjoint(digest_of(*edit.shown(turned)) for turned in (False, True))
        if new and _can_be_judged(edit, options.most_lines):
            repositories[edit.repo] += 1
            commits[edit.commit] += 1
            count -= 1
            yield edit


def _can_be_judged(edit: MinedEdit, most_lines: int) -> bool:
    if edit.nature != "code" or is_test(edit.path):
        return False
    diff = diff_of(edit.before, edit.after, _CONTEXT)
    changed = sum(line[:1] in ("+", "-") for line in diff.splitlines())
    return 0 < changed <= most_lines and len(diff) <= _LONGEST


def _judged(edit: MinedEdit, by: str, *, turned: bool) -> Judged:
    digest = digest_of(*edit.shown(turned))
    place = (edit.repo, edit.commit, edit.path, edit.unit)
    split = Split.TEST if use_of(edit.repo, edit.split) is Split.TEST else Split.TRAIN
    return Judged(digest_of("survey", *place, digest), *place, edit.language, split.value, by, turned, digest, {})


def _shown(one: Judged, diff: str) -> str:
    return f"=== {one.id} {one.language} {one.path.rpartition('/')[2]} :: {one.unit}\n{diff}\n"


def _guide() -> str:
    told = files("themis_training").joinpath("judging.md").read_text("utf-8")
    names = [
        f"- {code}: " + ", ".join(sorted(name for name in reasons() if reason(name).criterion is criterion))
        for code, criterion in _CODES.items()
    ]
    return "\n".join([told, "## Names of defects", "", *names, ""])


def _marks(told: Sequence[str]) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    if not told or ("0" in told and len(told) > 1):
        raise ValueError("say what it does, as in RM-2:deep-nesting FC+1, or 0 alone for nothing")
    for word in told:
        if word == "0":
            return {}
        parts = _MARK.fullmatch(word)
        if not parts:
            raise ValueError(f"{word} is no mark; marks look like RM-2:deep-nesting or FC+1, and 0 stands for none")
        criterion = _CODES[parts[1]]
        if criterion.value in found:
            raise ValueError(f"{parts[1]} has two marks")
        found[criterion.value] = (int(parts[2]), _defect(parts[3] or "", criterion))
    return found


def _defect(name: str, criterion: Criterion) -> str:
    if name and (name not in reasons() or reason(name).criterion is not criterion):
        raise ValueError(f"{name} is no defect of {criterion.short}; `themis explain` lists them")
    return name
