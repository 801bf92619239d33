"""A pending publish is a message on its way to the broker, and whoever waits for its confirm."""

from __future__ import annotations

import threading

from shared.messaging.broker import NotConfirmed
from shared.messaging.instruments import Refusal
from shared.messaging.message import Message
from shared.messaging.routes import Destination


class PendingPublish:
    """One message on its way; `left` counts the queues that have not confirmed it yet, and is never 0 where one
    refused it."""

    __slots__ = ("_done", "deadline", "finished", "left", "message", "refusal", "sent_at", "to")

    def __init__(self, message: Message, to: Destination, deadline: float) -> None:
        self.message = message
        self.to = to
        self.deadline = deadline
        self.sent_at = 0.0
        self.left = 0
        self.refusal: Refusal | None = None
        self.finished = False
        self._done = threading.Lock()
        self._done.acquire()

    def finish(self, refusal: Refusal | None = None) -> None:
        """Say how it ended, once: None means confirmed. Called on the I/O thread only."""
        if not self.finished:
            self.finished = True
            self.refusal = refusal
            self._done.release()

    def wait(self, timeout_s: float) -> None:
        """Wait for the end; raises `NotConfirmed`."""
        if not self._done.acquire(timeout=timeout_s):
            raise NotConfirmed("timeout")
        if self.refusal is not None:
            raise NotConfirmed(self.refusal)
