"""Records what somebody asks to be sent again, each request once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.plan_table import PlanTable
from notify_service.deliveries.states import NOT_ASKED_FOR
from notify_service.tables import deliveries
from shared.database import classified

TOLD = "pending"
"""What storage knows of a delivery that was requested: it is to be told how that ends."""

_C = deliveries.c
_UNDER_WAY = ("pending", "sending", "retrying")
_OVER = ("sent", "cancelled")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to send one delivery again, or, without `delivery_id`, all that a channel has for a submission."""

    id: UUID
    submission_id: UUID
    form: str
    channel: str
    requested_by: str
    delivery_id: UUID | None = None


class RequestTable:
    """Requests in a database. Safe to use from many threads and processes at once."""

    def __init__(self, engine: Engine, plans: PlanTable) -> None:
        self._engine = engine
        self._plans = plans

    def record(self, request: Request, planned: Sequence[Planned], now: datetime) -> set[Key]:
        """Record what a request asks for, and return the deliveries that a message is to be published for.

        `planned` is what the channel asks for by the forms as they are now. What is held becomes pending, and is
        counted by no cap; what is under way stays so; all else is recorded anew, under the request. Where there is
        nothing to send, a delivery is recorded that has failed. One that is named, and was sent or cancelled since it
        was asked for, is left as it is. When the request comes again, nothing is recorded, and what is returned is all
        of it that is still under way. Raises `DependencyUnavailable`.
        """
        with classified(), self._engine.begin() as connection:
            if self._plans.is_new(connection, request.submission_id, f"request {request.id}", now):
                self._record(connection, request, planned, now)
            of_it = or_(_C.request == request.id, _C.last_request == request.id)
            found = select(_C.channel, _C.destination_hash, _C.request).where(
                _C.submission_id == request.submission_id, of_it, _C.state.in_(_UNDER_WAY)
            )
            rows = connection.execute(found)
            return {Key(request.submission_id, row.channel, row.destination_hash, row.request) for row in rows}

    def _record(self, connection: Connection, request: Request, planned: Sequence[Planned], now: datetime) -> None:
        found = select(_C.id, _C.destination_hash, _C.destination_shown, _C.state)
        found = found.where(_C.submission_id == request.submission_id, _C.channel == request.channel)
        rows: Sequence[Any] = connection.execute(found.order_by(_C.created_at).with_for_update()).all()
        newest = {row.destination_hash: row for row in rows}
        chosen = next((row for row in rows if row.id == request.delivery_id), None)
        if chosen is not None and chosen.state in _OVER:  # a cap had room, say, before the request came
            _tell_again(connection, chosen.id, request)
            return
        wanted = _wanted(chosen, newest, planned)
        for one in wanted:
            before = newest.get(one.key.destination_hash)
            if before is not None and before.state in (*_UNDER_WAY, "held"):
                _take_over(connection, before.id, request, now)
            else:
                _insert(connection, one.requested(request.id), request, now)
        if not wanted:
            _fail(connection, chosen, request, now)


def _wanted(chosen: Any, newest: Mapping[str, Any], planned: Sequence[Planned]) -> list[Planned]:
    """Return which of what is planned is asked for: all, or the destination of the row that is chosen.

    Where that is gone, as a mended address of an owner is, those take its place that the submission has not been sent
    to. What only a release asks for is asked for again where it was before.
    """
    if chosen is None:
        return [one for one in planned if not one.on_release or one.key.destination_hash in newest]
    same = [one for one in planned if one.key.destination_hash == chosen.destination_hash]
    return same or [one for one in planned if not one.on_release and one.key.destination_hash not in newest]


def _take_over(connection: Connection, delivery_id: UUID, request: Request, now: datetime) -> None:
    """Make what is held pending; what is under way is told of when it ends, and goes on."""
    asked = {"requested_by": request.requested_by, "last_request": request.id}
    asked["told"] = func.coalesce(_C.told, TOLD)
    connection.execute(update(deliveries).where(_C.id == delivery_id).values(asked))
    pending = {"state": "pending", "last_error": None, "due_at": now, "changed_at": now}
    connection.execute(update(deliveries).where(_C.id == delivery_id, _C.state == "held").values(pending))


def _tell_again(connection: Connection, delivery_id: UUID, request: Request) -> None:
    """Have storage told once more what became of a delivery: that ends the request."""
    answer = {"last_request": request.id, "told": TOLD}
    connection.execute(update(deliveries).where(_C.id == delivery_id).values(answer))


def _insert(connection: Connection, planned: Planned, request: Request, now: datetime) -> None:
    row = {
        "id": planned.key.id,
        "destination_hash": planned.key.destination_hash,
        "destination_shown": planned.shown,
        "provider_id": planned.provider_id,
        "state": "pending",
        "due_at": now,
    }
    connection.execute(insert(deliveries).values({**row, **_common(request, now)}))


def _fail(connection: Connection, chosen: Any, request: Request, now: datetime) -> None:
    row = {
        "id": uuid4(),
        "destination_hash": chosen.destination_hash if chosen else "",
        "destination_shown": chosen.destination_shown if chosen else "",
        "state": "failed",
        "last_error": NOT_ASKED_FOR,
    }
    connection.execute(insert(deliveries).values({**row, **_common(request, now)}))


def _common(request: Request, now: datetime) -> dict[str, Any]:
    return {
        "submission_id": request.submission_id,
        "form": request.form,
        "channel": request.channel,
        "request": request.id,
        "last_request": request.id,
        "requested_by": request.requested_by,
        "attempts": 0,
        "told": TOLD,
        "created_at": now,
        "changed_at": now,
    }
