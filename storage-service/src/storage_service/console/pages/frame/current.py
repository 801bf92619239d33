"""Who is signed in, for as long as a request lasts. The gate says it; views and templates ask here."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from flask import g

from storage_service.accounts.asker import Asker
from storage_service.accounts.sessions import SignedIn
from storage_service.accounts.user import User

RECENT = timedelta(hours=1)
"""How long after signing in somebody may get one more way in: it outlives the session of whoever sits down at an open
screen."""


def signed_in() -> SignedIn | None:
    """Return the session that a request comes with; None for nobody's."""
    found: SignedIn | None = g.get("signed_in")
    return found


def session_id() -> UUID | None:
    """Return the id of the session that a request comes with."""
    found = signed_in()
    return None if found is None else found.session_id


def is_recent(now: datetime) -> bool:
    """Return whether whoever is signed in has shown a moment ago who they are."""
    found = signed_in()
    return found is not None and now - found.began_at <= RECENT


def me() -> User:
    """Return whose session it is; the gate lets nobody else to a view that is not open to all."""
    session = signed_in()
    if session is None:
        raise LookupError("nobody is signed in: is the view marked?")
    return session.user


def whole_asker() -> Asker:
    """Return who asks, with all that they may do; raises `LookupError` for nobody."""
    found: Asker | None = g.get("whole_asker")
    if found is None:
        raise LookupError("nobody is signed in: is the view marked?")
    return found


def may(scope: str, form: str | None = None) -> bool:
    """Return whether whoever is signed in may do something: with a form's submissions, or with any at all."""
    asker: Asker | None = g.get("whole_asker")
    return asker is not None and asker.may(scope, form)


def keep(session: SignedIn, asker: Asker) -> None:
    """Keep who is signed in, with all that they may do, until the request ends."""
    g.signed_in, g.whole_asker = session, asker
