"""Builds what marks mails, takes what comes back, and reads the mailbox that it comes back to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Engine

from notify_service.bounces.handler import TakeBounces
from notify_service.bounces.instruments import BounceInstruments
from notify_service.bounces.mailbox import opened
from notify_service.bounces.reader import MailboxReader
from notify_service.bounces.reading import BounceMails
from notify_service.bounces.settings import BounceSettings
from notify_service.bounces.table import BounceTable
from notify_service.deliveries.marking import Marking
from notify_service.suppression.suppression import Suppression
from notify_service.tables import LEASES
from notify_service.transports.smtp.marks import Mark, Marks, unmarked
from shared.database import Lease
from shared.failpoints import Reach
from shared.links.bounce import BounceTokens
from shared.messaging.broker import Publisher


def mark(chosen: BounceSettings, secret: str | None) -> Mark:
    """Return what marks mails as the settings say, or not at all."""
    if not chosen.are_marked or not secret:
        return unmarked
    return Marks(BounceTokens(secret), chosen.address, chosen.provider)


def marking(chosen: BounceSettings, secret: str | None, suppression: Suppression) -> Marking:
    """Return what makes mails known again: by the mark, and by whom they went to."""
    return Marking(mark(chosen, secret), suppression.key.exactly if suppression.key else lambda _: None)


@dataclass(frozen=True, slots=True)
class Bounces:
    """What comes back, and what handles it."""

    chosen: BounceSettings
    secret: str | None
    suppression: Suppression
    engine: Engine
    measuring: BounceInstruments
    reach: Reach
    clock: Callable[[], datetime]

    def handler(self) -> TakeBounces:
        """Return what takes them."""
        suppress = self.suppression.suppress
        return TakeBounces(BounceTable(self.engine), suppress, self.clock, self.measuring.count, self.reach)

    def forget_old(self, now: datetime) -> None:
        """Forget what was handled long ago."""
        BounceTable(self.engine).forget_old(now)

    def reader(self, publisher: Callable[[], Publisher]) -> MailboxReader | None:
        """Return what reads the mailbox; None where there is none."""
        address, mailbox = self.chosen.address, self.chosen.mailbox
        if address is None or mailbox is None or not self.secret:
            return None
        mails, lease = BounceMails(address, BounceTokens(self.secret)), Lease(LEASES, "bounces")
        return MailboxReader(
            partial(opened, mailbox), mails, publisher(), self.engine, lease, self.measuring, reach=self.reach
        )
