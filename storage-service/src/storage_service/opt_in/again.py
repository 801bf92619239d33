"""Sends the mail with the button again, for whoever submitted: three times at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Engine, Row, insert, select

from shared.contracts import DeliveryRequested
from shared.database import Outbox, classified
from shared.failpoints import Reach, ignore
from shared.messaging.broker import Answer, Params, QueryMethod
from shared.messaging.message import message_of
from storage_service.deliveries.resending import accepted
from storage_service.deliveries.selection import CONFIRMATION
from storage_service.opt_in.proof import VISITOR
from storage_service.tables import IS_THERE, OUTBOX, delivery_requests, submissions

AGAIN_MOST = 3
KEY_MOST = 200
"""Characters of the key of a question."""

_S, _R = submissions.c, delivery_requests.c


class OptInAgain:
    """Answers the question of a receipt's page. Safe to use from several threads, and beside other processes."""

    def __init__(
        self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), reach: Reach = ignore
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._reach = reach

    def methods(self) -> Mapping[str, QueryMethod]:
        """Return the methods by name."""
        return {"opt_in_again": self.again}

    def again(self, params: Params) -> Answer:
        """Ask notify for the mail of the submission `id` once more: `{"sent": 1, "left": 2}`, or `{"refused": …}`.

        It is refused as `unknown` where no such submission waits, as `confirmed`, or as `limit` after `AGAIN_MOST`. The
        same `key` again is the same question. Of spam nothing is sent, but nobody can tell. Raises as `classified`
        does, and ValueError for a key that is too long.
        """
        key, said = UUID(params["id"]), str(params["key"])
        if not 0 < len(said) <= KEY_MOST:
            raise ValueError(f"key: expected 1 to {KEY_MOST} characters")
        request = uuid5(key, said)  # so that one submission's question is never another's
        with classified(), self._engine.begin() as connection:
            answer = self._ask(connection, key, request)
            self._reach("opt-in-again-before-commit")
        return answer

    def _ask(self, connection: Connection, key: UUID, request: UUID) -> Answer:
        # Locked: who asks at the same time is counted one after the other.
        found = select(submissions).where(_S.id == key, IS_THERE, _S.anonymised_at.is_(None))
        row = connection.execute(found.with_for_update(key_share=True)).one_or_none()
        if row is None or not row.opt_in:
            return {"refused": "unknown"}
        if row.opted_in_at is not None:
            return {"refused": "confirmed"}
        theirs = select(_R.id).where(_R.submission_id == key, _R.channel == CONFIRMATION, _R.requested_by == VISITOR)
        asked = set(connection.scalars(theirs))
        if request not in asked:
            if len(asked) >= AGAIN_MOST:
                return {"refused": "limit"}
            self._write(connection, row, request)
        count = len(asked | {request})
        return {"sent": count, "left": max(0, AGAIN_MOST - count)}

    def _write(self, connection: Connection, row: Row[Any], request: UUID) -> None:
        now = self._clock()
        note = {"id": request, "submission_id": row.id, "channel": CONFIRMATION, "requested_by": VISITOR}
        settled_at = None if row.spam is None else now
        connection.execute(insert(delivery_requests).values(**note, requested_at=now, settled_at=settled_at))
        if row.spam is None:
            [event] = accepted(connection, [row])
            asked = DeliveryRequested(request, CONFIRMATION, event, VISITOR, now)
            Outbox(OUTBOX).add(connection, [message_of(asked)], about=[row.id])
