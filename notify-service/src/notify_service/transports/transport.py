"""The interface of a transport: how the bytes of a delivery leave."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol


class Transport(Protocol):
    """Sends what the channels compose for it."""

    def turn(self, endpoint: str | None) -> AbstractContextManager[str | None]:
        """Have a turn at an endpoint, within which to `send`; what it yields keeps from that, where it is not None.

        To ask is no try. Raises `RetryLater` where the endpoint would have all connections, and `DependencyUnavailable`
        where nothing can be sent at all now.
        """

    def send(self, letter: Any, *, timeout_s: float) -> str:
        """Send within the time given, and nothing after it, and return what the other side said, as `said.said` leaves
        it. Raises `Transient`, `Permanent` or `ChannelBroken`, or `DependencyUnavailable` where it did not try."""
