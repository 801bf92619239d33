"""Answers POST /receipts/<token>/opt-in: who waits at a receipt has the mail with the button sent again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias
from uuid import UUID, uuid4, uuid5

from flask import Response

from gateway.abuse.rate_limits import RateLimits
from gateway.http.cors import ANY_ORIGIN
from gateway.http.errors import refused, unavailable
from gateway.http.idempotency import key_of
from gateway.http.negotiation import Style
from gateway.http.request import Request
from gateway.http.responses import NOT_KEPT, json_response
from gateway.receipts.queries import ServiceQueries
from gateway.receipts.tokens import Tokens

Again: TypeAlias = Literal["sent", "confirmed", "limit", "unknown"]
"""What came of it."""

_AWAY = "We cannot send the mail again just now. Please try it once more in a minute."
_REASONS: Mapping[str, tuple[str, str]] = {
    "confirmed": ("OPT_IN_CONFIRMED", "The address is confirmed already: no mail is needed."),
    "limit": ("OPT_IN_LIMIT", "The mail was sent again three times already: more are not sent."),
    "unknown": ("OPT_IN_UNKNOWN", "There is no mail to send again: nothing waits here for its address."),
}


class MailAgain:
    """Asks storage, which counts; the token of the receipt is all it takes."""

    def __init__(self, *, tokens: Tokens, queries: ServiceQueries, rate_limits: RateLimits) -> None:
        self._tokens = tokens
        self._queries = queries
        self._rate_limits = rate_limits

    def ask(self, token: str, key: str | None, request: Request, style: Style) -> Response:
        """Answer one request: 202 where the mail is sent again, and for a browser 303 to the receipt, which says so.

        `key` stands in the address of a page's button, so that pressing it twice counts once, as a program's
        Idempotency-Key does. Raises `Refused`: 404 without a receipt, 409 with the reason, 429, or 503 where storage
        does not answer.
        """
        ticket = self._tokens.read(token)
        if ticket is None:
            raise refused(404, "RECEIPT_NOT_FOUND", "There is no receipt at this address.")
        self._rate_limits.check_presses(request.remote_addr)
        given = key_of(request.headers.get("Idempotency-Key"), None) or key
        answer = self._queries.mail_again(ticket.id, uuid5(ticket.id, given) if given else uuid4())
        if answer is None:
            raise unavailable(_AWAY)
        reason = str(answer.get("refused"))
        if style in {"html", "fragment"}:
            return _to_receipt(token, reason if reason in _REASONS else "sent", answer)
        if reason in _REASONS:
            raise refused(409, *_REASONS[reason])
        told = {"ok": True, "sent": answer.get("sent"), "left": answer.get("left")}
        return json_response(202, told, {"Vary": "Accept", **ANY_ORIGIN})


def _to_receipt(token: str, came: str, answer: Mapping[str, object]) -> Response:
    left = answer.get("left")
    more = f"&left={left}" if isinstance(left, int) else ""
    return Response(b"", 303, {**NOT_KEPT, "Location": f"/receipts/{token}?mail={came}{more}"})


def a_key(text: str | None) -> str | None:
    """Return the key of a button that was pressed; None for what no page of ours has in it."""
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None
