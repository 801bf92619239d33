"""This module announces changes to the watchers of receipts, and never waits for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pika
import structlog
from pika import DeliveryMode
from pika.channel import Channel
from pika.frame import Method
from pika.spec import Basic, Queue

from shared.contracts.announcements import Announcement, decode_announcement, encode_announcement
from shared.contracts.event import InvalidEvent
from shared.messaging.message import Message
from shared.messaging.rabbitmq.connection import Connection
from shared.messaging.rabbitmq.link import Link
from shared.messaging.rabbitmq.preparation import Preparation
from shared.messaging.rabbitmq.wire import properties_of
from shared.messaging.topology import LIVE

BACKLOG_MOST = 10_000

GATHER_S = 0.01
"""How long an announcement waits for others to go with it: nobody sees it, and a write for each cost a third of the
notify service's time."""

WATCH_QUEUE_LENGTH = 100_000


class LiveAnnouncer:
    """Sends announcements as they come; drops the oldest when they cannot be sent."""

    def __init__(self, url: str, name: str, *, preparation: Preparation | None = None) -> None:
        self._waiting: deque[Message] = deque(maxlen=BACKLOG_MOST)
        self._blocked = self._woken = False
        self._connection: Connection | None = None
        self._channel: Channel | None = None
        self._link = Link(
            url, name, purpose="announce", on_channel=self._opened, on_lost=self._lost, preparation=preparation
        )

    def announce(self, announcement: Announcement) -> None:
        """Hand it over to the I/O thread; see `broker.Announcer`."""
        self._waiting.append(Message(announcement.TYPE, "", encode_announcement(announcement)))
        if not self._woken:  # cleared before the I/O thread takes what waits, so that nothing is left lying
            self._woken = True
            if not self._link.call(self._flush_soon):
                self._woken = False

    def close(self) -> None:
        """Send what waits, if there is a connection, and close it."""
        self._link.call(self._flush)
        self._link.close()

    def stuck(self) -> list[str]:
        """Return a word about the I/O thread where it does not turn any more."""
        return self._link.stuck()

    def _opened(self, connection: Connection, channel: Channel) -> None:
        self._connection, self._channel = connection, channel
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        self._link.worked()  # nothing is ever answered here
        self._flush()

    def _lost(self) -> None:
        self._connection = self._channel = None
        self._blocked = self._woken = False

    def _on_blocked(self, *_: object) -> None:
        self._blocked = True  # what is written now would pile up in the connection's own buffer, which has no end

    def _on_unblocked(self, *_: object) -> None:
        self._blocked = False
        self._flush()

    def _flush_soon(self) -> None:
        if self._connection is not None:
            self._connection.ioloop.call_later(GATHER_S, self._flush)

    def _flush(self) -> None:
        self._woken = False
        if self._connection is None or self._channel is None or self._blocked or not self._waiting:
            return
        with self._connection.one_write():
            while self._waiting:
                message = self._waiting.popleft()
                properties = properties_of(message, mode=DeliveryMode.Transient)
                self._connection.publish(self._channel, [message.type], message.body, properties, exchange=LIVE)


class LiveWatch:
    """Hands every announcement to one callable, on the I/O thread, from a queue that dies with the connection."""

    def __init__(
        self, url: str, name: str, notice: Callable[[Announcement], None], *, preparation: Preparation | None = None
    ) -> None:
        self._notice = notice
        self._log = structlog.get_logger().bind(link=name)
        self._link = Link(url, name, purpose="watch", on_channel=self._opened, preparation=preparation)

    def close(self) -> None:
        """Stop watching."""
        self._link.close()

    def stuck(self) -> list[str]:
        """Return a word about the I/O thread where it does not turn any more."""
        return self._link.stuck()

    def _opened(self, _connection: Connection, channel: Channel) -> None:
        def declared(frame: Method[Queue.DeclareOk]) -> None:
            name = frame.method.queue or ""
            channel.queue_bind(name, LIVE, "#", callback=lambda _: consume(name))

        def consume(name: str) -> None:
            channel.basic_consume(name, self._arrived, auto_ack=True, callback=lambda _: self._link.worked())

        channel.queue_declare(
            "", exclusive=True, auto_delete=True, arguments={"x-max-length": WATCH_QUEUE_LENGTH}, callback=declared
        )

    def _arrived(self, _: Channel, __: Basic.Deliver, properties: pika.BasicProperties, body: bytes) -> None:
        try:
            announcement = decode_announcement(body, type=properties.type or "")
        except InvalidEvent as error:
            self._log.warning("announcement not understood", error=str(error)[:200])
        else:
            self._notice(announcement)
