"""The frames that go past pika are the very ones that pika makes and reads."""

from __future__ import annotations

import pika
import pytest
from pika.frame import Body, Header, Heartbeat, Method
from pika.spec import Basic

from shared.messaging import frames

ACK = Method(1, Basic.Ack(7)).marshal()
MULTIPLE = Method(1, Basic.Ack(2**40, multiple=True)).marshal()
NACK = Method(1, Basic.Nack(9, multiple=True, requeue=False)).marshal()
REQUEUE = Method(1, Basic.Nack(10)).marshal()


def test_a_method_frame_names_its_route() -> None:
    asked = Basic.Publish(exchange="", routing_key="storage.submissions.v1", mandatory=True)
    assert frames.publish(3, "", "storage.submissions.v1", mandatory=True) == Method(3, asked).marshal()
    assert frames.publish(3, "", "storage.submissions.v1", mandatory=False) != Method(3, asked).marshal()


@pytest.mark.parametrize("body", [b"{}", b""])
def test_content_is_a_header_and_the_body_where_there_is_one(body: bytes) -> None:
    properties = pika.BasicProperties(message_id="one", headers={"x-attempt": 0})
    parts = [Header(3, len(body), properties), *([Body(3, body)] if body else [])]
    assert frames.content(3, properties, body) == b"".join(part.marshal() for part in parts)


def test_confirms_are_read_as_pika_reads_them() -> None:
    found = list(frames.leading_confirms(ACK + MULTIPLE + NACK + REQUEUE, 1))
    assert found == [Basic.Ack(7), Basic.Ack(2**40, multiple=True), Basic.Nack(9, True, False), Basic.Nack(10)]
    assert [type(one) for one in found] == [Basic.Ack, Basic.Ack, Basic.Nack, Basic.Nack]


@pytest.mark.parametrize(
    "other",
    [
        Method(1, Basic.Return(312, "NO_ROUTE", "", "gone")).marshal(),
        Method(2, Basic.Ack(8)).marshal(),
        Method(1, Basic.Reject(8, requeue=True)).marshal(),
        Heartbeat().marshal(),
        ACK[:-1],
        ACK[:-1] + b"\x00",
    ],
    ids=["a return", "another channel", "another method of that length", "a heartbeat", "cut", "no end"],
)
def test_reading_ends_at_the_first_frame_that_is_no_confirm(other: bytes) -> None:
    assert list(frames.leading_confirms(ACK + other + NACK, 1)) == [Basic.Ack(7)]
    assert list(frames.leading_confirms(other, 1)) == []
