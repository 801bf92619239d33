"""Keeps invitations and resets of passwords: links that open one thing, once, for some time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.database import classified, reading
from storage_service.accounts import roles
from storage_service.accounts.addresses import address_of
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.roles import Grant
from storage_service.accounts.tokens import hash_of, new_hashed
from storage_service.accounts.writing import sweep, writing
from storage_service.tables import ACCOUNTS

Purpose: TypeAlias = Literal["invitation", "reset"]

GOOD_FOR: Mapping[Purpose, timedelta] = {"invitation": timedelta(hours=72), "reset": timedelta(minutes=30)}

PLACES: Mapping[Purpose, str] = {"invitation": "/console/invitation/", "reset": "/console/reset/"}
"""Where a link leads: its token follows."""

_L = ACCOUNTS.links.c


class Spent(Exception):
    """A link that opens nothing: it is unknown, was used, has expired, or a newer one took its place."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is good. `grants` are what an invitation gives; `by` says who made it, by name."""

    id: UUID
    purpose: Purpose
    email: str
    grants: tuple[Grant, ...]
    by: str
    created_at: datetime
    expires_at: datetime


class Links:
    """The links of a database. All methods raise as `classified` does; `within` is a transaction to belong to."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock
        self._audit = Audit(engine, clock=clock)

    def make(
        self,
        purpose: Purpose,
        email: str,
        grants: Iterable[Grant],
        by: Asker,
        *,
        within: Connection | None = None,
    ) -> str:
        """Make a link and return its token: an older one of the same purpose and address opens nothing any more.

        `grants` are for an invitation, and none for a reset. Raises `BadAddress` and `BadGrants`.
        """
        (token, hashed), now, address = new_hashed(), self._clock(), address_of(email)
        values = {
            "id": uuid4(),
            "hash": hashed,
            "email": address.shown,
            "grants": roles.to_json(roles.checked(grants)) if purpose == "invitation" else None,
            "by": by.name,
            "created_at": now,
            "expires_at": now + GOOD_FOR[purpose],
        }
        with writing(self._engine, within) as connection:
            sweep(connection, _L.id, _L.expires_at, _L.expires_at <= now)
            _put(connection, {"purpose": purpose, "folded": address.folded}, values)
            self._audit.note(by, f"{purpose}.made", address.shown, within=connection)
        return token

    def look(self, token: str, purpose: Purpose) -> Link | None:
        """Return what a token opens, which stays so; None for nothing."""
        with classified(), self._reading.connect() as connection:
            row = connection.execute(self._good(token, purpose)).one_or_none()
        return None if row is None else _link_of(row)

    def invited(self, email: str) -> Link | None:
        """Return the invitation that goes to an address; raises `BadAddress`."""
        found = self._going_on().where(_L.purpose == "invitation", _L.folded == address_of(email).folded)
        with classified(), self._reading.connect() as connection:
            row = connection.execute(found).one_or_none()
        return None if row is None else _link_of(row)

    def listed(self, purpose: Purpose = "invitation") -> Sequence[Link]:
        """Return the links that are good, by address."""
        with classified(), self._reading.connect() as connection:
            found = self._going_on().where(_L.purpose == purpose).order_by(_L.folded)
            return [_link_of(row) for row in connection.execute(found)]

    def use(self, connection: Connection, token: str, purpose: Purpose) -> Link:
        """Use a link in the transaction that does what it is for: of two who use it at once, one can.

        Raises `Spent`.
        """
        row = connection.execute(self._good(token, purpose).with_for_update()).one_or_none()
        return self._used(connection, row)

    def use_invitation(self, connection: Connection, email: str) -> Link:
        """Use the invitation of an address that somebody is known to have, as `use` does; raises `Spent`."""
        found = self._going_on().where(_L.purpose == "invitation", _L.folded == address_of(email).folded)
        return self._used(connection, connection.execute(found.with_for_update()).one_or_none())

    def end(self, key: UUID, by: Asker) -> bool:
        """Have a link open nothing any more; False where it already does not."""
        with writing(self._engine) as connection:
            row = connection.execute(delete(ACCOUNTS.links).where(_L.id == key).returning(_L.purpose, _L.email)).first()
            if row is not None:
                self._audit.note(by, f"{row.purpose}.ended", row.email, within=connection)
        return row is not None

    def _used(self, connection: Connection, row: Row[Any] | None) -> Link:
        used = row and connection.execute(delete(ACCOUNTS.links).where(_L.id == row.id, _L.hash == row.hash)).rowcount
        if row is None or not used:
            raise Spent
        return _link_of(row)

    def _good(self, token: str, purpose: Purpose) -> Any:
        return self._going_on().where(_L.hash == (hash_of(token) or ""), _L.purpose == purpose)

    def _going_on(self) -> Any:
        return select(ACCOUNTS.links).where(_L.expires_at > self._clock())


def _put(connection: Connection, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    made = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(ACCOUNTS.links)
    connection.execute(
        made.values(**key, **values).on_conflict_do_update(index_elements=[_L.purpose, _L.folded], set_=dict(values))
    )


def _link_of(row: Row[Any]) -> Link:
    grants = roles.of_json(row.grants or ())
    return Link(row.id, row.purpose, row.email, grants, row.by, row.created_at, row.expires_at)
