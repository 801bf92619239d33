"""Keeps what nobody seems to need: noted once, and removed after a pass that began later has found it so again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.files import StoredKey
from shared.parked.carrying import file_keys_in
from storage_service.tables import FILES, PARKED, SWEEP

PARKED_AT_ONCE = 20
"""Parked messages that are read at once: each may have a mebibyte."""

_O, _F, _R, _P = SWEEP.orphans.c, FILES.files.c, FILES.removals.c, PARKED.messages.c


def needed(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return those that a row names."""
    return set(connection.scalars(select(_F.key).where(_F.key.in_(keys)))) if keys else set()


def hashes_known(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Return those of a file that is in a row."""
    return set(connection.scalars(select(_F.sha256).where(_F.sha256.in_(hashes)).distinct())) if hashes else set()


def note(connection: Connection, found: Sequence[StoredKey], at: datetime) -> int:
    """Note those that no row names, nor what is to be removed in any case; return how many are new."""
    keys = [one.key for one in found]
    known = needed(connection, keys) | set(connection.scalars(select(_R.key).where(_R.key.in_(keys))))
    rows = [
        {"key": one.key, "size": one.size, "put_at": one.put_at, "noted_at": at}
        for one in found
        if one.key not in known
    ]
    if not rows:
        return 0
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    said = insert(SWEEP.orphans).values(rows).on_conflict_do_nothing().returning(_O.key)
    return len(connection.execute(said).all())


def spare_stored(connection: Connection, noted_after: datetime) -> int:
    """Forget those that a row names by now, or that go in any case; return how many. Those that were noted later than
    that, by a clock that was ahead, are noted anew."""
    named = exists().where(_F.key == _O.key) | exists().where(_R.key == _O.key)
    return connection.execute(delete(SWEEP.orphans).where(named | (_O.noted_at > noted_after))).rowcount


def parked_pages(connection: Connection) -> Iterator[Sequence[Any]]:
    """Return all parked messages, some at once: whatever became of one, it can be replayed."""
    after = ""
    while True:
        found = select(_P.id, _P.body).where(_P.id > after).order_by(_P.id).limit(PARKED_AT_ONCE)
        page = connection.execute(found).all()
        if not page:
            return
        yield page
        after = page[-1].id


def spare(connection: Connection, keys: Collection[str]) -> int:
    """Forget these; return how many were noted."""
    return connection.execute(delete(SWEEP.orphans).where(_O.key.in_(keys))).rowcount if keys else 0


def keys_in(page: Sequence[Any]) -> list[str]:
    """Return what files the parked messages name."""
    return [key for row in page for key in file_keys_in(bytes(row.body))]


def due(connection: Connection, noted_before: datetime, most: int, *, but: Collection[str]) -> list[str]:
    """Return some that were noted before that, and that no row names; none of `but`."""
    found = select(_O.key).where(_O.noted_at < noted_before, ~exists().where(_F.key == _O.key), _O.key.not_in(but))
    return list(connection.scalars(found.order_by(_O.noted_at, _O.key).limit(most)))


def listing(connection: Connection, most: int) -> Sequence[Row[Any]]:
    """Return those that were noted first."""
    return connection.execute(select(SWEEP.orphans).order_by(_O.noted_at, _O.key).limit(most)).all()


def total(connection: Connection) -> tuple[int, int]:
    """Return how many are noted, and how many bytes they have."""
    count, size = connection.execute(select(func.count(), func.coalesce(func.sum(_O.size), 0))).one()
    return count, int(size)
