"""The notify service over a broker in memory: a planner and a worker of each transport, all around them made up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Key
from notify_service.deliveries.due import Due
from notify_service.deliveries.plan_table import Submission
from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.worker import DeliveryWorker
from notify_service.planning.handler import PlanSubmissions
from notify_service.planning.in_place import DeliverInPlace, InPlaceWorker
from notify_service.planning.publishing import DuePublisher
from notify_service.transports.transport import Transport
from shared.contracts import DeliveryDue, SubmissionAccepted, decoder
from shared.forms import Form
from shared.messaging.batching import BatchLimits
from shared.messaging.memory import MemoryBroker
from shared.messaging.message import message_of
from shared.messaging.routes import to
from shared.messaging.topology import NOTIFY_HTTP, NOTIFY_SMTP, NOTIFY_SUBMISSIONS
from support.brokers import running
from support.notify_world import World
from support.webhooks import WebhookWorld, a_webhook


@dataclass
class FakePlans:
    """`planning.handler.Plans` in a dictionary."""

    seen: set[tuple[object, str]] = field(default_factory=set)
    recorded: set[Key] = field(default_factory=set)
    state: Callable[[Key], str] = lambda _: "pending"

    def record(self, submissions: Sequence[Submission], now: datetime) -> set[Key]:
        new = [one for one in submissions if one.asked and (one.id, one.fingerprint) not in self.seen]
        known = {one.id for one in submissions if (one.id, one.fingerprint) in self.seen}
        added = {planned.key for one in new for planned in one.asked} - self.recorded
        self.seen |= {(one.id, one.fingerprint) for one in new}
        self.recorded |= added
        again = {key for key in self.recorded if key.submission_id in known}
        return added | {key for key in again if self.state(key) not in {"sent", "failed"}}

    def unfinished(self, submission_ids: Collection[UUID]) -> set[UUID]:
        ended = {"sent", "failed", "held"}
        of_these = {key for key in self.recorded if key.submission_id in submission_ids}
        return {key.submission_id for key in of_these if self.state(key) not in ended}


class PlannedWorld:
    """`mail` and `web` hold the collaborators of each transport; they share the table and the forms.

    Mails leave by `sender`; without it they are kept in `mail.sender.sent`.
    """

    def __init__(self, sender: Transport | None = None) -> None:
        self.broker, self.plans = MemoryBroker(), FakePlans()
        self.mail, self.web = World(), WebhookWorld()
        self.forms: dict[str, Form] = {"signup": Form("signup", "Sign up", webhook=a_webhook())}
        self.web.deliveries = self.mail.deliveries
        rows = self.mail.deliveries.rows
        self.plans.state = lambda key: rows[key].state if key in rows else "pending"
        self.channels: dict[str, Channel] = {"confirmation": self.mail.channel, "webhook": self.web.channel}
        self.clock = self.web.clock = self.mail.clock
        publish = DuePublisher(self.broker.publisher())
        in_place = [
            InPlaceWorker("smtp", self._worker(sender or self.mail.sender), 4),
            InPlaceWorker("http", self._worker(self.web.sender), 1),
        ]
        self.planner = PlanSubmissions(
            self.channels, self.forms, self.plans, publish, DeliverInPlace(in_place), self.clock
        )
        self.mails = self._worker(sender or self.mail.sender)
        self.webhooks = self._worker(self.web.sender)

    def _worker(self, transport: Transport) -> DeliveryWorker[DeliveryDue]:
        deliveries = self.mail.deliveries
        due, recorder = Due(self.channels, self.forms, self.clock), Recorder(deliveries.record_sent)
        return DeliveryWorker(
            due, self.channels, transport, deliveries, recorder, self.mail.announced.append, self.clock
        )

    def submit(self, *events: SubmissionAccepted) -> None:
        for event in events:
            self.broker.publisher().publish(message_of(event), timeout_s=1, to=to(NOTIFY_SUBMISSIONS))

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let planner and workers take what is published."""
        parts: list[tuple[Any, Any, int, type[Any]]] = [
            (NOTIFY_SUBMISSIONS, self.planner, 4, SubmissionAccepted),
            (NOTIFY_SMTP, self.mails, 4, DeliveryDue),
            (NOTIFY_HTTP, self.webhooks, 1, DeliveryDue),
        ]
        with ExitStack() as stack:
            for work, handler, size, event in parts:
                consumer = self.broker.consumer(work, handler, BatchLimits(size=size), decoder(event))
                stack.enter_context(running(consumer))
            yield
