"""The table of bounces, and what they make of deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, delete, distinct, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from notify_service.deliveries.states import BOUNCED
from notify_service.tables import account_mails, deliveries, delivery_attempts, mail_bounces
from shared.contracts import MailBounced
from shared.database import classified, reading

SOFT_WITHIN = timedelta(days=7)
KEPT_FOR = timedelta(days=30)
TOLD_MOST = 20
"""How much is kept of what is told of one mail: whoever got it has its token, and can tell as much as they like."""

PAGE = 500
PAGES_MOST = 20

_B, _D, _M = mail_bounces.c, deliveries.c, account_mails.c
_CAME_BACK = ("sent", "failed", "sending", "retrying", "pending")
"""The states of what may have come back: a try of which nobody heard an answer may have arrived all the same."""


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that something is told of. `state` and `channel` are its delivery's; None of a mail that is none."""

    id: UUID
    state: str | None
    address_hash: str | None
    shown: str
    channel: str | None = None


class BounceTable:
    """Bounces in a database. Safe to use from many threads and processes at once. All raise as `classified`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert

    def is_known(self, bounce_id: UUID, mail_id: UUID | None = None) -> bool:
        """Say whether this was handled before, or as much was told of its mail as anybody may tell."""
        of_mail = select(func.count()).select_from(
            select(_B.id).where(_B.mail_id == mail_id).limit(TOLD_MOST).subquery()
        )
        with classified(), self._reading.connect() as connection:
            if connection.scalar(select(_B.id).where(_B.id == bounce_id)) is not None:
                return True
            return mail_id is not None and (connection.scalar(of_mail) or 0) >= TOLD_MOST

    def mail(self, mail_id: UUID) -> SentMail | None:
        """Return the mail of this id; None where there is none, or its submission was erased."""
        delivered = select(_D.id, _D.state, _D.address_hash, _D.destination_shown, _D.channel).where(_D.id == mail_id)
        linked = select(_M.id, _M.address_hash, _M.shown).where(_M.id == mail_id)
        with classified(), self._reading.connect() as connection:
            if row := connection.execute(delivered).one_or_none():
                return SentMail(row.id, row.state, row.address_hash, row.destination_shown, row.channel)
            if other := connection.execute(linked).one_or_none():
                return SentMail(other.id, None, other.address_hash, other.shown or "")
        return None

    def soft_before(self, address_hash: str, mail_id: UUID | None, now: datetime) -> int:
        """Return how many mails to an address, other than this one, came back of late for a reason that may pass, and
        did not count yet. What a provider tells of none of our mails is of a mail of its own each time."""
        mail = func.coalesce(_B.mail_id, _B.id)
        counted = select(func.count(distinct(mail))).where(
            _B.address_hash == address_hash, _B.kind == "soft", _B.at > now - SOFT_WITHIN
        )
        if mail_id is not None:
            counted = counted.where(mail != mail_id)
        with classified(), self._reading.connect() as connection:
            return connection.scalar(counted) or 0

    def record(self, told: MailBounced, address_hash: str | None, now: datetime, *, has_counted: bool) -> None:
        """Keep a bounce, with what it makes of its delivery, in one transaction; nothing where it is known.

        With `has_counted` its address is sent no mail now: earlier ones count no more, should it be taken back.
        """
        kept = {"mail_id": told.delivery_id, "kind": told.kind, "code": told.code, "at": now}
        values = {"id": told.id, **kept, "address_hash": None if has_counted else address_hash}
        insert = self._insert(mail_bounces).values(values).on_conflict_do_nothing().returning(_B.id)
        with classified(), self._engine.begin() as connection:
            if not connection.execute(insert).all():
                return
            if has_counted and address_hash:
                earlier = update(mail_bounces).where(_B.address_hash == address_hash)
                connection.execute(earlier.values(address_hash=None))
            if told.delivery_id is not None:
                self._note(connection, told, now)

    def _note(self, connection: Connection, told: MailBounced, now: datetime) -> None:
        this = _D.id == told.delivery_id
        if told.kind != "complaint":
            back = {"state": "bounced", "last_error": f"{BOUNCED}{told.kind} {told.code}".rstrip(), "changed_at": now}
            back |= dict.fromkeys(("owner", "lease_until", "next_attempt_at"))
            connection.execute(update(deliveries).where(this, _D.state.in_(_CAME_BACK)).values(back))
        attempts = connection.scalar(select(_D.attempts).where(this))
        if attempts is not None:
            outcome = "complained" if told.kind == "complaint" else "bounced"
            tried: dict[str, Any] = {"delivery_id": told.delivery_id, "number": attempts + 1, "at": now, "took_ms": 0}
            tried |= {"outcome": outcome, "said": told.said}
            connection.execute(self._insert(delivery_attempts).values(tried).on_conflict_do_nothing())

    def forget_old(self, now: datetime) -> None:
        """Forget what was handled longer ago than `KEPT_FOR`, a few at once."""
        old = select(_B.id).where(_B.at < now - KEPT_FOR).order_by(_B.at).limit(PAGE)
        for _ in range(PAGES_MOST):
            with classified(), self._engine.begin() as connection:
                if connection.execute(delete(mail_bounces).where(_B.id.in_(old))).rowcount < PAGE:
                    return
