"""Every page of the console and every post to it: who may use it, what is sent, and what stands for its names.

A new address needs a line here, else the matrix of roles and pages fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from storage_service.accounts.passkeys.party import Party
from storage_service.accounts.roles import Grant
from storage_service.accounts.user import User, asker_of
from storage_service.console.access import OPEN, SIGNED_IN
from support.authenticator import Authenticator
from support.console_pages import BY
from support.console_places import BESIDE, OTHER_FORM, OWN_FORM, SOMEBODY, Place, World, a_hook, a_job, a_view

PAGES: Mapping[str, str] = {
    "GET /console": OPEN,
    "GET /console/account": SIGNED_IN,
    "GET /console/export": "export",
    "GET /console/export/file": "export",
    "GET /console/inbox": "read",
    "GET /console/inbox/complete": "read",
    "GET /console/inbox/events": "read",
    "GET /console/jobs": "read",
    "GET /console/jobs/{id}": "read",
    "GET /console/deliveries": "read",
    "GET /console/forms": "read",
    "GET /console/forms/{name}": "read",
    "GET /console/parked": "operate",
    "GET /console/parked/{service}/{id}": "operate",
    "GET /console/person": "read",
    "GET /console/reset": OPEN,
    "GET /console/settings": "admin",
    "GET /console/settings/audit": "admin",
    "GET /console/settings/hooks": "admin",
    "GET /console/settings/keys": "admin",
    "GET /console/settings/retention": "admin",
    "GET /console/settings/users": "admin",
    "GET /console/settings/users/{id}": "admin",
    "GET /console/sign-in": OPEN,
    "GET /console/sign-in/done": OPEN,
    "GET /console/spam": "read",
    "GET /console/suppression": "operate",
    "GET /console/static/{hash}/{name}": OPEN,
    "GET /console/submissions/{id}": "read",
    "GET /console/submissions/{id}/conflicts/{fingerprint}/files/{number}": "read",
    "GET /console/submissions/{id}/conflicts/{fingerprint}/files/{number}/preview": "read",
    "GET /console/submissions/{id}/erase": "erase",
    "GET /console/submissions/{id}/files/{number}": "read",
    "GET /console/submissions/{id}/files/{number}/preview": "read",
    "GET /console/sign-in/oidc": OPEN,
    "GET /console/sign-in/oidc/callback": OPEN,
    "GET /console/{purpose}/{token}": OPEN,
    "POST /console/account/passkeys": SIGNED_IN,
    "POST /console/account/passkeys/options": SIGNED_IN,
    "POST /console/account/passkeys/{key}/remove": SIGNED_IN,
    "POST /console/account/password": SIGNED_IN,
    "POST /console/account/sessions/end": SIGNED_IN,
    "POST /console/account/sessions/{id}/end": SIGNED_IN,
    "POST /console/account/zone": SIGNED_IN,
    "POST /console/inbox/bulk": "write",
    "POST /console/jobs/{id}/stop": "write",
    "POST /console/jobs/{id}/undo": "write",
    "POST /console/deliveries/again": "write",
    "POST /console/forms/{name}/test": "write",
    "POST /console/parked/replay": "operate",
    "POST /console/parked/{service}/{id}/discard": "operate",
    "POST /console/parked/{service}/{id}/replay": "operate",
    "POST /console/person": "read",
    "POST /console/person/erase": "erase",
    "POST /console/person/export": "export",
    "POST /console/reset": OPEN,
    "POST /console/settings/hooks/{id}/end": "admin",
    "POST /console/settings/invitations/{id}/end": "admin",
    "POST /console/settings/keys": "admin",
    "POST /console/settings/keys/{name}/end": "admin",
    "POST /console/settings/retention/pause": "admin",
    "POST /console/settings/retention/resume": "admin",
    "POST /console/settings/users": "admin",
    "POST /console/settings/users/{id}/end": "admin",
    "POST /console/settings/users/{id}/reset": "admin",
    "POST /console/settings/users/{id}/roles": "admin",
    "POST /console/settings/users/{id}/sessions/end": "admin",
    "POST /console/settings/users/{id}/sessions/{session}/end": "admin",
    "POST /console/sign-in": OPEN,
    "POST /console/sign-in/passkey": OPEN,
    "POST /console/sign-in/passkey/options": OPEN,
    "POST /console/sign-out": OPEN,
    "POST /console/spam/train": "admin",
    "POST /console/spam/use": "admin",
    "POST /console/spam/with": "admin",
    "POST /console/spam/without": "admin",
    "POST /console/suppression/add": "operate",
    "POST /console/suppression/find": "operate",
    "POST /console/suppression/remove": "operate",
    "POST /console/views": "read",
    "POST /console/views/{id}": "read",
    "POST /console/views/{id}/remove": "read",
    "POST /console/submissions/{id}/change": "write",
    "POST /console/submissions/{id}/erase": "erase",
    "POST /console/submissions/{id}/not-spam": "write",
    "POST /console/submissions/{id}/notes": "write",
    "POST /console/submissions/{id}/reply": "write",
    "POST /console/submissions/{id}/resend": "write",
    "POST /console/submissions/{id}/spam": "write",
    "POST /console/submissions/{id}/unseal": "unseal",
    "POST /console/{purpose}/{token}": OPEN,
}
"""Who may: a scope, `SIGNED_IN` or `OPEN`."""

_SEEN = "99"
"""A version of a submission after all that the tests do with it: nobody did anything since."""

SENT: Mapping[str, Mapping[str, Any]] = {
    "POST /console/account/password": {"new_password": "three other words of a test"},
    "POST /console/account/zone": {"zone": "Europe/Berlin"},
    "POST /console/inbox/bulk": {"all": "yes", "do": "star", "next": "/console/inbox?q="},
    "POST /console/views": {"name": "Mine", "q": "is:open"},
    "POST /console/views/{id}": {"name": "Mine", "q": "is:open"},
    "POST /console/settings/keys": {"name": "reports", "scope": "read"},
    "POST /console/settings/users": {"email": "mary@example.org", "role": "viewer"},
    "POST /console/settings/users/{id}/roles": {"role": "editor"},
    "POST /console/person": {"email": "ada@example.org"},
    "POST /console/person/erase": {"email": "ada@example.org"},
    "POST /console/person/export": {"email": "ada@example.org"},
    "POST /console/spam/use": {"version": "1-00000000"},
    "POST /console/spam/with": {"author": "ada@example.org"},
    "POST /console/spam/without": {"author": "ada@example.org"},
    "POST /console/submissions/{id}/change": {"state": "open", "version": _SEEN},
    "POST /console/submissions/{id}/erase": {"version": _SEEN},
    "POST /console/submissions/{id}/not-spam": {"version": _SEEN},
    "POST /console/submissions/{id}/notes": {"text": "Called her.", "version": _SEEN},
    "POST /console/submissions/{id}/reply": {"version": _SEEN},
    "POST /console/submissions/{id}/resend": {"channel": "owner"},
    "POST /console/submissions/{id}/spam": {"version": _SEEN},
    "POST /console/suppression/add": {"address": "ada@example.org", "note": "asked on the phone"},
    "POST /console/suppression/find": {"address": "ada@example.org"},
    "POST /console/suppression/remove": {"id": f"{'ab' * 32}.all"},
    "POST /console/parked/replay": {"message": f"storage:{'0' * 32}"},
    "POST /console/parked/{service}/{id}/discard": {"reason": "nobody sent it"},
}
"""What is sent that is good as it stands; nothing where nothing is said."""

ASKED: Mapping[str, str] = {
    "GET /console/inbox/complete": "q=label:&at=6",
    "GET /console/inbox/events": "since=2026-11-22T18:00:00Z",
}
"""What stands behind the `?` of a page that needs something there."""

PLACES: Mapping[str, Callable[[World, User], Place]] = {
    "/console/account/passkeys/{key}": lambda world, who: Place(_a_passkey(world, who), _a_passkey(world, None)),
    "/console/account/sessions/{id}": lambda world, who: Place(_a_session(world, who), _a_session(world, None)),
    "/console/jobs/{id}": lambda world, who: Place(a_job(world, asker_of(who, None)), a_job(world, SOMEBODY)),
    "/console/settings/hooks/{id}": lambda world, _: Place(a_hook(world, SOMEBODY), None),
    "/console/settings/invitations/{id}": lambda *_: Place(str(uuid4()), None),
    "/console/settings/keys/{name}": lambda *_: Place("reports", None),
    "/console/settings/users/{id}": lambda world, _: Place(_a_user(world), None),
    "/console/settings/users/{id}/sessions/{session}": lambda *_: Place(str(uuid4()), None),
    "/console/forms/{name}": lambda *_: Place(OWN_FORM, OTHER_FORM),
    "/console/parked/{service}": lambda *_: Place("storage", None),
    "/console/parked/{service}/{id}": lambda *_: Place("0" * 32, None),
    "/console/static/{hash}": lambda *_: Place("0" * 12, None),
    "/console/static/{hash}/{name}": lambda *_: Place("console.css", None),
    "/console/views/{id}": lambda world, who: Place(a_view(world, asker_of(who, None)), a_view(world, SOMEBODY)),
    "/console/submissions/{id}": lambda world, _: Place(world.one_more(), str(world.other)),
    "/console/submissions/{id}/files/{number}": lambda *_: Place("1", None),
    "/console/submissions/{id}/conflicts/{fingerprint}": lambda *_: Place(BESIDE.fingerprint, None),
    "/console/submissions/{id}/conflicts/{fingerprint}/files/{number}": lambda *_: Place("1", None),
    "/console/{purpose}": lambda *_: Place("invitation", None),
    "/console/{purpose}/{token}": lambda *_: Place("0" * 43, None),
}
"""By the address up to the name: what this reader may see, and what belongs to the other form or somebody else."""


def path_of(world: World, place: str, who: User, *, others: bool = False) -> str:
    """Return the address of a place, `GET /console/forms/{name}`, with all names filled in."""
    filled, described = "", ""
    for part in re.findall(r"[^{}]+|{\w+}", place.partition(" ")[2]):
        described += part
        if part.startswith("{"):
            assert described in PLACES, f"say in tests/support/page_places.py what stands for {described}"
            found = PLACES[described](world, who)
            part = found.others if others and found.others else found.good  # noqa: PLW2901
        filled += part
    return f"{filled}?{ASKED[place]}" if place in ASKED else filled


def _a_user(world: World) -> str:
    return str(world.console.parts.accounts.users.add(f"{uuid4()}@example.org", [Grant("viewer")], BY).id)


def _a_session(world: World, who: User | None) -> str:
    """Return a session of a reader, or of somebody else."""
    accounts, user = world.console.parts.accounts, who or _somebody(world)
    accounts.signing_in.begin(user, "password", None, None)
    return str(accounts.sessions.listed(user.id)[0].id)


def _a_passkey(world: World, who: User | None) -> str:
    """Return a passkey of a reader, or of somebody else."""
    keys, user, here = (
        world.console.parts.ways.passkeys,
        who or _somebody(world),
        Party("localhost", "http://localhost"),
    )
    asked = keys.ask_to_make(user, here)
    keys.make(user, here, asked.token, Authenticator(here.origin).create(asked.options), "", by=BY)
    return str(keys.listed(user.id)[0].id)


def _somebody(world: World) -> User:
    users = world.console.parts.accounts.users
    found = users.by_email("somebody@example.org")
    return found or users.add("somebody@example.org", [Grant("viewer", OTHER_FORM)], BY)
