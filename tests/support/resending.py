"""Stored submissions, and what notify tells of their deliveries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, select

from shared.contracts import DeliveryRequested, DeliveryState, SubmissionAccepted
from storage_service.deliveries.states import DeliveryStates
from storage_service.tables import OUTBOX, delivery_requests, delivery_states
from support.events import an_event
from support.submission_databases import store

TOLD_AT = datetime.now(UTC).replace(microsecond=0)


def a_state(event: SubmissionAccepted, state: str = "failed", **others: Any) -> DeliveryState:
    """Return what notify tells of a delivery of a submission."""
    reason = {"failed": "rcpt 550", "held": "limit source"}.get(state)
    made = DeliveryState(event.id, uuid4(), "owner", "o…@example.org", state, 1, TOLD_AT, event.form, reason=reason)
    return replace(made, **others)


def later(state: DeliveryState, to: str, minutes: int = 1, **others: Any) -> DeliveryState:
    """Return what became of it so many minutes later."""
    reason = {"failed": "rcpt 550", "held": "limit source"}.get(to)
    moved = replace(state, state=to, changed_at=state.changed_at + timedelta(minutes=minutes), reason=reason)
    return replace(moved, **others)


def tell(engine: Engine, *states: DeliveryState) -> int:
    """Record it."""
    return DeliveryStates(engine).record(states, datetime.now(UTC))


def submissions_with(engine: Engine, states: int, state: str = "failed", **others: Any) -> list[DeliveryState]:
    """Store so many submissions, each with one delivery in this state; return what was told."""
    events = [an_event(n=number) for number in range(states)]
    if events:
        store(engine, *events)
    told = [a_state(event, state, **others) for event in events]
    tell(engine, *told)
    return told


def state_of(engine: Engine, delivery_id: UUID) -> str | None:
    """Return the state that is recorded of a delivery."""
    with engine.connect() as connection:
        found = select(delivery_states.c.state).where(delivery_states.c.delivery_id == delivery_id)
        state: str | None = connection.scalar(found)
        return state


def outgoing(engine: Engine) -> list[DeliveryRequested]:
    """Return the requests that wait in the outbox, in order."""
    with engine.connect() as connection:
        requests = select(OUTBOX.c.body).where(OUTBOX.c.type == DeliveryRequested.TYPE)
        bodies = connection.scalars(requests.order_by(OUTBOX.c.number)).all()
    return [DeliveryRequested.decode(bytes(body)) for body in bodies]


def unsettled(engine: Engine) -> set[UUID]:
    """Return the ids of the requests of which nothing has come yet."""
    with engine.connect() as connection:
        found = select(delivery_requests.c.id).where(delivery_requests.c.settled_at.is_(None))
        return set(connection.scalars(found))
