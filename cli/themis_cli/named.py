"""Which named defects a model tells, which it knows and keeps to itself, and what readers made of either."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from themis_cli.table import aligned
from themis_lsp.attribute import percent
from themis_model.bundle import Manifest
from themis_model.calibrate import State
from themis_model.criterion import Criterion
from themis_model.naming import NEVER
from themis_model.reason import Reason, reasons


class Name(NamedTuple):
    """A named defect, as one model has it.

    Attributes:
        id: of its page.
        since: P(worse) from which on it is told; None if it never is.
        read: number of findings with this name, on real edits, that somebody judged.
        kept: how many of them were worth telling.
    """

    id: str
    since: float | None
    read: int
    kept: int

    @property
    def readings(self) -> str:
        """What readers made of it, in words."""
        return f"{self.kept} of {self.read}" if self.read else "none came up"


def names_of(criterion: Criterion, manifest: Manifest) -> list[Name]:
    """The defects of a criterion that the model knows by name: those it tells first, the rest after them."""
    if manifest.naming is None:
        return []
    known = sorted(name for name in manifest.naming.reasons if reasons()[name].criterion is criterion)
    found = [_name(name, criterion, manifest) for name in known]
    return sorted(found, key=lambda name: name.since is None)


def told_of(reason: Reason, manifest: Manifest) -> str:
    """Whether a model tells one defect: from which probability on, or that it never does, and why."""
    criterion = reason.criterion
    name = next((name for name in names_of(criterion, manifest) if name.id == reason.id), None)
    if name is None:
        return f"The model {manifest.name} has no name for it, so it never tells it."
    read = f"of {name.read} such findings on real edits, readers kept {name.kept}"
    if name.since is not None:
        proof = read if name.read else "no such finding on real edits was read"
        chosen = " in the edits that this threshold was chosen on, which flatters" if name.read else ""
        return f"The model {manifest.name} tells it from {percent(name.since)} on: {proof}{chosen}."
    curve = manifest.calibration.curves[criterion]
    if curve.state is not State.SPEAKS:
        why = f"of {criterion.short} it says nothing at all ({curve.state})"
    elif not _can_be_named(name.id, manifest):
        why = "on edits held out it did not recognise it surely enough"
    else:
        why = f"{read}, too few" if name.read else "no such finding on real edits was read"
    return f"The model {manifest.name} knows it, but never tells it, however likely: {why}."


def told_briefly(criterion: Criterion, manifest: Manifest) -> Iterator[str]:
    """The same in two sentences: the names by the probability they need, and those that are never told."""
    names = names_of(criterion, manifest)
    told = sorted((name for name in names if name.since is not None), key=lambda name: name.since or 0.0)
    if told:
        groups = [(since, list(group)) for since, group in groupby(told, key=lambda name: percent(name.since or 0.0))]
        yield "tells " + "; ".join(f"from {since} on {', '.join(name.id for name in group)}" for since, group in groups)
    if silent := [name.id for name in names if name.since is None]:
        yield f"knows, but never tells {', '.join(silent)}"


def told_at_length(criterion: Criterion, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Labelled lines: a table of what is told, one of what is not, why, and how to read them."""
    names = names_of(criterion, manifest)
    told, silent = ([n for n in names if (n.since is not None) is is_told] for is_told in (True, False))
    if told:
        yield from _table("tells", [("defect", "from", "readers kept"), *map(_row, told)])
    if told and silent:
        yield from _table("never tells", [("defect", "", "readers kept"), *map(_row, silent)])
    elif silent:
        because = manifest.calibration.curves[criterion].state
        yield "never tells", f"{', '.join(name.id for name in silent)}: the criterion is {because}"
    if told:
        yield "", ""
        yield (
            "to read it",
            (
                "from: how likely worse an edit has to be for the name to be told. Readers kept: how many findings "
                "with that name, from there on, were worth telling to a careful reader of real edits. The edits are "
                "those that decided on it, so this flatters; a name that readers refused too often is never told."
            ),
        )
    own = [reason.id for reason in reasons().values() if reason.criterion is criterion]
    if unknown := sorted(set(own) - {name.id for name in names}):
        yield "unknown", f"{', '.join(unknown)}: there is a page, but this model has no name for it"
    yield "pages", f"themis explain {(names[0].id if names else own[0])} shows what it is, with examples."


def _name(name: str, criterion: Criterion, manifest: Manifest) -> Name:
    curve = manifest.calibration.curves[criterion]
    at = curve.reasons.get(name)
    if curve.state is State.SPEAKS and _can_be_named(name, manifest) and (at or not curve.reasons):
        since = max(at.probability, curve.worse.probability) if at else curve.worse.probability
        read = at.judged if at else 0
        return Name(name, since, read, round(at.precision * read) if at else 0)
    return Name(name, None, *_readings(name, manifest.results))


def _can_be_named(name: str, manifest: Manifest) -> bool:
    return manifest.naming is not None and manifest.naming.thresholds.get(name, NEVER).probability <= 1


def _readings(name: str, results: Mapping[str, Any]) -> tuple[int, int]:
    """How many findings with this name were read, and kept, as ``themis train settle`` counted them."""
    found: Any = results
    for key in ("judged", "calibration", name):
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        return 0, 0
    read, kept = found.get("read"), found.get("kept")
    return (read, kept) if isinstance(read, int) and isinstance(kept, int) else (0, 0)


def _row(name: Name) -> tuple[str, str, str]:
    return name.id, "" if name.since is None else percent(name.since), name.readings


def _table(label: str, rows: list[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(aligned(rows)):
        yield "" if number else label, line
