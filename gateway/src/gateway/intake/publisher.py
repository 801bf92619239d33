"""Publishes accepted submissions, and returns only once the broker has confirmed them."""

from __future__ import annotations

import re
import time

import structlog

from gateway.http.errors import Refused, refused, unavailable
from gateway.receipts.queries import ServiceQueries
from shared.contracts import SubmissionAccepted
from shared.contracts.submission_erased import is_covered
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.message import message_of

DEADLINE_S = 3.0
"""How long it may take from a whole body to the broker's confirm; then the answer is 503."""

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_CONFLICT = "This was sent before with other values, and those were kept."
_ERASED = "What was sent before under this key has just been erased."
_UNCONFIRMED = "We could not take your submission just now. Please send it again in a moment."

_log = structlog.get_logger()


class Unconfirmed(Refused):
    """The refusal of an event that the broker did not confirm: 503. `was_returned` says that it certainly has not taken
    it; else it may have."""

    def __init__(self, refusal: Refused, *, was_returned: bool) -> None:
        super().__init__(refusal.status, refusal.title, *refusal.errors, headers=refusal.headers)
        self.was_returned = was_returned


class SubmissionPublisher:
    """Publishes events, each within its deadline."""

    def __init__(self, publisher: Publisher, queries: ServiceQueries) -> None:
        self._publisher = publisher
        self._queries = queries

    def check_key(self, event: SubmissionAccepted) -> bool:
        """Say whether storage has this very submission already; raises `Refused` (409) where its id has other fields,
        or what was under it was erased so lately that this would be dropped with it.

        Where storage does not say so in time, it is taken for new.
        """
        standing = self._queries.standing(event.id)
        if standing.erased_at is not None and is_covered(event.accepted_at, standing.erased_at):
            raise refused(409, "ERASED", _ERASED)
        if standing.fingerprint is not None and standing.fingerprint != event.fingerprint:
            raise refused(409, "IDEMPOTENCY_CONFLICT", _CONFLICT)
        return standing.fingerprint is not None

    def publish(self, event: SubmissionAccepted, *, traceparent: str | None, deadline: float) -> None:
        """Publish an event; returns once the broker has confirmed it, raises `Unconfirmed` when it has not.

        `deadline` is a moment of `time.monotonic`.
        """
        trace = {"traceparent": traceparent} if traceparent and _TRACEPARENT.fullmatch(traceparent) else None
        message = message_of(event, headers=trace)
        try:
            self._publisher.publish(message, timeout_s=max(0.0, deadline - time.monotonic()))
        except NotConfirmed as error:
            _log.warning("submission not confirmed", form=event.form, submission=str(event.id), refusal=error.refusal)
            raise Unconfirmed(unavailable(_UNCONFIRMED), was_returned=error.refusal == "returned") from error
