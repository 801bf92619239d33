"""Puts the parts of accounts together, for a console and for the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Engine

from storage_service.accounts.audit import Audit
from storage_service.accounts.devices import Devices
from storage_service.accounts.joining import Joining, Setup, SetupToken
from storage_service.accounts.links import Links
from storage_service.accounts.passwords import Hashing, Passwords
from storage_service.accounts.pending import Pending
from storage_service.accounts.secrets import one_secret
from storage_service.accounts.sessions import Sessions
from storage_service.accounts.signing_in import SigningIn
from storage_service.accounts.tries import Tries
from storage_service.accounts.users import Users


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The accounts of a database, and what signs in to them. `secret` returns `one_secret` of a name."""

    users: Users
    passwords: Passwords
    sessions: Sessions
    links: Links
    setup: Setup
    joining: Joining
    devices: Devices
    tries: Tries
    pending: Pending
    signing_in: SigningIn
    secret: Callable[[str], bytes]


def accounts_of(
    engine: Engine,
    setup: Callable[[], SetupToken | None] = lambda: None,
    *,
    hashing: Hashing | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Accounts:
    """Return the accounts of a database; `setup` returns the token of its setup link, None for none."""
    users, links, opening = Users(engine, clock=clock), Links(engine, clock=clock), Setup(engine, setup, clock=clock)
    passwords = Passwords(engine, hashing or Hashing(), clock=clock)
    sessions, devices, audit = Sessions(engine, clock=clock), Devices(engine, clock=clock), Audit(engine, clock=clock)
    tries = Tries(engine, devices, clock=clock)
    return Accounts(
        users=users,
        passwords=passwords,
        sessions=sessions,
        links=links,
        setup=opening,
        joining=Joining(engine, users, passwords, links, opening, clock=clock),
        devices=devices,
        tries=tries,
        pending=Pending(engine, clock=clock),
        signing_in=SigningIn(engine, users, passwords, sessions, devices, tries, audit),
        secret=partial(one_secret, engine),
    )
