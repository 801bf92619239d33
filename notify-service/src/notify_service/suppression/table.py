"""The table of addresses that are sent no mail."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Engine, Row, bindparam, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable
from sqlalchemy.sql.functions import count

from notify_service.deliveries.documents import documents
from notify_service.suppression.reasons import ALL_FORMS, Reason, Stops, Suppressed
from notify_service.tables import suppressed_addresses
from shared.database import classified, reading

SAID_MOST = 500

_S = suppressed_addresses.c


class SuppressionTable:
    """The addresses in a database. Safe to use from many threads and processes at once. All raise as `classified`."""

    def __init__(self, engine: Engine) -> None:
        postgres = engine.dialect.name == "postgresql"
        self._engine = engine
        self._reading = reading(engine)
        # what each mail asks is one round trip, without a transaction around it
        self._asking = engine.execution_options(isolation_level="AUTOCOMMIT") if postgres else self._reading
        self._among = _among(engine.dialect.name)
        self._insert = (postgresql if postgres else sqlite).insert

    def add(self, one: Suppressed) -> bool:
        """Keep an address, committed; False, and no change, where it stands there for the same form and mails."""
        values = {
            "address_hash": one.address_hash,
            "form": one.form,
            "stops": one.stops,
            "reason": one.reason,
            "shown": one.shown,
            "at": one.at,
            "by": one.by,
            "said": None if one.said is None else one.said[:SAID_MOST],
        }
        insert = self._insert(suppressed_addresses).values(values).on_conflict_do_nothing()
        with classified(), self._engine.begin() as connection:
            return bool(connection.execute(insert.returning(_S.at)).all())

    def remove(self, address_hash: str, form: str, stops: Stops) -> bool:
        """Forget an address for the mails of a form, or of all; False where it does not stand there."""
        gone = delete(suppressed_addresses)
        gone = gone.where(_S.address_hash == address_hash, _S.form == form, _S.stops == stops)
        with classified(), self._engine.begin() as connection:
            return connection.execute(gone).rowcount > 0

    def page(self, limit: int, after: tuple[datetime, str, str, str] | None = None) -> list[Suppressed]:
        """Return so many, the newest first, from beyond a place on: its moment, hash, form, and what it stops."""
        place = (_S.at, _S.address_hash, _S.form, _S.stops)
        found = select(suppressed_addresses)
        if after is not None:
            bound = (bindparam(None, value, type_=one.type) for one, value in zip(place, after, strict=True))
            found = found.where(tuple_(*place) < tuple_(*bound))
        found = found.order_by(*(one.desc() for one in place)).limit(limit)
        with classified(), self._reading.connect() as connection:
            return [_read(row) for row in connection.execute(found)]

    def among(self, asked: Collection[tuple[str, str]], stops: Stops = "all") -> Mapping[tuple[str, str], Reason]:
        """Return which pairs of an address's hash and a form are sent no mail, and why, by one query.

        `stops` is the kind of mail that is asked about: digests are stopped by what stops all, too.
        """
        if not asked:
            return {}
        with classified(), self._asking.connect() as connection:
            hashes = json.dumps([{"address_hash": one} for one in sorted({one for one, _ in asked})])
            rows = connection.execute(self._among, {"asked": hashes}).all()
        found: dict[tuple[str, str], Reason] = {}
        for row in rows:
            if row.stops in ("all", stops):
                found[row.address_hash, row.form] = cast("Reason", row.reason)
        answers = {pair: found.get((pair[0], ALL_FORMS)) or found.get(pair) for pair in asked}
        return {pair: reason for pair, reason in answers.items() if reason is not None}

    def of_address(self, address_hash: str) -> list[Suppressed]:
        """Return all that stands there of an address, the newest first."""
        found = select(suppressed_addresses).where(_S.address_hash == address_hash).order_by(_S.at.desc(), _S.form)
        with classified(), self._reading.connect() as connection:
            return [_read(row) for row in connection.execute(found)]

    def counted(self) -> Mapping[Reason, int]:
        """Return how many addresses stand there for each reason; one with two of them counts for both."""
        each = select(_S.reason, count(_S.address_hash.distinct())).group_by(_S.reason)
        with classified(), self._reading.connect() as connection:
            return {cast("Reason", reason): number for reason, number in connection.execute(each)}


def _among(dialect: str) -> Executable:
    """Return what looks up the hashes of a parameter: one text for any number, which the server takes apart once."""
    asked = documents(dialect, "asked", (_S.address_hash,))
    found = select(_S.address_hash, _S.form, _S.stops, _S.reason)
    return found.join_from(asked, suppressed_addresses, _S.address_hash == asked.c.address_hash)


def _read(row: Row[Any]) -> Suppressed:
    return Suppressed(
        row.address_hash,
        cast("Reason", row.reason),
        row.shown,
        row.at,
        row.form,
        cast("Stops", row.stops),
        row.by,
        row.said,
    )
