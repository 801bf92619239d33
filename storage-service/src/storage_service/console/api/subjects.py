"""`POST /v1/subjects/find|export|erase`: what is kept of a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import Schema as Checked
from marshmallow import ValidationError, fields, validate

from shared.mail_addresses import ADDRESS_MOST
from shared.web.refusals import FieldError, Refused, refused, unavailable
from shared.web.schemas import TEXT, Schema, a_list, an_object, ref
from storage_service.console.access import asker, needs
from storage_service.console.answers import json_answer
from storage_service.console.api.bulk import KEY, key_of
from storage_service.console.api.jobs import job_shown, refusals_told
from storage_service.console.describing import Described, answer, body
from storage_service.console.downloads import Downloads
from storage_service.console.parameters import Parameters, body_of
from storage_service.console.parts import Parts
from storage_service.console.persons import exported, report_shown
from storage_service.jobs.refusals import Differs
from storage_service.jobs.sets import SET_MOST
from storage_service.subjects import ADDRESSES_MOST, BadPerson, Busy, Erased, Incomplete, Person, person_of

_TEXT_MOST = 2 * ADDRESS_MOST

_KEY_LEAST, _SIGNS_LEAST = 20, 8
"""Of a key that nobody finds out by trying: so many characters, of which so many are different ones."""


class _Emails(fields.Field[list[str]]):
    """One address, or a list of them."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[str]:
        said = [value] if isinstance(value, str) else value
        if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
            raise ValidationError("expected a mail address, or a list of them")
        if not 1 <= len(said) <= ADDRESSES_MOST:
            raise ValidationError(f"expected 1 to {ADDRESSES_MOST} addresses")
        if any(len(one) > _TEXT_MOST for one in said):
            raise ValidationError(f"an address has {ADDRESS_MOST} characters at most")
        return said


class SubjectBody(Checked):
    """Whom it is about."""

    email = _Emails(required=True)


class EraseBody(SubjectBody):
    """Whom it is about, and how many submissions may be erased."""

    confirm = fields.Integer(strict=True, validate=validate.Range(0, SET_MOST), load_default=None, allow_none=True)


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("subjects", __name__)
    downloads = Downloads(parts)

    @views.post("/v1/subjects/find")
    @needs("read")
    def find() -> Response:
        Parameters(request)
        person = _person(body_of(request, SubjectBody()))
        with refusals_told(), _incomplete_told():
            return json_answer(report_shown(parts.subjects.find(person, asker())))

    @views.post("/v1/subjects/export")
    @needs("export")
    def export() -> Response:
        Parameters(request)
        person = _person(body_of(request, SubjectBody()))
        with refusals_told(), _incomplete_told():
            return downloads.file(lambda: exported(parts, person, asker()))

    @views.post("/v1/subjects/erase")
    @needs("erase")
    def erase() -> Response:
        Parameters(request)
        key, given, who = _key_of(request.headers.get("Idempotency-Key")), body_of(request, EraseBody()), asker()
        person = _person(given)
        with refusals_told(), _incomplete_told():
            if given["confirm"] is None:
                return json_answer({**report_shown(parts.subjects.find(person, who)), "erased": None})
            try:
                return _done(parts.subjects.erase(person, who, given["confirm"], key))
            except Differs as error:
                title = f"{error}.".capitalize()
                raise Refused(409, title, FieldError("COUNT", title, "confirm")) from error

    return views


def _done(erased: Erased) -> Response:
    job = erased.job
    done = {"job": job_shown(job), "not_stored": erased.elsewhere, "parked": dict(erased.parked)}
    headers = {"Location": f"/v1/jobs/{job.id}"}
    return json_answer({**report_shown(erased.report), "erased": done}, 202 if job.is_open else 200, headers)


def _key_of(said: str | None) -> str | None:
    """Return the key, which salts what a job keeps of whom it was about; raises `Refused` (400)."""
    key = key_of(said)
    if key is not None and (len(key) < _KEY_LEAST or len(set(key)) < _SIGNS_LEAST):
        reason = f"Idempotency-Key must be chance, such as a UUID, of {_KEY_LEAST} characters at least."
        raise refused(400, "IDEMPOTENCY_KEY", reason, field="Idempotency-Key")
    return key


def _person(given: Mapping[str, Any]) -> Person:
    try:
        return person_of(given["email"])
    except BadPerson as error:
        place = "email" if error.place is None else f"email.{error.place}"
        raise refused(422, "INVALID", f"{place}: {error}", field=place) from error


