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

NEW_FOR_S = 1.0
"""For how long a queue counts as just made, see `publisher.SETTLE_S`."""

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
        self._made_s = self._missing_s = float("-inf")

    def run(self, parameters: pika.URLParameters, *, since_s: float) -> bool:
        """Make it ready, unless a link did that which began after `since_s` (`time.monotonic`); say whether a queue was
        missing until now, or `NEW_FOR_S` ago.

        Where another does it just now, it waits for that, for as long as a node may take to let it in. Raises what
        making raises: a failure is nobody else's.
        """
        with self._changed:
            if self._is_made(since_s, parameters.stack_timeout):
                return self._is_new()
            self._running += 1
        begun_s = time.monotonic()
        try:
            was_missing = self._make(parameters)
        except BaseException:
            self._end()
            raise
        self._end(begun_s, was_missing=was_missing)
        return self._is_new()

    def _end(self, begun_s: float = float("-inf"), *, was_missing: bool = False) -> None:
        with self._changed:
            self._running -= 1
            self._made_s = max(self._made_s, begun_s)
            if was_missing:
                self._missing_s = time.monotonic()
            self._changed.notify_all()

    def _is_new(self) -> bool:
        return time.monotonic() - self._missing_s < NEW_FOR_S

    def _is_made(self, since_s: float, patience_s: float | None) -> bool:
        self._changed.wait_for(lambda: self._made_s > since_s or not self._running, patience_s)
        return self._made_s > since_s
