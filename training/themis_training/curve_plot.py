"""Learning curves as one SVG: a panel per axis and world, a line per criterion, readable on dark and light."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from themis_model.criterion import CRITERIA, Criterion
from themis_training.curve import DEFECTS, PAIRS, PARAMETERS, Point

_AXES = (PAIRS, DEFECTS, PARAMETERS)
_WORLDS = ("sources", "operators")
_COLOURS = ("#3b82f6", "#f59e0b", "#10b981", "#ef4444", "#8b5cf6")  # in the order of the criteria
_WIDTH, _HEIGHT, _GAP, _TOP = 260, 150, 44, 46
_LOW, _HIGH = 0.45, 1.0


def plot(points: Iterable[Point]) -> str:
    """The text of an SVG file."""
    found = list(points)
    width, height = len(_AXES) * (_WIDTH + _GAP) + _GAP, _TOP + len(_WORLDS) * (_HEIGHT + _GAP + 14) + 10
    box = f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11" fill="#888888"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {box}>']
    for number, criterion in enumerate(CRITERIA):
        x = _GAP + number * 120
        parts.append(f'<rect x="{x}" y="12" width="10" height="10" fill="{_COLOURS[number]}"/>')
        parts.append(f'<text x="{x + 15}" y="21">{criterion.short}</text>')
    for row, world in enumerate(_WORLDS):
        for column, axis in enumerate(_AXES):
            x, y = _GAP + column * (_WIDTH + _GAP), _TOP + row * (_HEIGHT + _GAP + 14)
            parts += _panel([p for p in found if (p.axis, p.world) == (axis, world)], x, y, f"{axis}, held-out {world}")
    return "\n".join([*parts, "</svg>", ""])


def _panel(points: Sequence[Point], x: int, y: int, title: str) -> list[str]:
    parts = [f'<text x="{x}" y="{y + 10}" font-weight="bold">{title}</text>']
    bottom = y + 18 + _HEIGHT
    for mark in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        at = bottom - (mark - _LOW) / (_HIGH - _LOW) * _HEIGHT
        dash = ' stroke-dasharray="3 3"' if mark == 0.5 else ""
        parts.append(f'<line x1="{x}" x2="{x + _WIDTH}" y1="{at:.1f}" y2="{at:.1f}" stroke="#88888855"{dash}/>')
        parts.append(f'<text x="{x - 6}" y="{at + 4:.1f}" text-anchor="end">{mark:.1f}</text>')
    amounts = sorted({p.amount for p in points if p.amount > 0})
    if not amounts:
        return parts
    first, last = math.log(amounts[0]), math.log(max(amounts[-1], amounts[0] + 1))

    def place(p: Point) -> tuple[float, float]:
        share = (math.log(max(p.amount, 1)) - first) / (last - first)
        return x + share * _WIDTH, bottom - (max(p.balanced, _LOW) - _LOW) / (_HIGH - _LOW) * _HEIGHT

    for amount, anchor, at in ((amounts[0], "start", x), (amounts[-1], "end", x + _WIDTH)):
        parts.append(f'<text x="{at}" y="{bottom + 15}" text-anchor="{anchor}">{amount:,}</text>')
    lines: dict[str, list[Point]] = defaultdict(list)
    for p in sorted(points, key=lambda p: p.amount):
        lines[p.criterion].append(p)
    for criterion, own in lines.items():
        colour = _COLOURS[CRITERIA.index(Criterion(criterion))]
        where = [place(p) for p in own]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in where)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{colour}"/>' for a, b in where]
    return parts
