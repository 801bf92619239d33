"""Keeps the accounts: who may sign in, and what each may do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, insert, or_, select, update

from shared.database import classified, reading
from shared.messaging.failures import PermanentFailure
from storage_service.accounts import roles
from storage_service.accounts.addresses import address_of
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.roles import Grant
from storage_service.accounts.user import User, asker_of, columns, user_of
from storage_service.accounts.writing import writing
from storage_service.tables import ACCOUNTS, api_keys

__all__ = ["AddressTaken", "BadZone", "LastOwner", "NotFound", "User", "Users", "asker_of"]

ZONE_MOST = 64

_U, _L = ACCOUNTS.users.c, ACCOUNTS.links.c
_OF_THE_OWNERS = 0x6F776E65
"""The number of PostgreSQL's lock on who is an owner."""

_OF_A_USER = (ACCOUNTS.sessions, ACCOUNTS.devices, ACCOUNTS.passkeys, ACCOUNTS.identities)


class AddressTaken(Exception):
    """There is an account of this address, or a key that is called so: who did what could not be told apart."""


class LastOwner(Exception):
    """They are the last owner of the installation: nobody could give anybody a role any more."""


class NotFound(Exception):
    """There is no such account, or it has ended."""


class BadZone(ValueError):
    """No time zone; the text says what is expected."""


class Users:
    """The accounts of a database. What changes one is noted in the audit, in the same transaction.

    `within` is a transaction that a change belongs to. All methods raise as `classified` does.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock
        self._audit = Audit(engine, clock=clock)

    def add(
        self,
        email: str,
        grants: Iterable[Grant],
        by: Asker,
        *,
        password: str | None = None,
        within: Connection | None = None,
    ) -> User:
        """Make an account and return it; `password` is what `Hashing.hash` makes of one.

        Raises `BadAddress`, `BadGrants` and `AddressTaken`.
        """
        address, given = address_of(email), roles.checked(grants)
        user = User(uuid4(), address.shown, address.folded, given, self._clock(), has_password=password is not None)
        try:
            with writing(self._engine, within) as connection:
                if _is_a_key(connection, user):
                    raise AddressTaken(user.email)
                _insert(connection, user, password)
                self._audit.note(by, "user.added", _target(user.email, given), within=connection)
        except PermanentFailure:
            raise AddressTaken(user.email) from None
        return user

    def one(self, key: UUID) -> User:
        """Return an account by its id, also one that has ended; raises `NotFound`."""
        return self._found(_U.id == key)

    def by_email(self, email: str) -> User | None:
        """Return the account of an address that has not ended; raises `BadAddress`."""
        try:
            return self._found(_U.folded == address_of(email).folded, _U.ended_at.is_(None))
        except NotFound:
            return None

    def listed(self) -> Sequence[User]:
        """Return all accounts by address; those that have ended are the last."""
        found = columns().order_by(_U.ended_at.is_not(None), _U.folded, _U.id)
        with classified(), self._reading.connect() as connection:
            return [user_of(row) for row in connection.execute(found)]

    def has_owner(self) -> bool:
        """Return whether somebody owns the installation."""
        with classified(), self._reading.connect() as connection:
            return has_owner(connection)

    def change_grants(self, key: UUID, grants: Iterable[Grant], by: Asker, *, within: Connection | None = None) -> User:
        """Give an account these roles in place of those it has, and return it.

        They count from its next request on. Raises `BadGrants`, `NotFound` and `LastOwner`.
        """
        given = roles.checked(grants)
        with writing(self._engine, within) as connection:
            owners_locked(connection)
            user = living(connection, key)
            if user.is_owner and not roles.is_owner(given):
                _refuse_the_last(connection, user)
            if given != user.grants:
                values = {"grants": roles.to_json(given), "is_owner": roles.is_owner(given)}
                connection.execute(update(ACCOUNTS.users).where(_U.id == key).values(values))
                self._audit.note(by, "user.changed", _target(user.email, given), within=connection)
            return living(connection, key)

    def end(self, key: UUID, by: Asker, *, within: Connection | None = None) -> None:
        """End an account: whatever it signs in by is gone, at once, and so are its invitations of others.

        Raises `NotFound` and `LastOwner`.
        """
        with writing(self._engine, within) as connection:
            owners_locked(connection)
            user = living(connection, key)
            if user.is_owner:
                _refuse_the_last(connection, user)
            ended = update(ACCOUNTS.users).where(_U.id == key).values(ended_at=self._clock(), password=None)
            connection.execute(ended)
            for table in _OF_A_USER:
                connection.execute(delete(table).where(table.c.user_id == key))
            invited = and_(_L.by == user.email, _L.purpose == "invitation")
            connection.execute(delete(ACCOUNTS.links).where(or_(_L.folded == user.folded, invited)))
            self._audit.note(by, "user.ended", user.email, within=connection)

    def set_time_zone(self, key: UUID, zone: str | None) -> None:
        """Show an account moments in this zone, such as `Europe/Berlin`, None for that of its browser.

        Raises `BadZone` and `NotFound`.
        """
        if zone is not None and not _is_zone(zone):
            raise BadZone("expected a time zone such as Europe/Berlin or UTC")
        with writing(self._engine) as connection:
            living(connection, key)
            connection.execute(update(ACCOUNTS.users).where(_U.id == key).values(time_zone=zone))

    def _found(self, *conditions: ColumnElement[bool]) -> User:
        with classified(), self._reading.connect() as connection:
            row = connection.execute(columns().where(*conditions)).one_or_none()
        if row is None:
            raise NotFound
        return user_of(row)


def owners_locked(connection: Connection) -> None:
    """Let nobody else decide who is an owner until this transaction ends; on SQLite it is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_OF_THE_OWNERS)))


def locked(connection: Connection, key: UUID) -> None:
    """Let nobody else change an account until this transaction ends; on SQLite it is alone anyway."""
    connection.execute(select(_U.id).where(_U.id == key).with_for_update(key_share=True))


def has_owner(connection: Connection, but: UUID | None = None) -> bool:
    """Return whether somebody owns the installation, or somebody else."""
    found = select(_U.id).where(_U.is_owner, _U.ended_at.is_(None)).limit(1)
    return connection.scalar(found if but is None else found.where(_U.id != but)) is not None


def living(connection: Connection, key: UUID) -> User:
    """Return an account that has not ended, as a transaction sees it; raises `NotFound`."""
    row = connection.execute(columns().where(_U.id == key, _U.ended_at.is_(None))).one_or_none()
    if row is None:
        raise NotFound
    return user_of(row)


def _refuse_the_last(connection: Connection, user: User) -> None:
    if not has_owner(connection, but=user.id):
        raise LastOwner(user.email)


def _is_a_key(connection: Connection, user: User) -> bool:
    """Return whether a key that has not ended is called as this account would be: it would see what is theirs."""
    called = func.lower(api_keys.c.name).in_(sorted({user.folded, user.email.lower()}))
    return connection.scalar(select(api_keys.c.name).where(called, api_keys.c.ended_at.is_(None)).limit(1)) is not None


def _insert(connection: Connection, user: User, password: str | None) -> None:
    connection.execute(
        insert(ACCOUNTS.users).values(
            id=user.id,
            email=user.email,
            folded=user.folded,
            grants=roles.to_json(user.grants),
            is_owner=user.is_owner,
            password=password,
            created_at=user.created_at,
        )
    )


def _target(email: str, grants: Iterable[Grant]) -> str:
    return f"{email}: {', '.join(map(str, grants))}"


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name if len(name) <= ZONE_MOST else "").key)
    except (OSError, ValueError, KeyError):
        return False
