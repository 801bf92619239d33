"""Shows an owner, who brings an API key, the submissions of a form, or one with its receipt's state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Request, Response

from gateway.http.errors import Refused, form_not_found, refused, unavailable
from gateway.http.responses import json_response
from gateway.intake import submissions
from gateway.owner.bearer import KeyCheck
from gateway.owner.deliveries import deliveries_of
from gateway.receipts.progress import Progress
from gateway.receipts.queries import ServiceQueries, progress_of_stored
from gateway.receipts.tokens import Ticket
from shared.contracts import Confirmation, Control, Source, SubmissionAccepted
from shared.forms import NAME, Forms
from shared.messaging.broker import Answer

LIMIT_DEFAULT = 50
LIMIT_MOST = 200

_NUMBER = re.compile(r"[0-9]{1,9}")


class Reading:
    """Answers owners, by bearer API key (RFC 6750). What it shows, storage and notify were asked for."""

    def __init__(self, forms: Forms, *, queries: ServiceQueries, key_hashes: Sequence[str]) -> None:
        self._forms = forms
        self._queries = queries
        self._check_key = KeyCheck(key_hashes, "An API key is needed: Authorization: Bearer cf_…")

    def submissions(self, form: str, request: Request) -> Response:
        """Answer with a page of a form's submissions, newest first, and the cursor of the next page.

        With `?spam=true` they are those that were taken for spam, else all others. A form that is no longer defined
        is answered by what it has taken; one that is not defined and has taken nothing is not there.
        """
        self._check_key(request)
        if not NAME.fullmatch(form):
            raise form_not_found()
        answer = self._queries.submissions(
            form, limit=limit_of(request), cursor=request.args.get("cursor"), spam=_wants_spam(request)
        )
        if answer is None:
            raise _no_storage()
        if answer.get("error") == "cursor":
            raise refused(400, "CURSOR", "This cursor was not made here.", field="cursor")
        if form not in self._forms and not answer["submissions"] and "cursor" not in request.args:
            raise form_not_found()
        return json_response(200, answer)

    def submission(self, submission_id: str, request: Request) -> Response:
        """Answer with one submission, its state, and what became of every delivery, with each try."""
        self._check_key(request)
        try:
            stored, notified = self._queries.submission(UUID(submission_id))
        except ValueError as error:
            raise _no_submission() from error
        if stored is None:
            raise _no_storage()
        document: Answer | None = stored.get("submission")
        if document is None:
            raise _no_submission()
        stored_at = datetime.fromisoformat(document["stored_at"])
        progress = progress_of_stored(self._ticket_of(document), stored_at, notified)
        receipt = progress.to_json()
        shown = {name: receipt[name] for name in ("state", "confirmations", "unknown")}
        shown["webhooks"] = _webhooks(notified or {}, progress, self._told_by(document))
        shown["deliveries"] = deliveries_of(notified or {})
        if notified is None and self._tells_owner(document):
            shown["unknown"].append("webhooks")
        return json_response(200, {**document, **shown})

    def _tells_owner(self, document: Answer) -> bool:
        form = self._forms.get(document["form"])
        return form is not None and form.tells_owner and document.get("spam") is None

    def _told_by(self, document: Answer) -> Sequence[str]:
        form = self._forms.get(document["form"])
        return form.told_by if form is not None and document.get("spam") is None else ()

    def _ticket_of(self, document: Answer) -> Ticket:
        event = SubmissionAccepted(
            id=UUID(document["id"]),
            form=document["form"],
            accepted_at=datetime.fromisoformat(document["accepted_at"]),
            fields=document["fields"],
            fingerprint=document["fingerprint"],
            source=Source(),
            control=Control(reply_to=(document.get("control") or {}).get("reply_to")),
            spam=document.get("spam"),
        )
        form = self._forms.get(event.form)
        due = form is not None and event.spam is None and submissions.is_confirmed(form, event.reply_address)
        return Ticket(event.id, event.form, event.accepted_at, due)


def _webhooks(notified: Answer, progress: Progress, told_by: Sequence[str]) -> list[dict[str, Any]]:
    found = [Confirmation.from_json(each) for each in notified.get("webhooks", [])]
    if not found:  # nobody has planned it: what its form asks for by now is to come
        found = [Confirmation(channel, "pending") for channel in told_by if channel in progress.parked]
    return [progress.unless_parked(each).to_json() for each in found]


def limit_of(request: Request) -> int:
    """Return how long a page is to be at most; raises `Refused` (400)."""
    text = request.args.get("limit", str(LIMIT_DEFAULT))
    limit = int(text) if _NUMBER.fullmatch(text) else 0
    if not 1 <= limit <= LIMIT_MOST:
        raise refused(400, "LIMIT", f"limit must be a number from 1 to {LIMIT_MOST}.", field="limit")
    return limit


def _wants_spam(request: Request) -> bool:
    text = request.args.get("spam", "false")
    if text not in {"true", "false"}:
        raise refused(400, "SPAM", "spam must be true or false.", field="spam")
    return text == "true"


def _no_storage() -> Refused:
    return unavailable("The storage service does not answer just now. Please ask again in a moment.")


def _no_submission() -> Refused:
    return refused(404, "SUBMISSION_NOT_FOUND", "There is no submission with this id.")
