"""What stands for each name in an address of the console: of the asker's own form, and of another.

A new name in an address needs a line here, else the matrix of scopes and addresses fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Engine

from storage_service.accounts.asker import SCOPES, Asker
from support.console_app import ConsoleApp
from support.events import an_event
from support.search_rows import indexed
from support.submission_databases import store

OWN_FORM, OTHER_FORM = "signup", "contact"

MARKER = "zebrafish"
"""Stands in everything of the other form, and may be in no answer to who may not see that."""


@dataclass(frozen=True, slots=True)
class World:
    """A console with a submission of the asker's form and one of another."""

    console: ConsoleApp
    own: UUID
    other: UUID


@dataclass(frozen=True, slots=True)
class Place:
    """What stands for a name: where all is allowed, and what a key of the own form must not find."""

    good: str
    others: str


PLACES: dict[str, Callable[[World], Place]] = {
    "id": lambda world: Place(str(world.own), str(world.other)),
    "form": lambda _: Place(OWN_FORM, OTHER_FORM),
}


def a_world(console: ConsoleApp, engine: Engine) -> World:
    """Store what is looked for, and put it into the index."""
    own = an_event(form=OWN_FORM, name="own", email="own@example.org")
    other = an_event(form=OTHER_FORM, name=MARKER, email=f"{MARKER}@example.org")
    store(engine, own, other, replace(an_event(form=OTHER_FORM, name=f"{MARKER} spam"), spam="honeypot"))
    indexed(engine)
    admin = Asker("somebody", frozenset(SCOPES))
    console.parts.work.note(other.id, f"a note on {MARKER}", admin)
    return World(console, own.id, other.id)
