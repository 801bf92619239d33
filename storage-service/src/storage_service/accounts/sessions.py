"""Keeps who is signed in: a random token in a browser's cookie, and its hash in the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, insert, or_, select, update

from shared.database import classified, reading
from shared.messaging.failures import DependencyUnavailable
from shared.text import as_line
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.tokens import hash_of, new_hashed
from storage_service.accounts.user import User, asker_of, columns, user_of
from storage_service.accounts.writing import sweep, writing
from storage_service.tables import ACCOUNTS

IDLE = timedelta(hours=12)
IN_ALL = timedelta(days=14)
"""A session ends when its browser was away for so long, or so long after it began."""

SESSIONS_MOST = 50
"""Sessions of one account: the one that was away longest ends."""

AGENT_MOST = 200
"""Characters of what a browser says of itself."""

_SEEN_EVERY = timedelta(minutes=1)
_U, _S = ACCOUNTS.users.c, ACCOUNTS.sessions.c


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is listed. `method` is `password`, `passkey` or `oidc`; `source` is where it was seen last, and
    `agent` what its browser says of itself."""

    id: UUID
    user_id: UUID
    method: str
    began_at: datetime
    seen_at: datetime
    source: str | None
    agent: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in by a session."""

    user: User
    session_id: UUID
    began_at: datetime
    method: str


class Sessions:
    """The sessions of a database. All methods raise as `classified` does."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock
        self._audit = Audit(engine, clock=clock)

    def begin(
        self, user: User, source: str | None, agent: str | None, method: str, *, within: Connection | None = None
    ) -> str:
        """Sign an account in, and return the token for its browser's cookie. Each sign-in has a session of its own."""
        (token, hashed), now = new_hashed(), self._clock()
        with writing(self._engine, within) as connection:
            connection.execute(update(ACCOUNTS.users).where(_U.id == user.id).values(last_seen_at=now))
            _make_room(connection, user.id, now)
            connection.execute(
                insert(ACCOUNTS.sessions).values(
                    id=uuid4(),
                    hash=hashed,
                    user_id=user.id,
                    method=method,
                    began_at=now,
                    seen_at=now,
                    source=source,
                    agent=None if agent is None else as_line(agent[:AGENT_MOST]),
                )
            )
            self._audit.note(asker_of(user, source), "session.began", method, within=connection)
        return token

    def of(self, token: str, source: str | None = None) -> SignedIn | None:
        """Return who is signed in by a token, from now on seen; None for one that is unknown or has ended."""
        hashed, now = hash_of(token), self._clock()
        if hashed is None:
            return None
        row = self._going_on(_S.hash == hashed, now)
        if row is None:
            return None
        if now - row.seen_at >= _SEEN_EVERY:
            self._see(row, source, now)
        return SignedIn(user_of(row), row.session_id, row.began_at, row.method)

    def user_of(self, key: UUID) -> User | None:
        """Return whose a session is, as they are by now, for what goes on behind a request that began long ago; it does
        not count as seen by that. None where it has ended."""
        row = self._going_on(_S.id == key, self._clock())
        return None if row is None else user_of(row)

    def listed(self, user_id: UUID | None = None) -> Sequence[Session]:
        """Return the sessions that go on, of one account or of all; the one that was seen last is the first."""
        now = self._clock()
        found = select(ACCOUNTS.sessions).where(_S.seen_at > now - IDLE, _S.began_at > now - IN_ALL)
        if user_id is not None:
            found = found.where(_S.user_id == user_id)
        with classified(), self._reading.connect() as connection:
            return [_session_of(row) for row in connection.execute(found.order_by(_S.seen_at.desc(), _S.id))]

    def end(self, key: UUID, by: Asker, *, of: UUID | None = None) -> bool:
        """End a session at once; False where there is none, or none `of` this account."""
        is_it = (_S.id == key,) if of is None else (_S.id == key, _S.user_id == of)
        with writing(self._engine) as connection:
            ended = connection.execute(delete(ACCOUNTS.sessions).where(*is_it)).rowcount
            if ended:
                self._audit.note(by, "session.ended", f"session {key}", within=connection)
        return ended > 0

    def end_all(self, user_id: UUID, by: Asker, but: UUID | None = None) -> int:
        """End all sessions of an account `but` one, and return how many these were."""
        ended = delete(ACCOUNTS.sessions).where(_S.user_id == user_id)
        with writing(self._engine) as connection:
            count = connection.execute(ended if but is None else ended.where(_S.id != but)).rowcount
            self._audit.note(by, "sessions.ended", f"user {user_id}", count=count, within=connection)
        return count

    def _going_on(self, is_it: ColumnElement[bool], now: datetime) -> Row[Any] | None:
        found = columns(_S.id.label("session_id"), _S.began_at, _S.seen_at, _S.method)
        found = found.join(ACCOUNTS.sessions, _S.user_id == _U.id).where(is_it, _U.ended_at.is_(None))
        with classified(), self._reading.connect() as connection:
            row = connection.execute(found).one_or_none()
        return row if row is not None and _goes_on(row, now) else None

    def _see(self, row: Row[Any], source: str | None, now: datetime) -> None:
        """Note that it is in use; where that cannot be written now, a later request does it.

        The account's row comes first, as wherever both are written: nobody waits for another in a circle.
        """
        user = update(ACCOUNTS.users).where(_U.id == row.id, _U.last_seen_at < now)
        seen = update(ACCOUNTS.sessions).where(_S.id == row.session_id, _S.seen_at <= now - _SEEN_EVERY)
        with suppress(DependencyUnavailable), writing(self._engine) as connection:
            connection.execute(user.values(last_seen_at=now))
            connection.execute(seen.values(seen_at=now, source=source))


def _goes_on(row: Row[Any], now: datetime) -> bool:
    return bool(now - row.seen_at < IDLE and now - row.began_at < IN_ALL)


def _make_room(connection: Connection, user_id: UUID, now: datetime) -> None:
    """Forget what has ended by itself, of everybody, and what is too much of this account's."""
    sweep(connection, _S.id, _S.began_at, _S.began_at <= now - IN_ALL)
    kept = select(_S.id).where(_S.user_id == user_id).order_by(_S.seen_at.desc()).limit(SESSIONS_MOST - 1)
    is_too_much = _S.id.not_in(kept)
    has_ended = or_(is_too_much, _S.seen_at <= now - IDLE)
    connection.execute(delete(ACCOUNTS.sessions).where(_S.user_id == user_id, has_ended))


def _session_of(row: Row[Any]) -> Session:
    return Session(row.id, row.user_id, row.method, row.began_at, row.seen_at, row.source, row.agent)
