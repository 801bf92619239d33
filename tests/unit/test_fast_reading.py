"""Deliveries and confirms read quickly are those that pika reads, however the bytes come."""

from __future__ import annotations

from typing import TypeAlias

import pika
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika.exceptions import InvalidFrameError
from pika.frame import Body, Frame, Header, Heartbeat, Method, ProtocolHeader, decode_frame
from pika.spec import Basic

from shared.messaging.rabbitmq.fast.reading import LARGEST_BYTES, Confirm, confirms, deliveries, read

TAG = "ctag1.4f"
FRAME_MOST = 4096

Seen: TypeAlias = tuple[object, ...]

PROPERTIES = st.builds(
    pika.BasicProperties,
    content_type=st.none() | st.just("application/json"),
    headers=st.none() | st.just({"x-attempt": 0, "traceparent": "00-ab-cd-01", "x-delivery-count": 3}),
    delivery_mode=st.none() | st.just(2),
    message_id=st.none() | st.text(max_size=36),
    timestamp=st.none() | st.integers(0, 2**63),
    type=st.none() | st.just("submission.accepted.v1"),
)


def delivery(
    tag: int, properties: pika.BasicProperties, body: bytes, *, consumer: str = TAG, channel: int = 1
) -> bytes:
    """Return a delivery's frames, its content cut as `FRAME_MOST` asks."""
    method = Basic.Deliver(consumer, tag, tag % 2 == 1, "", "storage.submissions.v1")
    frames = [Method(channel, method), Header(channel, len(body), properties)]
    pieces = [body[start : start + FRAME_MOST] for start in range(0, len(body), FRAME_MOST)]
    return b"".join(frame.marshal() for frame in [*frames, *(Body(channel, piece) for piece in pieces)])


def other() -> st.SearchStrategy[bytes]:
    return st.sampled_from(
        [
            Heartbeat().marshal(),
            Method(1, Basic.Ack(7, True)).marshal(),
            Method(1, Basic.CancelOk(TAG)).marshal(),
            delivery(9, pika.BasicProperties(), b"x", consumer="another"),
            delivery(9, pika.BasicProperties(), b"x", channel=2),
        ]
    )


def a_delivery() -> st.SearchStrategy[bytes]:
    bodies = st.binary(max_size=60) | st.sampled_from([b"", b"x" * FRAME_MOST, b"y" * (FRAME_MOST + 1)])
    return st.builds(delivery, st.integers(1, 2**40), PROPERTIES, bodies)


def is_ours(frame: Method[Basic.Deliver]) -> bool:
    return isinstance(frame.method, Basic.Deliver) and (frame.method.consumer_tag, frame.channel_number) == (TAG, 1)


