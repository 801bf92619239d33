"""`PATCH /v1/submissions/<id>`, and what is written down about it: notes, replies, spam or not, sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from shared.web.refusals import FieldError, Refused, refused
from shared.web.schemas import Schema, an_object, ref
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker, needs
from storage_service.console.answers import json_answer, problem
from storage_service.console.api.bodies import changes as bodies
from storage_service.console.api.bodies.shown import shown, shown_note
from storage_service.console.describing import Described, answer, body
from storage_service.console.parameters import Parameters, body_of
from storage_service.console.parts import Parts
from storage_service.console.places import id_of, no_submission
from storage_service.console.versions import IF_MATCH, VERSION, tag_of, version_seen
from storage_service.deliveries.resending import Unconfirmed, Withheld
from storage_service.records import Record
from storage_service.work import BadValue, NotFound, Outdated

_ONE = "/v1/submissions/<id>"
_WITHHELD = "Nothing of this submission is sent: it is held back as spam. Say first that it is none: POST …/not-spam."
_UNCONFIRMED = (
    "Nothing of this submission is sent before its address is confirmed, but for the mail that asks for that: "
    "the channel confirmation."
)


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("changes", __name__)
    answer_what_work_raises(views, parts)
    work = parts.work

    def changed(record: Record) -> Response:
        if not asker().may("read", record.form):
            return Response(status=204, headers=tag_of(record.version))
        return json_answer(shown(record, parts.forms), headers=tag_of(record.version))

    @views.patch(_ONE)
    @needs("write")
    def change(id: str) -> Response:  # noqa: A002 - as the address has it
        Parameters(request)
        asked = bodies.change_of(body_of(request, bodies.ChangeBody()))
        return changed(work.change(id_of(id), asked, asker(), version_seen(request)))

    @views.post(f"{_ONE}/notes")
    @needs("write")
    def note(id: str) -> Response:  # noqa: A002
        Parameters(request)
        text = body_of(request, bodies.NoteBody())["text"]
        made = work.note(id_of(id), text, asker(), version_seen(request))
        return json_answer(shown_note(made), 201, tag_of(made.version))

    @views.post(f"{_ONE}/deliveries")
    @needs("write")
    def send_again(id: str) -> Response:  # noqa: A002
        Parameters(request)
        channel = body_of(request, bodies.AgainBody()).get("channel")
        return json_answer({"requested": work.resend(id_of(id), channel, asker())}, 202)

    def add(name: str, do: Callable[[UUID, Asker, int | None], Record]) -> None:
        @needs("write")
        def view(id: str) -> Response:  # noqa: A002
            Parameters(request)
            return changed(do(id_of(id), asker(), version_seen(request)))

        views.add_url_rule(f"{_ONE}/{name}", name, view, methods=["POST"])

    add("replies", work.replied)
    add("spam", work.spam)
    add("not-spam", work.not_spam)
    return views


def answer_what_work_raises(views: Blueprint, parts: Parts) -> None:
    """Have views answer what is raised where a submission cannot be changed as somebody asks."""

    def outdated(error: Outdated) -> Response:
        current = error.current
        told = "The submission has changed since the version in If-Match: nothing was done. It is as in current now."
        if asker().may("read", current.form):
            refusal = Refused(409, told, FieldError("OUTDATED", told), more={"current": shown(current, parts.forms)})
        else:
            told = told.partition(" It is as")[0]
            refusal = Refused(409, told, FieldError("OUTDATED", told))
        refusal.headers.update(tag_of(current.version))
        return problem(refusal)

    views.register_error_handler(Outdated, outdated)
    views.register_error_handler(NotFound, lambda _: problem(no_submission()))
    views.register_error_handler(BadValue, lambda error: problem(bad_value(error)))
    views.register_error_handler(Withheld, lambda _: problem(refused(409, "WITHHELD", _WITHHELD)))
    views.register_error_handler(Unconfirmed, lambda _: problem(refused(409, "UNCONFIRMED", _UNCONFIRMED)))


def bad_value(error: BadValue) -> Refused:
    """Return the refusal of a value that is not taken."""
    return refused(422, "INVALID", f"{error}.", field=error.member)


def described() -> Described:
    """Describe them."""
    one = "/v1/submissions/{id}"
    done = answer("The submission as it is then.", ref("Submission"), ETag=VERSION)
    done["204"] = {"description": "It is done. Who has no scope `read` is not shown what it says."}
    conflict = {"409": {"$ref": "#/components/responses/409"}}

    def without_body(summary: str) -> dict[str, Any]:
        return {"summary": summary, "parameters": [IF_MATCH], "responses": {**done, **conflict}}

    return {
        f"PATCH {one}": {
            "summary": "Change status, star, labels or assignee",
            "parameters": [IF_MATCH],
            "requestBody": body(bodies.CHANGE, {"status": "open", "add_labels": ["urgent"]}),
            "responses": done,
        },
        f"POST {one}/notes": {
            "summary": "Add a note",
            "parameters": [IF_MATCH],
            "requestBody": body(bodies.NOTE, {"text": "Called her."}),
            "responses": answer("The note.", ref("Note"), 201, ETag=VERSION),
        },
        f"POST {one}/replies": without_body("Note that somebody replied"),
        f"POST {one}/spam": without_body("Mark as spam: nothing more of it is sent"),
        f"POST {one}/not-spam": without_body("Mark as no spam: what was withheld is delivered"),
        f"POST {one}/deliveries": {
            "summary": "Send again what failed or is held; of a channel, all that it has where nothing did",
            "requestBody": body(bodies.AGAIN, {"channel": "owner"}),
            "responses": answer("It is asked for.", _REQUESTED, 202),
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    return {}


_REQUESTED = an_object(
    requested={"type": "integer", "minimum": 0, "description": "How many; 0: it was asked for before."}
)
