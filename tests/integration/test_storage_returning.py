"""Storage gives back the events of deliveries whose messages are gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from shared.contracts import (
    NO_REQUEST,
    DeliveryDue,
    DeliveryFound,
    DeliveryMissing,
    InvalidEvent,
    Missing,
    decoder,
    encode,
)
from shared.database import Outbox
from shared.messaging.failures import Delivery
from storage_service.deliveries.returning import AT_ONCE, ReturnMissing
from storage_service.tables import OUTBOX
from support.events import an_event
from support.submission_databases import migrated, store


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def given_back(engine: Engine) -> list[DeliveryDue]:
    """Return what stands in the outbox."""
    outbox, found = Outbox(OUTBOX), list[DeliveryDue]()
    with engine.begin() as connection:
        while batch := outbox.first(connection):
            found += [decoder(DeliveryFound)(one.body, one.type).due for one in batch.values()]
            outbox.remove(connection, list(batch))
    return found


def ask(engine: Engine, *missing: Missing) -> None:
    ReturnMissing(engine)([Delivery(DeliveryMissing(uuid4(), missing))])


def test_each_that_is_stored_comes_back_as_it_was_asked_for(engine: Engine) -> None:
    event, request = an_event(text="Grüße"), uuid4()
    store(engine, event)
    mail = Missing(event.id, uuid4(), "confirmation", "a" * 64)
    webhook = Missing(event.id, uuid4(), "webhook", "owner", request)
    ask(engine, mail, webhook, Missing(uuid4(), uuid4(), "owner", "b"))
    assert given_back(engine) == [
        DeliveryDue(mail.delivery_id, "confirmation", event, "a" * 64, NO_REQUEST),
        DeliveryDue(webhook.delivery_id, "webhook", event, "owner", request),
    ]


def test_many_come_back_a_few_in_a_transaction(engine: Engine) -> None:
    events = [an_event() for _ in range(2 * AT_ONCE + 1)]
    store(engine, *events)
    ask(engine, *(Missing(one.id, uuid4(), "webhook", "owner") for one in events))
    assert {one.submission.id for one in given_back(engine)} == {one.id for one in events}


@pytest.mark.parametrize("count", [0, 501])
def test_it_names_some_and_not_too_many(count: int) -> None:
    named = tuple(Missing(uuid4(), uuid4(), "webhook", "owner") for _ in range(count))
    with pytest.raises(InvalidEvent, match=f"deliveries: {count}, expected 1 to 500"):
        decoder(DeliveryMissing)(encode(DeliveryMissing(uuid4(), named)), DeliveryMissing.TYPE)


@pytest.mark.parametrize(
    ("member", "value"), [("channel", "x" * 65), ("destination", "x" * 201), ("submission", "1"), ("request", "")]
)
def test_what_it_names_is_read_strictly(member: str, value: str) -> None:
    body = encode(DeliveryMissing(uuid4(), (Missing(uuid4(), uuid4(), "webhook", "owner"),)))
    document = json.loads(body)
    document["deliveries"][0][member] = value
    with pytest.raises(InvalidEvent, match=member):
        decoder(DeliveryMissing)(json.dumps(document).encode(), DeliveryMissing.TYPE)
