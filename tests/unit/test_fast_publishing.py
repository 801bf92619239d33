"""A connection that publishes past pika writes the very bytes that pika's own channel writes."""

from __future__ import annotations

from collections.abc import Callable

import pika
import pytest
from pika.callback import CallbackManager
from pika.channel import Channel

from shared.messaging.rabbitmq.connection import Connection

BODY_MOST = 100
QUEUES = ("storage.submissions.v1", "notify.submissions.v1")
PROPERTIES = pika.BasicProperties(
    message_id="one", type="submission.accepted.v1", headers={"x-attempt": 0, "traceparent": "00-ab-cd-01"}
)


class Unconnected(Connection):
    """A connection that keeps what it would write."""

    _body_max_length = BODY_MOST

    def __init__(self) -> None:
        self.written = b""
        self.bytes_sent = self.frames_sent = 0
        self.connection_state = self.CONNECTION_OPEN
        self.callbacks = CallbackManager()

    def _adapter_emit_data(self, data: bytes) -> None:
        if self._held is not None:
            self._held.append(data)
        else:
            self.written += data


def written(publish: Callable[[Unconnected, Channel], None]) -> bytes:
    connection = Unconnected()
    channel = Channel(connection, 3, lambda _: None)
    channel._set_state(Channel.OPEN)  # type: ignore[attr-defined]
    publish(connection, channel)
    return connection.written


@pytest.mark.parametrize("mandatory", [True, False])
@pytest.mark.parametrize("size", [0, 1, BODY_MOST, BODY_MOST + 1, 5 * BODY_MOST])
def test_each_route_gets_the_bytes_that_pika_would_write(size: int, mandatory: bool) -> None:
    body = b"x" * size

    def by_pika(_: Unconnected, channel: Channel) -> None:
        for queue in QUEUES:
            channel.basic_publish("", queue, body, PROPERTIES, mandatory=mandatory)

    def past_pika(connection: Unconnected, channel: Channel) -> None:
        connection.publish(channel, QUEUES, body, PROPERTIES, mandatory=mandatory)

    def joined(connection: Unconnected, channel: Channel) -> None:
        with connection.one_write():
            past_pika(connection, channel)
            assert connection.written == b"", "everything is written at the end"

    assert written(past_pika) == written(joined) == written(by_pika)


def test_a_closed_channel_is_refused_as_pika_refuses_it() -> None:
    connection = Unconnected()
    channel = Channel(connection, 3, lambda _: None)
    with pytest.raises(pika.exceptions.ChannelWrongStateError):
        connection.publish(channel, QUEUES, b"{}", PROPERTIES, mandatory=True)
    assert connection.written == b""
