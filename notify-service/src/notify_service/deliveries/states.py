"""The states of a delivery, and what a worker may be answered that wants to claim one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID

from notify_service.channels.planned import Key
from notify_service.deliveries.caps import Limit
from shared.contracts import Confirmation

State: TypeAlias = Literal[
    "pending", "sending", "retrying", "held", "sent", "failed", "cancelled", "suppressed", "bounced"
]

SETTLED: tuple[State, ...] = ("sent", "failed", "cancelled", "suppressed", "bounced")
"""The states in which nothing is left to do, unless somebody asks for it."""

SPAM = "spam"
"""Why a delivery is held whose submission was taken for spam."""

OPT_IN = "opt-in"
"""Why a delivery is held whose submission waits for its address to be confirmed."""

WITHHELD = "withheld"
"""Why a delivery is cancelled whose submission an owner calls spam."""

DIGEST, MANY = "digest", "many"
"""Why a delivery is held that waits to be told of along with others: its form has a digest, or there are too many."""

GATHERED = (DIGEST, MANY)

NOT_ASKED_FOR = "the form has no such destination any more"
"""Why a delivery has failed that was requested, and that the form does not ask for."""

NO_LONGER_WANTED = "no longer wanted"
"""Why a delivery is cancelled that was to be sent again, and whose form has only other destinations by now."""

SUPPRESSED = "suppressed: "
"""How the reason begins of a mail that is not sent, because its address is sent none: why follows, as `suppression`
says it."""

BOUNCED = "bounced: "
"""How the reason begins of a mail that came back: whether for good (`hard`) or not (`soft`), and its enhanced status
follow."""

CANCELLED = "cancelled"
"""Why a cancelled delivery is not sent, where it is shown as one that is held."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one delivery, for its `lease_holder` alone until `lease_until`. `attempts` counts this one.

    `due_at` is since when the delivery is due: since it was planned, released or requested.
    """

    key: Key
    lease_holder: UUID
    lease_until: datetime
    attempts: int
    due_at: datetime | None = field(default=None, compare=False)


class Tried(NamedTuple):
    """One try: how long it took, and what the other side said, or why it said nothing: see `shared.said`."""

    took_ms: int = 0
    said: str = ""


UNTRIED = Tried()


class Sent(NamedTuple):
    """A delivery that was sent, when, and how that went. `address_hash` is where a mail went to, by
    `shared.links.addresses.AddressKey.exactly`, where there is a key."""

    claim: Claim
    at: datetime
    tried: Tried = UNTRIED
    address_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Leased:
    """Somebody else may be sending it, until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class NotYet:
    """It is to be tried again, and not before then: this message has come too early, or another one carries it."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """It is sent or has failed: nothing is left to do. `news` is set where that was recorded only now."""

    news: Confirmation | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """Its submission is erased: it is made by nobody, and nothing is recorded of it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A cap holds it back, since then: it is to be claimed again, once there may be room."""

    limit: Limit
    since: datetime


@dataclass(frozen=True, slots=True)
class Capped:
    """A cap has held it back for too long: it has failed, committed, and `news` says so."""

    limit: Limit
    news: Confirmation


ClaimAnswer: TypeAlias = Claim | Leased | NotYet | Settled | Erased | Held | Capped
Outcome: TypeAlias = Literal["sent", "failed", "retrying", "suppressed"]


def shown_state(state: State) -> Literal["pending", "retrying", "held", "sent", "failed"]:
    """Return the state as it is shown: whoever waits need not know who holds a lease, and gateways of an earlier
    version know of none that is cancelled, suppressed or bounced."""
    return _SHOWN[state]


_SHOWN: Mapping[State, Literal["pending", "retrying", "held", "sent", "failed"]] = {
    "pending": "pending",
    "sending": "pending",
    "retrying": "retrying",
    "held": "held",
    "sent": "sent",
    "failed": "failed",
    "cancelled": "held",
    "suppressed": "failed",
    "bounced": "failed",
}
