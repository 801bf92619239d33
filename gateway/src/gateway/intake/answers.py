"""Makes the answers to a submission, each in the style that the request asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import Response

from gateway.fields.inputs import Draft
from gateway.http.errors import Refused
from gateway.http.negotiation import PROBLEM, Style
from gateway.http.responses import NOT_KEPT, Answer, JsonAnswer, json_response
from gateway.pages.renderer import Pages
from shared.forms import Form

_THANKS = "Thank you. We have your submission."


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted submission: where its receipt is, and where a browser goes next."""

    id: UUID
    receipt_url: str
    next: str
    status: int
    headers: Mapping[str, str]

    def to_json(self) -> dict[str, object]:
        """Return the answer to a program: what the clients of every known form service look for.

        `next` is Formspree's, `success` Web3Forms' and Basin's, `message` Web3Forms'. It never holds `error` or
        `errors`, which Formspree's client takes for a failure whatever the status.
        """
        name = str(self.id)
        return {
            "ok": True,
            "success": True,
            "message": _THANKS,
            "id": name,
            "submission_id": name,
            "next": self.next,
            "receipt_url": self.receipt_url,
        }


class Answers:
    """Makes responses of outcomes."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def accepted(self, style: Style, accepted: Accepted) -> Answer:
        """Return the answer to an accepted submission; for a browser 303 to where it goes next."""
        if style == "html":
            return Response(b"", 303, {**NOT_KEPT, **accepted.headers, "Location": accepted.next})
        headers = {**accepted.headers, "Location": accepted.receipt_url}
        if style == "fragment":
            page = self._pages.fragment(accepted.status, accepted=accepted, refusal=None)
            page.headers.update(headers)
            return page
        return JsonAnswer(accepted.status, accepted.to_json(), headers)

    def refused(
        self,
        style: Style,
        refusal: Refused,
        form: Form | None = None,
        draft: Draft | None = None,
        *,
        posted: bool = True,
    ) -> Response:
        """Return the answer to a refused request; where there is a draft, a page offers it again."""
        if style == "html":
            if form is not None and draft is not None:
                return self._pages.form(form, draft, refusal)
            return self._pages.refusal(refusal, posted=posted)
        if style == "fragment":
            page = self._pages.fragment(refusal.status, refusal=refusal, accepted=None)
            page.headers.update(refusal.headers)
            return page
        if style == "problem":
            return json_response(refusal.status, refusal.to_problem(), refusal.headers, kind=PROBLEM)
        return json_response(refusal.status, refusal.to_json(), refusal.headers)
