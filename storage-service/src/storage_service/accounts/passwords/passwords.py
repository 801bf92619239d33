"""Keeps the passwords of accounts, and says whose one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, delete, select, update

from shared.database import classified, reading
from shared.messaging.failures import DependencyUnavailable
from storage_service.accounts.addresses import BadAddress, address_of
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.passwords.hashing import Busy, Hashing
from storage_service.accounts.passwords.quality import LENGTH_MOST, Quality
from storage_service.accounts.user import User, columns, user_of
from storage_service.accounts.users import living
from storage_service.accounts.writing import writing
from storage_service.tables import ACCOUNTS

_U, _S, _L = ACCOUNTS.users.c, ACCOUNTS.sessions.c, ACCOUNTS.links.c


class BadPassword(ValueError):
    """A password that is not taken; the text says why, as a sentence that may be shown."""


@dataclass(frozen=True, slots=True)
class Right:
    """An account whose password somebody knows; `kept` is what is kept of it."""

    user: User
    kept: str = field(repr=False)


class Passwords:
    """The passwords of the accounts of a database. All methods raise as `classified` does."""

    def __init__(
        self,
        engine: Engine,
        hashing: Hashing,
        *,
        quality: Quality | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._hashing = hashing
        self._quality = quality or Quality()
        self._audit = Audit(engine, clock=clock)

    def problem_with(self, text: str, email: str) -> str | None:
        """Return why a password is not taken for the account of this address, as a sentence; None where it is."""
        return self._quality.problem_with(text, email)

    def hashed(self, text: str, email: str) -> str:
        """Return what is kept of a new password; raises `BadPassword` and `Busy`. It takes some 30 ms."""
        if problem := self.problem_with(text, email):
            raise BadPassword(problem)
        return self._hashing.hash(text)

    def set(self, key: UUID, text: str, by: Asker, *, but: UUID | None = None) -> None:
        """Have an account sign in by this password, and end all its sessions `but` one.

        Raises `BadPassword`, `Busy` and `NotFound`.
        """
        with classified(), self._reading.connect() as connection:
            email = living(connection, key).email
        self.keep(key, self.hashed(text, email), by, but=but)

    def keep(
        self, key: UUID, kept: str, by: Asker, *, but: UUID | None = None, within: Connection | None = None
    ) -> User:
        """Do what `set` does, with what `hashed` returned, and return the account; raises `NotFound`.

        A link that was mailed for a new password opens nothing any more: it may be in others' hands.
        """
        with writing(self._engine, within) as connection:
            user = living(connection, key)
            connection.execute(update(ACCOUNTS.users).where(_U.id == key).values(password=kept))
            others = delete(ACCOUNTS.sessions).where(_S.user_id == key)
            connection.execute(others if but is None else others.where(_S.id != but))
            connection.execute(delete(ACCOUNTS.links).where(_L.purpose == "reset", _L.folded == user.folded))
            self._audit.note(by, "password.set", user.email, within=connection)
            return living(connection, key)

    def remove(self, key: UUID, by: Asker) -> None:
        """Let an account sign in by a passkey or single sign-on alone; raises `NotFound`."""
        with writing(self._engine) as connection:
            user = living(connection, key)
            connection.execute(update(ACCOUNTS.users).where(_U.id == key).values(password=None))
            self._audit.note(by, "password.removed", user.email, within=connection)

    def check(self, email: str, text: str, *, known: bool = False) -> User | None:
        """Return the account that has this address and this password; None where there is none; raises `Busy`.

        It is one hash, whether there is such an account or not. `known` is for a browser that has signed in before:
        see `Hashing`.
        """
        found = self.right(email, text, known=known)
        return None if found is None else found.user

    def right(self, email: str, text: str, *, known: bool = False) -> Right | None:
        """Do what `check` does, for who goes on only while the password is the same: see `is_still`."""
        found = self._kept(email)
        user, kept = (None, None) if found is None else found
        if not self._hashing.is_right(text[: LENGTH_MOST + 1], kept, known=known) or user is None or kept is None:
            return None
        return Right(user, self._renewed(user, text, kept) if self._hashing.is_stale(kept) else kept)

    def is_still(self, connection: Connection, right: Right) -> bool:
        """Return whether the account still has the password, and keep it so until this transaction ends.

        Else somebody who had it could sign in while a new one is set, and stay signed in.
        """
        found = select(_U.id).where(_U.id == right.user.id, _U.password == right.kept, _U.ended_at.is_(None))
        return connection.scalar(found.with_for_update(key_share=True)) is not None

    def is_of(self, key: UUID, text: str) -> bool:
        """Return whether an account has this password, for somebody who is signed in to it; raises `Busy`."""
        with classified(), self._reading.connect() as connection:
            kept = connection.scalar(select(_U.password).where(_U.id == key, _U.ended_at.is_(None)))
        return self._hashing.is_right(text[: LENGTH_MOST + 1], kept, known=True)

    def _kept(self, email: str) -> tuple[User, str | None] | None:
        try:
            folded = address_of(email).folded
        except BadAddress:
            folded = ""
        with classified(), self._reading.connect() as connection:
            row = connection.execute(columns().where(_U.folded == folded, _U.ended_at.is_(None))).one_or_none()
        return None if row is None else (user_of(row), row.password)

    def _renewed(self, user: User, text: str, kept: str) -> str:
        """Keep it by today's parameters: it is seldom in the clear. Where that cannot be now, the next time."""
        try:
            newer = self._hashing.hash(text)
            renewed = update(ACCOUNTS.users).where(_U.id == user.id, _U.password == kept).values(password=newer)
            with writing(self._engine) as connection:
                return newer if connection.execute(renewed).rowcount else kept
        except (Busy, DependencyUnavailable) as error:
            structlog.get_logger().info("a password is renewed later", because=type(error).__name__)
            return kept
