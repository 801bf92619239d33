"""Describes the addresses of accounts."""

from __future__ import annotations

from collections.abc import Mapping

from shared.forms import NAME as FORM_NAME
from shared.mail_addresses import ADDRESS_MOST
from shared.web.schemas import ID, MOMENT, MOMENT_OR_NONE, TEXT, Schema, a_list, an_object, ref
from storage_service.accounts.roles import GRANTS_MOST, ROLES
from storage_service.console.answers import JSON
from storage_service.console.describing import Described, answer, body

_EMAIL: Schema = {**TEXT, "minLength": 1, "maxLength": ADDRESS_MOST}
_ROLES: Schema = {**a_list(ref("Role")), "minItems": 1, "maxItems": GRANTS_MOST}


def described() -> Described:
    """Describe them."""
    roles = [{"role": "editor", "form": "signup"}]
    one = "/v1/users/{id}"
    return {
        "GET /v1/users": {
            "summary": "All accounts, also those that have ended, and who is invited",
            "responses": answer("They.", ref("Users")),
        },
        "POST /v1/users": {
            "summary": "Invite somebody: an earlier invitation of the same address ends",
            "requestBody": body(an_object(email=_EMAIL, roles=_ROLES), {"email": "grace@example.org", "roles": roles}),
            "responses": {
                "201": {
                    "description": "They are invited. `link` is shown now, and never again.",
                    "content": {JSON: {"schema": ref("NewInvitation")}},
                }
            },
        },
        f"GET {one}": {"summary": "One account", "responses": answer("It.", ref("User"))},
        f"PATCH {one}": {
            "summary": "Change what an account may do, from its next request on",
            "requestBody": body(an_object(roles=_ROLES), {"roles": roles}),
            "responses": answer("As it is then.", ref("User")),
        },
        f"DELETE {one}": {
            "summary": "End an account, or an invitation",
            "responses": {"204": {"description": "Nobody signs in by it any more."}},
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    form: Schema = {
        "type": ["string", "null"],
        "pattern": f"^{FORM_NAME.pattern}$",
        "description": "For this form alone; null, for all.",
    }
    shown: Schema = an_object(
        id=ID,
        email=TEXT,
        roles=a_list(ref("Role")),
        has_password={"type": "boolean"},
        passkeys={"type": "integer", "minimum": 0, "description": "How many passkeys it has."},
        is_single_sign_on={"type": "boolean", "description": "It has signed in by single sign-on."},
        created_at=MOMENT,
        last_seen_at=MOMENT_OR_NONE,
        ended_at=MOMENT_OR_NONE,
    )
    invitation = an_object(id=ID, email=TEXT, roles=a_list(ref("Role")), by=TEXT, created_at=MOMENT, expires_at=MOMENT)
    made = an_object(
        email=TEXT,
        roles=a_list(ref("Role")),
        link={**TEXT, "description": "Whoever has it has the account. Without the host, where nobody has said it."},
        is_mailed={"type": "boolean", "description": "A mail with it goes out."},
        expires_at=MOMENT,
    )
    return {
        "Role": an_object("form", role={"enum": list(ROLES)}, form=form),
        "User": shown,
        "Users": an_object(users=a_list(ref("User")), invitations=a_list(invitation)),
        "NewInvitation": made,
    }
