"""Small charts as inline SVG: they take their colours from the page, and need no script."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from themis_cli.report import tally
from themis_cli.report.record import Report
from themis_lsp.attribute import percent
from themis_lsp.verdict import Direction, Verdict
from themis_model.calibrate import State
from themis_model.criterion import CRITERIA, Criterion

_WIDTH: Final = 360
_LABEL: Final = 84  # of a row, at its left
_ROW: Final = 26
_THICK: Final = 12
_BINS: Final = 40
_RIDGE: Final = 36  # height of one histogram


def by_criterion(report: Report) -> str:
    """Regressions to the left, improvements to the right, a row for each criterion; why the silent ones are silent."""
    worse = Counter(finding.verdict.criterion for finding in report.review.findings)
    better = tally.by_criterion(tally.credits_of(report.review))
    most = max((*worse.values(), *better.values(), 1))
    middle = (_LABEL + _WIDTH) / 2
    unit = (_WIDTH - middle - 30) / most
    rows = []
    for number, criterion in enumerate(CRITERIA):
        y = number * _ROW
        rows.append(f'<text x="0" y="{y + 16}">{criterion.short}</text>')
        if not worse[criterion] + better[criterion]:  # a silent one may be shown on request
            state = report.model.calibration.curves[criterion].state
            why = "nothing to say" if state is State.SPEAKS else state
            rows.append(f'<text class="quiet middle" x="{middle}" y="{y + 16}">{why}</text>')
            continue
        left, right = worse[criterion] * unit, better[criterion] * unit
        rows.append(f'<line class="axis" x1="{middle}" x2="{middle}" y1="{y + 2}" y2="{y + 22}"/>')
        rows.append(_bar(middle - left, y + 6, left, "f-worse") + _bar(middle, y + 6, right, "f-better"))
        rows.append(f'<text class="end" x="{middle - left - 6:.1f}" y="{y + 16}">{worse[criterion] or ""}</text>')
        rows.append(f'<text x="{middle + right + 6:.1f}" y="{y + 16}">{better[criterion] or ""}</text>')
    y = len(CRITERIA) * _ROW + 14
    rows.append(f'<text class="quiet end" x="{middle - 8}" y="{y}">◂ worse</text>')
    rows.append(f'<text class="quiet" x="{middle + 8}" y="{y}">better ▸</text>')
    return _svg(_WIDTH, y + 6, "Regressions and improvements by criterion", rows)


def coverage(report: Report) -> tuple[str, Sequence[tuple[str, str]]]:
    """One bar of everything that changed, and its legend: a class of the style sheet and words for each part."""
    found = report.review.coverage
    parts = [
        ("f-scored", found.scored, "scored"),
        ("f-neutral", found.settled, "only layout changed"),
        ("f-faint", found.of_tests, "of test code"),
        ("f-faint", len(found.skipped), "not judged"),
    ]
    total = sum(number for _, number, _ in parts) or 1
    x = 0.0
    bars = []
    for name, number, _ in parts:
        width = number / total * _WIDTH
        bars.append(f'<rect class="{name}" x="{x:.1f}" y="0" width="{width:.1f}" height="18"/>')
        x += width
    told = [(name, f"{number} {words}") for name, number, words in parts if number]
    return _svg(_WIDTH, 18, "What was judged", bars), told


def spread(report: Report) -> str:
    """How every edit came out: a histogram of P(better) − P(worse) for each criterion that speaks."""
    speaking = [c for c in CRITERIA if report.model.calibration.curves[c].state is State.SPEAKS]
    rows = "".join(_ridge(c, [v for v in report.review.verdicts if v.criterion is c]) for c in speaking)
    scale = "<span>◂ worse</span><span>neither</span><span>better ▸</span>"
    return f'<div class="ridges">{rows}<div class="scale quiet">{scale}</div></div>' if rows else ""


def _ridge(criterion: Criterion, verdicts: Sequence[Verdict]) -> str:
    counts: Counter[tuple[int, Direction]] = Counter()
    for verdict in verdicts:
        if verdict.p:
            share = (1 + verdict.p.better - verdict.p.worse) / 2
            counts[min(int(share * _BINS), _BINS - 1), verdict.direction] += 1
    totals = [sum(counts[n, way] for way in Direction) for n in range(_BINS)]
    tallest = max(*totals, 1) ** 0.5  # the root, so that a single finding is seen beside many others
    bars = [bar for n, total in enumerate(totals) if total for bar in _stacked(n, total, tallest, counts)]
    title = f"{criterion.short}: every edit, from surely worse to surely better"
    return f"<span>{criterion.short}</span>{_svg(_BINS, _RIDGE, title, bars, 'preserveAspectRatio=none')}"


def _stacked(n: int, total: int, tallest: float, counts: Mapping[tuple[int, Direction], int]) -> Iterator[str]:
    height = total**0.5 / tallest * _RIDGE
    top = _RIDGE - height
    for way, name in ((Direction.WORSE, "f-worse"), (Direction.NONE, "f-neutral"), (Direction.BETTER, "f-better")):
        if part := counts[n, way]:
            share = height * part / total
            place = f'x="{n + 0.08:.2f}" y="{top:.1f}" width="0.84" height="{share:.1f}"'
            yield f'<rect class="{name}" {place}><title>{part}</title></rect>'
            top += share


def chance(probability: float) -> str:
    """A bar for one probability."""
    return f'<div class="chance" title="{percent(probability)}"><i style="width:{100 * probability:.1f}%"></i></div>'


def _bar(x: float, y: int, width: float, name: str) -> str:
    return f'<rect class="{name}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_THICK}" rx="2"/>'


def _svg(width: int, height: int, title: str, parts: Sequence[str], how: str = "") -> str:
    head = f'<svg viewBox="0 0 {width} {height}" {how} role="img" aria-label="{escape(title)}">'
    return f"{head}{''.join(parts)}</svg>"
