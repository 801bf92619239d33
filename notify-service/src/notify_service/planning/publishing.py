"""Publishes deliveries that are due, each to the queue of its transport, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from notify_service.channels.channel import TransportName
from notify_service.channels.registry import CHANNELS
from shared.contracts import DeliveryDue
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.message import message_of
from shared.messaging.routes import Destination, to
from shared.messaging.topology import NOTIFY_HTTP, NOTIFY_SMTP

PUBLISH_TIMEOUT_S = 10.0
AT_ONCE = 16
"""How many wait for their confirm at once: each wait is a round trip to the broker and its disk."""

QUEUES: Mapping[TransportName, Destination] = {"smtp": to(NOTIFY_SMTP), "http": to(NOTIFY_HTTP)}
"""Where each transport's deliveries go: apart, so that what is slow about one delays none of the other."""


class Blocked(DependencyUnavailable):
    """An alarm keeps the broker from taking any message. Consumers go on, and their work may be what ends it."""


class DuePublisher:
    """`handler.Publish` by a publisher, which it closes."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="publish")

    def __call__(self, due: Sequence[tuple[DeliveryDue, str | None]]) -> None:
        """Publish each, confirmed; raises `DependencyUnavailable` where one was not, `Blocked` because of an alarm."""
        try:
            if len(due) == 1:
                self._publish(due[0])
            else:
                list(self._threads.map(self._publish, due))
        except NotConfirmed as error:
            unavailable = Blocked if error.refusal == "blocked" else DependencyUnavailable
            raise unavailable(f"broker: {error}") from error

    def close(self) -> None:
        """Wait for what is on its way, and close the publisher."""
        self._threads.shutdown()
        self._publisher.close()

    def _publish(self, due: tuple[DeliveryDue, str | None]) -> None:
        delivery, traceparent = due
        message = message_of(delivery, headers={"traceparent": traceparent} if traceparent else None)
        queue = QUEUES[CHANNELS[delivery.channel].transport]
        self._publisher.publish(message, timeout_s=PUBLISH_TIMEOUT_S, to=queue)
