"""Records what somebody asks to be sent again, each request once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID
from zlib import crc32

from sqlalchemy import Connection, Engine, func, or_, select

from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.erasures import erased_among
from notify_service.deliveries.plan_table import PlanTable, Submission, plan_together
from notify_service.requests.recording import UNDER_WAY, Recording, Request
from notify_service.tables import deliveries, open_requests
from shared.database import classified

_LOCK = crc32(b"counterfoil requests") % 2**31
_C, _O = deliveries.c, open_requests.c


class RequestTable:
    """Requests in a database. Safe to use from many threads and processes at once.

    `count_erased` is called for each whose submission is erased.
    """

    def __init__(self, engine: Engine, plans: PlanTable, count_erased: Callable[[], object] = lambda: None) -> None:
        self._engine = engine
        self._plans = plans
        self._count_erased = count_erased

    def record(self, request: Request, planned: Sequence[Planned], now: datetime) -> set[Key]:
        """Record what a request asks for, and return the deliveries that a message is to be published for.

        `planned` is what the channel asks for by the forms as they are now. What is held becomes pending, and is
        counted by no cap; what is under way stays so; all else is recorded anew, under the request: as
        cancelled where the submission is withheld, until somebody releases it. Where there is nothing to send,
        a delivery is recorded that has failed; or the one that is named is cancelled, where the form has other
        destinations by now. One that is named, and was sent or cancelled since it was asked for, is left as it
        is. When the request comes again, nothing is recorded, and what is returned is all of it that is still
        under way; so is nothing where the submission is erased. Raises `DependencyUnavailable`.
        """
        with classified(), self._engine.begin() as connection:
            _one_at_a_time(connection, request.submission_id)
            asking = Submission(request.submission_id, f"request {request.id}", (), request.accepted_at)
            if self._plans.is_new(connection, asking, now):
                Recording(connection, request, now).record(planned)
            elif erased_among(connection, [(request.submission_id, request.accepted_at)]):
                self._count_erased()
                return set()
            displaced = select(_O.delivery_id).where(_O.request == request.id)
            of_it = or_(_C.request == request.id, _C.last_request == request.id, _C.id.in_(displaced))
            found = select(_C.channel, _C.destination_hash, _C.request).where(
                _C.submission_id == request.submission_id, of_it, _C.state.in_(UNDER_WAY)
            )
            rows = connection.execute(found)
            return {Key(request.submission_id, row.channel, row.destination_hash, row.request) for row in rows}


def _one_at_a_time(connection: Connection, submission_id: UUID) -> None:
    """Let the requests of one submission come one after the other: each has to see what the one before has made. On
    SQLite there is one writer at a time."""
    plan_together(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK, submission_id.int % 2**31)))
