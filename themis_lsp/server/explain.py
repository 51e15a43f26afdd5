"""What a criterion means, in Markdown."""

from themis_lsp.error import UsageError
from themis_lsp.meaning import of_criterion, of_silencing
from themis_lsp.server.session import Session
from themis_lsp.settings import criterion_named


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
