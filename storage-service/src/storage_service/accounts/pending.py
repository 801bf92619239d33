"""Keeps what must come back once within some minutes: the state of a sign-in that goes by way of somebody else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select

from storage_service.accounts.tokens import hash_of, new_hashed
from storage_service.accounts.writing import sweep, writing
from storage_service.tables import ACCOUNTS

PENDING_MOST = 10_000
"""How many are kept: beyond, the ones that end first make room. Strangers may begin a sign-in as often as they like."""

DATA_MOST = 8192
"""Bytes of one, as JSON."""

_P = ACCOUNTS.pending.c


class Pending:
    """What is pending in a database. All methods raise as `classified` does."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        most: int = PENDING_MOST,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._most = most

    def keep(self, kind: str, data: Mapping[str, Any], seconds: float) -> str:
        """Keep something for so long, and return the token that brings it back. Raises ValueError for too much."""
        if len(json.dumps(data)) > DATA_MOST:
            raise ValueError(f"{kind}: more than {DATA_MOST} bytes")
        (token, hashed), now = new_hashed(), self._clock()
        values = {"hash": hashed, "kind": kind, "data": dict(data), "expires_at": now + timedelta(seconds=seconds)}
        with writing(self._engine) as connection:
            self._make_room(connection, now)
            connection.execute(insert(ACCOUNTS.pending).values(values))
        return token

    def take(self, kind: str, token: str) -> dict[str, Any] | None:
        """Return what was kept under a token, once; None for what is unknown, was taken, or is too late."""
        is_it = (_P.hash == (hash_of(token) or ""), _P.kind == kind)
        with writing(self._engine) as connection:
            row = connection.execute(delete(ACCOUNTS.pending).where(*is_it).returning(_P.data, _P.expires_at)).first()
        return None if row is None or row.expires_at <= self._clock() else dict(row.data)

    def _make_room(self, connection: Connection, now: datetime) -> None:
        sweep(connection, _P.hash, _P.expires_at, _P.expires_at <= now)
        surplus = (connection.scalar(select(func.count()).select_from(ACCOUNTS.pending)) or 0) - self._most + 1
        if surplus > 0:
            sweep(connection, _P.hash, _P.expires_at, most=surplus)
