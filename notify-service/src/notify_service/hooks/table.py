"""Keeps notify's copy of the hooks: of what comes twice, late or out of order the highest version counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from notify_service.channels.hook import Hook, HookChannel, destinations_of
from notify_service.deliveries.states import NO_LONGER_WANTED
from notify_service.tables import OUTBOX, deliveries, hooks
from shared.contracts import HookChanged, HookGone
from shared.database import Outbox, classified, reading
from shared.messaging.message import message_of

HOOKS_MOST = 2000
"""How many are read: more than storage takes."""

ENDED_FOR = timedelta(days=30)
"""How long one that has ended is remembered: longer than any message that tells of it as good may lie about."""

_H, _D = hooks.c, deliveries.c
_UNSENT = ("pending", "retrying", "held")
_EMPTY: dict[str, Any] = {"url": "", "secret": "", "is_ended": True}


class HookTable:
    """The hooks in a database. Safe to use from many threads and processes at once. All raise as `classified`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert

    def take(self, told: HookChanged, now: datetime) -> bool:
        """Keep a hook as it stands, and return whether that is news. Of one that has ended nothing more is sent."""
        values = {
            "version": told.version,
            "url": told.url,
            "secret": told.secret,
            "events": list(told.events),
            "forms": None if told.forms is None else list(told.forms),
            "expires_at": told.expires_at,
            "changed_at": now,
            "is_ended": told.is_ended,
        }
        if told.is_ended:
            values |= _EMPTY
        insert = self._insert(hooks).values(id=told.id, **values)
        set_ = {name: insert.excluded[name] for name in values}
        newer = insert.on_conflict_do_update(
            index_elements=[_H.id], set_=set_, where=_H.version < insert.excluded.version
        )
        with classified(), self._engine.begin() as connection:
            is_news = bool(connection.execute(newer.returning(_H.id)).all())
            if is_news and told.is_ended:
                _cancel(connection, told.id, now)
                connection.execute(delete(hooks).where(_H.is_ended, _H.changed_at < now - ENDED_FOR))
        return is_news

    def live(self) -> list[Hook]:
        """Return those that have not ended; some may have expired."""
        found = select(hooks).where(_H.is_ended.is_(False)).order_by(_H.id).limit(HOOKS_MOST)
        with classified(), self._reading.connect() as connection:
            rows = connection.execute(found).all()
        return [
            Hook(
                row.id,
                row.version,
                row.url,
                row.secret,
                frozenset(row.events),
                None if row.forms is None else frozenset(row.forms),
                row.expires_at,
            )
            for row in rows
        ]

    def gone(self, key: UUID, version: int, now: datetime) -> bool:
        """End a hook that is wanted no more, as it stood at this version, and tell storage; False where it is
        otherwise by now."""
        there = (_H.id == key, _H.version == version, _H.is_ended.is_(False))
        with classified(), self._engine.begin() as connection:
            ended = connection.execute(update(hooks).where(*there).values(**_EMPTY, changed_at=now)).rowcount > 0
            if ended:
                _cancel(connection, key, now)
                Outbox(OUTBOX).add(connection, [message_of(HookGone(key, version, now))])
        return ended


def _cancel(connection: Connection, hook: UUID, now: datetime) -> None:
    """Cancel what a hook was to be told. Who is calling it at this moment goes on."""
    its = (_D.channel == HookChannel.name, or_(*(_D.destination_hash == one for one in destinations_of(hook))))
    gone = {"state": "cancelled", "last_error": NO_LONGER_WANTED, "changed_at": now}
    gone |= dict.fromkeys(("due_at", "next_attempt_at"))
    connection.execute(update(deliveries).where(*its, _D.state.in_(_UNSENT)).values(gone))
