"""Makes the answers to whoever wants no more mails: a page for each outcome, and JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from gateway.http.errors import RETRY_AFTER_S, refused, unavailable
from gateway.http.negotiation import PROBLEM, Style
from gateway.http.responses import json_response
from gateway.pages.languages import FOOTER, PRIVATE, language_for
from gateway.pages.renderer import Pages
from gateway.unsubscribe.leaving import Standing
from gateway.unsubscribe.words import WORDS, Outcome
from shared.forms import Forms

STATUSES: Mapping[Outcome, int] = {"asked": 200, "done": 200, "forged": 404, "away": 503}
"""RFC 8058 has no redirect follow a click: whoever clicks is answered at once."""


class UnsubscribeAnswers:
    """Makes responses of outcomes."""

    def __init__(self, pages: Pages, forms: Forms) -> None:
        self._pages = pages
        self._forms = forms

    def answer(self, found: Standing, style: Style, accept_language: str) -> Response:
        """Return the answer in a style; a page is in the visitor's language."""
        made = self._page(found, accept_language) if style in {"html", "fragment"} else _document(found, style)
        made.headers.update(PRIVATE)
        if found.outcome == "away":
            made.headers["Retry-After"] = str(RETRY_AFTER_S)
        return made

    def _page(self, found: Standing, accept_language: str) -> Response:
        form = self._forms.get(found.link.form) if found.link else None
        language = language_for(accept_language, form)
        page = self._pages.page(
            "unsubscribe.html",
            STATUSES[found.outcome],
            language=language,
            outcome=found.outcome,
            words=WORDS[language][found.outcome],
            title=form.title if form else found.link.form if found.link else None,
            shown=found.link.shown if found.link else None,
            footer=FOOTER[language],
        )
        page.headers["Vary"] = "Accept, Accept-Language"
        return page


def _document(found: Standing, style: Style) -> Response:
    if found.link is None or found.outcome == "away":
        refusal = (
            unavailable("We could not take your answer. Please send it again in a minute.")
            if found.link
            else refused(404, "UNSUBSCRIBE_NOT_FOUND", "There is nothing to unsubscribe from at this address.")
        )
        document = refusal.to_problem() if style == "problem" else refusal.to_json()
        kind = {"kind": PROBLEM} if style == "problem" else {}
        return json_response(refusal.status, document, refusal.headers, **kind)
    told = {"ok": True, "form": found.link.form, "unsubscribed": found.outcome == "done"}
    return json_response(STATUSES[found.outcome], told, {"Vary": "Accept"})
