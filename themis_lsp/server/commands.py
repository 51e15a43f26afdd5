"""Commands of code lenses, code actions and palettes."""

from typing import Any

from lsprotocol import types as lsp

from themis_lsp.server.lifecycle import plain
from themis_lsp.server.server import ThemisServer


async def explain(ls: ThemisServer, *arguments: Any) -> dict[str, str] | None:
    """What is said of a unit (``{"uri", "line"}``), or what a ``{"criterion"}`` or a ``{"defect"}`` means, in Markdown.

    Clients that do not show what commands return get it as a message.
    """
    asked = _asked(arguments)
    if criterion := asked.get("criterion"):
        from themis_lsp.server.explain import about_criterion

        found = await ls.session.on_worker(lambda: about_criterion(str(criterion), ls.session))
        return _shown(ls, found, found)
    if defect := asked.get("defect"):
        from themis_lsp.server.explain import about_defect

        page = about_defect(str(defect))
        return _shown(ls, page, page)
    judgement = await ls.session.judged(str(asked.get("uri")))
    judged = judgement.at(int(asked.get("line", -1))) if judgement else None
    if judgement is None or judged is None:
        return None
    from themis_lsp.server import hover

    return _shown(ls, hover.markdown(judgement, judged), hover.plain(judgement, judged))


async def copy_verdict(ls: ThemisServer, *arguments: Any) -> dict[str, str] | None:
    """One line about a finding (``{"uri", "line", "fingerprint"}``), for the client to copy."""
    asked = _asked(arguments)
    judgement = await ls.session.judged(str(asked.get("uri")))
    for judged, finding in judgement.findings() if judgement else ():
        if finding.fingerprint == asked.get("fingerprint"):
            path = finding.verdict.path
            line = f"{path}:{finding.lines[0].first}: {judged.edit.unit}: {finding.message} [{finding.fingerprint}]"
            return _shown(ls, line, line)
    return None


async def review_workspace(ls: ThemisServer, *arguments: Any) -> dict[str, Any] | None:
    """Review the whole branch; findings fill the problems list. ``{"base": "main"}`` says against what."""
    from themis_lsp.server.branch import review_branch

    return await review_branch(ls, _asked(arguments).get("base"))


def clear_review(ls: ThemisServer, *_: Any) -> None:
    """Take back what a review of the whole branch said."""
    from themis_lsp.server.documents import unreview

    for uri in list(ls.reviewed):
        unreview(ls, uri)
    if ls.session.base_under_review is not None:
        ls.session.base_under_review = None
        ls.session.judge_all_again()


def _asked(arguments: tuple[Any, ...]) -> dict[str, Any]:
    first = plain(arguments[0]) if arguments else {}
    return first if isinstance(first, dict) else {}


def _shown(ls: ThemisServer, markdown: str, text: str) -> dict[str, str]:
    if not ls.session.client.shows_text:
        ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, text))
    return {"markdown": markdown, "text": text}
