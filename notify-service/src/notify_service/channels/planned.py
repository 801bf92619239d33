"""One delivery that an event asks for: over which channel, to whom, and what it is counted by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from notify_service.channels.counting import UNCOUNTED, Counted
from shared.contracts import NO_REQUEST

__all__ = ["NO_REQUEST", "Key", "Planned"]


@dataclass(frozen=True, slots=True)
class Key:
    """What tells one delivery from another: the submission, the channel, the destination, and who asked for it."""

    submission_id: UUID
    channel: str
    destination_hash: str
    request: UUID = NO_REQUEST

    @property
    def id(self) -> UUID:
        """The id of the delivery: the same whoever plans it, however often."""
        return uuid5(self.submission_id, f"{self.channel}\n{self.destination_hash}\n{self.request}")


@dataclass(frozen=True, slots=True)
class Planned:
    """A delivery that is asked for. `destination` is whole, and is never recorded; `shown` is what may be.

    `provider_id` names it where it arrives: a Message-ID without its domain, a webhook-id. One that is `on_release` is
    asked for only once its submission is released, and where it names a delivery that it comes `after`, only where that
    one was sent. `accepted_at` is that of its submission, where that is known.
    """

    key: Key
    form: str
    destination: str
    shown: str
    provider_id: str
    counted: Counted = UNCOUNTED
    on_release: bool = False
    after: Key | None = None
    accepted_at: datetime | None = None

    def requested(self, request: UUID) -> Planned:
        """Return the same as a request asks for it: a delivery of its own, under another id where it arrives, and
        counted by no cap."""
        if request == NO_REQUEST:
            return self
        provider_id = f"{self.provider_id}_{request.hex}"
        return replace(self, key=replace(self.key, request=request), provider_id=provider_id, counted=UNCOUNTED)
