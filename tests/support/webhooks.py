"""Webhooks, and what calls them in a test that needs no network."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from notify_service.channels.webhook import WebhookChannel
from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.worker import DeliveryWorker
from notify_service.planning.one_channel import OneChannel
from notify_service.transports.http.connection import Answer, NoAnswer
from notify_service.transports.http.sender import HttpSender
from shared.contracts import Confirmation, SubmissionAccepted
from shared.forms import Form, FormSecrets, Webhook
from shared.messaging.failures import Delivery, RetryLater
from shared.public_addresses import Refused
from support.confirmations import Clock, FakeDeliveries
from support.events import an_event

SECRET = "whsec_" + base64.b64encode(b"a key of the tests, which is long enough").decode()
URL = "https://owner.example.org/hook"
OTHER = "https://another.example.org/hook"


def a_webhook(url: str = URL, secret: str = SECRET) -> Webhook:
    return Webhook(url, secret=secret)


Resolve = Callable[..., list[tuple[Any, ...]]]


def resolving(*addresses: str) -> Resolve:
    """Return what finds these addresses for every name."""

    def resolve(_host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [one for address in addresses for one in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)]

    return resolve


@dataclass(frozen=True)
class Posted:
    """One request."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_s: float


@dataclass
class FakeCaller:
    """`webhook.Caller` that keeps what it is given. It answers each address with a status, `drop` or `refuse`, with
    `overtime` where all the time went by, and with `stall` where its 200 had a body that did not come."""

    answers: dict[str, int | str] = field(default_factory=dict)
    retry_after: str | None = None
    posted: list[Posted] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
        self.before()
        answer = self.answers.get(url, 204)
        if answer == "refuse":
            raise Refused("its address is not public")
        self.posted.append(Posted(url, headers, body, timeout_s))
        if answer == "stall":
            return Answer(200, None, overtime=True)
        if isinstance(answer, str):
            raise NoAnswer(f"no answer ({answer})", overtime=answer == "overtime")
        return Answer(answer, self.retry_after)


@dataclass
class WebhookWorld:
    """A worker that sends webhooks, with all that is around it made up."""

    forms: dict[str, Form] = field(default_factory=lambda: {"signup": Form("signup", "Sign up", webhook=a_webhook())})
    deliveries: FakeDeliveries = field(default_factory=FakeDeliveries)
    caller: FakeCaller = field(default_factory=FakeCaller)
    clock: Clock = field(default_factory=Clock)
    reached: list[str] = field(default_factory=list)
    secrets: FormSecrets = field(default_factory=FormSecrets)

    def __post_init__(self) -> None:
        self.channel = WebhookChannel(self.secrets, self.clock)
        self.sender = HttpSender(self.caller, self.clock, self._now_s)
        self.handler = self.worker()

    def _now_s(self) -> float:
        return self.clock.now.timestamp()

    def worker(self) -> DeliveryWorker[SubmissionAccepted]:
        return DeliveryWorker(
            OneChannel(self.channel, self.forms, self.deliveries.confirmations, self.clock, is_promised=True),
            {self.channel.name: self.channel},
            self.sender,
            self.deliveries,
            Recorder(self.deliveries.record_sent),
            lambda _: None,
            self.clock,
            self.reached.append,
            send_timeout_s=15.0,
            point="webhook-",
        )

    def handle(self, event: SubmissionAccepted, *, attempt: int = 0, failures: int = 0) -> None:
        self.work(self.handler, self.delivery(event, attempt, failures))

    def work(self, worker: DeliveryWorker[SubmissionAccepted], delivery: Delivery[SubmissionAccepted]) -> None:
        """Let a worker handle one delivery, and raise what it says of it."""
        [result] = worker([delivery])
        if result is not None:
            raise result

    def delivery(self, event: SubmissionAccepted, attempt: int = 0, failures: int = 0) -> Delivery[SubmissionAccepted]:
        return Delivery(event, attempt, failures)

    def shown(self, event: SubmissionAccepted) -> list[Confirmation]:
        return self.deliveries.confirmations(event.id)


def retried(world: WebhookWorld, *, attempt: int = 0, form: str = "signup") -> float:
    """Handle an event that has to be put off, and return for how long."""
    with pytest.raises(RetryLater) as raised:
        world.handle(an_event(form=form), attempt=attempt)
    return raised.value.after_s
