from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from notify_service.domain import OWNER, Key
from notify_service.queries import methods
from shared.messaging.broker import QueryFailed
from shared.messaging.memory import MemoryBroker
from shared.messaging.topology import NOTIFY_QUERIES
from support.confirmations import NOON, FakeDeliveries, a_key


def test_a_receipt_tells_each_confirmation_and_no_address() -> None:
    deliveries, broker, key = FakeDeliveries(), MemoryBroker(), a_key()
    broker.serve(NOTIFY_QUERIES, methods(deliveries))

    def receipt() -> object:
        return broker.rpc_client().ask(NOTIFY_QUERIES, "receipt", {"id": str(key.submission_id)}).answer(timeout_s=1)

    assert receipt() == {"confirmations": [], "webhooks": []}
    deliveries.claim(key, recipient="r", owner=uuid4(), now=NOON, lease_until=NOON + timedelta(minutes=1))
    at = "2026-11-22T12:00:00Z"
    mail = {"channel": "email", "state": "pending", "attempts": 1, "at": at}
    assert receipt() == {"confirmations": [mail], "webhooks": []}
    webhook = Key(key.submission_id, "webhook", OWNER)
    deliveries.claim(webhook, recipient="", owner=uuid4(), now=NOON, lease_until=NOON + timedelta(minutes=1))
    assert receipt() == {"confirmations": [mail], "webhooks": [{**mail, "channel": "webhook"}]}


def test_a_question_about_no_submission_fails() -> None:
    broker = MemoryBroker()
    broker.serve(NOTIFY_QUERIES, methods(FakeDeliveries()))
    with pytest.raises(QueryFailed):
        broker.rpc_client().ask(NOTIFY_QUERIES, "receipt", {"id": "none"}).answer(timeout_s=1)
