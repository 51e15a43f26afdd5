"""Measured figures as text that lines up, on terminals and in pipes alike."""

import math
from collections.abc import Iterator, Sequence

from themis_bench.accuracy import FEWEST, Group, Right
from themis_bench.metrics import Estimate, macro_average
from themis_bench.speed import Figure
from themis_bench.spoken import Spoken
from themis_model.calibrate import Mix

_DASH = "–"


def accuracy_table(groups: Sequence[Group], names: Sequence[str]) -> Iterator[str]:
    """One line per group; the first judge with its interval, the others beside it.

    Args:
        groups: as ``themis_bench.accuracy.groups`` orders them.
        names: of the judges.
    """
    head = ["", "pairs", f"{names[0]}: plain", "balanced", "95 %", *names[1:], "longer: plain"]
    rows = [head]
    for group in groups:
        first, *rest = group.judges
        rows.append([
            _label(group),
            str(group.pairs),
            *(_in_full(first) if first else [_DASH] * 3),
            *(number(judge.balanced.value) if judge else _DASH for judge in rest),
            number(group.longer),
        ])  # fmt: skip
    whole = [group for group in groups if (group.language, group.source) == ("all", "all")]
    if len(whole) > 1:
        means = [_macro(whole, n) for n in range(len(names))]
        plain = macro_average(g.judges[0].plain.value for g in whole if g.judges[0])
        longer = macro_average(group.longer for group in whole)
        rows.append(["macro average", "", number(plain), number(means[0]), "", *map(number, means[1:]), number(longer)])
    yield from aligned(rows)


def notes(groups: Sequence[Group], names: Sequence[str]) -> Iterator[str]:
    """What the table does not show: leads over the other judges, pairs that were not seen, equal lengths."""
    whole = [group for group in groups if (group.language, group.source) == ("all", "all")]
    for group in whole:
        for name, judge in zip(names[1:], group.judges[1:], strict=True):
            if judge and group.judges[0] and not math.isnan(judge.lead.value):
                lead = f"{judge.lead.value:+.3f} ({judge.lead.lower:+.3f} to {judge.lead.upper:+.3f})"
                yield f"{group.criterion.short}: {names[0]} leads {name} by {lead}, balanced"
        for name, judge in zip(names, group.judges, strict=True):
            if judge and judge.unseen:
                yield f"{group.criterion.short}: {judge.unseen} changes too large for {name}, counted as wrong"
        if group.equal:
            yield f"{group.criterion.short}: {group.equal} pairs of equal length are in no balanced figure"
    yield f"intervals resample projects; languages and sources with fewer than {FEWEST} pairs are left out"


def _in_full(right: Right) -> list[str]:
    return [number(right.plain.value), number(right.balanced.value), between(right.balanced)]


def spoken_table(said: Sequence[Spoken]) -> Iterator[str]:
    """What the first judge would say, one line per criterion."""
    rows = [["", "worse from", "precision", "at least", "coverage", "better from", "precision", "neutral spoken of"]]
    for one in said:
        noise = f"{one.noise.value:.2%} of {one.neutrals}"
        better = one.better if one.better.judged else None
        worse = one.worse if one.worse.judged else None
        rows.append([
            one.criterion.short, number(one.worse.probability), number(worse.precision) if worse else _DASH,
            number(worse.lower) if worse else _DASH, number(one.worse.coverage),
            number(better.probability) if better else _DASH, number(better.precision) if better else _DASH, noise,
        ])  # fmt: skip
    yield from aligned(rows)


def in_words(groups: Sequence[Group], name: str, mix: Mix | None = None, said: Sequence[Spoken] = ()) -> Iterator[str]:
    """What was measured, for people who see such tables for the first time.

    Args:
        groups: as ``themis_bench.accuracy.groups`` orders them.
        name: of the first judge.
        mix: what its spoken verdicts are told under; None if there is no table of them.
        said: that table.
    """
    whole = [group for group in groups if (group.language, group.source) == ("all", "all")]
    pairs = sum(group.pairs for group in whole if group.judges[0])
    right = round(sum(group.judges[0].plain.value * group.pairs for group in whole if group.judges[0]))
    longer = round(sum(group.longer * group.pairs for group in whole if group.judges[0]))
    yield f"Of {pairs} pairs of a better and a worse version, {name} rates the better one higher in {right} (plain);"
    yield f"always preferring the longer version would be right in {longer}, so balanced takes that shortcut away."
    if mix and said:
        told = ", ".join(f"{one.told} in {one.criterion.short}" for one in said)
        noisy = sum(round(one.noise.value * one.neutrals) for one in said)
        yield f"Of these pairs as regressions it tells {sum(one.told for one in said)} ({told});"
        yield f"on {said[0].neutrals} neutral edits it has {noisy} findings."
        yield "The second table is what users meet: from which probability on it speaks, how often it is right then if"
        yield f"{mix.worse:.0%} of all edits are worse and {mix.better:.0%} better, and the share it finds (coverage)."
    if few := [group.criterion.short for group in whole if group.pairs < FEWEST]:
        yield f"Fewer than {FEWEST} pairs show that a model works, not how well it does: {', '.join(few)}."


def figure_table(figures: Sequence[Figure]) -> Iterator[str]:
    """One line per figure of speed or memory, with its limit and what it was computed from."""
    rows = [["", "measured", "limit", "kept", "medians"]]
    for figure in figures:
        limit = f"{'at least' if figure.is_floor else 'at most'} {figure.limit:g} {figure.unit}"
        medians = ", ".join(f"{name} {_amount(value, figure.unit)}" for name, value in figure.medians.items())
        kept = "yes" if figure.is_kept else "NO"
        rows.append([figure.name, f"{figure.value:.2f} {figure.unit}", limit, kept, f"{medians} ({figure.runs} runs)"])
    yield from aligned(rows)


def _amount(value: float, unit: str) -> str:
    if unit in ("MB", "KB"):
        return f"{value / 1e6:.1f} MB"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.2f} ms"


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Cells in columns, the first to the left and the rest to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(rest, widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()


def number(value: float) -> str:
    """Three digits, or a dash for what is undefined."""
    return _DASH if math.isnan(value) else f"{value:.3f}"


def between(estimate: Estimate) -> str:
    """The bounds of an estimate."""
    return f"{number(estimate.lower)}–{number(estimate.upper)}"


def _label(group: Group) -> str:
    if group.source != "all":
        return f"  from {group.source}"
    return group.criterion.short if group.language == "all" else f"  {group.language}"


def _macro(groups: Sequence[Group], judge: int) -> float:
    found: list[Right | None] = [group.judges[judge] for group in groups]
    return macro_average(right.balanced.value for right in found if right)
