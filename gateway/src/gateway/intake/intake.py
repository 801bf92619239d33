"""POST /f/<form>: one request, from bytes to 202."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from flask import Response

from gateway.abuse.rate_limits import Rates
from gateway.forms.dialects import success_of
from gateway.forms.served import Doors
from gateway.http import body, cors
from gateway.http.errors import Refused, inactive, invalid, no_challenge, wrong_access_key
from gateway.http.idempotency import key_of
from gateway.http.negotiation import style_of_submission
from gateway.http.request import Request
from gateway.http.responses import Answer, json_response
from gateway.http.site import Site
from gateway.intake import submissions
from gateway.intake.answers import Accepted, Answers
from gateway.intake.duplicates import Doubles
from gateway.intake.outcome_counters import Tally
from gateway.intake.publisher import DEADLINE_S, Handover
from gateway.intake.request import Visit
from gateway.receipts.tokens import Ticket, Tokens
from shared.contracts import Control, JsonValue, SubmissionAccepted, reply_address_of

_log = structlog.get_logger()


class Intake:
    """Accepts submissions: whatever is answered with 202 has been confirmed by the broker.

    A visit goes through four steps, and whichever refuses it ends it: it is admitted, read, made an event, delivered.
    Spam goes the same way and gets the same answers, but its fields are not checked, and it is marked.
    """

    def __init__(
        self,
        doors: Doors,
        *,
        handover: Handover,
        rates: Rates,
        doubles: Doubles,
        tokens: Tokens,
        answers: Answers,
        limits: body.Limits,
        site: Site,
        tally: Tally,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._doors = doors
        self._handover = handover
        self._rates = rates
        self._doubles = doubles
        self._tokens = tokens
        self._answers = answers
        self._limits = limits
        self._site = site
        self._tally = tally
        self._clock = clock

    def challenge(self, name: str, request: Request) -> Response:
        """Answer with a challenge for a form's captcha, where the gateway makes them; raises `Refused` (404)."""
        door = self._doors.at(name)
        if door.gate is None:
            raise no_challenge()
        return json_response(200, door.gate.challenge(), cors.headers_for(request.headers.get("Origin")))

    def submit(self, name: str, request: Request) -> Answer:
        """Answer one submission. Raises `Refused` for a form that is not there, and answers everything else."""
        door = self._doors.at(name)
        visit = Visit(request, door, style_of_submission(request), self._site)
        try:
            self._admit(visit)
            self._read(visit)
            deadline = time.monotonic() + DEADLINE_S
            event, token = self._event_of(visit)
            self._deliver(visit, event, deadline)
            self._tally.accepted(event.spam is not None)
            return self._accepted(visit, event, token)
        except Refused as refusal:
            self._tally.refused(refusal.status)
            refusal.headers.update(visit.cors)
            return self._answers.refused(visit.style, refusal, door.form, visit.draft(refusal))
        except Exception:
            self._tally.refused(500)
            raise

    def _admit(self, visit: Visit) -> None:
        """Refuse what may not post here, before its body is read."""
        visit.check_page()
        if not visit.door.form.active:
            raise inactive()
        self._rates.check(visit.door.form, visit.request.remote_addr)

    def _read(self, visit: Visit) -> None:
        read = body.read(visit.request, self._limits, text_plain=visit.door.form.text_plain)
        visit.values, visit.control = visit.door.controls.split(read.values)
        if read.flaw:
            raise read.flaw
        if visit.door.form.access_key not in (None, visit.control.access_key):
            raise wrong_access_key()
        visit.given_key = key_of(visit.request.headers.get("Idempotency-Key"), visit.control.key)

    def _event_of(self, visit: Visit) -> tuple[SubmissionAccepted, str]:
        """Return the event, and the token of its receipt."""
        form, now, is_spam, fields = visit.door.form, self._clock(), visit.spam is not None, _fields_of(visit)
        if visit.given_key is None:
            visit.made_key = self._doubles.key_for(form, fields, now, spam=is_spam)
        key = visit.key
        submission_id = (
            submissions.id_for_key(form.name, key, spam=is_spam)
            if key
            else submissions.fresh_id(now, secrets.randbits(74))
        )
        control = Control(visit.control.subject, visit.control.reply_to or visit.door.address_in(fields))
        due = submissions.is_confirmed(form, reply_address_of(control, fields))
        token = self._tokens.sign(Ticket(submission_id, form.name, now, due))
        event = submissions.accept(
            form.name,
            fields,
            submission_id=submission_id,
            now=now,
            source=visit.source,
            control=control,
            spam=visit.spam,
            receipt_url=_receipt_url(self._site.url, token) if self._site.url else None,
        )
        return event, token

    def _deliver(self, visit: Visit, event: SubmissionAccepted, deadline: float) -> None:
        is_known = visit.given_key is not None and self._handover.check_key(event)
        gate = visit.door.gate
        if gate and not is_known and not event.spam:  # what is stored already has passed, and spam costs no provider
            control = replace(event.control, captcha=gate.check(visit.control.captcha, event.id))
            event = replace(event, control=control)
        self._handover.publish(
            event,
            has_webhook=visit.door.form.webhook is not None and event.spam is None,
            traceparent=visit.request.headers.get("Traceparent"),
            deadline=deadline,
        )
        if event.spam:
            _log.info("kept as spam", form=event.form, submission=str(event.id), reason=event.spam)

    def _accepted(self, visit: Visit, event: SubmissionAccepted, token: str) -> Answer:
        url = _receipt_url(visit.base_url, token)
        accepted = Accepted(event.id, url, visit.destination or url, success_of(visit.door.form), visit.cors)
        return self._answers.accepted(visit.style, accepted)


def _receipt_url(base_url: str, token: str) -> str:
    return f"{base_url}/receipts/{token}"


def _fields_of(visit: Visit) -> Mapping[str, JsonValue]:
    """Return the fields as they are stored; raises `Refused` (422) with everything that is wrong in the body.

    Those of spam have in them what stood in the trap: an owner sees by it what caught somebody.
    """
    values, wrong = visit.values or {}, visit.control.errors
    if visit.spam:
        return {**values, **visit.control.trapped}
    try:
        fields = visit.door.schema.read(values)
    except Refused as refusal:
        raise invalid(*refusal.errors, *wrong) if wrong else refusal from refusal
    if wrong:
        raise invalid(*wrong)
    return fields
