"""The submission that a parked message is about: a delivery has an id of its own."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from counterfoil_ledger.parked import submission_of
from shared.contracts import DeliveryDue
from shared.messaging.message import Message, message_of
from support.events import an_event

EVENT = an_event()
DUE = DeliveryDue(uuid4(), "webhook", EVENT)


def test_an_event_counts_for_itself_and_a_delivery_for_its_submission() -> None:
    assert submission_of(message_of(EVENT)) == submission_of(message_of(DUE)) == str(EVENT.id)


def test_what_names_no_submission_counts_by_its_own_id() -> None:
    for body in (b"", b"no JSON", b"{}", EVENT.encode()):
        assert submission_of(replace(message_of(DUE), body=body)) == str(DUE.id)
    assert submission_of(Message("somebody else's", "its id", DUE.encode())) == "its id"