class Assembled:
    """What comes of frames, as pika's channel puts them together; deliveries to the consumer in one piece."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._deliver: Basic.Deliver | None = None
        self._header: Header | None = None
        self._body = b""

    def take(self, tag: int, redelivered: bool, properties: pika.BasicProperties, body: bytes) -> None:
        self.seen.append((tag, redelivered, properties, body))

    def process(self, frame: Frame | ProtocolHeader) -> None:
        if isinstance(frame, Method) and is_ours(frame):
            self._deliver, self._body = frame.method, b""
        elif isinstance(frame, Header) and self._deliver:
            self._header = frame
        elif isinstance(frame, Body) and self._deliver:
            self._body += frame.fragment
        else:
            self.seen.append((repr(frame),))
        if self._deliver and self._header and len(self._body) == self._header.body_size:
            self.take(
                self._deliver.delivery_tag or 0, bool(self._deliver.redelivered), self._header.properties, self._body
            )
            self._deliver = self._header = None


def read_by_pika(data: bytes) -> list[Seen]:
    assembled = Assembled()
    while data:
        length, frame = decode_frame(data)
        assert frame is not None
        assembled.process(frame)
        data = data[length:]
    return assembled.seen


@given(st.lists(a_delivery() | other(), max_size=8), st.lists(st.integers(0, 10_000), max_size=12))
def test_the_same_comes_of_any_bytes_however_they_are_cut(pieces: list[bytes], cuts: list[int]) -> None:
    data, assembled, rest = b"".join(pieces), Assembled(), b""
    reader = deliveries(1, TAG, assembled.take)
    ends = sorted({*(cut for cut in cuts if cut < len(data)), len(data)})
    for start, end in zip([0, *ends], ends, strict=False):
        rest += data[start:end]
        rest = rest[read(rest, reader, assembled.process) :]
    assert rest == b""
    assert assembled.seen == read_by_pika(data)


def test_a_plain_delivery_is_read_without_a_frame() -> None:
    taken, processed = list[int](), list[object]()
    reader = deliveries(1, TAG, lambda tag, *_: taken.append(tag))
    data = delivery(1, pika.BasicProperties(), b"x") + delivery(2, pika.BasicProperties(message_id="m"), b"yz")
    assert read(data[:-1], reader, processed.append) == len(delivery(1, pika.BasicProperties(), b"x"))
    assert (taken, processed) == ([1], [])


def test_a_large_content_is_not_waited_for() -> None:
    processed: list[object] = []
    reader = deliveries(1, TAG, lambda *_: pytest.fail("it is pika's"))
    properties = pika.BasicProperties()
    method = Method(1, Basic.Deliver(TAG, 1, False, "", "q")).marshal()
    data = method + Header(1, LARGEST_BYTES + 1, properties).marshal()
    assert read(data, reader, processed.append) == len(data)
    assert [type(frame) for frame in processed] == [Method, Header]


def test_a_frame_that_does_not_end_where_it_says_is_an_error() -> None:
    reader = deliveries(1, TAG, lambda *_: None)
    data = delivery(1, pika.BasicProperties(), b"x")[:-1] + b"?"
    with pytest.raises(InvalidFrameError):
        read(data, reader, lambda _: None)


ACK = Method(1, Basic.Ack(7)).marshal()
MULTIPLE = Method(1, Basic.Ack(2**40, multiple=True)).marshal()
NACK = Method(1, Basic.Nack(9, multiple=True, requeue=False)).marshal()
REQUEUE = Method(1, Basic.Nack(10)).marshal()


def test_confirms_are_read_as_pika_reads_them() -> None:
    found = list[Confirm]()
    data = ACK + MULTIPLE + NACK + REQUEUE
    assert read(data, confirms(1, found.append), lambda frame: pytest.fail(repr(frame))) == len(data)
    assert found == [Basic.Ack(7), Basic.Ack(2**40, multiple=True), Basic.Nack(9, True, False), Basic.Nack(10)]
    assert [type(one) for one in found] == [Basic.Ack, Basic.Ack, Basic.Nack, Basic.Nack]


@pytest.mark.parametrize(
    "other",
    [
        Method(1, Basic.Return(312, "NO_ROUTE", "", "gone")),
        Method(2, Basic.Ack(8)),
        Method(1, Basic.Reject(8, requeue=True)),
        Heartbeat(),
    ],
    ids=["a return", "another channel", "another method of that length", "a heartbeat"],
)
def test_what_is_no_confirm_is_left_to_pika(other: Frame) -> None:
    found, processed = list[Confirm](), list[object]()
    data = ACK + other.marshal() + NACK
    assert read(data, confirms(1, found.append), processed.append) == len(data)
    assert found == [Basic.Ack(7), Basic.Nack(9, True, False)]
    assert [repr(frame) for frame in processed] == [repr(other)]


def test_a_confirm_that_is_cut_waits_for_its_end_and_one_without_an_end_is_an_error() -> None:
    found = list[Confirm]()
    assert read(ACK + NACK[:-1], confirms(1, found.append), lambda _: None) == len(ACK)
    assert found == [Basic.Ack(7)]
    with pytest.raises(InvalidFrameError):
        read(ACK[:-1] + b"?", confirms(1, found.append), lambda _: None)


NO_NUMBER = b"d\x7f\xf8\x00\x00\x00\x00\x00\x00"
FAR_FUTURE = b"T" + b"\x7f" * 8
UNKNOWN = b"?"


def nested(depth: int) -> bytes:
    value = b"V"
    for _ in range(depth):
        table = b"\x01a" + value
        value = b"F" + len(table).to_bytes(4, "big") + table
    return value


@pytest.mark.parametrize("size", [1, LARGEST_BYTES + 1])
@pytest.mark.parametrize("value", [NO_NUMBER, FAR_FUTURE, UNKNOWN, nested(2000)], ids=["nan", "time", "type", "depth"])
def test_headers_that_pika_cannot_read_end_no_connection(value: bytes, size: int) -> None:
    """Any publisher may write them; raised in the I/O thread they would come again at each redelivery."""
    assembled = Assembled()
    table = b"\x01x" + value
    encoded = (0x2000).to_bytes(2, "big") + len(table).to_bytes(4, "big") + table
    header = b"\x00\x3c\x00\x00" + size.to_bytes(8, "big") + encoded
    data = (
        Method(1, Basic.Deliver(TAG, 1, False, "", "q")).marshal()
        + b"\x02\x00\x01" + len(header).to_bytes(4, "big") + header + b"\xce"
        + Body(1, b"x" * size).marshal()
    )  # fmt: skip
    assert read(data, deliveries(1, TAG, assembled.take), assembled.process) == len(data)
    ((_, _, properties, body),) = assembled.seen
    assert isinstance(properties, pika.BasicProperties)
    assert (properties.type, properties.headers, body) == (None, None, b"x" * size)
