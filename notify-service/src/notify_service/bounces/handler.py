"""Takes what came back: its delivery says so, and an address that is bad, or whose owner complains, gets no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

import structlog

from notify_service.bounces.codes import is_about_the_mail
from notify_service.bounces.table import SentMail
from notify_service.requests.one_by_one import one_by_one
from notify_service.suppression.reasons import Reason
from shared.contracts import MailBounced
from shared.failpoints import Reach, ignore
from shared.messaging.failures import Delivery, Results, RetryLater

SOFT_MOST = 3
"""How many mails to one address may come back in `table.SOFT_WITHIN` for a reason that may pass."""

WAITS_MOST = 10
"""How often a bounce waits for its mail to be recorded as sent: five minutes."""

OWNER = "owner"
"""The channel of mails to owners."""

_UNDER_WAY = frozenset({"sending", "pending"})

BounceOutcome: TypeAlias = Literal["hard", "soft", "complaint", "known", "dropped"]
"""What came of a bounce; `dropped` is one of a mail that nobody knows, or whose submission is erased."""

_log = structlog.get_logger()


class Bounces(Protocol):
    """Keeps bounces; see `table.BounceTable`."""

    def is_known(self, bounce_id: UUID, mail_id: UUID | None) -> bool:
        """Say whether this was handled before, or enough was told of its mail."""

    def mail(self, mail_id: UUID) -> SentMail | None:
        """Return the mail of this id."""

    def soft_before(self, address_hash: str, mail_id: UUID | None, now: datetime) -> int:
        """Return how many other mails came back of late for a reason that may pass."""

    def record(self, told: MailBounced, address_hash: str | None, now: datetime, *, has_counted: bool) -> None:
        """Keep it, with what it makes of its delivery."""


Suppress: TypeAlias = Callable[..., bool]
"""`suppression.Suppression.suppress`."""


@dataclass(frozen=True, slots=True)
class TakeBounces:
    """Takes bounces, as `failures.Handler`; one that comes twice changes nothing. `count` is told what came of each.

    An address is suppressed before its bounce is kept: who dies in between does it again, and once it is kept, nothing
    suppresses the address again that a person has taken back.
    """

    bounces: Bounces
    suppress: Suppress
    clock: Callable[[], datetime]
    count: Callable[[BounceOutcome, str], None] = lambda *_: None
    reach: Reach = ignore

    def __call__(self, deliveries: Sequence[Delivery[MailBounced]]) -> Results:
        """Return what came of each; raises `DependencyUnavailable` where nothing came of the first."""
        return one_by_one(deliveries, self._taken)

    def _taken(self, delivery: Delivery[MailBounced]) -> RetryLater | None:
        told, now = _doubted(delivery.event), self.clock()
        if self.bounces.is_known(told.id, told.delivery_id):
            self._end(told, "known")
            return None
        mail = None if told.delivery_id is None else self.bounces.mail(told.delivery_id)
        if told.delivery_id is not None and mail is None:
            self._end(told, "dropped")
            return None
        if mail and mail.state in _UNDER_WAY and delivery.attempt < WAITS_MOST:
            return RetryLater("its mail is not recorded as sent yet", after_s=30)
        address = _address_of(told, mail)
        reason = self._reason(told, address, now)
        if reason and address:
            if mail and mail.channel == OWNER:
                _log.warning("an owner is sent no mail any more", because=reason, code=told.code, delivery=str(mail.id))
            shown = mail.shown if mail else told.shown
            self.suppress(address, reason, now, shown=shown, by=told.via, said=told.said or told.code)
            self.reach("bounce-after-suppress")
        self.bounces.record(told, address, now, has_counted=reason is not None)
        self._end(told, told.kind)
        return None

    def _reason(self, told: MailBounced, address: str | None, now: datetime) -> Reason | None:
        """Return why an address is to get no more mail; None where it may."""
        if told.kind == "complaint":
            return "complained"
        if told.kind == "hard":
            return "bounced"
        is_enough = address is not None and self.bounces.soft_before(address, told.delivery_id, now) + 1 >= SOFT_MOST
        return "bounced" if is_enough else None

    def _end(self, told: MailBounced, outcome: BounceOutcome) -> None:
        self.count(outcome, told.via)
        delivery = None if told.delivery_id is None else str(told.delivery_id)
        _log.info("mail came back", outcome=outcome, kind=told.kind, code=told.code, via=told.via, delivery=delivery)


def _doubted(told: MailBounced) -> MailBounced:
    """Return it as soft where it is told as hard and speaks of the mail: providers take any refusal for a final one."""
    return replace(told, kind="soft") if told.kind == "hard" and is_about_the_mail(told.code, told.said) else told


def _address_of(told: MailBounced, mail: SentMail | None) -> str | None:
    """Return whose address that counts against: where the mail went to. Of a complaint it is the mailbox, where that is
    told, whatever follows its plus.

    What was refused for what it said counts against nobody, nor does an owner's mail whose reason may pass: a stranger
    writes in these mails, and could write three that a server takes for spam, or fill the mailbox.
    """
    is_owners = mail is not None and mail.channel == OWNER
    if told.kind == "soft" and (is_owners or is_about_the_mail(told.code, told.said)):
        return None
    sent_to = mail.address_hash if mail else None
    return told.address_hash or sent_to if told.kind == "complaint" else sent_to or told.address_hash
