"""A submission of which notify keeps something in every place, and a look into all of them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

from sqlalchemy import Engine, inspect, text

from notify_service.deliveries.states import Claim, Tried
from notify_service.tables import PARKED
from shared.contracts import DeliveryDue, DeliveryRequested, SubmissionAccepted
from shared.contracts.event import Event
from shared.database import reading
from shared.messaging.incoming import Incoming
from shared.messaging.message import message_of
from shared.messaging.topology import NOTIFY_SUBMISSIONS
from shared.parked.collector import keeper
from shared.parked.parsing import ParkedMessage
from shared.parked.repository import ParkedRepository
from support.confirmations import NOON
from support.events import an_event
from support.wishes import Wishes

CANARY = "canaryzz"


def an_accepted(**others: object) -> SubmissionAccepted:
    """Return an event with the canary in its fields, accepted at noon."""
    event = an_event(name=CANARY, email=f"{CANARY}@{CANARY}.example.org")
    return replace(event, **{"accepted_at": NOON, **others})  # type: ignore[arg-type]


def kept_everywhere(wishes: Wishes, event: SubmissionAccepted | None = None) -> SubmissionAccepted:
    """Have something of a submission in each place of notify's database: one delivery is being tried again, and one has
    failed; it was requested twice, released, told of, parked in three ways."""
    event = event or an_accepted()
    wishes.publish.taken()
    wishes.accepted(event)
    for due in wishes.publish.taken():
        claim = wishes.claim(due)
        assert isinstance(claim, Claim)
        tried = Tried(7, f"550 {CANARY}: no such user")
        wishes.table.record(claim, "failed", now=wishes.clock(), error=f"rcpt 550 {CANARY}", tried=tried)
    wishes.told()
    first = wishes.requested(event, "confirmation")
    wishes.requested(event, "confirmation")
    wishes.released(event, 2)
    park(wishes.engine, event)
    park(wishes.engine, DeliveryDue(wishes.rows(event)[0].id, "confirmation", event))
    park(wishes.engine, DeliveryRequested(uuid4(), "carrier_pigeon", event, "ada", NOON))
    park(wishes.engine, first)
    return event


def park(engine: Engine, event: Event, **others: object) -> None:
    """Have notify keep a parked copy of an event; `refuse` is what its collector is given."""
    message = message_of(event)
    headers = {"x-reason": f"refused {CANARY}", "x-parking": str(uuid4())}
    incoming = Incoming(message.body, message.type, message.id, headers, 1, 1)
    keep = keeper(ParkedRepository(engine, PARKED), [NOTIFY_SUBMISSIONS], lambda _name: None, **others)  # type: ignore[arg-type]
    keep(incoming)


def a_parking(event: Event, body: bytes | None = None) -> ParkedMessage:
    """Return a message as it is about to be kept."""
    message = message_of(event)
    told = ("id", NOTIFY_SUBMISSIONS.name, message.type, message.id, message.body if body is None else body)
    return ParkedMessage(*told, {}, {}, "other", "", "", NOON)


def places_of(engine: Engine, *needles: str) -> set[str]:
    """Return the tables in which one of these texts stands, in whatever column."""
    with reading(engine).connect() as connection:
        names = inspect(connection).get_table_names()
        found = {name: connection.execute(text(f'SELECT * FROM "{name}"')).all() for name in names}  # noqa: S608
    return {
        name
        for name, rows in found.items()
        if any(needle in _said(value) for row in rows for value in row for needle in needles)
    }


def _said(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace").replace("-", "")
    return value.hex if isinstance(value, UUID) else str(value).replace("-", "")
