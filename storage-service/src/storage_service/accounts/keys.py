"""Makes keys, knows whose a key is, and ends it. Only its hash is kept."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, Row, insert, or_, select, update

from shared.api_keys import PREFIX, hash_of, is_known, new_key
from shared.database import classified, reading
from shared.messaging.failures import PermanentFailure
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.tables import api_keys

ADMIN_DAYS_MOST = 30
KEY_CHARACTERS_MOST = 200
DAYS_MOST = 3650
FORMS_MOST = 100
NAME_EXPECTED = "expected a name of 1 to 100 letters, digits, spaces and . _ + -, which does not begin with 'key '"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,99}", re.ASCII)
_OF_THE_ENVIRONMENT = "key "
"""How the keys of the environment are called in the audit: no other is called so."""

_K = api_keys.c


class NameTaken(Exception):
    """There is a key of this name already, or there was one."""


def is_name(text: str) -> bool:
    """Say whether a new key may be called so: never as an account, whose name is a mail address."""
    return is_known_name(text) and "@" not in text


def is_known_name(text: str) -> bool:
    """Say whether there may be a key of this name: older ones have an @ too."""
    return _NAME.fullmatch(text) is not None and not text.lower().startswith(_OF_THE_ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key, and may be shown. `forms` are None for all; moments are aware, in UTC."""

    name: str
    scopes: tuple[str, ...]
    forms: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Return whether it still opens anything."""
        return self.ended_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Fixed:
    """Keys of the environment, by their hashes: they have these scopes for all forms, and no end."""

    hashes: Sequence[str]
    scopes: frozenset[str]


class Keys:
    """The keys of a database, and those of the environment. `used` is told of each use, by the key's name, and
    `ended` of each that is ended, in that transaction.

    What is made or ended is noted in the audit, in the same transaction, where it is said who does it.
    """

    def __init__(
        self,
        engine: Engine,
        fixed: Iterable[Fixed] = (),
        *,
        used: Callable[[str, datetime], None] = lambda *_: None,
        ended: Callable[[Connection, str, Asker | None], None] = lambda *_: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._fixed = tuple(fixed)
        self._used = used
        self._ended = ended
        self._clock = clock
        self._audit = Audit(engine, clock=clock)

    def asker(self, key: str, source: str | None = None) -> Asker | None:
        """Return who brings a key; None for one that is unknown, has ended or expired. Raises as `classified` does."""
        if not 0 < len(key) <= KEY_CHARACTERS_MOST:
            return None
        scopes = frozenset().union(*(one.scopes for one in self._fixed if is_known(key, one.hashes)))
        if scopes:
            return Asker(f"{_OF_THE_ENVIRONMENT}{hash_of(key)[:8]}", scopes, source=source)
        return self._kept(key, source)

    def add(
        self,
        name: str,
        scopes: Sequence[str],
        forms: Sequence[str] | None,
        days: int | None,
        *,
        by: Asker | None = None,
    ) -> str:
        """Make a key and return it: it is shown now or never. Raises `NameTaken`, and as `classified` does."""
        if "admin" in scopes:
            days = min(days or ADMIN_DAYS_MOST, ADMIN_DAYS_MOST)
        now, key = self._clock(), new_key(PREFIX)
        values = {
            "name": name,
            "hash": hash_of(key),
            "scopes": list(scopes),
            "forms": None if forms is None else list(forms),
            "created_at": now,
            "expires_at": None if days is None else now + timedelta(days=days),
        }
        try:
            with classified(), self._engine.begin() as connection:
                connection.execute(insert(api_keys).values(values))
                self._note(connection, by, "key.added", name)
        except PermanentFailure:  # the name or, once in the life of a universe, the key
            raise NameTaken(name) from None
        return key

    def listed(self) -> Sequence[Key]:
        """Return all keys of the database, the newest first, also those that have ended."""
        with classified(), self._reading.connect() as connection:
            rows = connection.execute(select(api_keys).order_by(_K.created_at.desc(), _K.name)).all()
        return list(map(_key_of, rows))

    def one(self, name: str) -> Key | None:
        """Return a key of the database by its name."""
        with classified(), self._reading.connect() as connection:
            row = connection.execute(select(api_keys).where(_K.name == name)).one_or_none()
        return None if row is None else _key_of(row)

    def end(self, name: str, *, by: Asker | None = None) -> bool:
        """End a key, from now on; False where none of this name is good."""
        now = self._clock()
        is_good = (_K.ended_at.is_(None), or_(_K.expires_at.is_(None), _K.expires_at > now))
        with classified(), self._engine.begin() as connection:
            ended = connection.execute(update(api_keys).where(_K.name == name, *is_good).values(ended_at=now))
            if ended.rowcount:
                self._note(connection, by, "key.ended", name)
                self._ended(connection, name, by)
        return ended.rowcount > 0

    def _note(self, connection: Connection, by: Asker | None, action: str, name: str) -> None:
        if by is not None:
            self._audit.note(by, action, name, within=connection)

    def _kept(self, key: str, source: str | None) -> Asker | None:
        own, now = hash_of(key), self._clock()
        with classified(), self._reading.connect() as connection:
            row = connection.execute(select(api_keys).where(_K.hash == own)).one_or_none()
        if row is None or not hmac.compare_digest(row.hash, own) or not _key_of(row).is_good(now):
            return None
        self._used(row.name, now)
        forms = None if row.forms is None else frozenset(row.forms)
        return Asker(row.name, frozenset(row.scopes), forms, source)


def _key_of(row: Row[tuple[object, ...]]) -> Key:
    forms = None if row.forms is None else tuple(row.forms)
    moments = (row.created_at, row.expires_at, row.ended_at, row.last_used_at)
    return Key(row.name, tuple(row.scopes), forms, *moments)
