"""Waits until the broker has written its queues to disk, so that a kill keeps them."""

from __future__ import annotations

from dev.broker import Broker
from shared.messaging.topology import QUEUES
from support.polling import eventually

WRITTEN_DOWN_S = 30.0


def await_written_down(broker: Broker, url: str) -> None:
    """Wait until the broker may be killed. A quorum queue that is not on disk comes back empty, and on 3.10 without a
    leader, which blocks every channel that asks for it."""
    eventually(
        lambda: all(broker.has_written_down(queue.name, url=url) for queue in QUEUES),
        WRITTEN_DOWN_S,
        "the broker has written down its queues",
    )
