"""POST /f/<form>: one request, from bytes to 202."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from flask import Request, Response

from gateway import body, control, submissions
from gateway.answers import Answers
from gateway.control import ControlFields
from gateway.errors import Refused, blocked, form_not_found, refused, unavailable
from gateway.idempotency import key_of
from gateway.inputs import Draft
from gateway.inquiry import Inquiry
from gateway.negotiation import Style, style_of_submission
from gateway.origins import PREFLIGHT, Origins
from gateway.schemas import FormSchema
from gateway.tokens import Ticket, Tokens
from shared.contracts import Control, JsonValue, Source, SubmissionAccepted
from shared.forms import Form, Forms
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.message import message_of

DEADLINE_S = 3.0
"""How long it may take from a whole body to the broker's confirm; then the answer is 503."""

_SOURCE_LENGTH = 500
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_UNCONFIRMED = "We could not take your submission just now. Please send it again in a moment."

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Door:
    """One form, ready to take submissions."""

    form: Form
    schema: FormSchema
    origins: Origins

    @classmethod
    def of(cls, form: Form) -> Door:
        """Build the door of a form."""
        return cls(form, FormSchema(form), Origins(form))


@dataclass(slots=True)
class _Visit:
    """One request at one door, and what is known of it so far."""

    request: Request
    door: Door
    style: Style
    base_url: str
    values: Mapping[str, JsonValue] | None = None
    control: ControlFields = control.NONE
    given_key: str | None = None
    made_key: str | None = None

    @property
    def cors(self) -> Mapping[str, str]:
        """The headers that let a script on another site read the answer."""
        return self.door.origins.headers(self.request.headers.get("Origin"))

    @property
    def draft(self) -> Draft | None:
        """What a page offers again; None while the body was not read."""
        if self.values is None:
            return None
        return Draft(self.values, self.control.carried, self.given_key or self.made_key)


class Intake:
    """Accepts submissions: whatever is answered with 202 has been confirmed by the broker."""

    def __init__(
        self,
        forms: Forms,
        *,
        publisher: Publisher,
        inquiry: Inquiry,
        tokens: Tokens,
        answers: Answers,
        limits: body.Limits,
        base_url: Callable[[Request], str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._doors = {name: Door.of(form) for name, form in forms.items()}
        self._publisher = publisher
        self._inquiry = inquiry
        self._tokens = tokens
        self._answers = answers
        self._limits = limits
        self._base_url = base_url
        self._clock = clock

    def preflight(self, name: str, request: Request) -> Response:
        """Answer what a browser asks before a script on another site may post."""
        door = self._doors.get(name)
        if door is None:
            raise form_not_found()
        return Response(b"", 204, {**door.origins.headers(request.headers.get("Origin")), **PREFLIGHT})

    def submit(self, name: str, request: Request) -> Response:
        """Answer one submission. Raises `Refused` for a form that is not there, and answers everything else."""
        door = self._doors.get(name)
        if door is None:
            raise form_not_found()
        visit = _Visit(request, door, style_of_submission(request), self._base_url(request))
        try:
            return self._take(visit)
        except Refused as refusal:
            refusal.headers.update(visit.cors)
            return self._answers.refused(visit.style, refusal, door.form, visit.draft)

    def _take(self, visit: _Visit) -> Response:
        headers = visit.request.headers
        if not visit.door.origins.admits(headers.get("Origin"), headers.get("Referer"), visit.request.host):
            raise blocked()
        fields = self._read(visit)
        deadline = time.monotonic() + DEADLINE_S
        now = self._clock()
        submission_id = self._identify(visit, now)
        event = submissions.accept(
            visit.door.form.name,
            fields if visit.control.caught else visit.door.schema.read(fields),
            submission_id=submission_id,
            now=now,
            source=_source_of(visit.request, visit.control.language),
            control=Control(subject=visit.control.subject, reply_to=visit.control.reply_to),
        )
        if not visit.control.caught:
            self._deliver(event, visit, deadline)
        return self._accepted(visit, event)

    def _deliver(self, event: SubmissionAccepted, visit: _Visit, deadline: float) -> None:
        if visit.given_key and self._differs_from_stored(event):
            raise refused(409, "IDEMPOTENCY_CONFLICT", "Something else was already submitted under this key.")
        self._publish(event, visit.request.headers.get("Traceparent"), deadline)

    def _read(self, visit: _Visit) -> dict[str, JsonValue]:
        values = body.read(visit.request, self._limits)
        visit.values = {name: value for name, value in values.items() if not name.startswith("_")}
        fields, visit.control = control.split(values, visit.door.form.honeypot)
        visit.values = fields
        visit.given_key = key_of(visit.request.headers.get("Idempotency-Key"), visit.control.key)
        return fields

    def _identify(self, visit: _Visit, now: datetime) -> UUID:
        """Return the id: of the key, or a new one. A browser's submission without a key gets one for its retry."""
        if visit.given_key is None and visit.style == "html":
            visit.made_key = secrets.token_urlsafe(16)
        key = visit.given_key or visit.made_key
        if key is None:
            return submissions.fresh_id(now, secrets.randbits(74))
        return submissions.id_for_key(visit.door.form.name, key)

    def _differs_from_stored(self, event: SubmissionAccepted) -> bool:
        stored = self._inquiry.fingerprint(event.id)
        return stored is not None and stored != event.fingerprint

    def _publish(self, event: SubmissionAccepted, traceparent: str | None, deadline: float) -> None:
        trace = {"traceparent": traceparent} if traceparent and _TRACEPARENT.fullmatch(traceparent) else None
        try:
            self._publisher.publish(message_of(event, headers=trace), timeout_s=max(0.0, deadline - time.monotonic()))
        except NotConfirmed as error:
            _log.warning("submission not confirmed", form=event.form, submission=str(event.id), refusal=error.refusal)
            raise unavailable(_UNCONFIRMED) from error

    def _accepted(self, visit: _Visit, event: SubmissionAccepted) -> Response:
        due = submissions.is_confirmed(visit.door.form, event.reply_address)
        token = self._tokens.sign(Ticket(event.id, event.form, event.accepted_at, due))
        page = visit.request.headers.get("Referer")
        destination = visit.door.origins.destination(visit.control.next, page=page, own=visit.base_url)
        url = f"{visit.base_url}/receipts/{token}"
        return self._answers.accepted(visit.style, event.id, url, destination, visit.cors)


def _source_of(request: Request, language: str | None) -> Source:
    headers = request.headers
    return Source(
        ip=request.remote_addr,
        user_agent=_short(headers.get("User-Agent")),
        referer=_short(headers.get("Referer")),
        language=_short(language or headers.get("Accept-Language")),
    )


def _short(text: str | None) -> str | None:
    return text[:_SOURCE_LENGTH].replace("\x00", "") if text else None
