"""This module says when a channel that consumes is opened anew, and why."""

from __future__ import annotations

import random
from collections.abc import Callable

from shared.messaging.rabbitmq.connection import Connection

RENEW_EVERY_S = 60.0
"""How often a channel is renewed, at the latest, once what it holds is acked. When a quorum queue changes its leader,
RabbitMQ can lose a delivery or an ack between queue and channel, and takes the message back only when the channel is
closed (its issue 15473). So long may what was accepted lie there, then. A renewal costs four round trips, and charges a
return to what is on its way to the channel just then: two to three messages where 2,000 a second come (measured, 3.10.8
and 4.0.5)."""


def when_due(connection: Connection, every_s: float, renew: Callable[[], None]) -> None:
    """Call `renew` on the I/O thread after `every_s` seconds at most, with jitter: replicas do not pause together."""
    connection.ioloop.call_later(every_s * random.uniform(0.5, 1.0), renew)  # noqa: S311 - jitter, no secret
