"""What is counted, and when."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from gateway.app import create_app
from gateway.intake.outcome_counters import OutcomeCounters
from gateway.settings import Settings
from notify_service.deliveries import recording
from notify_service.deliveries.states import Claim
from notify_service.instruments import NotifyInstruments
from notify_service.transports.breaker import FAILURES_TO_OPEN, Breaker
from notify_service.transports.failures import Transient
from notify_service.transports.http.sender import HttpSender
from shared import forms
from shared.contracts import SubmissionAccepted
from shared.messaging.batching import BatchLimits
from shared.messaging.failures import Delivery, DependencyUnavailable, PermanentFailure, RetryLater
from shared.messaging.memory import MemoryBroker
from shared.messaging.message import message_of
from shared.messaging.topology import NOTIFY_SUBMISSIONS
from shared.telemetry.messaging import messaging
from storage_service.store.handler import Stored
from storage_service.store.instruments import counting
from support.brokers import Recorder, publish, running
from support.confirmations import NOON, FakeDeliveries, a_key, planned
from support.events import ACCEPTED, an_event
from support.gateway_app import FORMS, GOOD, SECRET
from support.polling import eventually
from support.webhooks import URL, WebhookWorld

QUEUE = {"queue": NOTIFY_SUBMISSIONS.name}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


def test_a_consumer_counts_what_came_and_where_it_went(registry: CollectorRegistry) -> None:
    broker = MemoryBroker(instruments=messaging(registry, [NOTIFY_SUBMISSIONS]))
    handler = Recorder()
    good, refused, later, bug = (message_of(an_event()) for _ in range(4))
    handler.fails = {
        refused.id: PermanentFailure("no"),
        later.id: RetryLater("later", after_s=100),
        bug.id: ValueError("a bug"),
    }
    publisher = broker.publisher()
    for message in (good, refused, later, bug):
        publisher.publish(message, timeout_s=1.0)
    with running(broker.consumer(NOTIFY_SUBMISSIONS, handler, BatchLimits(), ACCEPTED)):
        eventually(lambda: value(registry, "counterfoil_messages_received_total", **QUEUE) == 4, 30, "all came")
        eventually(
            lambda: value(registry, "counterfoil_messages_retried_total", level="30s", **QUEUE) == 1, 30, "the bug"
        )
    assert value(registry, "counterfoil_messages_redelivered_total", **QUEUE) == 0
    assert value(registry, "counterfoil_messages_parked_total", reason="refused", **QUEUE) == 1
    assert value(registry, "counterfoil_messages_parked_total", reason="bug", **QUEUE) == 0
    assert value(registry, "counterfoil_messages_retried_total", level="2m", **QUEUE) == 1


def test_what_is_set_aside_counts_as_parked_only_when_it_lies_there(registry: CollectorRegistry) -> None:
    broker = MemoryBroker(instruments=messaging(registry, [NOTIFY_SUBMISSIONS]))
    handler = Recorder()
    [only] = publish(broker.publisher())
    handler.fails = {only: PermanentFailure("no")}
    broker.refusal = "blocked"
    with running(broker.consumer(NOTIFY_SUBMISSIONS, handler, BatchLimits(), ACCEPTED)):
        eventually(lambda: handler.count(only), 30, "it was handled")
        assert value(registry, "counterfoil_messages_parked_total", reason="refused", **QUEUE) == 0
        broker.refusal = None
        parked = {"reason": "refused", **QUEUE}
        eventually(lambda: value(registry, "counterfoil_messages_parked_total", **parked) == 1, 30, "it is parked")


def test_a_consumer_that_waits_for_something_is_holding(registry: CollectorRegistry) -> None:
    broker = MemoryBroker(instruments=messaging(registry, [NOTIFY_SUBMISSIONS]))
    back = threading.Event()

    def handle(_: Sequence[Delivery[SubmissionAccepted]]) -> None:
        if not back.is_set():
            raise DependencyUnavailable("away")

    publish(broker.publisher())
    with running(broker.consumer(NOTIFY_SUBMISSIONS, handle, BatchLimits(), ACCEPTED)):
        eventually(lambda: value(registry, "counterfoil_consumers_holding", **QUEUE) == 1, 30, "it holds")
        back.set()
        eventually(lambda: value(registry, "counterfoil_consumers_holding", **QUEUE) == 0, 30, "it holds no more")


def test_storage_counts_new_ones_conflicts_and_what_was_there(registry: CollectorRegistry) -> None:
    count = counting(registry)
    count(Stored(size=10, new=7, conflicts=1))
    count(Stored(size=1, new=1, conflicts=0))
    assert value(registry, "counterfoil_submissions_stored_total") == 8
    assert value(registry, "counterfoil_submissions_conflicting_total") == 1
    assert value(registry, "counterfoil_submissions_repeated_total") == 2
    assert value(registry, "counterfoil_storage_batch_size_sum") == 11
    assert value(registry, "counterfoil_storage_batch_size_count") == 2


def test_notify_counts_outcomes_times_every_try_and_shows_its_breaker(registry: CollectorRegistry) -> None:
    measuring, breaker = NotifyInstruments(registry), Breaker(lambda: 0.0)
    measuring.watch("email", lambda: int(breaker.is_open))
    deliveries = measuring.counted(FakeDeliveries())
    until = NOON + timedelta(seconds=75)
    key = a_key()
    claim = deliveries.claim([planned(key)], lease_holder=UUID(int=1), now=NOON, lease_until=until)[key]
    assert isinstance(claim, Claim)
    deliveries.record(claim, "retrying", now=NOON)
    with pytest.raises(Transient), measuring.timing("confirmation"):
        raise Transient("rcpt 450")
    assert value(registry, "counterfoil_deliveries_total", channel="email", outcome="retrying") == 1
    assert value(registry, "counterfoil_deliveries_total", channel="email", outcome="sent") == 0
    assert value(registry, "counterfoil_delivery_send_seconds_count", channel="email") == 1
    assert value(registry, "counterfoil_breakers_open", channel="email") == 0
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed()
    assert value(registry, "counterfoil_breakers_open", channel="email") == 1


def test_webhooks_are_counted_and_timed_apart(registry: CollectorRegistry) -> None:
    measuring, world = NotifyInstruments(registry), WebhookWorld()
    deliveries = world.handler.deliveries = measuring.counted(world.handler.deliveries)
    world.handler.transport, world.handler.timing = HttpSender(world.caller, world.clock), measuring.timing
    world.handler.recorder = recording.Recorder(deliveries.record_sent)
    world.handle(an_event())
    world.caller.answers[URL] = "drop"
    for _ in range(FAILURES_TO_OPEN + 1):  # the last one is put aside, and is no try
        with pytest.raises(RetryLater):
            world.handle(an_event())
    assert value(registry, "counterfoil_deliveries_total", channel="webhook", outcome="sent") == 1
    assert value(registry, "counterfoil_deliveries_total", channel="webhook", outcome="retrying") == FAILURES_TO_OPEN
    assert value(registry, "counterfoil_delivery_send_seconds_count", channel="webhook") == 1 + FAILURES_TO_OPEN


def test_the_forms_whose_owner_has_no_mail_are_those_of_the_file_alone(registry: CollectorRegistry) -> None:
    measuring, failing = NotifyInstruments(registry), ["contact", "gone"]
    measuring.watch_owner_mail(lambda: failing, lambda: ["contact", "signup"])
    assert value(registry, "counterfoil_owner_mail_failing", form="contact") == 1
    assert value(registry, "counterfoil_owner_mail_failing", form="signup") == 0
    assert registry.get_sample_value("counterfoil_owner_mail_failing", {"form": "gone"}) is None
    measuring.count_lost("confirmation")
    assert value(registry, "counterfoil_deliveries_total", channel="email", outcome="lost") == 1


def test_a_gateway_tells_what_became_of_each_submission(tmp_path: Path) -> None:
    accepted: list[bool] = []
    refused: list[int] = []
    path = tmp_path / "forms.toml"
    path.write_text(FORMS, encoding="utf-8")
    broker = MemoryBroker()
    counters = OutcomeCounters(accepted.append, refused.append)
    settings = Settings(secret=SECRET, rate_limit="none")
    client = create_app(settings, forms.load(path), broker, counters=counters).test_client()
    client.post("/f/signup", json=GOOD)
    client.post("/f/signup", json={})
    client.post(
        "/f/contact", json={"message": "x", "leave_this_empty": "spam"}, headers={"Origin": "https://www.example.org"}
    )
    broker.refusal = "nacked"
    client.post("/f/signup", json=GOOD)
    assert accepted == [False, True]
    assert refused == [422, 503]
