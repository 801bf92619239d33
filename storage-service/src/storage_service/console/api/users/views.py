"""Lists accounts and invitations, invites, changes what an account may do, and ends it.

An owner of the installation is made by an owner in the console, or by the command: who has stolen a key with `admin`
cannot make it last by an account of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import Schema as Checked
from marshmallow import fields, validate

from shared.database import iso
from shared.mail_addresses import ADDRESS_MOST
from shared.web.refusals import refused
from storage_service.accounts.addresses import BadAddress
from storage_service.accounts.links import Link
from storage_service.accounts.mailing import MadeLink
from storage_service.accounts.roles import GRANTS_MOST, ROLES, BadGrants, Grant, a_grant, to_json
from storage_service.accounts.users import LastOwner, NotFound, User
from storage_service.console.access import asker_of_all, needs
from storage_service.console.answers import json_answer
from storage_service.console.granting import OWNER, bad_roles, granted
from storage_service.console.parameters import Parameters, body_of
from storage_service.console.parts import Parts


class RoleSchema(Checked):
    """A role as somebody writes it."""

    role = fields.String(required=True, validate=validate.OneOf(ROLES, error=f"expected one of {', '.join(ROLES)}"))
    form = fields.String(allow_none=True, load_default=None)


class ChangeSchema(Checked):
    """What an account's roles are to be."""

    roles = fields.List(fields.Nested(RoleSchema()), required=True, validate=validate.Length(1, GRANTS_MOST))


class InvitationSchema(ChangeSchema):
    """Whom somebody invites."""

    email = fields.String(required=True, validate=validate.Length(1, ADDRESS_MOST))


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views, accounts = Blueprint("users", __name__), parts.accounts

    @views.get("/v1/users")
    @needs("admin")
    def listed() -> Response:
        asker_of_all("an account")
        Parameters(request)
        users, invited = accounts.users.listed(), accounts.links.listed()
        return json_answer({"users": list(map(_shown, users)), "invitations": list(map(_invitation, invited))})

    @views.post("/v1/users")
    @needs("admin")
    def invite() -> Response:
        who, given = asker_of_all("an account"), body_of(request, InvitationSchema())
        with _told():
            grants = granted(_not_owner(_grants(given["roles"])), parts.forms)
            if accounts.users.by_email(given["email"]):
                raise refused(409, "TAKEN", "There is an account of this address already.", field="email")
            made = parts.link_mails.make("invitation", given["email"], grants, who)
        return json_answer(_made(made, grants), 201)

    @views.get("/v1/users/<uuid:id>")
    @needs("admin")
    def one(id: UUID) -> Response:  # noqa: A002 - as the address names it
        asker_of_all("an account")
        with _told():
            return json_answer(_shown(accounts.users.one(id)))

    @views.patch("/v1/users/<uuid:id>")
    @needs("admin")
    def change(id: UUID) -> Response:  # noqa: A002
        who, given = asker_of_all("an account"), body_of(request, ChangeSchema())
        with _told():
            before = accounts.users.one(id).grants
            asked = _grants(given["roles"])
            grants = granted(asked if OWNER in before else _not_owner(asked), parts.forms, before)
            return json_answer(_shown(accounts.users.change_grants(id, grants, who)))

    @views.delete("/v1/users/<uuid:id>")
    @needs("admin")
    def end(id: UUID) -> Response:  # noqa: A002
        who = asker_of_all("an account")
        with _told():
            if not accounts.links.end(id, who):
                accounts.users.end(id, who)
        return Response(status=204)

    return views


@contextmanager
def _told() -> Iterator[None]:
    """Turn refusals of accounts into those of requests."""
    try:
        yield
    except NotFound as error:
        raise refused(404, "NOT_FOUND", "There is no account or invitation of this id.") from error
    except LastOwner as error:
        reason = "This is the last owner: nobody could give anybody a role any more. Make another owner first."
        raise refused(409, "LAST_OWNER", reason) from error
    except BadGrants as error:
        raise bad_roles(error) from error
    except BadAddress as error:
        text = str(error)
        raise refused(422, "EMAIL", f"{text[:1].upper()}{text[1:]}.", field="email") from error


def _grants(given: Sequence[Mapping[str, Any]]) -> list[Grant]:
    return [a_grant(one["role"], one["form"]) for one in given]


def _not_owner(grants: list[Grant]) -> list[Grant]:
    if OWNER in grants:
        reason = "An owner of all is made in the console, or by the command user: no key may."
        raise refused(422, "OWNER", reason, field="roles")
    return grants


def _shown(user: User) -> dict[str, Any]:
    moments = {"created_at": user.created_at, "last_seen_at": user.last_seen_at, "ended_at": user.ended_at}
    return {
        "id": str(user.id),
        "email": user.email,
        "roles": to_json(user.grants),
        "has_password": user.has_password,
        "passkeys": user.passkeys,
        "is_single_sign_on": user.is_single_sign_on,
        **{name: moment and iso(moment) for name, moment in moments.items()},
    }


def _invitation(link: Link) -> dict[str, Any]:
    return {
        "id": str(link.id),
        "email": link.email,
        "roles": to_json(link.grants),
        "by": link.by,
        "created_at": iso(link.created_at),
        "expires_at": iso(link.expires_at),
    }


def _made(made: MadeLink, grants: Sequence[Grant]) -> dict[str, Any]:
    return {
        "email": made.email,
        "roles": to_json(grants),
        "link": made.url or made.path,
        "is_mailed": made.is_mailed,
        "expires_at": iso(made.expires_at),
    }
