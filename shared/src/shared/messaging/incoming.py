"""An incoming message is a delivery from a broker that nobody has read yet."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from shared.contracts.event import Decoder, Event, InvalidEvent
from shared.messaging.failures import BUG_RETRIES, Delivery, Done, Park
from shared.messaging.message import ATTEMPT_HEADER, FAILURES_HEADER, PROBE_TYPE

POISON_AT = 10
"""Returns of a message at which it is parked without being looked at again."""

COUNT_MOST = 1_000_000
"""Returns that a broker may have counted."""

ATTEMPT_MOST = 10_000
"""Retries that a message can have been through: six hours apart at the end, within days. More is nobody's count."""

_TRACEPARENT_MOST = 128

E = TypeVar("E", bound=Event)


@dataclass(slots=True)  # not frozen: one is made per message, and freezing doubles what that costs
class Incoming:
    """One message as it came. `tag` and `generation` name the delivery, so that a late ack can be told.

    `arrived_s` is by the monotonic clock.
    """

    body: bytes
    type: str
    message_id: str
    headers: Mapping[str, Any]
    tag: int
    generation: int
    redelivered: bool = False
    arrived_s: float = field(default_factory=time.monotonic)
    _read: Any = field(default=None, repr=False, compare=False)

    @property
    def attempt(self) -> int:
        """How many retries it has been through."""
        return _count(self.headers.get(ATTEMPT_HEADER), ATTEMPT_MOST)

    @property
    def failures(self) -> int:
        """How many of them followed a bug."""
        return _count(self.headers.get(FAILURES_HEADER), BUG_RETRIES)

    @property
    def returns(self) -> int:
        """How often the broker took it back unacknowledged.

        The broker counts on redelivery alone, and overwrites what was there; at first the header is a publisher's.
        """
        return _count(self.headers.get("x-delivery-count"), COUNT_MOST) if self.redelivered else 0

    @property
    def trace(self) -> dict[str, str | int]:
        """The one header that travels on: the broker's own, `x-death` and its like, must not."""
        traceparent = self.traceparent
        return {"traceparent": traceparent} if traceparent else {}

    @property
    def traceparent(self) -> str | None:
        """The trace it belongs to (W3C Trace Context), if any."""
        traceparent = self.headers.get("traceparent")
        return traceparent if isinstance(traceparent, str) and len(traceparent) <= _TRACEPARENT_MOST else None

    @property
    def is_probe(self) -> bool:
        """Whether it is nothing but a publisher's question whether it is confirmed."""
        return self.type == PROBE_TYPE

    def read(self, decode: Decoder[E]) -> Delivery[E] | Park | Done:
        """Decode it, once; what is no event, or came back too often, is to be parked, and a probe is done with."""
        if self._read is None:
            self._read = self._decoded(decode)
        return cast("Delivery[E] | Park | Done", self._read)

    def _decoded(self, decode: Decoder[E]) -> Delivery[E] | Park | Done:
        if self.returns >= POISON_AT:
            return Park(
                f"came back {self.returns} times without being settled: it may be what ends the consumer", "poison"
            )
        try:
            event = decode(self.body, self.type)
        except InvalidEvent as error:
            if self.is_probe:
                return Done()
            return Park(f"no valid event: {error}", "invalid")
        return Delivery(event, self.attempt, self.failures, self.redelivered, self.traceparent)


def _count(value: object, most: int) -> int:
    """Return what a header counts; nothing where that cannot have been counted: headers are no evidence."""
    if not isinstance(value, int) or isinstance(value, bool):  # no `type() is int`: pika has a kind of its own
        return 0
    return int(value) if 0 < value <= most else 0
