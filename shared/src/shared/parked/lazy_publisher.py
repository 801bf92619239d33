"""Makes a publisher when it is first used."""

from __future__ import annotations

import threading

from shared.messaging.broker import Broker, Publisher


class LazyPublisher:
    """A publisher that is made when it is first needed: most services never replay anything."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._made: Publisher | None = None
        self._guard = threading.Lock()

    def __call__(self) -> Publisher:
        """Return the publisher, always the same."""
        with self._guard:
            self._made = self._made or self._broker.publisher()
            return self._made

    def close(self) -> None:
        """Close it, if there is one."""
        with self._guard:
            if self._made is not None:
                self._made.close()
