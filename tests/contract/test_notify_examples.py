"""What the notify service consumes and announces is what the contract says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.worker import DeliveryWorker
from notify_service.planning.one_channel import OneChannel
from shared.contracts import Announcement, ConfirmationChanged, SubmissionAccepted, decode, decode_announcement
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Consumer
from shared.messaging.memory import MemoryBroker
from shared.messaging.message import Message
from shared.messaging.routes import to
from shared.messaging.topology import NOTIFY_EMAIL
from support.confirmations import Clock, FakeDeliveries, FakeSender, a_channel, a_form
from support.events import ACCEPTED
from support.polling import eventually

EXAMPLES = Path(__file__).parent / "examples"


def bodies(type_: str) -> list[bytes]:
    found = [path.read_bytes() for path in sorted((EXAMPLES / type_).glob("*.json"))]
    assert found, f"no examples of {type_}"
    return found


@contextmanager
def running(consumer: Consumer) -> Iterator[None]:
    thread = threading.Thread(target=consumer.run)
    thread.start()
    try:
        yield
    finally:
        consumer.stop()
        thread.join(timeout=10)


@pytest.mark.parametrize("body", bodies(SubmissionAccepted.TYPE))
def test_every_example_is_confirmed_or_has_nobody_to_confirm_to(body: bytes) -> None:
    event = decode(body, type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,))
    broker, sender, deliveries, clock = MemoryBroker(), FakeSender(), FakeDeliveries(), Clock(event.accepted_at)
    announced: list[Announcement] = []
    broker.watch(announced.append)
    channel = a_channel(clock=clock)
    handler = DeliveryWorker(
        OneChannel(channel, {event.form: a_form(event.form)}, deliveries.confirmations, clock),
        {channel.name: channel},
        sender,
        deliveries,
        Recorder(deliveries.record_sent),
        broker.announcer().announce,
        clock,
    )
    broker.publisher().publish(Message(event.TYPE, str(event.id), body), timeout_s=1, to=to(NOTIFY_EMAIL))
    due = event.reply_address is not None and event.spam is None
    with running(broker.consumer(NOTIFY_EMAIL, handler, BatchLimits(size=1), ACCEPTED)):
        eventually(lambda: not broker.queued(NOTIFY_EMAIL.name), 5, "it is taken")
        eventually(lambda: len(sender.sent) == due, 5, "its mail is sent")
        eventually(lambda: len(announced) == due, 5, "and announced")
    assert [one.confirmation.state for one in announced if isinstance(one, ConfirmationChanged)] == ["sent"] * due
    assert broker.queued(NOTIFY_EMAIL.parked) == []


@pytest.mark.parametrize("body", bodies(ConfirmationChanged.TYPE))
def test_every_example_of_an_announcement_is_one_of_ours(body: bytes) -> None:
    announced = decode_announcement(body, type=ConfirmationChanged.TYPE)
    assert isinstance(announced, ConfirmationChanged)
    assert announced.confirmation.channel == "email"
