"""Lets owners' mails wait that are told of along with others: for a digest, or because there are too many.

Too many are more than `at_once_most` to one owner about one form within `WINDOW`. The window that follows one with too
many is quiet from its beginning: a flood that lasts brings one mail in ten minutes. What counts is in the database, so
that replicas count together; a batch of submissions costs one statement for that.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence, Set
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, Row, and_, bindparam, case, delete, false, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

from notify_service.channels.planned import Gathered, Key, Planned
from notify_service.deliveries.documents import documents
from notify_service.deliveries.states import DIGEST, MANY
from notify_service.digests.schedule import next_after
from notify_service.tables import DIGESTS, deliveries
from shared.database import classified

AT_ONCE_MOST = 50
WINDOW = timedelta(minutes=10)
KEPT_FOR = timedelta(days=1)
"""How long a window is kept in which nothing comes."""

_log = structlog.get_logger()

_C, _I, _W = deliveries.c, DIGESTS.items.c, DIGESTS.windows.c

_Owner: TypeAlias = tuple[str, str]
"""A form, and an owner by the hash of their mailbox."""

_Waiting: TypeAlias = tuple[Planned, Gathered, datetime]
"""What waits, and until when."""


class Waiting:
    """`plan_table.PutAside` in a database. `at_once_most` is COUNTERFOIL_OWNER_MAILS_MOST."""

    def __init__(self, engine: Engine, at_once_most: int = AT_ONCE_MOST) -> None:
        self._at_once_most = at_once_most
        self._count_mails = _count_statement(engine.dialect.name, at_once_most)
        self._note = _note_statement(engine.dialect.name)

    def __call__(
        self, connection: Connection, planned: Sequence[Planned], keys: Collection[Key], now: datetime
    ) -> Set[Key]:
        """Have those wait for which it is time; see `plan_table.PutAside`."""
        known = set(keys)
        found = [(one, one.gathered) for one in planned if one.gathered is not None and one.key in known]
        if not found:
            return set()
        digests = [(one, by, next_after(by.digest, by.timezone, now)) for one, by in found if by.digest is not None]
        single = [(one, by) for one, by in sorted(found, key=_by_time) if by.digest is None]
        many = self._too_many(connection, single, now) if single else []
        return self._wait(connection, digests, DIGEST, now) | self._wait(connection, many, MANY, now)

    def _too_many(
        self, connection: Connection, found: Sequence[tuple[Planned, Gathered]], now: datetime
    ) -> list[_Waiting]:
        """Count mails, and return those that are too many with the end of their window."""
        owners = defaultdict[_Owner, list[tuple[Planned, Gathered]]](list)
        for one, by in found:
            owners[one.form, by.address_hash].append((one, by))
        counted = [
            {"form": form, "address_hash": address_hash, "mails": len(mails)}
            for (form, address_hash), mails in owners.items()
        ]
        values = {"counted": json.dumps(counted), "now": now, "over": now - WINDOW, "followed": now - 2 * WINDOW}
        waiting = list[_Waiting]()
        for row in connection.execute(self._count_mails, values):
            mails = owners[row.form, row.address_hash]
            excess = _excess(row, len(mails), self._at_once_most)
            waiting += [(*one, row.began_at + WINDOW) for one in mails[len(mails) - excess :]]
        return waiting

    def _wait(self, connection: Connection, waiting: Sequence[_Waiting], reason: str, now: datetime) -> Set[Key]:
        """Hold what waits, and note what for. What somebody has begun to send, or asked for, does not."""
        if not waiting:
            return set()
        by_id = {one.key.id: (one, by, due_at) for one, by, due_at in waiting}
        held = list[UUID]()
        for due_at in {due_at for _, _, due_at in waiting}:  # mostly one
            ids = [key for key, (_, _, until) in by_id.items() if until == due_at]
            held += connection.scalars(_HOLD, {"of_ids": ids, "reason": reason, "now": now, "due": due_at})
        if held:
            items = [_item(*by_id[key], now) for key in held]
            connection.execute(self._note, items)
        for form, number in Counter(by_id[key][0].form for key in held).items() if reason == MANY else ():
            _log.warning("too many mails to an owner: the further ones wait", form=form[:64], waiting=number)
        return {by_id[key][0].key for key in held}


def forget_old_windows(engine: Engine, now: datetime) -> None:
    """Forget owners to whom nothing went for long: there are few. Raises `DependencyUnavailable`."""
    with classified(), engine.begin() as connection:
        connection.execute(delete(DIGESTS.windows).where(_W.began_at < now - KEPT_FOR))


def _by_time(found: tuple[Planned, Gathered]) -> tuple[datetime, UUID]:
    one = found[0]
    return one.accepted_at or datetime.max.replace(tzinfo=UTC), one.key.submission_id


def _excess(row: Row[Any], number: int, most: int) -> int:
    """Return how many of so many mails that have just been counted are too many."""
    return number if row.is_quiet else max(0, min(number, row.mails - most))


def _item(one: Planned, by: Gathered, due_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "delivery_id": one.key.id,
        "submission_id": one.key.submission_id,
        "form": one.form,
        "address_hash": by.address_hash,
        "schedule": by.schedule,
        "accepted_at": one.accepted_at or now,
        "due_at": due_at,
        "origin": by.origin,
    }


def _note_statement(dialect: str) -> Executable:
    """Return what notes an item. One that is there, as after a release, waits for what its form says now."""
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(DIGESTS.items)
    new = {name: insert.excluded[name] for name in ("schedule", "due_at")}
    noted: Executable = insert.on_conflict_do_update(index_elements=[_I.delivery_id], set_={**new, "digest": None})
    return noted


def _count_statement(dialect: str, most: int) -> Executable:
    """Return what adds mails to the windows of their owners, in the order of their keys: two planners with the same
    ones wait for each other, and never in a circle. A window that is over makes room for the next."""
    counted = documents(dialect, "counted", (_W.form, _W.address_hash, _W.mails))
    now = bindparam("now", type_=_W.began_at.type)
    chosen = select(counted.c.form, counted.c.address_hash, now, counted.c.mails, false()).where(true())
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(DIGESTS.windows)
    insert = insert.from_select(
        ["form", "address_hash", "began_at", "mails", "is_quiet"],
        chosen.order_by(counted.c.form, counted.c.address_hash),
    )
    new, is_over = insert.excluded, _W.began_at <= bindparam("over", type_=_W.began_at.type)
    followed = and_(_W.mails > most, _W.began_at > bindparam("followed", type_=_W.began_at.type))
    values = {
        "began_at": case((is_over, new.began_at), else_=_W.began_at),
        "mails": case((is_over, new.mails), else_=_W.mails + new.mails),
        "is_quiet": case((is_over, followed), else_=_W.is_quiet),
    }
    adding = insert.on_conflict_do_update(index_elements=[_W.form, _W.address_hash], set_=values)
    counting: Executable = adding.returning(*_W)
    return counting


_HOLD = (
    update(deliveries)
    .where(
        _C.id.in_(bindparam("of_ids", type_=_C.id.type, expanding=True)),
        _C.state == "pending",
        _C.attempts == 0,
        _C.requested_by.is_(None),
    )
    .values(state="held", last_error=bindparam("reason"), due_at=None)
    .values(next_attempt_at=bindparam("due", type_=_C.next_attempt_at.type))
    .values(changed_at=bindparam("now", type_=_C.changed_at.type))
    .returning(_C.id)
)
