"""One page that needs nothing else: no script, no font, no address. It reads on a phone, in the light and in the dark.

Everything from a repository is escaped twice: control characters for people, marks for browsers.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Final, TextIO

from themis_cli.escape import visible
from themis_cli.report.chart import by_criterion, chance, coverage, spread
from themis_cli.report.hunk import hunks
from themis_cli.report.look import UNICODE
from themis_cli.report.record import Detail, Report
from themis_cli.report.rules import advice, rule, rule_id
from themis_cli.report.tally import (
    Credits,
    Gain,
    asides,
    closing,
    credits_of,
    headline,
    nothing,
    ranked,
    sentence,
    short,
    trade_offs,
)
from themis_lsp.attribute import certainty, percent
from themis_lsp.finding import Finding
from themis_lsp.review import Review

_MOST_ROWS: Final = 500
_MOST_CREDITS: Final = 50
_INLINE: Final = re.compile(r"`([^`]+)`")
_STRESSED: Final = re.compile(r"^\*\*([^*]+)\*\*")
_SCALES: Final = (
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" '
    'stroke-linejoin="round" aria-hidden="true"><path d="M12 3v17M8 20.5h8M5 7.5l7-2 7 2"/>'
    '<path d="M5 7.5l-2.8 6h5.6zM19 7.5l-2.8 6h5.6z"/>'
    '<path d="M2.2 13.5a2.8 2.4 0 0 0 5.6 0M16.2 13.5a2.8 2.4 0 0 0 5.6 0"/></svg>'
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def write(report: Report, out: TextIO, detail: Detail) -> None:
    """Write the page."""
    title = headline(report.review) or nothing(report.review).rstrip(".")
    out.write(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>Themis: {title}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n<main>\n"
    )
    out.writelines(f"{part}\n" for part in _parts(report, title, detail))
    out.write("</main>\n</body>\n</html>\n")


@cache
def _style() -> str:
    return Path(__file__).with_name("page.css").read_text("utf-8")


def _parts(report: Report, title: str, detail: Detail) -> Iterator[str]:
    review = report.review
    compared = f"{short(report.head)} against {short(report.base)}"
    yield f'<header>{_SCALES}<div><h1>{title}</h1><div class="quiet small">{escape(compared)}</div></div></header>'
    if detail > Detail.QUIET and review.verdicts:
        yield _charts(report)
    mixed = trade_offs(review)
    by_path = sorted(review.findings, key=lambda finding: finding.verdict.path)  # the surest first within each
    for path, group in groupby(by_path, key=lambda finding: finding.verdict.path):
        yield f'<section><h2 class="path">{_text(path)}</h2>{"".join(_finding(f, mixed) for f in group)}</section>'
    if detail > Detail.QUIET:
        yield from _rest(report, detail)


def _charts(report: Report) -> str:
    bar, told = coverage(report)
    legend = "".join(f'<li><i class="swatch {name}"></i>{words}</li>' for name, words in told)
    judged = f'{bar}<ul class="legend small quiet">{legend}</ul>'
    scattered = spread(report)
    wide = f'<div class="card wide"><h3>Every edit</h3>{scattered}</div>' if scattered else ""
    return (
        f'<div class="charts"><div class="card"><h3>By criterion</h3>{by_criterion(report)}</div>'
        f'<div class="card"><h3>What was judged</h3>{judged}</div>{wide}</div>'
    )


def _finding(finding: Finding, mixed: Credits) -> str:
    verdict = finding.verdict
    kind = rule(rule_id(finding))
    worse = verdict.p.worse if verdict.p else 0.0
    words = f"{certainty(worse)} worse for {verdict.criterion.short}"
    title = kind.title if finding.defect else words.capitalize()
    place = f"{finding.lines[0].first} in <code>{_text(verdict.unit)}</code>"
    said = f"{words.capitalize()}, line {place}" if finding.defect else f"Line {place}"
    notes = "".join(
        f'<div class="quiet small also">{escape(sentence(aside))}</div>' for aside in asides(finding, mixed)
    )
    return (
        f'<article class="card finding" id="f-{finding.fingerprint}">'
        f'<div class="title"><h3>{escape(title)}</h3><b class="worse">{escape(percent(worse))}</b></div>{chance(worse)}'
        f'<div class="small quiet wrap">{said}</div>{notes}'
        f"{hunks(finding.excerpts, verdict.path)}{_about(finding)}</article>"
    )


def _about(finding: Finding) -> str:
    told = "".join(f'<p class="small">{_prose(paragraph)}</p>' for paragraph in advice(finding))
    title = "Why, and what instead" if finding.defect else "What this means"
    return f"<details><summary>{title}</summary>{told}</details>"


def _rest(report: Report, detail: Detail) -> Iterator[str]:
    review = report.review
    if flat := ranked(credits_of(review)):
        rows = "".join(
            f'<li><span class="better">{gain.criterion.short}</span><b class="better">{escape(percent(gain.share))}</b>'
            f'<span class="small"><code>{_text(gain.unit)}</code> <span class="quiet">{_text(gain.path)}</span>'
            f"{_mended(gain)}</span></li>"
            for gain in flat[:_MOST_CREDITS]
        )
        listed = f'<ul class="credits">{rows}</ul>{_more(flat, _MOST_CREDITS)}'
        yield f'<section><h2>Better now</h2><div class="card">{listed}</div></section>'
    told = [(label, value) for label, value in closing(report, UNICODE) if label != "found"]
    listed = "".join(f"<dt>{label}</dt><dd>{_text(value)}</dd>" for label, value in told)
    yield f'<section><h2>What this rests on</h2><div class="card"><dl>{listed}</dl>{_skipped(review)}</div></section>'
    if detail is Detail.VERBOSE:
        yield _verdicts(review)


def _mended(gain: Gain) -> str:
    return f"<br>mended: {escape(rule(gain.mends).title)}" if gain.mends else ""


def _skipped(review: Review) -> str:
    skipped = review.coverage.skipped
    if not skipped:
        return ""
    table = _table(("not judged", "unit", "because"), [(s.path, s.unit or "", s.because) for s in skipped[:_MOST_ROWS]])
    return f"<details><summary>Everything that was not judged</summary>{table}{_more(skipped, _MOST_ROWS)}</details>"


def _verdicts(review: Review) -> str:
    rows = []
    for verdict in review.verdicts[:_MOST_ROWS]:
        chances = (percent(verdict.p.worse), percent(verdict.p.better)) if verdict.p else ("", "")
        because = verdict.because or verdict.direction
        rows.append((verdict.path, verdict.unit, verdict.criterion.short, because, *chances))
    table = _table(("path", "unit", "criterion", "verdict", "worse", "better"), rows)
    more = _more(review.verdicts, _MOST_ROWS)
    return f'<section><h2>Every verdict</h2><div class="card">{table}{more}</div></section>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f"<th>{name}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<table class="rows"><tr>{titles}</tr>{body}</table>'


def _more(rows: Sequence[object], most: int) -> str:
    return f'<p class="small quiet">and {len(rows) - most} more</p>' if len(rows) > most else ""


def _prose(text: str) -> str:
    return _STRESSED.sub(r"<b>\1</b>", _INLINE.sub(r"<code>\1</code>", escape(text)))


def _text(text: str) -> str:
    return escape(visible(text))
