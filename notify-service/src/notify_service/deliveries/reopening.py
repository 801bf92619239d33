"""What a replay takes back: a delivery that is recorded as failed, because of a bug that may be mended by now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.messaging.topology import NOTIFY_EMAIL, NOTIFY_HTTP, NOTIFY_SMTP, NOTIFY_WEBHOOK

OF_ONE_CHANNEL = {NOTIFY_EMAIL.name: "confirmation", NOTIFY_WEBHOOK.name: "webhook"}
"""The channel of each queue of earlier versions: its messages are submissions."""

OF_ONE_TRANSPORT = {NOTIFY_SMTP.name: "smtp", NOTIFY_HTTP.name: "http"}
"""The transport of each queue whose messages are deliveries."""


class Failed(Protocol):
    """Knows the deliveries that have failed."""

    def reopen(self, submission_id: UUID, channel: str, *, now: datetime) -> None:
        """Make those of a submission and a channel pending that failed because of a bug; what a server refused stays
        failed."""

    def reopen_delivery(self, delivery_id: UUID, *, now: datetime) -> None:
        """Make one pending, as `reopen` does."""


def reopening(failed: Failed, clock: Callable[[], datetime]) -> Callable[[str, str], None]:
    """Return what is done before a message is replayed; see `shared.parked.messages.Reopen`.

    A delivery that was made, or is under way, is left alone: replaying a message again changes nothing.
    """

    def reopen(work_queue: str, message_id: str) -> None:
        with suppress(ValueError):  # no submission's, and no delivery's
            if work_queue in OF_ONE_CHANNEL:
                failed.reopen(UUID(message_id), OF_ONE_CHANNEL[work_queue], now=clock())
            elif work_queue in OF_ONE_TRANSPORT:
                failed.reopen_delivery(UUID(message_id), now=clock())

    return reopen
