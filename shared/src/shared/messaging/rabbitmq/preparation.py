"""This module lets the links of a process share what one of them has declared."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeAlias

import pika

from shared.messaging.rabbitmq.declare import declare

SHARED_FOR_S = 5.0
"""For how long a link that begins takes what another of its process has declared."""

Make: TypeAlias = Callable[[pika.URLParameters], bool]
"""Makes a broker ready for use, as `declare` does, says whether a queue was missing, and raises what that raises."""


class Preparation:
    """Makes a broker ready before each connection of a process, for those that connect together once.

    A notify service has dozens of links, and the topology dozens of queues: after a start, or once a broker is back,
    each would ask for all of them. A link that has lost its connection takes nothing that was begun before the loss.
    """

    def __init__(self, make: Make = declare) -> None:
        self._make = make
        self._changed = threading.Condition()
        self._running = 0
        self._made_s = float("-inf")
        self._was_missing = False

    def run(self, parameters: pika.URLParameters, *, since_s: float) -> bool:
        """Make it ready, unless a link did that which began after `since_s` (`time.monotonic`); say whether a queue was
        missing.

        Where another does it just now, it waits for that, for as long as a node may take to let it in. Raises what
        making raises: a failure is nobody else's.
        """
        with self._changed:
            if self._is_made(since_s, parameters.stack_timeout):
                return self._was_missing
            self._running += 1
        begun_s, was_missing = time.monotonic(), None
        try:
            was_missing = self._make(parameters)
        finally:
            with self._changed:
                self._running -= 1
                if was_missing is not None and begun_s > self._made_s:
                    self._made_s, self._was_missing = begun_s, was_missing
                self._changed.notify_all()
        return was_missing

    def _is_made(self, since_s: float, patience_s: float | None) -> bool:
        self._changed.wait_for(lambda: self._made_s > since_s or not self._running, patience_s)
        return self._made_s > since_s
