"""What a replay takes back: a confirmation that is recorded as failed, because of a bug that may be mended by now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.messaging.topology import NOTIFY_EMAIL, NOTIFY_WEBHOOK

CHANNELS = {NOTIFY_EMAIL.name: "confirmation", NOTIFY_WEBHOOK.name: "webhook"}
"""What the messages of each work queue are about."""


class Failed(Protocol):
    """Knows the confirmations that have failed."""

    def reopen(self, submission_id: UUID, channel: str, *, now: datetime) -> None:
        """Make those of a submission pending that failed because of a bug; what a mail server refused stays failed."""


def reopening(failed: Failed, clock: Callable[[], datetime]) -> Callable[[str, str], None]:
    """Return what is done before a message is replayed; see `shared.parked.messages.Reopen`.

    A confirmation that was sent, or is under way, is left alone: replaying an event again changes nothing.
    """

    def reopen(work_queue: str, message_id: str) -> None:
        with suppress(ValueError, KeyError):  # no submission's, or no confirmation's
            failed.reopen(UUID(message_id), CHANNELS[work_queue], now=clock())

    return reopen
