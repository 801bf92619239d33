"""A delivery as it came: headers are what any publisher may write, and prove nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pika
import pytest

from shared.contracts import SubmissionAccepted, decode, encode
from shared.contracts.event import EVENT_BYTES_MOST, InvalidEvent
from shared.messaging.failures import BUG_RETRIES, Delivery, Done, Park
from shared.messaging.incoming import POISON_AT, Incoming
from shared.messaging.message import PROBE_TYPE
from support.events import ACCEPTED, an_event

ODD: list[Any] = [
    *(
        True,
        -1,
        10**30,
        "99",
        b"\xff",
        99.0,
        Decimal(99),
        None,
        [99],
        {"count": 99},
        datetime(2026, 11, 22, tzinfo=UTC),
    ),
]


def incoming(*, redelivered: bool = False, body: bytes | None = None, **headers: Any) -> Incoming:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    whole = encode(an_event()) if body is None else body
    return Incoming(whole, SubmissionAccepted.TYPE, "id", named, 1, 1, redelivered)


def test_a_count_of_returns_is_the_brokers_on_redelivery_alone() -> None:
    assert isinstance(incoming(x_delivery_count=POISON_AT).read(ACCEPTED), Delivery)
    poison = incoming(x_delivery_count=POISON_AT, redelivered=True).read(ACCEPTED)
    assert isinstance(poison, Park)
    assert poison.kind == "poison"


def test_a_count_of_the_broker_is_read_as_pika_has_it() -> None:
    """RabbitMQ writes it with 64 bits, for which pika has a kind of int of its own."""
    table = b"\x10x-delivery-count" + b"l" + POISON_AT.to_bytes(8, "big")
    encoded = (0x2000).to_bytes(2, "big") + len(table).to_bytes(4, "big") + table
    headers = pika.BasicProperties().decode(encoded).headers
    one = Incoming(b"", SubmissionAccepted.TYPE, "id", headers or {}, 1, 1, redelivered=True)
    assert one.returns == POISON_AT


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("name", ["x_delivery_count", "x_attempt", "x_failures", "x_death", "traceparent"])
def test_no_odd_header_counts(name: str, value: Any) -> None:
    one = incoming(redelivered=True, **{name: value})
    assert (one.returns, one.attempt, one.failures) == (0, 0, 0)
    assert isinstance(one.read(ACCEPTED), Delivery)


def test_more_failures_than_are_ever_counted_are_none() -> None:
    assert incoming(x_failures=BUG_RETRIES).failures == BUG_RETRIES
    assert incoming(x_failures=BUG_RETRIES + 1).failures == 0


def test_a_trace_that_is_no_trace_does_not_travel_on() -> None:
    assert incoming(traceparent="00-" + "a" * 1000).trace == {}


def test_an_event_too_large_is_parked_unread() -> None:
    with pytest.raises(InvalidEvent, match=f"{EVENT_BYTES_MOST} at most"):
        decode(b"\xff" * (EVENT_BYTES_MOST + 1), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,))
    parked = incoming(body=b"\xff" * 20_000_000).read(ACCEPTED)
    assert parked == Park(f"no valid event: 20000000 bytes, {EVENT_BYTES_MOST} at most", "invalid")


def test_a_probe_is_done_with_and_not_parked() -> None:
    assert Incoming(b"", PROBE_TYPE, "", {}, 1, 1).read(ACCEPTED) == Done()
