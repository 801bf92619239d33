"""What an event costs: registered and routed by the doors that every event uses, it goes to its consumer decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid4

import pytest

from shared.contracts import REGISTRY, decoder, register
from shared.contracts.event import InvalidEvent
from shared.messaging.batching import BatchLimits
from shared.messaging.failures import Delivery
from shared.messaging.message import message_of
from shared.messaging.routes import CHOSEN, ROUTES, to
from shared.messaging.topology import STORAGE
from support.brokers import TIMEOUT_S, Subject, publishing, running
from support.events import an_event, registered_events
from support.polling import eventually


@dataclass(frozen=True)
class Erased:
    """A toy event."""

    TYPE: ClassVar[str] = "toy.erased.v1"

    id: UUID

    def encode(self) -> bytes:
        return b'{"id":"%s"}' % str(self.id).encode()

    @classmethod
    def decode(cls, body: bytes) -> Erased:
        if not body.startswith(b'{"id":"'):
            raise InvalidEvent("no toy")
        return cls(UUID(body[7:-2].decode()))


def test_every_registered_event_has_a_route_or_goes_where_its_publisher_says() -> None:
    assert set(ROUTES) | CHOSEN == set(registered_events())
    assert not set(ROUTES) & CHOSEN


def test_a_toy_event_reaches_a_consumer_that_takes_it(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REGISTRY, Erased.TYPE, Erased)
    monkeypatch.setitem(ROUTES, Erased.TYPE, to(STORAGE))
    register(Erased)
    toy, found = Erased(uuid4()), list[Erased]()

    def handle(deliveries: Sequence[Delivery[Erased]]) -> None:
        found.extend(delivery.event for delivery in deliveries)

    consumer = subject.broker.consumer(STORAGE, handle, BatchLimits(), decoder(Erased))
    with publishing(subject) as publisher, running(consumer):
        publisher.publish(message_of(an_event()), timeout_s=TIMEOUT_S)
        publisher.publish(message_of(toy), timeout_s=TIMEOUT_S)
        eventually(lambda: found == [toy], timeout_s=TIMEOUT_S, message="the toy is handled")
    [parked] = subject.queued(STORAGE.parked)
    assert "expected toy.erased.v1" in str(parked.headers["x-reason"]), "what it does not take is parked"
