"""What stands for each name in an address of the console: of the asker's own form, and of another.

A new name in an address needs a line here, else the matrix of scopes and addresses fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from sqlalchemy import Engine

from shared.contracts import SubmittedFile
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES
from storage_service.accounts.asker import SCOPES, Asker
from storage_service.accounts.roles import Grant
from storage_service.accounts.users import User
from storage_service.jobs.asking import Wanted
from storage_service.views import Written
from storage_service.work import Change
from support.console_app import ConsoleApp
from support.events import an_event, with_files
from support.files import a_picture, lying, received
from support.parked_entries import parked_entry
from support.search_rows import indexed
from support.spam_taught import a_model
from support.submission_databases import store

OWN_FORM, OTHER_FORM = "signup", "contact"

SOMEBODY = Asker("somebody", frozenset(SCOPES))

MARKER = "zebrafish"
"""Stands in everything of the other form, and may be in no answer to who may not see that."""


SUPPRESSED = {
    "id": f"{'ab' * 32}.all",
    "address": "a…@example.org",
    "form": None,
    "stops": "all",
    "reason": "by-hand",
    "at": "2026-11-30T12:00:00.000000Z",
    "by": "ada@example.org",
    "said": None,
}
"""An address that is sent no mail, as notify tells of it."""

BESIDE = an_event(form=OWN_FORM, name="another", email="own@example.org")
"""What came later under the id of each submission."""


@dataclass(frozen=True, slots=True)
class World:
    """A console with a submission of the asker's form and one of another."""

    console: ConsoleApp
    engine: Engine
    own: UUID
    other: UUID

    def one_more(self) -> str:
        """Store one more submission of the own form, and return its id: what is asked of it may erase it.

        It has a picture, and another came later under its id.
        """
        event = with_files(an_event(form=OWN_FORM, name="own", email="own@example.org"), self.picture)
        received(self.engine, event, replace(BESIDE, id=event.id, files=(self.picture,)))
        return str(event.id)

    @property
    def picture(self) -> SubmittedFile:
        """A file that the store has."""
        return lying(self.console, a_picture(), name="me.png", type="image/png")


@dataclass(frozen=True, slots=True)
class Place:
    """What stands for a name: something that this asker may see, and something that a key of the own form must not
    find; None where there is no such thing."""

    good: str
    others: str | None


PLACES: dict[str, Callable[[World, Asker], Place]] = {
    "/v1/submissions/{id}": lambda world, _: Place(world.one_more(), str(world.other)),
    "/v1/submissions/{id}/files/{number}": lambda *_: Place("1", None),
    "/v1/submissions/{id}/conflicts/{fingerprint}": lambda *_: Place(BESIDE.fingerprint, None),
    "/v1/submissions/{id}/conflicts/{fingerprint}/files/{number}": lambda *_: Place("1", None),
    "/v1/forms/{form}": lambda *_: Place(OWN_FORM, OTHER_FORM),
    "/v1/jobs/{id}": lambda world, who: Place(a_job(world, who), a_job(world, SOMEBODY)),
    "/v1/hooks/{id}": lambda world, who: Place(a_hook(world, who), a_hook(world, SOMEBODY)),
    "/v1/views/{id}": lambda world, who: Place(a_view(world, who), a_view(world, SOMEBODY)),
    "/v1/spam/models/{version}": lambda world, _: Place(a_model(world.engine), None),
    "/v1/keys/{name}": lambda world, _: Place(_a_key(world), None),
    "/v1/users/{id}": lambda world, _: Place(str(_a_user(world).id), None),
    "/v1/sessions/{id}": lambda world, _: Place(_a_session(world), None),
    "/v1/suppressions/{id}": lambda *_: Place(str(SUPPRESSED["id"]), None),
    "/v1/parked/{service}": lambda *_: Place("storage", None),
    "/v1/parked/{service}/{id}": lambda *_: Place("0" * 32, None),
}
"""By the address up to the name."""


