"""Remembers which mails with links were sent, and which somebody is sending: an id and moments, nothing of the mail
but what stands for its address."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from notify_service.tables import account_mails
from shared.database import classified

KEPT_FOR = timedelta(days=7)
"""How long after the end of its link a mail is remembered: longer than any copy of its message may lie about."""

_M = account_mails.c


class MailClaims:
    """The mails in a database. Safe to use from many threads and processes at once. All raise `DependencyUnavailable`.

    Two copies of one message, or a message whose consumer died, lead to one mail: whoever has claimed it sends it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = (sqlite if engine.dialect.name == "sqlite" else postgresql).insert

    def claim(self, mail_id: UUID, expires_at: datetime, *, now: datetime, until: datetime) -> bool:
        """Claim a mail until a moment; False where another has claimed it, or it was sent."""
        made = self._insert(account_mails).values(id=mail_id, expires_at=expires_at).on_conflict_do_nothing()
        is_free = (_M.sent_at.is_(None), or_(_M.claimed_until.is_(None), _M.claimed_until <= now))
        with classified(), self._engine.begin() as connection:
            connection.execute(made)
            taken = connection.execute(
                update(account_mails).where(_M.id == mail_id, *is_free).values(claimed_until=until)
            )
        return taken.rowcount > 0

    def is_sent(self, mail_id: UUID) -> bool:
        """Say whether a mail was sent."""
        with classified(), self._engine.connect() as connection:
            return connection.scalar(select(_M.sent_at).where(_M.id == mail_id)) is not None

    def release(self, mail_id: UUID) -> None:
        """Give a claim back: it was not sent, and may be tried again."""
        self._set(mail_id, claimed_until=None)

    def record_sent(self, mail_id: UUID, now: datetime, address_hash: str | None, shown: str) -> None:
        """Note that a mail was sent, and what may be kept of whom to."""
        self._set(mail_id, claimed_until=None, sent_at=now, address_hash=address_hash, shown=shown)

    def _set(self, mail_id: UUID, **values: datetime | str | None) -> None:
        with classified(), self._engine.begin() as connection:
            connection.execute(update(account_mails).where(_M.id == mail_id).values(**values))


def forget_old_mails(engine: Engine, now: datetime) -> None:
    """Forget mails whose link has long ended: there are few. Raises `DependencyUnavailable`."""
    with classified(), engine.begin() as connection:
        connection.execute(delete(account_mails).where(_M.expires_at < now - KEPT_FOR))
