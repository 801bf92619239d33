"""Storage and notify over real tables, and between them queues that a test takes from in any order, once or twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

from sqlalchemy import Engine, delete, select

from notify_service.deliveries.states import Claim
from shared.contracts import SubmissionAccepted, SubmissionReleased, SubmissionWithheld
from shared.forms import Form
from shared.forms.webhook import ACCEPTED, RELEASED
from shared.messaging.failures import Delivery
from storage_service.records import Record
from storage_service.store.handler import StoreSubmissions
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import OUTBOX, submissions
from storage_service.work import Work
from support.events import an_event
from support.webhooks import a_webhook
from support.wishes import Wishes
from support.working import an_asker, record_of

Told: TypeAlias = SubmissionAccepted | SubmissionReleased | SubmissionWithheld

_KINDS = {kind.TYPE: kind for kind in (SubmissionReleased, SubmissionWithheld)}


class BothServices:
    """One submission on its way: to storage and to notify as gateways publish it, and from storage to notify.

    The form confirms, and has a webhook that hears of what is accepted, and of what is released.
    """

    def __init__(self, storage: Engine, notify: Engine) -> None:
        self.storage = storage
        self.wishes = Wishes(notify)
        webhook = replace(a_webhook(), events=(ACCEPTED, RELEASED))
        self.wishes.forms["signup"] = Form("signup", "Sign up", webhook=webhook)
        self.event = replace(an_event(), accepted_at=self.wishes.clock())
        self.for_storage: list[SubmissionAccepted] = []
        self.for_notify: list[Told] = []
        self.sent = Counter[str]()
        """How often each destination was sent to, by its channel, and as `webhook:released`."""
        self.work = Work(storage)
        self._store = StoreSubmissions(
            SubmissionRepository(storage),
            announce=lambda _: None,
            clock=lambda: datetime.now(UTC),
            reach=lambda _: None,
        )

    def accepted(self, spam: str | None) -> None:
        """Let a gateway accept it, with this verdict."""
        event = replace(self.event, spam=spam)
        self.for_storage.append(event)
        self.for_notify.append(event)

    def storage_takes(self, events: Sequence[SubmissionAccepted]) -> None:
        """Let storage take a batch."""
        self._store([Delivery(one) for one in events])

    def marked(self, *, is_spam: bool) -> None:
        """Let a person say what it is."""
        (self.work.spam if is_spam else self.work.not_spam)(self.event.id, an_asker())

    def outbox(self) -> None:
        """Let storage publish what it has to tell."""
        with self.storage.begin() as connection:
            rows = connection.execute(select(OUTBOX.c.type, OUTBOX.c.body).order_by(OUTBOX.c.number)).all()
            connection.execute(delete(OUTBOX))
        self.for_notify += [_KINDS[row.type].decode(bytes(row.body)) for row in rows]

    def notify_takes(self, told: Told) -> None:
        """Let notify take one message."""
        match told:
            case SubmissionAccepted():
                self.wishes.accepted(told)
            case SubmissionReleased():
                assert self.wishes.release([Delivery(told)]) == [None]
            case SubmissionWithheld():
                self.wishes.withheld(told.id, told.version)

    def send(self) -> None:
        """Let workers take all that is due, and send it."""
        for due in self.wishes.publish.taken():
            claim = self.wishes.claim(due)
            if isinstance(claim, Claim):
                assert self.wishes.table.record(claim, "sent", now=self.wishes.clock())
                is_release = claim.key.destination_hash.endswith(":released")
                self.sent[f"{claim.key.channel}:released" if is_release else claim.key.channel] += 1

    def settle(self) -> None:
        """Let everything come to its end, each message once more."""
        self.storage_takes(self.for_storage)
        for _ in range(2):
            self.outbox()
            for one in self.for_notify:
                self.notify_takes(one)
            self.send()

    def row(self) -> Record:
        """Return the one row that there is."""
        with self.storage.connect() as connection:
            assert len(connection.execute(select(submissions.c.id).where(submissions.c.id == self.event.id)).all()) == 1
        return record_of(self.storage, self.event.id)
