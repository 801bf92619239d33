"""Reads and writes the table of rules: how each stands, and how far its run has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from storage_service.retention.rules import Key, Rule, Standing
from storage_service.tables import RETENTION

_R = RETENTION.rules.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of the table. A run that is going on has taken `run_count` since `run_began_at`."""

    key: Key
    standing: Standing
    done_to: datetime | None = None
    run_began_at: datetime | None = None
    run_count: int = 0
    last_ended_at: datetime | None = None
    last_count: int | None = None


def read(connection: Connection) -> Mapping[Key, Kept]:
    """Return all rows, by form."""
    rows = connection.execute(select(RETENTION.rules).order_by(_R.form, _R.what.desc()))
    return {one.key: one for one in map(_kept, rows)}


def locked(connection: Connection, key: Key) -> Kept | None:
    """Return one, which nobody else changes in this transaction; None where there is none."""
    row = connection.execute(select(RETENTION.rules).where(_is(key)).with_for_update()).one_or_none()
    return _kept(row) if row else None


def put(connection: Connection, key: Key, standing: Standing, *, is_new: bool) -> None:
    """Keep how a rule stands."""
    counts, asked = standing.counts, standing.asked
    values = {
        "days": counts.days if counts else None,
        "action": counts.action if counts else None,
        "asked_days": asked.days if asked else None,
        "asked_action": asked.action if asked else None,
        "asked_at": standing.asked_at,
    }
    if is_new:
        connection.execute(insert(RETENTION.rules).values(form=key.form, what=key.what, run_count=0, **values))
    else:
        connection.execute(update(RETENTION.rules).where(_is(key)).values(values))


def remove(connection: Connection, key: Key) -> None:
    """Forget a rule."""
    connection.execute(delete(RETENTION.rules).where(_is(key)))


def add_to_run(connection: Connection, kept: Kept, count: int, done_to: datetime | None, now: datetime) -> None:
    """Note what a step took, in its transaction, which has locked the row; the first of a run begins it."""
    done = max((one for one in (kept.done_to, done_to) if one), default=None)
    values = {"run_began_at": kept.run_began_at or now, "run_count": kept.run_count + count, "done_to": done}
    connection.execute(update(RETENTION.rules).where(_is(kept.key)).values(values))


def end_run(connection: Connection, kept: Kept, now: datetime) -> None:
    """Note that a run is over."""
    over = {"run_began_at": None, "run_count": 0, "last_ended_at": now, "last_count": kept.run_count}
    connection.execute(update(RETENTION.rules).where(_is(kept.key)).values(over))


def _is(key: Key) -> Any:
    return and_(_R.form == key.form, _R.what == key.what)


def _kept(row: Row[Any]) -> Kept:
    counts = Rule(row.days, row.action) if row.days is not None else None
    asked = Rule(row.asked_days, row.asked_action) if row.asked_days is not None else None
    return Kept(
        Key(row.form, row.what),
        Standing(counts, asked, row.asked_at),
        row.done_to,
        row.run_began_at,
        row.run_count,
        row.last_ended_at,
        row.last_count,
    )
