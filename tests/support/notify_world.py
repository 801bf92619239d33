"""A worker of the notify service with all that is around it made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from notify_service.channels.confirmation import ConfirmationChannel
from notify_service.channels.mail.composer import Composer
from notify_service.channels.mail.templates import Templates
from notify_service.channels.planned import Planned
from notify_service.deliveries.caps import Caps
from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.worker import DeliveryWorker
from notify_service.planning.one_channel import OneChannel
from notify_service.transports.smtp.mail import Mail
from shared.contracts import Confirmation, ConfirmationChanged, SubmissionAccepted
from shared.forms import Form
from shared.messaging.failures import Delivery
from support.confirmations import MAIL_FROM, TEMPLATES, Clock, FakeDeliveries, FakeSender, a_form


class OwnWords(ConfirmationChannel):
    """Confirmations whose words a test may replace."""

    def __init__(self, composer: Composer, templates: Templates) -> None:
        super().__init__(composer, templates)
        self.composing: Callable[[SubmissionAccepted, Form, Planned], Mail] = super().compose

    def compose(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Mail:
        return self.composing(event, form, planned)


@dataclass
class World:
    """`handle` is what the consumer does; the rest is what came of it."""

    forms: dict[str, Form] = field(default_factory=lambda: {"signup": a_form()})
    deliveries: FakeDeliveries = field(default_factory=FakeDeliveries)
    sender: FakeSender = field(default_factory=FakeSender)
    clock: Clock = field(default_factory=Clock)
    announced: list[ConfirmationChanged] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.channel = OwnWords(Composer(MAIL_FROM, self.clock), TEMPLATES)
        self.handler = self.worker()

    def worker(self) -> DeliveryWorker[SubmissionAccepted]:
        return DeliveryWorker(
            OneChannel(self.channel, self.forms, self.deliveries.confirmations, self.clock),
            {self.channel.name: self.channel},
            self.sender,
            self.deliveries,
            Recorder(self.deliveries.record_sent),
            self.announced.append,
            self.clock,
            self.reached.append,
        )

    def have_caps(self, caps: Caps) -> None:
        """Count by these caps from now on."""
        self.deliveries.caps = self.handler.caps = caps

    def handle(self, event: SubmissionAccepted, *, attempt: int = 0) -> None:
        self.work(self.handler, Delivery(event, attempt))

    def work(self, worker: DeliveryWorker[SubmissionAccepted], delivery: Delivery[SubmissionAccepted]) -> None:
        """Let a worker handle one delivery, and raise what it says of it."""
        [result] = worker([delivery])
        if result is not None:
            raise result

    def shown(self, event: SubmissionAccepted) -> list[Confirmation]:
        return self.deliveries.confirmations(event.id)
