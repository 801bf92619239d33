"""Records what came of a digest: in its own row, and in each delivery that it stands for, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Integer, Text, and_, delete, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from notify_service.deliveries.attempts import SAID_MOST
from notify_service.deliveries.states import GATHERED, Tried
from notify_service.digests.table import Claimed
from notify_service.tables import DIGESTS, deliveries, delivery_attempts
from shared.database import UtcTimestamp, classified

_A, _C, _I, _D = delivery_attempts.c, deliveries.c, DIGESTS.items.c, DIGESTS.digests.c


class DigestRecord:
    """Safe to use from many threads and processes at once. All raise `DependencyUnavailable`.

    Only deliveries that still wait are changed: what was cancelled while the mail left stays so.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert

    def sent(self, claimed: Claimed, now: datetime, tried: Tried, named: Mapping[str, str | None]) -> int:
        """Record that it was sent, and return of how many deliveries. `named` is what it is known by again."""
        with classified(), self._engine.begin() as connection:
            self._keep_tries(connection, claimed, now, "sent", tried)
            values = {"state": "sent", "last_error": None, "sent_at": now, **named}
            count = _end(connection, claimed, now, values)
            sent = update(DIGESTS.digests).where(_D.id == claimed.id)
            connection.execute(sent.values(sent_at=now, owner=None, lease_until=None, last_error=None))
        return count

    def ended(self, claimed: Claimed, now: datetime, state: str, reason: str, tried: Tried | None) -> int:
        """Record that it is never sent, failed or suppressed, and return of how many deliveries."""
        with classified(), self._engine.begin() as connection:
            if tried is not None:
                self._keep_tries(connection, claimed, now, "failed", tried)
            count = _end(connection, claimed, now, {"state": state, "last_error": reason})
            connection.execute(delete(DIGESTS.digests).where(_D.id == claimed.id))
        return count

    def retrying(self, claimed: Claimed, now: datetime, reason: str, again_at: datetime, tried: Tried) -> None:
        """Record that it is tried again."""
        with classified(), self._engine.begin() as connection:
            self._keep_tries(connection, claimed, now, "retrying", tried)
            of_it = update(deliveries).where(_of(claimed.id))
            connection.execute(of_it.values(attempts=claimed.attempts, next_attempt_at=again_at))
            own = update(DIGESTS.digests).where(_D.id == claimed.id, _D.owner == claimed.holder)
            values = {"next_attempt_at": again_at, "last_error": reason, "owner": None, "lease_until": None}
            connection.execute(own.values(values))

    def _keep_tries(self, connection: Connection, claimed: Claimed, now: datetime, outcome: str, tried: Tried) -> None:
        values = (
            literal(claimed.attempts, Integer),
            literal(now, UtcTimestamp()),
            literal(tried.took_ms, Integer),
            literal(outcome, Text),
            literal(tried.said[:SAID_MOST], Text),
        )
        of_it = select(_C.id, *values).where(_of(claimed.id))
        kept = self._insert(delivery_attempts).from_select([one.name for one in _A], of_it)
        connection.execute(kept.on_conflict_do_nothing())


def _of(digest: UUID) -> Any:
    """Return the condition that a delivery stands in a digest, and waits."""
    of_it = select(_I.delivery_id).where(_I.digest == digest)
    return and_(_C.id.in_(of_it), _C.state == "held", _C.last_error.in_(GATHERED))


def _end(connection: Connection, claimed: Claimed, now: datetime, values: dict[str, Any]) -> int:
    values = {**values, "attempts": claimed.attempts, "next_attempt_at": None, "changed_at": now}
    count = connection.execute(update(deliveries).where(_of(claimed.id)).values(values)).rowcount
    connection.execute(delete(DIGESTS.items).where(_I.digest == claimed.id))
    return count
