"""Builds what works on the queues: the planner, and the workers of each transport."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine

from notify_service import settings
from notify_service.account_mails.claims import MailClaims
from notify_service.account_mails.handler import SendAccountMails
from notify_service.account_mails.wording import AccountMailWording
from notify_service.channels.channel import Channel, TransportName
from notify_service.channels.registry import endpoints_of, sent_by, told_as, with_secrets
from notify_service.deliveries.due import Due
from notify_service.deliveries.interface import Deliveries
from notify_service.deliveries.marking import UNMARKED, Marking
from notify_service.deliveries.pace import MOST
from notify_service.deliveries.plan_table import PlanTable
from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.table import DeliveryTable
from notify_service.deliveries.wanted import Plan, nobody
from notify_service.deliveries.worker import DeliveryWorker
from notify_service.forgetting.erasure_table import ErasureTable
from notify_service.forgetting.handler import ForgetErased
from notify_service.hooks.erased import CalledHooks, TellErased
from notify_service.hooks.handler import TakeHooks
from notify_service.hooks.known import KnownHooks
from notify_service.hooks.table import HookTable
from notify_service.instruments import NotifyInstruments
from notify_service.planning.handler import PlanSubmissions
from notify_service.planning.in_place import DeliverInPlace, InPlaceWorker
from notify_service.planning.one_channel import OneChannel
from notify_service.planning.publishing import DuePublisher
from notify_service.requests.request_table import RequestTable
from notify_service.requests.resending import PlanRequested
from notify_service.requests.verdict_table import VerdictTable
from notify_service.requests.verdicts import CancelWithheld, DeliverReleased
from notify_service.suppression.suppression import Suppression
from notify_service.tracing import TracedCaller, TracedSender
from notify_service.transports.breaker import Breaker
from notify_service.transports.http.connection import GuardedCaller, tls_context
from notify_service.transports.http.sender import HttpSender
from notify_service.transports.smtp.sender import smtp_senders
from notify_service.transports.transport import Transport
from notify_service.upkeep.returning import PublishFound
from shared import failpoints, forms, tracing
from shared.contracts import (
    AccountMail,
    DeliveryDue,
    DeliveryFound,
    DeliveryRequested,
    HookChanged,
    SubmissionAccepted,
    SubmissionErased,
    SubmissionReleased,
    SubmissionWithheld,
    decoder,
)
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Announcer, Broker, Closable, Consumer
from shared.messaging.dispatch import Handlers, dispatching
from shared.messaging.failures import Delivery
from shared.messaging.topology import (
    NOTIFY_ACCOUNTS,
    NOTIFY_EMAIL,
    NOTIFY_ERASURES,
    NOTIFY_HOOKS,
    NOTIFY_HTTP,
    NOTIFY_REQUESTS,
    NOTIFY_SMTP,
    NOTIFY_SUBMISSIONS,
    NOTIFY_WEBHOOK,
    WorkQueue,
)

PLANNED_AT_ONCE = 256
"""How many submissions are planned in one transaction at most."""

FORGOTTEN_AT_ONCE = 64
"""How many erased submissions are forgotten in one transaction at most: nobody plans meanwhile."""

ASKED_AT_ONCE = 16
"""How many of what owners ask for are in memory: each holds a submission."""


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """What all that works on the queues shares."""

    chosen: settings.Settings
    forms: forms.Forms
    table: DeliveryTable
    plans: PlanTable
    channels: Mapping[str, Channel]
    broker: Broker
    announcer: Announcer
    measuring: NotifyInstruments
    reach: failpoints.Reach
    spans: tracing.Spans | None
    suppression: Suppression
    marking: Marking

    def worker(
        self,
        plan: Callable[[Delivery[Any]], Plan],
        transport: Transport,
        deliveries: Deliveries,
        recorder: Recorder,
        by: TransportName,
    ) -> DeliveryWorker[Any]:
        """Return a worker that makes what `plan` says, by a transport."""
        is_http = by == "http"
        return DeliveryWorker(
            plan,
            self.channels,
            transport,
            deliveries,
            recorder,
            self.announcer.announce,
            now,
            self.reach,
            send_timeout_s=self.chosen.webhook_timeout_s if is_http else self.chosen.smtp_timeout_s,
            caps=self.chosen.caps,
            point="webhook-" if is_http else "",
            timing=self.measuring.timing,
            suppressed=nobody if is_http else self.suppression.pairs,
            marking=UNMARKED if is_http else self.marking,
        )

    def consumers(
        self, channel: str, transport: Transport, deliveries: Deliveries, recorder: Recorder, limits: BatchLimits
    ) -> list[Consumer]:
        """Return two that send by one transport: one for what is due, one for the queue of an earlier version."""
        is_http = channel == "webhook"
        by: TransportName = "http" if is_http else "smtp"
        old = OneChannel(self.channels[channel], self.forms, deliveries.confirmations, now, is_promised=is_http)
        due = Due(self.channels, self.forms, now, deliveries.due_at)
        return [
            self.consumer(
                NOTIFY_HTTP if is_http else NOTIFY_SMTP,
                {DeliveryDue: self.worker(due, transport, deliveries, recorder, by)},
                limits,
            ),
            self.consumer(
                NOTIFY_WEBHOOK if is_http else NOTIFY_EMAIL,
                {SubmissionAccepted: self.worker(old, transport, deliveries, recorder, by)},
                limits,
            ),
        ]

    def in_place(
        self, by: TransportName, transport: Transport, deliveries: Deliveries, recorder: Recorder, limits: BatchLimits
    ) -> InPlaceWorker:
        """Return what makes due deliveries in place, as the consumers of their queue do.

        Its worker is its own: with one of theirs it would share a lease.
        """
        worker = self.worker(
            Due(self.channels, self.forms, now, deliveries.due_at), transport, deliveries, recorder, by
        )
        handler = tracing.traced(worker, NOTIFY_HTTP if by == "http" else NOTIFY_SMTP, self.spans)
        return InPlaceWorker(by, handler, limits.size)

    def consumer(self, work: WorkQueue, handlers: Handlers, limits: BatchLimits) -> Consumer:
        """Return a consumer of the events that have a handler, with a span around each that it takes."""
        handler = tracing.traced(dispatching(handlers), work, self.spans)
        return self.broker.consumer(work, handler, limits, decoder(*handlers))


@dataclass(frozen=True, slots=True)
class Built:
    """What works on the queues, what is to be closed after it, and what delivers in place over the same transports.

    `is_resting` says that their one server failed so often that nothing is sent now. `transport` is one of those that
    send, where others may have a turn at it.
    """

    consumers: Sequence[Consumer]
    closing: Sequence[Closable]
    in_place: Sequence[InPlaceWorker] = ()
    is_resting: Callable[[], bool] = lambda: False
    transport: Transport | None = None


def planner(parts: Parts, in_place: Sequence[InPlaceWorker]) -> Built:
    """Return what plans submissions."""
    publisher, deliver = DuePublisher(parts.broker.publisher()), DeliverInPlace(in_place)
    plan = PlanSubmissions(parts.channels, parts.forms, parts.plans, publisher, deliver, now, parts.reach)
    consumer = parts.consumer(NOTIFY_SUBMISSIONS, {SubmissionAccepted: plan}, BatchLimits(size=PLANNED_AT_ONCE))
    return Built([consumer], [publisher, deliver])


def owners_wishes(parts: Parts, engine: Engine) -> Built:
    """Return what does as owners ask: sends again, releases, withholds; and what publishes lost messages again."""
    publisher = DuePublisher(parts.broker.publisher())
    verdicts = VerdictTable(engine, parts.plans, partial(parts.measuring.count_erased, "verdict"))
    requests = RequestTable(engine, parts.plans, partial(parts.measuring.count_erased, "request"))
    erasures = ErasureTable(engine, partial(parts.measuring.count_erased, "found"))
    common = (publisher, now, parts.reach)
    handlers: Handlers = {
        DeliveryRequested: PlanRequested(parts.channels, parts.forms, requests, *common),
        SubmissionReleased: DeliverReleased(parts.channels, parts.forms, verdicts, *common),
        SubmissionWithheld: CancelWithheld(verdicts, now),
        DeliveryFound: PublishFound(publisher, erasures.erased_among),
    }
    return Built([parts.consumer(NOTIFY_REQUESTS, handlers, BatchLimits(size=ASKED_AT_ONCE))], [publisher])


def forgetting(parts: Parts, engine: Engine) -> Built:
    """Return what forgets erased submissions, and tells the hooks that were called with them."""
    forget = ForgetErased(
        ErasureTable(engine, reach=parts.reach), now, partial(parts.measuring.count_erased, "event"), parts.reach
    )
    publisher = DuePublisher(parts.broker.publisher())
    handler = TellErased(CalledHooks(engine), parts.channels["hook"], parts.plans, publisher, now, forget)
    limits = BatchLimits(size=FORGOTTEN_AT_ONCE)
    return Built([parts.consumer(NOTIFY_ERASURES, {SubmissionErased: handler}, limits)], [publisher])


def mail_workers(parts: Parts) -> Built:
    """Return what sends mail, by so many connections as are set."""
    chosen, breaker, spans = parts.chosen, Breaker(time.monotonic), parts.spans
    parts.measuring.watch("email", lambda: int(breaker.is_open))
    deliveries = parts.measuring.counted(parts.table, by_source=chosen.caps.source is not None)
    recorder = Recorder(deliveries.record_sent)
    limits = BatchLimits(size=1 if spans else MOST)  # a mail's span stands below its own event's, and no other's
    senders = smtp_senders(chosen.smtp, breaker, chosen.smtp_connections, hello=chosen.smtp_hello)
    consumers, in_place = list[Consumer](), list[InPlaceWorker]()
    transports: list[Transport] = [TracedSender(sender, chosen.smtp, spans) if spans else sender for sender in senders]
    for transport in transports:
        consumers += parts.consumers("confirmation", transport, deliveries, recorder, limits)
        in_place.append(parts.in_place("smtp", transport, deliveries, recorder, limits))
    return Built(consumers, [recorder, *senders], in_place, lambda: breaker.is_open, transports[0])


def account_mails(parts: Parts, engine: Engine, wording: AccountMailWording, transport: Transport) -> Built:
    """Return what sends mails with links into accounts, over a connection that others send by, too."""
    handler = SendAccountMails(
        wording,
        transport,
        MailClaims(engine),
        now,
        parts.chosen.smtp_timeout_s,
        parts.measuring.count_account_mail,
        parts.reach,
        parts.suppression.why,
        parts.marking,
    )
    return Built([parts.consumer(NOTIFY_ACCOUNTS, {AccountMail: handler}, BatchLimits(size=1))], [])


def hook_taker(parts: Parts, table: HookTable, known: KnownHooks) -> Built:
    """Return what takes hooks as storage tells them."""
    handler = TakeHooks(table, known.forget, now)
    return Built([parts.consumer(NOTIFY_HOOKS, {HookChanged: handler}, BatchLimits(size=ASKED_AT_ONCE))], [])


def webhook_workers(parts: Parts) -> Built:
    """Return what sends webhooks, apart from mail: an endpoint that hangs keeps nothing waiting but webhooks."""
    chosen, served, spans = parts.chosen, parts.forms, parts.spans
    deliveries = parts.measuring.counted(parts.table)
    recorder = Recorder(deliveries.record_sent)
    caller = GuardedCaller(tls_context(), chosen.webhook_allow)
    most = max(1, chosen.webhook_connections - 1)
    sender = HttpSender(TracedCaller(caller, spans) if spans else caller, now, calls_most=most)
    for channel in with_secrets():
        parts.measuring.watch_secrets(channel, partial(_missing, served, chosen.form_secrets, channel))
    for channel in sent_by("http"):
        parts.measuring.watch(told_as(channel), partial(_resting, sender, parts.channels[channel], served))
    consumers, limits = list[Consumer](), BatchLimits(size=1)
    for _ in range(chosen.webhook_connections):
        consumers += parts.consumers("webhook", sender, deliveries, recorder, limits)
    in_place = [parts.in_place("http", sender, deliveries, recorder, limits) for _ in range(most)]
    return Built(consumers, [recorder], in_place)


def _resting(sender: HttpSender, channel: Channel, served: forms.Forms) -> int:
    return sender.resting(endpoints_of(channel, [form for _, form in served.items()]))


def _missing(served: forms.Forms, secrets: forms.FormSecrets, channel: str) -> int:
    return len({one.form for one in forms.missing(served, secrets, [channel])})
