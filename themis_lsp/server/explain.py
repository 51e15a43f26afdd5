"""What a criterion or a named defect means, in Markdown."""

import re

from themis_lsp.error import UsageError
from themis_lsp.meaning import of_criterion, of_silencing
from themis_lsp.server.session import Session
from themis_lsp.settings import criterion_named
from themis_model.reason import page, reasons

_FOR_PROGRAMS = re.compile(r"```(?:reason|expect)\n.*?\n```\n+", re.DOTALL)


def about_defect(name: str) -> str:
    """The page of a named defect, without what is in it for programs.

    Raises:
        UsageError: there is no such defect.
    """
    if name not in reasons():
        raise UsageError(f"there is no defect called {name!r}: themis explain --list shows all")
    return _FOR_PROGRAMS.sub("", page(name))


def about_criterion(name: str, session: Session) -> str:
    """Labelled paragraphs about a criterion; called on the worker.

    Raises:
        ThemisError: there is no such criterion, or no model.
    """
    try:
        criterion = criterion_named(name)
    except ValueError as problem:
        raise UsageError(str(problem)) from None
    calibration = session.judge().info(session.options).calibration
    told = (*of_criterion(criterion, calibration), *of_silencing(criterion))
    paragraphs = (f"**{label}**: {text}" if label else text for label, text in told)
    return "\n\n".join((f"### {criterion.short} ({criterion})", *paragraphs))
