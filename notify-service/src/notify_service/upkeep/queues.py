"""Counts the messages that lead to deliveries, in the broker's queues."""

from __future__ import annotations

from dataclasses import dataclass

from shared.messaging.failures import DependencyUnavailable
from shared.messaging.rabbitmq.depths import BrokerAway, depths
from shared.messaging.topology import (
    NOTIFY_EMAIL,
    NOTIFY_HTTP,
    NOTIFY_REQUESTS,
    NOTIFY_SMTP,
    NOTIFY_SUBMISSIONS,
    NOTIFY_WEBHOOK,
)

_WORKS = (NOTIFY_SUBMISSIONS, NOTIFY_REQUESTS, NOTIFY_SMTP, NOTIFY_HTTP, NOTIFY_EMAIL, NOTIFY_WEBHOOK)


@dataclass(frozen=True, slots=True)
class BrokerQueues:
    """`lost.Queues` of the broker at an address. What a consumer holds is not counted: AMQP does not tell."""

    url: str

    def waiting(self) -> tuple[int, int]:
        """Return how many wait in work queues, and on delay levels; a queue that is not there holds none."""
        levels = [work.level_queue(level) for work in _WORKS for level in work.levels_s]
        try:
            found = depths(self.url, [*(work.name for work in _WORKS), *levels])
        except BrokerAway as error:
            raise DependencyUnavailable(str(error)) from error
        return sum(max(0, found[work.name]) for work in _WORKS), sum(max(0, found[level]) for level in levels)
