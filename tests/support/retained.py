"""A database, a forms file and a clock of which a test says what they are, and retention over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from shared.database import reading
from shared.failpoints import Reach, ignore
from shared.forms import Field, Form, RetentionAction
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit, Noted
from storage_service.erasing import Erasing
from storage_service.retention.applying import Applying, Erases
from storage_service.retention.outlook import Outlooks
from storage_service.retention.pauses import Pauses
from storage_service.retention.worker import Worker
from storage_service.tables import submissions
from support.events import an_event
from support.submission_databases import migrated, store

BEGIN = datetime(2026, 11, 30, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SOMEBODY = Asker("ada@example.org", frozenset())

FIELDS = {
    "name": Field("name", "text"),
    "meal": Field("meal", "choice", choices=("Meat", "Fish")),
    "news": Field("news", "boolean"),
}


@dataclass
class Retained:
    """What a test changes: `now`, and `forms`, the file as it is now."""

    engine: Engine
    now: datetime = BEGIN
    forms: dict[str, Form] = field(default_factory=dict)

    def says(
        self,
        form: str = "a",
        days: int | None = None,
        spam: int | None = None,
        action: RetentionAction = "erase",
        unconfirmed: int | None = None,
    ) -> None:
        """Write a form with these rules into the file."""
        kept, spam_kept, waiting = (None if one is None else one * DAY for one in (days, spam, unconfirmed))
        made = Form(form, form, fields=FIELDS, retention=kept, spam_retention=spam_kept, retention_action=action)
        self.forms[form] = replace(made, unconfirmed_retention=waiting)

    def stored(self, days: float, form: str = "a", *, spam: str | None = None, opt_in: bool = False) -> UUID:
        """Store a submission that was accepted so many days ago."""
        address: dict[str, Any] = {"email": "ada@example.org"} if opt_in else {}
        event = an_event(form=form, name="Ada Lovelace", meal="Fish", news=True, **address)
        store(self.engine, replace(event, accepted_at=self.now - days * DAY, spam=spam, opt_in=opt_in))
        return event.id

    def worker(self, reach: Reach = ignore, erases: Erases | None = None) -> Worker:
        """Return a worker, as a console that begins has one."""
        erases = erases or Erasing(self.engine, clock=self.clock)
        applying = Applying(self.engine, erases, self.forms, clock=self.clock, reach=reach)
        return Worker(self.engine, applying, self.forms, clock=self.clock)

    def clock(self) -> datetime:
        """Return what the test says that the time is."""
        return self.now

    def applied(self, worker: Worker | None = None) -> None:
        """Have a worker do all that there is to do now."""
        worker = worker or self.worker()
        while worker.turn() == 0.0:
            pass
        self.now += timedelta(minutes=1)  # another one may have the lease then

    def counting(self, worker: Worker | None = None) -> None:
        """Have what the file says seen, and let the day pass after which it counts."""
        self.applied(worker)
        self.now += DAY

    def left(self) -> Mapping[UUID, Mapping[str, object]]:
        """Return the fields of all that is not erased."""
        rows = select(submissions.c.id, submissions.c.fields).where(submissions.c.erased_at.is_(None))
        with reading(self.engine).connect() as connection:
            return {row.id: row.fields for row in connection.execute(rows)}

    def noted(self) -> list[Noted]:
        """Return what the audit says of retention, oldest first."""
        return [one for one in reversed(Audit(self.engine).page(100)) if one.action.startswith("retention.")]

    @property
    def pauses(self) -> Pauses:
        """The pauses of the database."""
        return Pauses(self.engine, clock=self.clock)

    @property
    def outlooks(self) -> Outlooks:
        """What is to come."""
        return Outlooks(self.engine, clock=self.clock)


@contextmanager
def retained(url: str) -> Iterator[Retained]:
    """Lend one over a database of its own."""
    with migrated(url) as engine:
        yield Retained(engine)
