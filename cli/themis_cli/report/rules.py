"""What findings are instances of, for formats that want rules: a named reason, or else the criterion itself."""

import re
from dataclasses import dataclass
from typing import Final

from themis_lsp.finding import Finding
from themis_lsp.meaning import MEANING
from themis_model.calibrate import Calibration
from themis_model.criterion import Criterion
from themis_model.reason import page, reasons

_FENCED: Final = re.compile(r"^```(?P<info>\S+)(?P<words>[^\n]*)\n(?P<body>.*?)^```\n", re.MULTILINE | re.DOTALL)
_TITLE: Final = re.compile(r"\A# [^\n]+\n+")
_BARE_LINK: Final = re.compile(r"^- (?=[\w.-]+\.\w+/)", re.MULTILINE)
_INSTEAD: Final = re.compile(r"^## Instead\n+(.+?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding.

    Attributes:
        id: of the reason, or the criterion's key; ``themis explain`` knows both.
        title: a noun phrase.
        summary: one or two sentences.
        help: Markdown, with examples where the reason has a page.
        instead: Markdown, what to do; empty for a criterion.
        criterion: what got worse.
        cwe: for security.
    """

    id: str
    title: str
    summary: str
    help: str
    instead: str
    criterion: Criterion
    cwe: int | None

    @property
    def asked(self) -> str:
        """What ``themis explain`` is best asked for."""
        return self.criterion.short if self.id == self.criterion else self.id


def rule_id(finding: Finding) -> str:
    """The rule a finding belongs to."""
    return finding.defect or finding.verdict.criterion.value


def rule(name: str) -> Rule:
    """The rule with this id.

    Raises:
        KeyError: it is neither a reason nor a criterion.
    """
    if name in reasons():
        reason, text = reasons()[name], page(name)
        found = _INSTEAD.search(text)
        instead = found[1].strip() if found else ""
        return Rule(reason.id, reason.title, reason.summary, _help(text), instead, reason.criterion, reason.cwe)
    try:
        criterion = Criterion(name)
    except ValueError:
        raise KeyError(name) from None
    title = f"Likely worse for {criterion.short}"
    return Rule(criterion.value, title, MEANING[criterion], MEANING[criterion], "", criterion, None)


def advice(finding: Finding) -> list[str]:
    """What a finding means and what to do about it, as paragraphs of Markdown."""
    kind = rule(rule_id(finding))
    mark = f"themis: ignore[{finding.verdict.criterion.short}]"
    return [
        kind.summary,
        *([f"**Instead.** {kind.instead}"] if kind.instead else []),
        f"`themis explain {kind.asked}` says more. `{mark}` with a reason, in a comment on that line, silences it.",
        f"Fingerprint `{finding.fingerprint}`.",
    ]


def precision(criterion: Criterion, calibration: Calibration) -> float | None:
    """The share of spoken regressions that were right when it was measured; None if it never was."""
    threshold = calibration.curves[criterion].worse
    return threshold.precision if threshold.judged else None


def _help(text: str) -> str:
    """A reason's page as plain Markdown: without its title and what only programs read."""
    return _BARE_LINK.sub("- https://", _FENCED.sub(_fence, _TITLE.sub("", text))).strip()


def _fence(fenced: re.Match[str]) -> str:
    role, _, path = fenced["words"].strip().partition(" ")
    if role not in ("before", "after"):
        return ""
    where = f" in `{path}`" if path else ""
    return f"{role.capitalize()}{where}:\n\n```{fenced['info']}\n{fenced['body']}```\n"
