"""What mails lead to is counted by outcome and traced: buttons that are pressed, and calls of mail providers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from gateway.bounces.hooks import BODY_BYTES
from gateway.bounces.settings import BounceHooks
from gateway.server.mail_instruments import mail_counters
from shared.links.addresses import AddressKey
from shared.links.unsubscribe import PATH, Unsubscribe, UnsubscribeLinks
from shared.messaging.topology import NOTIFY_ADDRESSES, STORAGE_OPT_INS, WorkQueue
from shared.tracing.otel import OtelSpans
from support import provider_calls as calls
from support.confirmations import Clock
from support.gateway_app import SECRET, Gateway, Receipts, a_gateway
from support.opt_in import FORMS, LINK, SOON, link_path, stored

LEAVE = Unsubscribe(AddressKey(SECRET).of("ada@example.org"), "signup", "digests", "a…@example.org")
LEAVE_PATH = f"{PATH}{UnsubscribeLinks(SECRET).sign(LEAVE)}"
HOOKS = BounceHooks(postmark=calls.POSTMARK, mailgun=calls.MAILGUN_KEY)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def kept() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def clock() -> Clock:
    return Clock(SOON)


@pytest.fixture
def gateway(tmp_path: Path, registry: CollectorRegistry, kept: InMemorySpanExporter, clock: Clock) -> Gateway:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    made = a_gateway(
        tmp_path,
        definitions=FORMS,
        clock=clock,
        mail_counters=mail_counters(registry),
        spans=OtelSpans(provider),
        bounces=HOOKS,
    )
    Receipts(stored()).serve(made.broker)
    return made


def counted(registry: CollectorRegistry, name: str) -> dict[str, float]:
    """Return all that a counter has beyond zero, by outcome."""
    [found] = [one for one in registry.collect() if one.name == name]
    return {one.labels["outcome"]: one.value for one in found.samples if one.value and one.name.endswith("_total")}


def test_all_is_shown_from_the_start(registry: CollectorRegistry) -> None:
    mail_counters(registry)
    for name, labels in (
        ("counterfoil_opt_in_presses", {"outcome": "thanks"}),
        ("counterfoil_unsubscribes", {"outcome": "done"}),
        ("counterfoil_bounce_calls", {"provider": "ses", "outcome": "forged"}),
    ):
        assert registry.get_sample_value(f"{name}_total", labels) == 0


def test_presses_of_the_button_are_counted_and_looks_are_not(gateway: Gateway, registry: CollectorRegistry) -> None:
    gateway.client.get(link_path(LINK))
    assert counted(registry, "counterfoil_opt_in_presses") == {}
    gateway.client.post(link_path(LINK))
    gateway.client.post("/opt-in/forged")
    gateway.broker.refusal = "nacked"
    gateway.client.post(link_path(LINK))
    assert counted(registry, "counterfoil_opt_in_presses") == {"thanks": 1, "forged": 1, "away": 1}


def test_who_unsubscribes_is_counted_and_who_looks_is_not(gateway: Gateway, registry: CollectorRegistry) -> None:
    gateway.client.get(LEAVE_PATH)
    assert counted(registry, "counterfoil_unsubscribes") == {}
    gateway.broker.refusal = "nacked"
    gateway.client.post(LEAVE_PATH)
    gateway.broker.refusal = None
    gateway.client.post(LEAVE_PATH)
    gateway.client.post(f"{PATH}forged")
    assert counted(registry, "counterfoil_unsubscribes") == {"away": 1, "done": 1, "forged": 1}


def test_calls_of_providers_are_counted_by_what_came_of_them(
    gateway: Gateway, registry: CollectorRegistry, clock: Clock
) -> None:
    def call(body: bytes, headers: Mapping[str, str] | None = None, provider: str = "postmark") -> None:
        gateway.client.post(f"/hooks/bounces/{provider}", data=body, headers=headers)

    call(calls.postmark(""), calls.basic())
    call(calls.postmark(""))
    call(b"{", calls.basic())
    call(b" " * (BODY_BYTES + 1), calls.basic())
    gateway.broker.refusal = "nacked"
    call(calls.postmark(""), calls.basic())
    body = calls.mailgun("", now=clock.now)
    clock.now += timedelta(days=4)
    call(body, provider="mailgun")
    call(b"", provider="nobody")
    call(b"", provider="ses")  # which is not set: 404
    assert counted(registry, "counterfoil_bounce_calls") == {"accepted": 1, "forged": 1, "malformed": 2} | {
        "away": 1,
        "replayed": 1,
    }
    labels = {"provider": "mailgun", "outcome": "replayed"}
    assert registry.get_sample_value("counterfoil_bounce_calls_total", labels) == 1


@pytest.mark.parametrize(("path", "queue"), [(link_path(LINK), STORAGE_OPT_INS), (LEAVE_PATH, NOTIFY_ADDRESSES)])
def test_what_a_button_publishes_goes_on_with_its_trace(
    gateway: Gateway, kept: InMemorySpanExporter, path: str, queue: WorkQueue
) -> None:
    gateway.client.post(path)
    [span] = kept.get_finished_spans()
    [message] = gateway.broker.queued(queue.name)
    assert span.context is not None
    assert span.name.startswith("publish ")
    assert format(span.context.trace_id, "032x") in str(message.headers["traceparent"])
