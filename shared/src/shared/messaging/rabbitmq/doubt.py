"""A doubt says that what is published is not confirmed any more, from what became of it.

A connection that stands proves nothing: a broker whose disk was full takes messages, and confirms none of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from shared.messaging.message import PROBE_TYPE, Message
from shared.messaging.rabbitmq.link import UNLESS_MENDED
from shared.messaging.rabbitmq.pending import PendingPublish
from shared.messaging.routes import Destination

SUSPECT_AFTER_S = 3.0
"""How long a message goes without its confirm before anything is thought of it: as long as a visitor waits."""

DOUBT_AFTER_S = 5.0
"""How long queues then confirm nothing, neither messages nor probes, before that is said: one slow confirm is none."""

PROBE = Message(PROBE_TYPE, "", b"")


class Doubt:
    """Holds what is thought of one publisher's queues. For the I/O thread, but for `problem`.

    What was refused, or has waited too long, makes its queues suspect, until these confirm anything. So that this shows
    without traffic, too, a suspect is sent a probe each second: its consumer drops that (`Incoming.read`).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._good: set[tuple[str, ...]] = set()
        self._suspect: Destination | None = None
        self._since_s = 0.0

    def confirmed(self, to: Destination) -> None:
        """Take note that all these queues confirmed a message."""
        self._good.add(to.queues)
        if self._suspect is not None and self._suspect.queues == to.queues:
            self._suspect = None

    def refused(self, to: Destination) -> None:
        """Take note that one of these queues refused a message."""
        if self._suspect is None:
            self._since_s = self._clock()  # first: whoever asks for the problem asks in another thread
            self._suspect = to

    def look(self, oldest: PendingPublish | None) -> PendingPublish | None:
        """Return a probe where one is to be sent; to be asked each second, with what has waited longest."""
        good, self._good = self._good, set()
        is_slow = oldest is not None and self._clock() - oldest.sent_at > SUSPECT_AFTER_S
        if oldest is not None and is_slow and oldest.to.queues not in good:
            self.refused(oldest.to)
        return PendingPublish(PROBE, self._suspect, 0.0) if self._suspect is not None else None

    @property
    def is_any(self) -> bool:
        """Whether queues are suspect."""
        return self._suspect is not None

    def problem(self) -> str | None:
        """Return what is wrong, in words for an operator."""
        suspect, lasted_s = self._suspect, self._clock() - self._since_s
        if suspect is None or lasted_s < DOUBT_AFTER_S:
            return None
        sent = f"what was sent to {' and '.join(suspect.queues)}"
        return f"{sent} has not been confirmed for {lasted_s:.0f} s{UNLESS_MENDED}"
