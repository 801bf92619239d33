"""Takes a submission from its request to the answer: POST /f/<form>."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from flask import Response

from gateway.abuse.rate_limits import RateLimits
from gateway.forms.dialects import success_of
from gateway.forms.served import ServedForms
from gateway.http import body, cors
from gateway.http.errors import Refused, inactive, no_challenge, wrong_access_key
from gateway.http.idempotency import key_of
from gateway.http.negotiation import style_of_submission
from gateway.http.request import Request
from gateway.http.responses import Answer, json_response
from gateway.http.site import Site
from gateway.intake import submissions
from gateway.intake.answers import Accepted, Answers
from gateway.intake.duplicates import Duplicates
from gateway.intake.opting_in import opts_in, reply_to_of
from gateway.intake.outcome_counters import OutcomeCounters
from gateway.intake.publisher import DEADLINE_S, SubmissionPublisher, Unconfirmed
from gateway.intake.request import SubmissionRequest
from gateway.intake.sealing import Sealing
from gateway.receipts.tokens import Ticket, Tokens
from gateway.spam.judging import NOTHING, Judgement
from gateway.spam.told import Told
from gateway.uploads.reading import Uploads
from gateway.uploads.refusals import refusal_for
from shared.contracts import (
    HONEYPOT,
    Control,
    JsonValue,
    Source,
    SubmissionAccepted,
    SubmittedFile,
    reply_address_of,
)

_log = structlog.get_logger()

_TRAPPED = Judgement(HONEYPOT)


class Intake:
    """Accepts submissions: whatever is answered with 202 has been confirmed by the broker.

    A request goes through four steps, and whichever refuses it ends it: it is admitted, read, made an event, delivered.
    Spam goes the same way and gets the same answers, and is marked; the fields of what a trap caught are not checked.
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
        uploads: Uploads | None = None,
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
        self._uploads = uploads
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
            if event.files and self._uploads:
                self._uploads.counters.accepted([one.size for one in event.files])
            return self._accepted(submission, event, token)
        except Refused as refusal:
            self._counters.refused(refusal.status)
            if served.form.files and self._uploads:
                self._uploads.counters.note(refusal)
            refusal.headers.update(submission.cors)
            return self._answers.refused(submission.style, refusal, served.form, submission.draft(refusal))
        except Exception:
            self._counters.refused(500)
            raise
        finally:
            if submission.kept:
                submission.kept.drop()

    def _admit(self, submission: SubmissionRequest) -> None:
        """Refuse what may not post here, before its body is read."""
        submission.check_page()
        if not submission.served.form.active:
            raise inactive()
        self._rate_limits.check(submission.served.form, submission.request.remote_addr)

    def _read(self, submission: SubmissionRequest) -> None:
        read = self._read_body(submission)
        submission.values, submission.control = submission.served.controls.split(read.values)
        if read.flaw:
            raise read.flaw
        if submission.received and submission.received.away:
            raise submission.received.away
        if submission.served.form.access_key not in (None, submission.control.access_key):
            raise wrong_access_key()
        submission.given_key = key_of(submission.request.headers.get("Idempotency-Key"), submission.control.key)

    def _read_body(self, submission: SubmissionRequest) -> body.Body:
        request, form = submission.request, submission.served.form
        if form.files is None or self._uploads is None or not self._uploads.takes(request):
            return body.read(request, self._limits, text_plain=form.text_plain)
        submission.kept = self._uploads.begin(form, self._clock())
        submission.received = self._uploads.read(request, form, submission.kept, patient=submission.style == "html")
        return submission.received.read

    def _event_of(self, submission: SubmissionRequest) -> tuple[SubmissionAccepted, str]:
        """Return the event, and the token of its receipt."""
        form, now, is_trapped = submission.served.form, self._clock(), submission.is_trapped
        parted = self._sealing.part(form, _fields_of(submission))
        fields = parted.fields
        reply_to = reply_to_of(form, submission.control.reply_to, fields) or submission.served.address_in(fields)
        control = Control(submission.control.subject, reply_to)
        address, source = reply_address_of(control, fields), submission.source
        opt_in = opts_in(form, address, is_trapped=is_trapped)
        if submission.given_key is None:
            submission.made_key = self._duplicates.key_for(
                form, parted.marked, now, spam=is_trapped, files=submission.files
            )
        key = submission.key
        submission_id = (
            submissions.id_for_key(form.name, key, spam=is_trapped)
            if key
            else submissions.fresh_id(now, secrets.randbits(74))
        )
        due = submissions.is_confirmed(form, address)
        judged = _judged(submission, fields, address, source)
        token = self._tokens.sign(Ticket(submission_id, form.name, now, due, opt_in))
        event = submissions.accept(
            form.name,
            fields,
            submission_id=submission_id,
            now=now,
            source=source,
            control=control,
            spam=judged.spam,
            verdict=judged.verdict,
            receipt_url=_receipt_url(self._site.url, token) if self._site.url else None,
            sealed=self._sealing.seal(form, submission_id, parted),
            marked=parted.marked,
            files=submission.files,
            opt_in=opt_in,
        )
        return event, token

    def _deliver(self, submission: SubmissionRequest, event: SubmissionAccepted, deadline: float) -> None:
        is_known = submission.given_key is not None and self._publisher.check_key(event)
        captcha = submission.served.captcha
        # What is stored already has passed, and what a trap caught costs no provider. All other spam is checked as what
        # is none: whoever sends a wrong token must not learn by the answer what was made of the rest.
        if captcha and not is_known and not event.is_trapped:
            control = replace(event.control, captcha=captcha.check(submission.control.captcha, event.id))
            event = replace(event, control=control)
        self._publish(submission, event, deadline)
        if event.spam:
            _log.info("kept as spam", form=event.form, submission=str(event.id), reason=event.spam)

    def _publish(self, submission: SubmissionRequest, event: SubmissionAccepted, deadline: float) -> None:
        if submission.kept:
            submission.kept.needed = bool(event.files)
        try:
            self._publisher.publish(event, traceparent=submission.request.headers.get("Traceparent"), deadline=deadline)
        except Unconfirmed as refusal:
            if submission.kept and refusal.was_returned:
                submission.kept.needed = False
            raise

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

    Those of what a trap caught have in them what stood in it: an owner sees by it what caught somebody.
    """
    values, wrong, received = submission.values or {}, submission.control.errors, submission.received
    if submission.is_trapped:
        return {**(_names_of(received.files) if received else {}), **values, **submission.control.trapped}
    schema = submission.served.schema
    if received:
        wrong = (*wrong, *received.wrong)
    try:
        fields = schema.read(values, received.counts) if received else schema.read(values)
    except Refused as refusal:
        raise refusal_for(*refusal.errors, *wrong) if wrong else refusal from refusal
    if wrong:
        raise refusal_for(*wrong)
    return fields


def _judged(
    submission: SubmissionRequest, fields: Mapping[str, JsonValue], address: str | None, source: Source
) -> Judgement:
    """Return what its form's judge finds of a submission, by the fields that all may read: no sealed one."""
    if submission.is_trapped:
        return _TRAPPED
    judge = submission.served.judge
    if judge is None or not judge.is_needed:
        return NOTHING
    return judge(Told(fields, address, source.language, source.ip, submission.open_s))


def _names_of(files: Sequence[SubmittedFile]) -> dict[str, JsonValue]:
    """Return what is kept of the files of spam: what they were called, by field. Their bytes are not."""
    return {each.field: [f"{one.name} (not kept)" for one in files if one.field == each.field] for each in files}
