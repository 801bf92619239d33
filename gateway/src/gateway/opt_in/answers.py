"""Makes the answers to whoever follows a link in a mail: a page for each outcome, and JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from flask import Response

from gateway.http.errors import RETRY_AFTER_S, Refused, refused, unavailable
from gateway.http.moments import text_of
from gateway.http.negotiation import PROBLEM, Style
from gateway.http.responses import json_response
from gateway.opt_in.confirming import Standing
from gateway.opt_in.words import RECEIPT, WORDS, Outcome
from gateway.pages.languages import FOOTER, PRIVATE, language_for
from gateway.pages.renderer import Pages
from gateway.receipts.tokens import Ticket, Tokens
from shared.forms import Forms
from shared.links.opt_in import OptInLink

STATUSES: Mapping[Outcome, int] = {
    "waiting": 200,
    "unsure": 200,
    "thanks": 202,
    "used": 200,
    "expired": 410,
    "forged": 404,
    "erased": 410,
    "away": 503,
    "often": 429,
}

_TOLD: Mapping[Outcome, str | None] = {
    "waiting": "waiting",
    "unsure": None,
    "thanks": "confirmed",
    "used": "confirmed",
}
_REASONS: Mapping[Outcome, tuple[str, str]] = {
    "expired": ("OPT_IN_EXPIRED", "This link has expired: it was good for seven days."),
    "forged": ("OPT_IN_NOT_FOUND", "There is nothing to confirm at this address: it may be cut."),
    "erased": ("ERASED", "What was sent with the form has been erased, and nothing is left to confirm."),
}


class OptInAnswers:
    """Makes responses of outcomes."""

    def __init__(self, pages: Pages, forms: Forms, tokens: Tokens) -> None:
        self._pages = pages
        self._forms = forms
        self._tokens = tokens

    def answer(self, found: Standing, style: Style, accept_language: str) -> Response:
        """Return the answer in a style; a page is in the visitor's language."""
        made = self._page(found, accept_language) if style in {"html", "fragment"} else _document(found, style)
        made.headers.update(PRIVATE)
        if found.outcome == "away":
            made.headers["Retry-After"] = str(RETRY_AFTER_S)
        if found.refusal:
            made.headers.update(found.refusal.headers)
        return made

    def _page(self, found: Standing, accept_language: str) -> Response:
        form = self._forms.get(found.link.form) if found.link else None
        language = language_for(accept_language, form)
        page = self._pages.page(
            "opt_in.html",
            STATUSES[found.outcome],
            language=language,
            outcome=found.outcome,
            words=WORDS[language][found.outcome],
            title=form.title if form else found.link.form if found.link else None,
            receipt=self._receipt_of(found.link) if found.link and found.outcome in {"thanks", "used"} else None,
            again=f"{self._receipt_of(found.link)}/opt-in?key={uuid4()}" if found.link else None,
            receipt_words=RECEIPT[language],
            footer=FOOTER[language],
        )
        page.headers["Vary"] = "Accept, Accept-Language"
        return page

    def _receipt_of(self, link: OptInLink) -> str:
        ticket = Ticket(link.id, link.form, link.accepted_at, confirmed=True, opt_in=True)
        return f"/receipts/{self._tokens.sign(ticket)}"


def _document(found: Standing, style: Style) -> Response:
    if found.link is None or found.outcome not in _TOLD:
        refusal = found.refusal or _refusal(found.outcome)
        document = refusal.to_problem() if style == "problem" else refusal.to_json()
        kind = {"kind": PROBLEM} if style == "problem" else {}
        return json_response(refusal.status, document, refusal.headers, **kind)
    told = {
        "ok": True,
        "id": str(found.link.id),
        "form": found.link.form,
        "opt_in": _TOLD[found.outcome],
        "expires_at": text_of(found.link.expires_at),
    }
    return json_response(STATUSES[found.outcome], told, {"Vary": "Accept"})


def _refusal(outcome: Outcome) -> Refused:
    if outcome not in _REASONS:
        return unavailable("We could not take your answer. Please send it again in a minute.")
    return refused(STATUSES[outcome], *_REASONS[outcome])
