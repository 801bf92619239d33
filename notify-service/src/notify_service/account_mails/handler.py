"""Sends each mail with a link into an account, once as far as possible, and never after its link has ended.

Nothing that is logged here has an address or a link in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog

from notify_service.account_mails.wording import MAILS, AccountMailWording
from notify_service.channels.mail.mailboxes import shown_address
from notify_service.deliveries.leases import LEASE_MARGIN_S, LEASED_AGAIN_S
from notify_service.deliveries.marking import UNMARKED, Marking
from notify_service.deliveries.states import SUPPRESSED
from notify_service.requests.one_by_one import one_by_one
from notify_service.transports.failures import ChannelBroken, Permanent, Transient
from notify_service.transports.transport import Transport
from shared.contracts import AccountMail
from shared.failpoints import Reach, ignore
from shared.messaging.failures import Delivery, DependencyUnavailable, Results, RetryLater

PAUSES_S = (30.0, 120.0, 600.0, 1800.0)
"""How long to wait after each try; the last again and again."""

_EARLIEST = 0.8
"""Which part of a pause has passed when a message comes back at the earliest: pauses are scattered."""

_log = structlog.get_logger()


class Claims(Protocol):
    """Knows what was sent; see `claims.MailClaims`."""

    def claim(self, mail_id: UUID, expires_at: datetime, *, now: datetime, until: datetime) -> bool:
        """Claim a mail; False where another has, or it was sent."""

    def is_sent(self, mail_id: UUID) -> bool:
        """Say whether it was."""

    def release(self, mail_id: UUID) -> None:
        """Give a claim back."""

    def record_sent(self, mail_id: UUID, now: datetime, address_hash: str | None, shown: str) -> None:
        """Note that it was sent, and what may be kept of whom to."""


@dataclass(frozen=True, slots=True)
class SendAccountMails:
    """Sends them, as `shared.messaging.failures.Handler`; taken twice, one mail is sent.

    `told` counts what came of each: sent, expired, refused, suppressed. `suppressed` says whether an address is sent no
    mail, and why.
    """

    wording: AccountMailWording
    transport: Transport
    claims: Claims
    clock: Callable[[], datetime]
    send_timeout_s: float
    told: Callable[[str], None] = lambda _: None
    reach: Reach = ignore
    suppressed: Callable[[str], str | None] = lambda _: None
    marking: Marking = UNMARKED
    unrecorded: set[UUID] = field(default_factory=set)
    """Mails that were sent while the database was away."""

    def __call__(self, deliveries: Sequence[Delivery[AccountMail]]) -> Results:
        """Return what came of each; raises `DependencyUnavailable` where nothing came of the first."""
        return one_by_one(deliveries, self._handled)

    def _handled(self, delivery: Delivery[AccountMail]) -> RetryLater | None:
        asked, now = delivery.event, self.clock()
        if asked.id in self.unrecorded:
            return self._sent(asked)
        if now >= asked.expires_at:
            return self._ended(asked, "expired", "its link has expired")
        if asked.purpose not in MAILS:  # a newer version knows it, and may be about to come
            return self._later(delivery, "this mail is not known here")
        if why := self.suppressed(asked.to):
            return self._ended(asked, "suppressed", f"{SUPPRESSED}{why}")
        lease = timedelta(seconds=self.send_timeout_s + LEASE_MARGIN_S)
        if not self.claims.claim(asked.id, asked.expires_at, now=now, until=now + lease):
            if self.claims.is_sent(asked.id):
                return None
            return RetryLater("another is sending it", after_s=LEASED_AGAIN_S)
        return self._claimed(delivery)

    def _claimed(self, delivery: Delivery[AccountMail]) -> RetryLater | None:
        asked = delivery.event
        self.reach("account-mail-before-send")
        try:
            with self.transport.turn(None):
                letter = self.marking.mark(self.wording.compose(asked), asked.id)
                self.transport.send(letter, timeout_s=self.send_timeout_s)
        except DependencyUnavailable:  # nothing was tried
            self.claims.release(asked.id)
            raise
        except ChannelBroken as error:
            self.claims.release(asked.id)
            raise DependencyUnavailable(f"mail server: {error.reason}") from error
        except Transient as error:
            self.claims.release(asked.id)
            return self._later(delivery, error.reason)
        except Permanent as error:
            return self._ended(asked, "refused", error.reason)
        self.reach("account-mail-after-send")
        self.unrecorded.add(asked.id)
        return self._sent(asked)

    def _sent(self, asked: AccountMail) -> RetryLater | None:
        self.claims.record_sent(asked.id, self.clock(), self.marking.hash_of(asked.to), shown_address(asked.to))
        self.unrecorded.discard(asked.id)
        self.told("sent")
        _log.info("account mail sent", mail=str(asked.id), purpose=asked.purpose)
        return None

    def _later(self, delivery: Delivery[AccountMail], reason: str) -> RetryLater | None:
        asked, after_s = delivery.event, PAUSES_S[min(delivery.attempt, len(PAUSES_S) - 1)]
        if self.clock() + timedelta(seconds=_EARLIEST * after_s) >= asked.expires_at:
            return self._ended(asked, "expired", reason)
        return RetryLater(reason, after_s=after_s)

    def _ended(self, asked: AccountMail, outcome: str, reason: str) -> RetryLater | None:
        self.told(outcome)
        _log.warning("account mail not sent", mail=str(asked.id), purpose=asked.purpose, outcome=outcome, reason=reason)
        return None
