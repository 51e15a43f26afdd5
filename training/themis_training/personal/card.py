"""What the card of a personalised bundle says besides."""

from typing import Any


def personal_words(record: dict[str, Any] | None, tail: dict[str, Any] | None) -> str:
    """A section of ``CARD.md``; empty for a bundle that is nobody's own.

    Args:
        record: ``personalised`` of the manifest's training record.
        tail: ``tail`` of its results.
    """
    if not record or not tail:
        return ""
    strength = record["strength"]
    how = f"{strength['rank']} directions of hashed n-grams, ridge {strength['ridge']:g}" if strength else "none"
    pairs = sum(tail["pairs"].values())
    forced = f" **Written by force: {record['objection']}.**" if record["objection"] else ""
    whose = (
        f"Personalised on {record['edits']} edits of {record['repository']}, commit {record['commit']}: those known "
        f"before {record['until']}, {record['labelled']} of which their commits or reverts say something about. It is "
        f"`{record['base']['name']}` ({record['base']['digest'][:12]}) with a correction of its rewards ({how}) and "
        "curves moved towards these edits. Thresholds that so few edits cannot prove keep the figures of the base; "
        f"what is said below of sources and limits is about the base.{forced}\n"
    )
    lines = [
        "## Whose it is\n",
        whose,
        f"On the {pairs} labelled and {tail['ordinary']} ordinary edits since then, before and after:\n",
        "| | before | after |\n| --- | --- | --- |",
        *(
            f"| {name} | {_told(tail['before'][key])} | {_told(tail['after'][key])} |"
            for name, key in (
                ("accuracy, plain", "plain"),
                ("accuracy, length-balanced", "balanced"),
                ("ordinary edits called worse", "alarms"),
                ("precision under the mix", "precision"),
                ("regressions called worse", "coverage"),
            )
        ),
    ]
    return "\n".join(lines) + "\n"


def _told(estimate: dict[str, float | None]) -> str:
    value, lower, upper = (estimate[key] for key in ("value", "lower", "upper"))
    if value is None:
        return "–"
    return f"{value:.3f}" if lower is None or upper is None else f"{value:.3f} [{lower:.3f}, {upper:.3f}]"
