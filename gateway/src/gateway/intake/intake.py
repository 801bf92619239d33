"""Takes a submission from its request to the answer: POST /f/<form>."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from flask import Response

from gateway.abuse.rate_limits import RateLimits
from gateway.forms.dialects import success_of
from gateway.forms.served import ServedForms
from gateway.http import body, cors
from gateway.http.errors import Refused, inactive, invalid, no_challenge, wrong_access_key
from gateway.http.idempotency import key_of
from gateway.http.negotiation import style_of_submission
from gateway.http.request import Request
from gateway.http.responses import Answer, json_response
from gateway.http.site import Site
from gateway.intake import submissions
from gateway.intake.answers import Accepted, Answers
from gateway.intake.duplicates import Duplicates
from gateway.intake.outcome_counters import OutcomeCounters
from gateway.intake.publisher import DEADLINE_S, SubmissionPublisher
from gateway.intake.request import SubmissionRequest
from gateway.intake.sealing import Sealing
from gateway.receipts.tokens import Ticket, Tokens
from shared.contracts import Control, JsonValue, SubmissionAccepted, reply_address_of

_log = structlog.get_logger()


class Intake:
    """Accepts submissions: whatever is answered with 202 has been confirmed by the broker.

    A request goes through four steps, and whichever refuses it ends it: it is admitted, read, made an event, delivered.
    Spam goes the same way and gets the same answers, but its fields are not checked, and it is marked.
    """

    def __init__(
        self,
        forms: ServedForms,
        *,
        publisher: SubmissionPublisher,
        rate_limits: RateLimits,
        duplicates: Duplicates,
        sealing: Sealing,
        tokens: Tokens,
        answers: Answers,
        limits: body.Limits,
        site: Site,
        counters: OutcomeCounters,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._forms = forms
        self._publisher = publisher
        self._rate_limits = rate_limits
        self._duplicates = duplicates
        self._sealing = sealing
        self._tokens = tokens
        self._answers = answers
        self._limits = limits
        self._site = site
        self._counters = counters
        self._clock = clock

    def challenge(self, name: str, request: Request) -> Response:
        """Answer with a challenge for a form's captcha, where the gateway makes them; raises `Refused` (404)."""
        served = self._forms.named(name)
        if served.captcha is None:
            raise no_challenge()
        return json_response(200, served.captcha.challenge(), cors.headers_for(request.headers.get("Origin")))

    def submit(self, name: str, request: Request) -> Answer:
        """Answer one submission. Raises `Refused` for a form that is not there, and answers everything else."""
        served = self._forms.named(name)
        submission = SubmissionRequest(request, served, style_of_submission(request), self._site)
        try:
            self._admit(submission)
            self._read(submission)
            deadline = time.monotonic() + DEADLINE_S
            event, token = self._event_of(submission)
            self._deliver(submission, event, deadline)
            self._counters.accepted(event.spam is not None)
            return self._accepted(submission, event, token)
        except Refused as refusal:
            self._counters.refused(refusal.status)
            refusal.headers.update(submission.cors)
            return self._answers.refused(submission.style, refusal, served.form, submission.draft(refusal))
        except Exception:
            self._counters.refused(500)
            raise

    def _admit(self, submission: SubmissionRequest) -> None:
        """Refuse what may not post here, before its body is read."""
        submission.check_page()
        if not submission.served.form.active:
            raise inactive()
        self._rate_limits.check(submission.served.form, submission.request.remote_addr)

    def _read(self, submission: SubmissionRequest) -> None:
        read = body.read(submission.request, self._limits, text_plain=submission.served.form.text_plain)
        submission.values, submission.control = submission.served.controls.split(read.values)
        if read.flaw:
            raise read.flaw
        if submission.served.form.access_key not in (None, submission.control.access_key):
            raise wrong_access_key()
        submission.given_key = key_of(submission.request.headers.get("Idempotency-Key"), submission.control.key)

    def _event_of(self, submission: SubmissionRequest) -> tuple[SubmissionAccepted, str]:
        """Return the event, and the token of its receipt."""
        form, now, is_spam = submission.served.form, self._clock(), submission.spam is not None
        parted = self._sealing.part(form, _fields_of(submission))
        fields = parted.fields
        if submission.given_key is None:
            submission.made_key = self._duplicates.key_for(form, parted.marked, now, spam=is_spam)
        key = submission.key
        submission_id = (
            submissions.id_for_key(form.name, key, spam=is_spam)
            if key
            else submissions.fresh_id(now, secrets.randbits(74))
        )
        control = Control(
            submission.control.subject, submission.control.reply_to or submission.served.address_in(fields)
        )
        due = submissions.is_confirmed(form, reply_address_of(control, fields))
        token = self._tokens.sign(Ticket(submission_id, form.name, now, due))
        event = submissions.accept(
            form.name,
            fields,
            submission_id=submission_id,
            now=now,
            source=submission.source,
            control=control,
            spam=submission.spam,
            receipt_url=_receipt_url(self._site.url, token) if self._site.url else None,
            sealed=self._sealing.seal(form, submission_id, parted),
            marked=parted.marked,
        )
        return event, token

    def _deliver(self, submission: SubmissionRequest, event: SubmissionAccepted, deadline: float) -> None:
        is_known = submission.given_key is not None and self._publisher.check_key(event)
        captcha = submission.served.captcha
        if captcha and not is_known and not event.spam:  # what is stored already has passed, and spam costs no provider
            control = replace(event.control, captcha=captcha.check(submission.control.captcha, event.id))
            event = replace(event, control=control)
        self._publisher.publish(
            event,
            traceparent=submission.request.headers.get("Traceparent"),
            deadline=deadline,
        )
        if event.spam:
            _log.info("kept as spam", form=event.form, submission=str(event.id), reason=event.spam)

    def _accepted(self, submission: SubmissionRequest, event: SubmissionAccepted, token: str) -> Answer:
        url = _receipt_url(submission.base_url, token)
        accepted = Accepted(
            event.id, url, submission.destination or url, success_of(submission.served.form), submission.cors
        )
        return self._answers.accepted(submission.style, accepted)


def _receipt_url(base_url: str, token: str) -> str:
    return f"{base_url}/receipts/{token}"


def _fields_of(submission: SubmissionRequest) -> Mapping[str, JsonValue]:
    """Return the fields as they are stored; raises `Refused` (422) with everything that is wrong in the body.

    Those of spam have in them what stood in the trap: an owner sees by it what caught somebody.
    """
    values, wrong = submission.values or {}, submission.control.errors
    if submission.spam:
        return {**values, **submission.control.trapped}
    try:
        fields = submission.served.schema.read(values)
    except Refused as refusal:
        raise invalid(*refusal.errors, *wrong) if wrong else refusal from refusal
    if wrong:
        raise invalid(*wrong)
    return fields
