"""This module runs the consumers of a process until it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence

from shared.messaging.broker import Consumer

LOOK_EVERY_S = 0.5
"""How often the main thread turns while it waits. A signal that comes between Python's last look and a wait without
an end would be obeyed after that wait only, which is never: seen where the machine had more to do than it could."""


def run_until_told(consumers: Sequence[Consumer]) -> bool:
    """Run each consumer in a thread of its own until SIGTERM or SIGINT, or until one of them ends by itself.

    Returns whether it was told to. For the main thread: nothing else can obey a signal.
    """
    told: list[int] = []

    def stop() -> None:
        for consumer in consumers:
            consumer.stop()

    def obey(number: int, _: object) -> None:
        told.append(number)
        stop()

    def run_one(consumer: Consumer) -> None:
        try:
            consumer.run()
        finally:
            stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, obey)
    threads = [threading.Thread(target=run_one, args=[one], name=f"consumer-{i}") for i, one in enumerate(consumers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(LOOK_EVERY_S)
    return bool(told)
