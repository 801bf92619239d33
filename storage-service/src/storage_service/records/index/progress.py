"""Remembers how far the index has come, and finds what is missing in it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, Text, and_, cast, delete, func, insert, select, update

from storage_service.tables import IS_THERE, search_entries, search_progress, submissions

_MADE = 4
"""Whoever changes what `entries.py` makes, or how texts are cut into tokens, counts on."""

VERSION = _MADE * 1_000_000 + int("".join(f"{int(part):02d}" for part in unicodedata.unidata_version.split(".")))
"""Of all that decides what is kept, Python's tables of Unicode too. Where it is another, the index is made anew."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_S, _E, _P = submissions.c, search_entries.c, search_progress.c
_CHARACTERS = func.length(cast(_S.fields, Text)).label("characters")


@dataclass(frozen=True, slots=True)
class Progress:
    """All that was stored before `stored_at` is in the index, in entries of this `generation`."""

    generation: int
    stored_at: datetime


def progress(connection: Connection) -> Progress | None:
    """Return how far it has come; None where this version of the code has not begun it."""
    row = connection.execute(select(search_progress).where(_P.version == VERSION)).one_or_none()
    return Progress(row.generation, row.stored_at) if row else None


def begin_anew(connection: Connection) -> Progress:
    """Have all entries made anew, one after the other. Until its turn each is found as it is."""
    last = connection.scalar(select(_P.generation).order_by(_P.generation.desc()).limit(1)) or 0
    connection.execute(delete(search_progress))
    begun = Progress(last + 1, _BEGINNING)
    connection.execute(
        insert(search_progress).values(version=VERSION, generation=begun.generation, stored_at=begun.stored_at)
    )
    return begun


def come_to(connection: Connection, moment: datetime, generation: int) -> None:
    """Note that it has come so far, unless it was begun anew meanwhile."""
    there = and_(_P.version == VERSION, _P.generation == generation, _P.stored_at < moment)
    connection.execute(update(search_progress).where(there).values(stored_at=moment))


def newest_stored(connection: Connection) -> datetime | None:
    """Return when the newest submission was stored; None without any."""
    return connection.scalar(select(_S.stored_at).where(IS_THERE).order_by(_S.stored_at.desc()).limit(1))


def came_since(connection: Connection, moment: datetime, rows: int) -> bool:
    """Say whether so many submissions were stored since; no more of them are looked at."""
    later = select(_S.id).where(IS_THERE, _S.stored_at > moment).order_by(_S.stored_at, _S.id)
    return connection.scalar(later.offset(rows - 1).limit(1)) is not None


def missing_since(generation: int, since: datetime) -> Select[Any]:
    """Return the query of them, in the order of storing."""
    has_entry = and_(_E.id == _S.id, _E.generation == generation)
    found = select(_S.id, _S.form, _S.stored_at, _S.anonymised_at, _S.fields, _S.control, _S.source, _CHARACTERS)
    found = found.outerjoin(search_entries, has_entry)
    return found.where(IS_THERE, _E.id.is_(None), _S.stored_at >= since).order_by(_S.stored_at, _S.id)
