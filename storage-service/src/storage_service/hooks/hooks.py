"""Keeps hooks in a database, and has notify told of each change in the same transaction."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, func, insert, or_, select

from shared.contracts import HookGone
from shared.database import classified, reading
from shared.forms.webhook import SECRET_PREFIX
from shared.public_addresses import Network
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.hooks.hook import (
    IN_ALL_MOST,
    MADE_MOST,
    OF_A_KEY_MOST,
    Hook,
    NoHook,
    NoKey,
    TooManyHooks,
    check_url,
    events_of,
    hook_of,
)
from storage_service.hooks.rows import end, tell
from storage_service.tables import api_keys, hooks

NOTIFY = Asker("notify", frozenset())
"""Who ends a hook whose address wants no more, for the audit."""

_H, _K = hooks.c, api_keys.c
_SECRET_BYTES = 32


class Hooks:
    """The hooks of a database. Who asks sees and ends their own. All methods raise as `classified` does.

    `allowed` are networks that may be called though they are not public. What is made or ended is in the audit.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        allowed: Sequence[Network] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._allowed = allowed
        self._clock = clock
        self._audit = Audit(engine, clock=clock)

    def add(self, url: str, events: Sequence[str], form: str | None, by: Asker) -> tuple[Hook, str]:
        """Make a hook and return it with the secret that signs its calls: it is shown now or never.

        It is of the one form, or of all that the key is for, and ends with the key. One of the same key for the same
        address and forms is replaced: who has not heard our answer, and asks again, is not called twice.
        Raises `BadHook`, `TooManyHooks`, and `NoKey`.
        """
        check_url(url, self._allowed)
        chosen, now = events_of(events), self._clock()
        secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        forms = [form] if form is not None else None if by.forms is None else sorted(by.forms)
        with classified(), self._engine.begin() as connection:
            expires_at = _end_of_key(connection, by, now)
            self._end_same(connection, url, forms, by)
            _check_room(connection, by)
            values = {
                "id": uuid4(),
                "version": 1,
                "owner": by.name,
                "url": url,
                "shown": urlsplit(url).hostname or "",
                "secret": secret,
                "events": list(chosen),
                "forms": forms,
                "created_at": now,
                "expires_at": expires_at,
                "told_at": now,
            }
            row = connection.execute(insert(hooks).values(values).returning(*_H)).one()
            tell(connection, [row])
            self._audit.note(by, "hook.added", row.id, within=connection)
        return hook_of(row), secret

    def of_key(self, name: str) -> list[Hook]:
        """Return the hooks of a key that are called, the newest first."""
        good = (_H.ended_at.is_(None), or_(_H.expires_at.is_(None), _H.expires_at > self._clock()))
        return self._found(_H.owner == name, *good)

    def all(self) -> list[Hook]:
        """Return all hooks, the newest first, also those that ended lately."""
        return self._found()

    def one(self, key: UUID, by: Asker) -> Hook:
        """Return one that the asker has; raises `NoHook`."""
        found = self._found(_H.id == key, _H.owner == by.name)
        if not found:
            raise NoHook
        return found[0]

    def end(self, key: UUID, by: Asker, *, of_others: bool = False) -> bool:
        """End a hook; False where it has ended already. Raises `NoHook`, also for one of others, unless it may be."""
        which = [_H.id == key, *([] if of_others else [_H.owner == by.name])]
        with classified(), self._engine.begin() as connection:
            ended = end(connection, "removed", self._clock(), *which)
            if ended:
                self._audit.note(by, "hook.ended", key, within=connection)
            elif connection.scalar(select(_H.id).where(*which)) is None:
                raise NoHook
        return bool(ended)

    def end_with_key(self, connection: Connection, name: str, by: Asker | None) -> None:
        """End the hooks of a key that ends, in that transaction."""
        for row in end(connection, "key", self._clock(), _H.owner == name):
            self._audit.note(by or NOTIFY, "hook.ended", row.id, within=connection)

    def end_gone(self, told: HookGone) -> bool:
        """End a hook whose address wants no more of it, as it stood then; False where it has ended or changed."""
        with classified(), self._engine.begin() as connection:
            ended = end(connection, "gone", self._clock(), _H.id == told.id, _H.version == told.version)
            if ended:
                self._audit.note(NOTIFY, "hook.ended", told.id, within=connection)
        return bool(ended)

    def _found(self, *which: object) -> list[Hook]:
        found = select(hooks).where(*which).order_by(_H.created_at.desc(), _H.id).limit(IN_ALL_MOST)  # type: ignore[arg-type]
        with classified(), self._reading.connect() as connection:
            return [hook_of(row) for row in connection.execute(found)]

    def _end_same(self, connection: Connection, url: str, forms: Sequence[str] | None, by: Asker) -> None:
        its = select(hooks).where(_H.owner == by.name, _H.url == url, _H.ended_at.is_(None))
        same = [row.id for row in connection.execute(its) if row.forms == forms]
        if same:
            end(connection, "replaced", self._clock(), _H.id.in_(same))


def _end_of_key(connection: Connection, by: Asker, now: datetime) -> datetime | None:
    """Return when a key expires; raises `NoKey`. Until this transaction ends it has no other hook made, and no end."""
    found = select(_K.expires_at, _K.ended_at).where(_K.name == by.name).with_for_update(key_share=True)
    row = connection.execute(found).one_or_none()
    if row is None or row.ended_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise NoKey
    expires_at: datetime | None = row.expires_at
    return expires_at


def _check_room(connection: Connection, by: Asker) -> None:
    every, its, good = select(func.count()).select_from(hooks), _H.owner == by.name, _H.ended_at.is_(None)
    if (connection.scalar(every.where(its, good)) or 0) >= OF_A_KEY_MOST:
        raise TooManyHooks(f"this key has {OF_A_KEY_MOST} hooks: remove one")
    if (connection.scalar(every.where(its)) or 0) >= MADE_MOST:
        raise TooManyHooks(f"this key has made {MADE_MOST} hooks within a week: wait")
    if (connection.scalar(every.where(good)) or 0) >= IN_ALL_MOST:
        raise TooManyHooks(f"there are {IN_ALL_MOST} hooks: remove one")
