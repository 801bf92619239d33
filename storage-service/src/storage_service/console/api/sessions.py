"""`/v1/sessions`: which browsers are signed in, and their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from shared.database import iso
from shared.web.refusals import refused
from shared.web.schemas import ID, MOMENT, TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.accounts.sessions import Session
from storage_service.console.access import asker_of_all, needs
from storage_service.console.answers import json_answer
from storage_service.console.describing import Described, answer, parameter
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views, sessions = Blueprint("sessions", __name__), parts.accounts.sessions

    @views.get("/v1/sessions")
    @needs("admin")
    def listed() -> Response:
        asker_of_all("a session")
        user = _id(Parameters(request, "user").text("user"))
        emails = {one.id: one.email for one in parts.accounts.users.listed()}
        found = sessions.listed(user)
        return json_answer({"sessions": [_shown(one, emails.get(one.user_id, "")) for one in found]})

    @views.delete("/v1/sessions/<uuid:id>")
    @needs("admin")
    def end(id: UUID) -> Response:  # noqa: A002 - as the address names it
        if not sessions.end(id, asker_of_all("a session")):
            raise refused(404, "NOT_FOUND", "There is no session of this id.")
        return Response(status=204)

    return views


def _id(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError as error:
        raise refused(400, "USER", "user must be the id of an account.", field="user") from error


def _shown(session: Session, email: str) -> dict[str, Any]:
    return {
        "id": str(session.id),
        "user": str(session.user_id),
        "email": email,
        "method": session.method,
        "began_at": iso(session.began_at),
        "seen_at": iso(session.seen_at),
        "source": session.source,
        "agent": session.agent,
    }


def described() -> Described:
    """Describe them."""
    return {
        "GET /v1/sessions": {
            "summary": "The browsers that are signed in, the one that was seen last first",
            "parameters": [parameter("user", "Those of one account, by its id.", format="uuid")],
            "responses": answer("They.", an_object(sessions=a_list(ref("Session")))),
        },
        "DELETE /v1/sessions/{id}": {
            "summary": "Sign a browser out",
            "responses": {"204": {"description": "It is signed out from its next request on."}},
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    return {
        "Session": an_object(
            id=ID,
            user={**ID, "description": "The account's id."},
            email={**TEXT, "description": "The account's address."},
            method={**TEXT, "description": "How they signed in: `password`, `passkey` or `oidc`."},
            began_at=MOMENT,
            seen_at={**MOMENT, "description": "Exact to a minute."},
            source={**TEXT_OR_NONE, "description": "From which address it was seen last."},
            agent={**TEXT_OR_NONE, "description": "What the browser says of itself."},
        )
    }
