"""One delivery that an event asks for: over which channel, to whom, and what it is counted by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from notify_service.channels.counting import UNCOUNTED, Counted
from shared.contracts import NO_REQUEST
from shared.forms.digest import Digest

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
class Gathered:
    """How a delivery may be told of along with others, to the same mailbox (`address_hash`).

    With a `digest` it is, and its clocks are those of `timezone`; without, only where there are too many. `origin` is
    where the gateway is reached, where that is known.
    """

    address_hash: str
    digest: Digest | None = None
    timezone: str = "UTC"
    origin: str | None = None

    @property
    def schedule(self) -> str:
        """What its form says of its digest, as one text; with another one by now, it waits for nothing more."""
        if self.digest is None:
            return AT_ONCE
        zone = None if self.digest.every == "hour" else self.digest.zone or self.timezone
        return str(replace(self.digest, zone=zone))


AT_ONCE = "at once"
"""The schedule of an owner who has a mail for each submission."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A delivery that is asked for. `destination` is whole, and is never recorded; `shown` is what may be.

    `provider_id` names it where it arrives: a Message-ID without its domain, a webhook-id. One that is `on_release` is
    asked for only once its submission is released, and where it names a delivery that it comes `after`, only where that
    one was sent. `accepted_at` is that of its submission, where that is known. `held_for` is what it waits for
    before it is due, None for nothing. One that `counts_again` counts against the caps when it is requested, too.
    `gathered` says how it may be told of along with others; None where it goes by itself alone.
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
    held_for: str | None = None
    counts_again: bool = False
    gathered: Gathered | None = None

    def requested(self, request: UUID) -> Planned:
        """Return the same as a request asks for it: a delivery of its own, under another id where it arrives, and
        counted by no cap unless it `counts_again`."""
        if request == NO_REQUEST:
            return self
        provider_id = f"{self.provider_id}_{request.hex}"
        counted = self.counted if self.counts_again else UNCOUNTED
        return replace(self, key=replace(self.key, request=request), provider_id=provider_id, counted=counted)
