"""Knows browsers that have signed in before, by a cookie that stays when the session has ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine, delete, insert, select, update

from shared.database import classified, reading
from storage_service.accounts.tokens import hash_of, new_hashed
from storage_service.tables import ACCOUNTS

KNOWN_FOR = timedelta(days=365)
"""How long a browser is known after its last sign-in."""

DEVICES_MOST = 20
"""Of one account: the one that signed in longest ago is forgotten."""

_D, _U = ACCOUNTS.devices.c, ACCOUNTS.users.c


class Devices:
    """The known browsers of the accounts of a database. All methods raise as `classified` does."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._reading = reading(engine)
        self._clock = clock

    def knows(self, token: str | None, folded: str) -> bool:
        """Return whether a browser with this cookie has signed in to the account of this address."""
        found = select(_D.hash).join(ACCOUNTS.users, _U.id == _D.user_id)
        found = found.where(_D.hash == (hash_of(token or "") or ""), _D.seen_at > self._clock() - KNOWN_FOR)
        with classified(), self._reading.connect() as connection:
            return connection.scalar(found.where(_U.folded == folded, _U.ended_at.is_(None))) is not None

    def remember(self, connection: Connection, user_id: UUID, token: str | None) -> str:
        """Know a browser that signs in just now, in that transaction; return the token for its cookie.

        It is the one that it has, if that is of this account: nobody can bring one of their own.
        """
        now = self._clock()
        seen = update(ACCOUNTS.devices).where(_D.hash == (hash_of(token or "") or ""), _D.user_id == user_id)
        if token is not None and connection.execute(seen.values(seen_at=now)).rowcount:
            return token
        kept = select(_D.hash).where(_D.user_id == user_id).order_by(_D.seen_at.desc()).limit(DEVICES_MOST - 1)
        is_too_much = _D.hash.not_in(kept)
        connection.execute(delete(ACCOUNTS.devices).where(_D.user_id == user_id, is_too_much))
        made, hashed = new_hashed()
        connection.execute(insert(ACCOUNTS.devices).values(hash=hashed, user_id=user_id, seen_at=now))
        return made

    def forget(self, connection: Connection, user_id: UUID) -> None:
        """Know none of an account's browsers any more."""
        connection.execute(delete(ACCOUNTS.devices).where(_D.user_id == user_id))