def path_of(world: World, path: str, who: Asker, *, others: bool = False) -> str:
    """Return an address with all names filled in."""
    filled, described = path, ""
    for part in re.findall(r"[^{}]+|{\w+}", path):
        described += part
        if part.startswith("{"):
            assert described in PLACES, f"say in tests/support/console_places.py what stands for {described}"
            place = PLACES[described](world, who)
            filled = filled.replace(part, place.others if others and place.others else place.good, 1)
    return filled


def a_world(console: ConsoleApp, engine: Engine) -> World:
    """Store what is looked for, put it into the index, and let services answer about messages that are parked."""
    own = an_event(form=OWN_FORM, name="own", email="own@example.org")
    other = an_event(form=OTHER_FORM, name=MARKER, email=f"{MARKER}@example.org")
    other = with_files(other, lying(console, MARKER.encode(), name=f"{MARKER}.txt", type="text/plain"))
    received(engine, other)
    store(engine, own, replace(an_event(form=OTHER_FORM, name=f"{MARKER} spam"), spam="honeypot"))
    indexed(engine)
    console.parts.work.note(other.id, f"a note on {MARKER}", SOMEBODY)
    entry = parked_entry("0" * 32, state="discarded")
    for queue in (STORAGE_QUERIES, NOTIFY_QUERIES):
        console.broker.serve(
            queue,
            {
                "parked.list": lambda _: {"parked": [entry], "next_cursor": None, "waiting": 1},
                "parked.show": lambda _: {"parked": entry},
                "parked.discard": lambda _: {"parked": entry},
                "parked.replay": lambda _: {"replayed": [entry["id"]], "unknown": [], "problem": None},
                "parked.naming": lambda _: {"found": [entry], "looked_at": 1, "next_cursor": None},
                "parked.forget": lambda _: {"forgotten": 1},
                "suppressions.list": lambda _: {"suppressions": [SUPPRESSED], "next_cursor": None},
                "suppressions.find": lambda _: {"suppressions": [], "address": "ab" * 32, "shown": "a…@example.org"},
                "suppressions.add": lambda _: {"suppression": SUPPRESSED, "added": True},
                "suppressions.remove": lambda _: {"removed": True},
                "deliveries_of_recipient": lambda _: {"submissions": [], "next": None},
            },
        )
    return World(console, engine, own.id, other.id)


def a_job(world: World, who: Asker) -> str:
    """Return a job of somebody."""
    parts = world.console.parts
    who = who.narrowed("write")
    found = parts.jobs.ask(
        Wanted("change", {"change": Change(starred=True).to_json()}, parts.clock(), ids=[world.own]), who, 1, None
    )
    return str(found[0].id)


def _a_user(world: World) -> User:
    return world.console.parts.accounts.users.add(f"{uuid4()}@example.org", [Grant("viewer")], SOMEBODY)


def _a_session(world: World) -> str:
    user, sessions = _a_user(world), world.console.parts.accounts.sessions
    sessions.begin(user, None, None, "password")
    return str(sessions.listed(user.id)[0].id)


def _a_key(world: World) -> str:
    name = f"a key {uuid4()}"
    world.console.parts.keys.add(name, ["read"], None, None)
    return name


def a_hook(world: World, who: Asker) -> str:
    """Return a hook of somebody; of somebody without a key, one of the other form."""
    parts, address = world.console.parts, f"https://hooks.example.org/{uuid4()}"
    if parts.keys.one(who.name) is None:
        address, name = f"{address}/{MARKER}", f"a key {uuid4()}"
        who = parts.keys.asker(parts.keys.add(name, ["export"], [OTHER_FORM], None)) or SOMEBODY
    return str(parts.hooks.add(address, [], None, who)[0].id)


def a_view(world: World, who: Asker) -> str:
    """Return a view of somebody: of the own form, or of another for everybody who may see that."""
    query = f"form:{OWN_FORM}" if who is not SOMEBODY else f"form:{OTHER_FORM} {MARKER}"
    shared = who is SOMEBODY  # else nobody else could find it
    written = Written(name=f"a view {uuid4()}", query=query, shared=shared)
    return str(world.console.parts.views.save(written, who).id)
