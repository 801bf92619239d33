"""Records one request that is new: which deliveries it makes, takes over, or ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Uuid, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from notify_service.channels.planned import Planned
from notify_service.deliveries.plan_table import is_withheld
from notify_service.deliveries.states import NO_LONGER_WANTED, NOT_ASKED_FOR, WITHHELD
from notify_service.tables import deliveries, open_requests
from shared.contracts.delivery_requested import REQUESTED_BY_VISITOR

TOLD = "pending"
"""What storage knows of a delivery that was requested: it is to be told how that ends."""

UNDER_WAY = ("pending", "sending", "retrying")

_C = deliveries.c
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
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A request in the transaction that records it."""

    connection: Connection
    request: Request
    now: datetime

    def record(self, planned: Sequence[Planned]) -> None:
        """Record what it asks for; see `RequestTable.record`."""
        rows = self._known()
        newest = {row.destination_hash: row for row in rows}
        chosen = next((row for row in rows if row.id == self.request.delivery_id), None)
        if chosen is not None and chosen.state in _OVER:  # a cap had room, say, before the request came
            self._tell_again(chosen)
            return
        wanted = _wanted(chosen, newest, planned)
        if wanted:
            is_held = self._is_withheld()
            for one in wanted:
                self._ask_for(one, newest.get(one.key.destination_hash), is_held=is_held)
        if chosen is not None and any(not one.on_release for one in planned):
            self._let_go(chosen, wanted)
        elif not wanted:
            self._fail(chosen)

    def _known(self) -> Sequence[Any]:
        """Return the channel's deliveries of the submission, the oldest first."""
        found = select(_C.id, _C.destination_hash, _C.destination_shown, _C.state, _C.last_request)
        found = found.where(_C.submission_id == self.request.submission_id, _C.channel == self.request.channel)
        return self.connection.execute(found.order_by(_C.created_at).with_for_update()).all()

    def _is_withheld(self) -> bool:
        return bool(self.connection.scalar(select(is_withheld(literal(self.request.submission_id, Uuid())))))

    def _is_by_a_stranger(self) -> bool:
        return self.request.requested_by == REQUESTED_BY_VISITOR

    def _ask_for(self, one: Planned, before: Any, *, is_held: bool) -> None:
        """Ask for a delivery, of which `before` is the newest so far."""
        if before is not None and (one.held_for or (before.state == "held" and self._is_by_a_stranger())):
            self._tell_again(before)  # it waits for more than somebody to ask
        elif before is not None and before.state in (*UNDER_WAY, "held"):
            self._take_over(before)
        elif is_held and before is not None and before.state == "cancelled":
            self._tell_again(before)
        else:
            self._insert(one.requested(self.request.id), is_held=is_held)

    def _take_over(self, row: Any) -> None:
        """Make what is held pending; what is under way is told of when it ends, and goes on."""
        self._answered_by(row, told=func.coalesce(_C.told, TOLD), requested_by=self.request.requested_by)
        pending = {"state": "pending", "last_error": None, "due_at": self.now, "changed_at": self.now}
        pending["next_attempt_at"] = None
        self._update(row, pending, states=["held"])

    def _tell_again(self, row: Any) -> None:
        """Have storage told once more what became of a delivery: that ends the request."""
        self._answered_by(row, told=TOLD)

    def _let_go(self, chosen: Any, wanted: Sequence[Planned]) -> None:
        """Cancel a delivery whose destination the form has no more, where it has others: they have their own."""
        if any(one.key.destination_hash == chosen.destination_hash for one in wanted):
            return
        if not wanted:
            self._answered_by(chosen, told=func.coalesce(_C.told, TOLD))
        gone = {"state": "cancelled", "last_error": NO_LONGER_WANTED, "changed_at": self.now}
        gone |= dict.fromkeys(("due_at", "next_attempt_at"))
        self._update(chosen, gone, states=["failed", "held", "suppressed", "bounced"])

    def _answered_by(self, row: Any, **values: Any) -> None:
        """Let the request be answered by what becomes of a delivery, beside all others that are."""
        if row.last_request not in {None, self.request.id}:
            is_postgresql = self.connection.dialect.name == "postgresql"
            displaced = (postgresql.insert if is_postgresql else sqlite.insert)(open_requests)
            displaced = displaced.values(delivery_id=row.id, request=row.last_request)
            self.connection.execute(displaced.on_conflict_do_nothing())
        self._update(row, {"last_request": self.request.id, **values})

    def _update(self, row: Any, values: Mapping[str, Any], states: Sequence[str] | None = None) -> None:
        changed = update(deliveries).where(_C.id == row.id)
        if states is not None:
            changed = changed.where(_C.state.in_(states))
        self.connection.execute(changed.values(values))

    def _insert(self, planned: Planned, *, is_held: bool) -> None:
        row = {
            "id": planned.key.id,
            "destination_hash": planned.key.destination_hash,
            "destination_shown": planned.shown,
            "provider_id": planned.provider_id,
            "state": "cancelled" if is_held else "held" if planned.held_for else "pending",
            "last_error": WITHHELD if is_held else planned.held_for,
            "due_at": None if is_held or planned.held_for else self.now,
        }
        self._insert_row(row)

    def _fail(self, chosen: Any) -> None:
        row = {
            "id": uuid4(),
            "destination_hash": chosen.destination_hash if chosen else "",
            "destination_shown": chosen.destination_shown if chosen else "",
            "state": "failed",
            "last_error": NOT_ASKED_FOR,
        }
        self._insert_row(row)

    def _insert_row(self, row: Mapping[str, Any]) -> None:
        asked = self.request
        common = {
            "submission_id": asked.submission_id,
            "form": asked.form,
            "channel": asked.channel,
            "request": asked.id,
            "last_request": asked.id,
            "requested_by": asked.requested_by,
            "attempts": 0,
            "told": TOLD,
            "created_at": self.now,
            "changed_at": self.now,
        }
        self.connection.execute(insert(deliveries).values({**row, **common}))


def _wanted(chosen: Any, newest: Mapping[str, Any], planned: Sequence[Planned]) -> list[Planned]:
    """Return which of what is planned is asked for: all, or the destination of the row that is chosen.

    Where that is gone, as a mended address of an owner is, those take its place that the submission has not been sent
    to. What only a release asks for is asked for again where it was before.
    """
    if chosen is None:
        return [one for one in planned if not one.on_release or one.key.destination_hash in newest]
    same = [one for one in planned if one.key.destination_hash == chosen.destination_hash]
    return same or [one for one in planned if not one.on_release and one.key.destination_hash not in newest]
