"""What owners ask of notify, over real tables: a planner, requests, verdicts, and a worker's claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, Row, select, update

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Planned
from notify_service.deliveries.caps import NO_CAPS, Caps
from notify_service.deliveries.due import Due
from notify_service.deliveries.plan_table import PlanTable
from notify_service.deliveries.states import Claim, ClaimAnswer, Outcome
from notify_service.deliveries.table import DeliveryTable
from notify_service.deliveries.wanted import Wanted
from notify_service.digests.waiting import Waiting
from notify_service.forgetting.erasure_table import ErasureTable
from notify_service.forgetting.handler import ForgetErased
from notify_service.history.told import TellStorage
from notify_service.planning.handler import PlanSubmissions
from notify_service.requests.request_table import RequestTable
from notify_service.requests.resending import PlanRequested
from notify_service.requests.verdict_table import VerdictTable
from notify_service.requests.verdicts import CancelWithheld, DeliverReleased
from notify_service.tables import OUTBOX, deliveries
from shared.contracts import (
    DeliveryDue,
    DeliveryRequested,
    DeliverySettled,
    DeliveryState,
    SubmissionAccepted,
    SubmissionErased,
    SubmissionReleased,
    SubmissionWithheld,
)
from shared.database import Outbox
from shared.forms import Form
from shared.messaging.failures import Delivery, DependencyUnavailable
from support.confirmations import NOON, Clock
from support.notify_world import World
from support.webhooks import WebhookWorld, a_webhook


@dataclass
class Publishing:
    """`handler.Publish` into a list; while `is_away`, nothing is taken."""

    due: list[DeliveryDue] = field(default_factory=list)
    is_away: bool = False

    def __call__(self, due: Sequence[tuple[DeliveryDue, str | None]]) -> None:
        if self.is_away:
            raise DependencyUnavailable("broker: away")
        self.due += [one for one, _ in due]

    def taken(self) -> list[DeliveryDue]:
        """Return what was published since the last time."""
        due, self.due = self.due, []
        return due


class Wishes:
    """A form with a confirmation and a webhook, and everything of notify that knows the table."""

    def __init__(self, engine: Engine, caps: Caps = NO_CAPS) -> None:
        mail, web = World(), WebhookWorld()
        self.met = Counter[str]()
        self.engine, self.clock, self.publish = engine, Clock(NOON), Publishing()
        self.forms: dict[str, Form] = {"signup": Form("signup", "Sign up", webhook=a_webhook())}
        self.channels: dict[str, Channel] = {"confirmation": mail.channel, "webhook": web.channel}
        self.plans = PlanTable(engine, partial(self._meet, "planning"), Waiting(engine))
        self.table = DeliveryTable(engine, caps)
        verdicts = VerdictTable(engine, self.plans, partial(self._meet, "verdict"))
        self.planner = PlanSubmissions(self.channels, self.forms, self.plans, self.publish, lambda _: None, self.clock)
        requests = RequestTable(engine, self.plans, partial(self._meet, "request"))
        self.resend = PlanRequested(self.channels, self.forms, requests, self.publish, self.clock)
        self.release = DeliverReleased(self.channels, self.forms, verdicts, self.publish, self.clock)
        self.withhold = CancelWithheld(verdicts, self.clock)
        self.erasures = ErasureTable(engine, partial(self._meet, "found"))
        self.forget = ForgetErased(self.erasures, self.clock, partial(self._meet, "event"))
        self.tell = TellStorage(engine, Outbox(OUTBOX))

    def _meet(self, where: str, number: int = 1) -> None:
        self.met[where] += number

    def erased(self, submission_id: UUID, at: datetime) -> None:
        assert self.forget([Delivery(SubmissionErased(submission_id, at))]) == [None]

    def accepted(self, event: SubmissionAccepted) -> None:
        self.planner([Delivery(event)])

    def released(self, event: SubmissionAccepted, version: int) -> None:
        self.release([Delivery(SubmissionReleased(version, event))])

    def withheld(self, submission_id: UUID, version: int) -> None:
        self.withhold([Delivery(SubmissionWithheld(submission_id, version))])

    def requested(self, event: SubmissionAccepted, channel: str, delivery_id: UUID | None = None) -> DeliveryRequested:
        """Ask to send again, and return the request."""
        asked = DeliveryRequested(uuid4(), channel, event, "ada", self.clock(), delivery_id)
        self.again(asked)
        return asked

    def again(self, asked: DeliveryRequested) -> None:
        assert self.resend([Delivery(asked)]) == [None]

    def rows(self, event: SubmissionAccepted, channel: str | None = None) -> Sequence[Row[Any]]:
        found = select(deliveries).where(deliveries.c.submission_id == event.id).order_by(deliveries.c.created_at)
        with self.engine.connect() as connection:
            rows = connection.execute(found).all()
        return [row for row in rows if channel in (None, row.channel)]

    def states(self, event: SubmissionAccepted, channel: str | None = None) -> list[str]:
        return sorted(f"{row.channel} {row.state}" for row in self.rows(event, channel))

    def set(self, delivery_id: UUID, **values: Any) -> None:
        """Make a row be what a test needs."""
        with self.engine.begin() as connection:
            connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(values))

    def planned(self, due: DeliveryDue) -> Planned:
        """Return what a worker makes of a message."""
        wanted = Due(self.channels, self.forms, self.clock)(Delivery(due, 1))
        assert isinstance(wanted, Wanted)
        return wanted.planned

    def claim(self, due: DeliveryDue) -> ClaimAnswer:
        planned, now = replace(self.planned(due), accepted_at=due.submission.accepted_at), self.clock()
        later = datetime.fromtimestamp(now.timestamp() + 60, now.tzinfo)
        return self.table.claim([planned], lease_holder=uuid4(), now=now, lease_until=later)[planned.key]

    def work_off(self, outcome: Outcome = "sent", error: str | None = None) -> int:
        """Take all messages as workers do; return how many were sent, or ended otherwise."""
        count = 0
        for due in self.publish.taken():
            claim = self.claim(due)
            if isinstance(claim, Claim):
                assert self.table.record(claim, outcome, now=self.clock(), error=error) is not None
                count += 1
        return count

    def told(self) -> list[DeliveryState]:
        """Tell storage, and return all that it was ever told, in order."""
        while self.tell():
            pass
        with self.engine.connect() as connection:
            bodies = connection.scalars(select(OUTBOX.c.body).order_by(OUTBOX.c.number)).all()
        return [state for body in bodies for state in DeliverySettled.decode(bytes(body)).deliveries]


def as_spam(event: SubmissionAccepted) -> SubmissionAccepted:
    """Return the same as a trap has caught it."""
    return replace(event, spam="honeypot")
