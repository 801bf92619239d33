"""Both brokers behind one face: what a test here asks of one, it asks of the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.messaging.memory import MemoryBroker
from shared.messaging.rabbitmq import RabbitMQ
from support.brokers import Subject, looker


@pytest.fixture(params=["memory", "rabbitmq"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """One broker of each kind, empty."""
    if request.param == "memory":
        memory = MemoryBroker()
        yield Subject(memory, memory.queued)
    else:
        url: str = request.getfixturevalue("broker_url")
        yield Subject(RabbitMQ(url, name="conformance"), looker(url))