@contextmanager
def _incomplete_told() -> Iterator[None]:
    """Turn what cannot be looked into just now into a refusal (503)."""
    try:
        yield
    except (Busy, Incomplete) as error:
        text = str(error)
        raise unavailable(f"{text[:1].upper()}{text[1:]}. Nothing was done.") from error


def described() -> Described:
    """Describe them."""
    example = {"email": "ada@example.org"}
    erasing = an_object(
        "confirm",
        email=_EMAIL,
        confirm={
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": SET_MOST,
            "description": "The `count` of the answer without it. Where more is found by now, nothing is done: 409.",
        },
    )
    content = {"application/json": {"schema": ref("SubjectErased")}}
    return {
        "POST /v1/subjects/find": {
            "summary": "How much is kept of a person, by place",
            "requestBody": body(an_object(email=_EMAIL), example),
            "responses": answer("How much, and where.", ref("SubjectReport")),
        },
        "POST /v1/subjects/export": {
            "summary": "All that is kept of a person, as a ZIP of `person.json`, `person.html` and files",
            "requestBody": body(an_object(email=_EMAIL), example),
            "responses": {
                "200": {
                    "description": "The file. Its end is only good if the transfer ended well.",
                    "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
                }
            },
        },
        "POST /v1/subjects/erase": {
            "summary": "Erase all that is kept of a person: first without `confirm`, which counts, then with it",
            "parameters": [{**KEY, "schema": {**TEXT, "pattern": f"^[!-~]{{{_KEY_LEAST},255}}$"}}],
            "requestBody": body(erasing, example),
            "responses": {
                "200": {"description": "How much it would be; with `confirm`: it is done.", "content": content},
                "202": {"description": "It goes on: look at the job.", "content": content},
            },
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    done = an_object(
        job=ref("Job"),
        not_stored={**_COUNT, "description": "Of how many submissions that are not stored here it was erased, too."},
        parked={
            "type": "object",
            "additionalProperties": _COUNT_OR_NONE,
            "description": "How many parked copies were removed, by service; null where it did not answer: ask again.",
        },
    )
    return {
        "SubjectSuppressed": an_object(
            address={**TEXT, "description": "What may be seen of it."},
            form={"type": ["string", "null"], "description": "The form that sends it nothing; null for all."},
            stops={**TEXT, "enum": ["all", "digests"]},
            reason={**TEXT, "enum": ["bounced", "complained", "unsubscribed", "by-hand"]},
            at={**TEXT, "format": "date-time"},
            said={"type": ["string", "null"], "description": "What a mail server said, or a note."},
        ),
        "SubjectReport": an_object(**_REPORT),
        "SubjectErased": an_object(**_REPORT, erased={"oneOf": [done, {"type": "null"}]}),
    }


_COUNT: Schema = {"type": "integer", "minimum": 0}
_COUNT_OR_NONE: Schema = {"type": ["integer", "null"], "minimum": 0}
_EMAIL: Schema = {
    "oneOf": [
        {**TEXT, "minLength": 1, "maxLength": _TEXT_MOST},
        {**a_list({**TEXT, "minLength": 1, "maxLength": _TEXT_MOST}), "minItems": 1, "maxItems": ADDRESSES_MOST},
    ],
    "description": "An address, or several of the same person.",
}
_REPORT: dict[str, Schema] = {
    "addresses": {**a_list(TEXT), "description": "The mailboxes that were looked for."},
    "count": {**_COUNT, "description": "How many submissions would be erased."},
    "complete": {"type": "boolean", "description": "Whether everything was looked into."},
    "places": {
        "type": "object",
        "additionalProperties": _COUNT_OR_NONE,
        "description": "How much is where; null where it could not be asked.",
    },
    "forms": {"type": "object", "additionalProperties": _COUNT, "description": "How many submissions of each form."},
    "written": {**a_list(TEXT), "description": "The addresses as they were found, the first ones."},
    "suppressed": {
        "oneOf": [a_list(ref("SubjectSuppressed")), {"type": "null"}],
        "description": "Which of the addresses are sent no mail, and why, for whoever may operate; null where notify "
        "did not answer. It stays when all else is erased.",
    },
    "silent": {**a_list(TEXT), "description": "Services that did not answer just now."},
    "unfinished": {**a_list(TEXT), "description": "What was not looked into, and why."},
}
