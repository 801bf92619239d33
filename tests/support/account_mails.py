"""Mails with links into accounts, and what sends them with all that is around it made up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

from notify_service.account_mails.handler import SendAccountMails
from notify_service.account_mails.wording import AccountMailWording
from notify_service.channels.mail.composer import Composer
from notify_service.transports.smtp.mail import Mail
from shared.contracts import AccountMail
from shared.messaging.failures import Delivery, DependencyUnavailable
from support.confirmations import MAIL_FROM, NOON, TEMPLATES, Clock, FakeSender

SECRET = "c0unterf0il-t0ken"
LINK = f"https://forms.example.org/console/invitation/{SECRET}"


def an_account_mail(**others: Any) -> AccountMail:
    made = AccountMail(uuid4(), "invitation", "grace@example.org", LINK, NOON + timedelta(hours=72), "ada@example.org")
    return replace(made, **others)


def read(mail: Mail) -> EmailMessage:
    """Return a mail as a mail program reads it."""
    return message_from_bytes(mail.content, EmailMessage, policy=policy.default)


@dataclass
class FakeClaims:
    """`handler.Claims` in dictionaries. Set `away` to make it unavailable."""

    claimed: dict[UUID, datetime] = field(default_factory=dict)
    sent: set[UUID] = field(default_factory=set)
    away: bool = False

    def claim(self, mail_id: UUID, expires_at: datetime, *, now: datetime, until: datetime) -> bool:
        self._reach()
        if mail_id in self.sent or self.claimed.get(mail_id, now) > now:
            return False
        self.claimed[mail_id] = until
        return True

    def is_sent(self, mail_id: UUID) -> bool:
        self._reach()
        return mail_id in self.sent

    def release(self, mail_id: UUID) -> None:
        self._reach()
        self.claimed.pop(mail_id, None)

    def record_sent(self, mail_id: UUID, now: datetime, address_hash: str | None, shown: str) -> None:
        self._reach()
        self.claimed.pop(mail_id, None)
        self.sent.add(mail_id)

    def _reach(self) -> None:
        if self.away:
            raise DependencyUnavailable("away")


@dataclass
class AccountMails:
    """`handle` is what the consumer does; the rest is what came of it."""

    sender: FakeSender = field(default_factory=FakeSender)
    claims: FakeClaims = field(default_factory=FakeClaims)
    clock: Clock = field(default_factory=lambda: Clock(NOON))
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        wording = AccountMailWording(Composer(MAIL_FROM, self.clock), TEMPLATES, "UTC")
        self.handler = SendAccountMails(wording, self.sender, self.claims, self.clock, 60.0, self.told.append)

    def handle(self, asked: AccountMail, attempt: int = 0) -> None:
        """Handle one, and raise what is said of it."""
        [result] = self.handler([Delivery(asked, attempt)])
        if result is not None:
            raise result
