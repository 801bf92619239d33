from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from notify_service.channels.counting import Counted
from notify_service.channels.planned import Key
from notify_service.channels.registry import CHANNELS
from notify_service.deliveries.caps import Cap, Caps
from notify_service.deliveries.states import Claim
from notify_service.queries import methods
from shared.forms.webhook import OWNER
from shared.messaging.broker import QueryFailed
from shared.messaging.memory import MemoryBroker
from shared.messaging.topology import NOTIFY_EMAIL, NOTIFY_QUERIES, NOTIFY_SMTP, NOTIFY_SUBMISSIONS
from support.confirmations import NOON, FakeDeliveries, a_key, planned


@dataclass
class Standing:
    """What is parked: since when, by message id and work queue."""

    since: dict[str, dict[str, datetime]] = field(default_factory=dict)

    def parked_since(self, *message_ids: str) -> dict[str, datetime]:
        return {queue: at for one in message_ids for queue, at in self.since.get(one, {}).items()}


def test_a_receipt_tells_since_when_its_event_is_parked_unless_all_is_settled() -> None:
    deliveries, key = FakeDeliveries(), a_key()
    standing = Standing({str(key.submission_id): {NOTIFY_EMAIL.name: NOON, "some.other.queue": NOON}})
    receipt = methods(deliveries, standing)["receipt"]
    told = {"email": "2026-11-22T12:00:00.000000Z"}
    asked = {"id": str(key.submission_id)}
    assert receipt(asked)["parked"] == told
    claim = deliveries.claim([planned(key)], lease_holder=uuid4(), now=NOON, lease_until=NOON + timedelta(minutes=1))[
        key
    ]
    assert receipt(asked)["parked"] == told
    assert isinstance(claim, Claim)
    deliveries.record(claim, "sent", now=NOON)
    assert receipt(asked)["parked"] == {}


def test_a_receipt_tells_each_confirmation_and_no_address() -> None:
    deliveries, broker, key = FakeDeliveries(), MemoryBroker(), a_key()
    broker.serve(NOTIFY_QUERIES, methods(deliveries, Standing()))

    def receipt() -> object:
        return broker.rpc_client().ask(NOTIFY_QUERIES, "receipt", {"id": str(key.submission_id)}).answer(timeout_s=1)

    assert receipt() == {"confirmations": [], "webhooks": [], "parked": {}}
    deliveries.claim([planned(key)], lease_holder=uuid4(), now=NOON, lease_until=NOON + timedelta(minutes=1))[key]
    at = "2026-11-22T12:00:00Z"
    mail = {"channel": "email", "state": "pending", "attempts": 1, "at": at}
    assert receipt() == {"confirmations": [mail], "webhooks": [], "parked": {}}
    webhook = Key(key.submission_id, "webhook", OWNER)
    deliveries.claim([planned(webhook)], lease_holder=uuid4(), now=NOON, lease_until=NOON + timedelta(minutes=1))[
        webhook
    ]
    assert receipt() == {"confirmations": [mail], "webhooks": [{**mail, "channel": "webhook"}], "parked": {}}


def test_what_goes_to_the_owner_is_on_no_receipt_whatever_its_channel() -> None:
    deliveries, key = FakeDeliveries(), a_key()
    chat = Key(key.submission_id, "chat", OWNER)
    for one in (key, chat):
        deliveries.claim([planned(one)], lease_holder=uuid4(), now=NOON, lease_until=NOON + timedelta(minutes=1))
    told = methods(deliveries, Standing())["deliveries"]({"id": str(key.submission_id)})
    assert [one["channel"] for one in told["confirmations"]] == ["email"]
    assert [one["channel"] for one in told["webhooks"]] == ["chat"]


def test_what_a_cap_holds_is_told_to_the_owner_and_pending_on_a_receipt() -> None:
    deliveries, key, by = FakeDeliveries(caps=Caps(form=Cap(1, timedelta(days=99)))), a_key(), Counted(form="signup")
    lease_until = NOON + timedelta(minutes=1)
    deliveries.claim([planned(a_key(), by)], lease_holder=uuid4(), now=NOON, lease_until=lease_until)
    deliveries.claim([planned(key, by)], lease_holder=uuid4(), now=NOON, lease_until=lease_until)
    ask, asked = methods(deliveries, Standing()), {"id": str(key.submission_id)}
    shown = {"channel": "email", "state": "pending", "attempts": 0, "at": "2026-11-22T12:00:00Z"}
    assert ask["receipt"](asked)["confirmations"] == [{**shown, "at": None}], "as one that nobody has seen yet"
    assert ask["deliveries"](asked)["confirmations"] == [{**shown, "state": "held", "limit": "form"}]
    later = NOON + timedelta(hours=72)
    deliveries.claim([planned(key, by)], lease_holder=uuid4(), now=later, lease_until=later)
    assert ask["receipt"](asked)["confirmations"] == [{**shown, "at": None}], (
        "that it has failed is the owner's to know"
    )
    failed = {**shown, "state": "failed", "at": "2026-11-25T12:00:00Z", "limit": "form"}
    assert ask["deliveries"](asked)["confirmations"] == [failed]


def test_a_question_about_no_submission_fails() -> None:
    broker = MemoryBroker()
    broker.serve(NOTIFY_QUERIES, methods(FakeDeliveries(), Standing()))
    with pytest.raises(QueryFailed):
        broker.rpc_client().ask(NOTIFY_QUERIES, "receipt", {"id": "none"}).answer(timeout_s=1)


def test_a_parked_planning_message_counts_for_every_channel_of_its_submission() -> None:
    key = a_key()
    parked = Standing({str(key.submission_id): {NOTIFY_SUBMISSIONS.name: NOON}})
    told = methods(FakeDeliveries(), parked)["deliveries"]({"id": str(key.submission_id)})["parked"]
    assert set(told) == {one.told_as for one in CHANNELS.values()}


@pytest.mark.parametrize(("channel", "told_as"), [("confirmation", "email"), ("owner", "owner")])
def test_a_parked_delivery_counts_for_its_own_channel_while_it_is_unsettled(channel: str, told_as: str) -> None:
    deliveries, other = FakeDeliveries(), a_key()
    key = replace(other, channel=channel, destination_hash="another")
    deliveries.claim([planned(other)], lease_holder=uuid4(), now=NOON, lease_until=NOON + timedelta(minutes=1))
    parked = Standing({str(key.id): {NOTIFY_SMTP.name: NOON}})
    told = methods(deliveries, parked)["deliveries"]
    claim = deliveries.claim([planned(key)], lease_holder=uuid4(), now=NOON, lease_until=NOON + timedelta(minutes=1))[
        key
    ]
    assert set(told({"id": str(key.submission_id)})["parked"]) == {told_as}
    assert isinstance(claim, Claim)
    deliveries.record(claim, "sent", now=NOON)
    assert told({"id": str(key.submission_id)})["parked"] == {}


def test_the_owner_is_told_all_that_is_known_of_each_delivery_and_a_receipt_nothing_of_that() -> None:
    asked = {"id": str(a_key().submission_id)}
    ask = methods(
        FakeDeliveries(), Standing(), lambda submission_id: [{"id": str(submission_id), "state": "cancelled"}]
    )
    assert ask["deliveries"](asked)["deliveries"] == [{**asked, "state": "cancelled"}]
    assert "deliveries" not in ask["receipt"](asked)
