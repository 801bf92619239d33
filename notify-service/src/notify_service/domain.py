"""What the notify service decides, and nothing of how it is done: no clock, no network, no database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from notify_service.caps import Limit
from notify_service.recipients import normalised
from shared.contracts import Confirmation
from shared.messaging.topology import RETRY_LEVELS_S

Channel: TypeAlias = Literal["email", "webhook"]
State: TypeAlias = Literal["pending", "sending", "retrying", "held", "sent", "failed"]
Stage: TypeAlias = Literal["connect", "ehlo", "starttls", "login", "mail", "rcpt", "data"]

OWNER = "owner"
"""What stands for a webhook in the place of an address's hash: a form has one, whatever its address is by now."""

BUG = "unexpected "
"""How the reason begins of a confirmation that failed because of what nobody foresaw: the name of it follows."""

AGE_LIMIT = timedelta(hours=72)
"""How long after its acceptance a submission's confirmation is still retried: a limit of age, not a count. So
long a cap may hold one back, too."""

_SCHEDULE_S = tuple(RETRY_LEVELS_S.values())
_BEFORE_THE_MAIL: frozenset[Stage] = frozenset({"connect", "ehlo", "starttls", "login"})
_CHANNEL_CODES = frozenset({530, 534, 535, 538})
_SERVICE_NOT_AVAILABLE = 421


class SendFailure(Exception):
    """A mail was not sent. `reason` is a class of failure, such as `rcpt 550`: never the server's text or an address.

    `tells_of_channel` is true where it says something about the way to the server rather than about this mail.
    """

    def __init__(self, reason: str, *, tells_of_channel: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.tells_of_channel = tells_of_channel


class Transient(SendFailure):
    """This mail may work later."""


class Permanent(SendFailure):
    """This mail will never work."""


class ChannelBroken(SendFailure):
    """No mail works now: nothing is charged to this one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, tells_of_channel=True)


def failure(stage: Stage, code: int | None) -> SendFailure:
    """Return what an SMTP answer at a stage means; `code` is None where there was none (refused, lost, no TLS).

    | answer                                                     | class     |
    | ---------------------------------------------------------- | --------- |
    | 4xx, connection lost                                       | transient |
    | 5xx at RCPT or DATA                                        | permanent |
    | 530, 534, 535, 538, 5xx at EHLO or MAIL, refused, TLS      | broken    |

    A connection lost before the session stood is as good as refused. Whatever is no SMTP is transient once a
    mail is under way, and broken before.
    """
    reason = f"{stage} {'no answer' if code is None else code}"
    refused = code is not None and 500 <= code < 600
    passing = code is not None and 400 <= code < 500
    if code in _CHANNEL_CODES or (stage in _BEFORE_THE_MAIL and not passing) or (stage == "mail" and refused):
        return ChannelBroken(reason)
    if refused:
        return Permanent(reason)
    return Transient(reason, tells_of_channel=code in {None, _SERVICE_NOT_AVAILABLE} or stage in _BEFORE_THE_MAIL)


def retry_after_s(attempts: int) -> float:
    """Return the pause after so many attempts (from 1), in seconds: 30 s, 2 min, 10 min, 30 min, 2 h, then 6 h."""
    return float(_SCHEDULE_S[min(max(attempts, 1), len(_SCHEDULE_S)) - 1])


def is_too_old(accepted_at: datetime, now: datetime) -> bool:
    """Say whether a submission's confirmation is to be given up when it fails once more."""
    return now - accepted_at >= AGE_LIMIT


def message_id(submission_id: UUID, channel: Channel, mail_domain: str) -> str:
    """Return the Message-ID (RFC 5322, section 3.6.4): the same for every attempt at one submission's mail."""
    return f"<{submission_id}.{channel}@{mail_domain}>"


def destination_hash(submission_id: UUID, address: str) -> str:
    """Return what stands for an address in the table: SHA-256 of the submission's id and the normalised address.

    With the id in it, the same address looks different in every row.
    """
    return hashlib.sha256(f"{submission_id}\n{normalised(address)}".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail and its envelope. `needs_utf8` asks the server for SMTPUTF8: the address itself is not ASCII."""

    sender: str
    recipient: str
    content: bytes
    needs_utf8: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """One confirmation: of which submission, over which channel, to whom."""

    submission_id: UUID
    channel: Channel
    destination_hash: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one confirmation, for its `owner` alone until `lease_until`. `attempts` counts this one."""

    key: Key
    owner: UUID
    lease_until: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Leased:
    """Somebody else may be sending it, until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """It is sent or has failed: nothing is left to do. `news` is set where that was recorded only now."""

    news: Confirmation | None = None


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


ClaimAnswer: TypeAlias = Claim | Leased | Settled | Held | Capped
Outcome: TypeAlias = Literal["sent", "failed", "retrying"]


def shown_state(state: State) -> Literal["pending", "retrying", "held", "sent", "failed"]:
    """Return the state as it is shown: whoever waits need not know who holds a lease."""
    return "pending" if state == "sending" else state
