"""Publishes deliveries that are due, each to the queue of its transport, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notify_service.channels.channel import TransportName
from notify_service.channels.registry import CHANNELS
from shared.contracts import DeliveryDue
from shared.messaging.broker import BatchPublisher, NotConfirmed
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.message import Message, message_of
from shared.messaging.routes import Destination, to
from shared.messaging.topology import NOTIFY_HTTP, NOTIFY_SMTP

PUBLISH_TIMEOUT_S = 10.0

QUEUES: Mapping[TransportName, Destination] = {"smtp": to(NOTIFY_SMTP), "http": to(NOTIFY_HTTP)}
"""Where each transport's deliveries go: apart, so that what is slow about one delays none of the other."""


class Blocked(DependencyUnavailable):
    """An alarm keeps the broker from taking any message. Consumers go on, and their work may be what ends it."""


class DuePublisher:
    """`handler.Publish` by a publisher, which it closes."""

    def __init__(self, publisher: BatchPublisher) -> None:
        self._publisher = publisher

    def __call__(self, due: Sequence[tuple[DeliveryDue, str | None]]) -> None:
        """Publish each, confirmed; raises `DependencyUnavailable` where one was not, `Blocked` because of an alarm."""
        try:
            self._publisher.publish_all([_published(one, trace) for one, trace in due], timeout_s=PUBLISH_TIMEOUT_S)
        except NotConfirmed as error:
            unavailable = Blocked if error.refusal == "blocked" else DependencyUnavailable
            raise unavailable(f"broker: {error}") from error

    def close(self) -> None:
        """Close the publisher."""
        self._publisher.close()


def _published(due: DeliveryDue, traceparent: str | None) -> tuple[Message, Destination]:
    message = message_of(due, headers={"traceparent": traceparent} if traceparent else None)
    return message, QUEUES[CHANNELS[due.channel].transport]
