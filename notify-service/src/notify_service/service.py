"""The composition root: builds all parts of the service, and runs them until it is told to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from notify_service import settings
from notify_service.account_mails.claims import forget_old_mails
from notify_service.account_mails.wording import AccountMailWording
from notify_service.bounces.building import Bounces, marking
from notify_service.bounces.instruments import BounceInstruments
from notify_service.channels.channel import Channel
from notify_service.channels.chat.channel import ChatChannel
from notify_service.channels.hook import Hooks, NoHooks
from notify_service.channels.mail.attaching import ReadFile, StoreReader, read_nothing
from notify_service.channels.mail.templates import Templates
from notify_service.channels.owner import OwnerChannel
from notify_service.channels.registry import ChannelNeeds, channels
from notify_service.deliveries.plan_table import PlanTable
from notify_service.deliveries.reopening import reopening
from notify_service.deliveries.table import DeliveryTable
from notify_service.digests import building as building_digests
from notify_service.digests.endings import Endings
from notify_service.digests.standing import waiting
from notify_service.digests.table import DigestTable
from notify_service.digests.waiting import Waiting, forget_old_windows
from notify_service.digests.wording import DigestWording
from notify_service.forgetting.erasure_table import ErasureTable
from notify_service.forgetting.parked import RefuseErased
from notify_service.history import recipients, retrying
from notify_service.history.failing import failing_forms
from notify_service.history.shown import History
from notify_service.history.told import TellStorage
from notify_service.hooks import standing
from notify_service.hooks.known import KnownHooks
from notify_service.hooks.table import HookTable
from notify_service.instruments import NotifyInstruments
from notify_service.queries import methods
from notify_service.suppression import questions as suppressions
from notify_service.suppression.gauge import SuppressedGauge
from notify_service.suppression.handler import TakeSuppressed
from notify_service.suppression.suppression import Suppression
from notify_service.suppression.table import SuppressionTable
from notify_service.tables import LEASES, OUTBOX, PARKED
from notify_service.transports.http.connection import GuardedCaller, tls_context
from notify_service.transports.http.sender import HttpSender
from notify_service.upkeep import building
from notify_service.upkeep.owners import TellOwners
from notify_service.workers import (
    ASKED_AT_ONCE,
    Built,
    Parts,
    account_mails,
    forgetting,
    hook_taker,
    mail_workers,
    now,
    owners_wishes,
    planner,
    webhook_workers,
)
from shared import failpoints, forms, tracing
from shared.contracts import AddressSuppressed, MailBounced
from shared.database import Lease, Outbox, OutboxPublisher
from shared.files import store_at
from shared.links.addresses import AddressKey
from shared.links.unsubscribe import UnsubscribeLinks
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Broker, Consumer
from shared.messaging.dispatch import Handlers
from shared.messaging.running import run_until_told
from shared.messaging.topology import (
    NOTIFY_ACCOUNTS,
    NOTIFY_ADDRESSES,
    NOTIFY_EMAIL,
    NOTIFY_ERASURES,
    NOTIFY_HOOKS,
    NOTIFY_HTTP,
    NOTIFY_QUERIES,
    NOTIFY_REQUESTS,
    NOTIFY_SMTP,
    NOTIFY_SUBMISSIONS,
    NOTIFY_WEBHOOK,
)
from shared.parked.collector import ParkedCollector
from shared.telemetry.health import ProcessHealth
from shared.telemetry.listener import listening
from shared.telemetry.outbox import measure_outbox
from shared.telemetry.parked import measure_parked

PARKING = (
    *(NOTIFY_EMAIL, NOTIFY_WEBHOOK, NOTIFY_SUBMISSIONS, NOTIFY_REQUESTS, NOTIFY_SMTP, NOTIFY_HTTP, NOTIFY_ERASURES),
    NOTIFY_ADDRESSES,
)
"""The queues whose messages may be parked; the first two for one version, until what gateways of the last one published
is gone."""

WORKS = (*PARKING, NOTIFY_ACCOUNTS, NOTIFY_HOOKS)
"""The queues that are taken."""


def channel_needs(chosen: settings.Settings, templates: Templates, hooks: Hooks | None = None) -> ChannelNeeds:
    """Return what channels are made from, by the settings."""
    return ChannelNeeds(
        chosen.mail_from,
        chosen.form_secrets,
        now,
        templates,
        owner_mail=chosen.owner_mail,
        timezone=chosen.timezone,
        console_url=chosen.console_url,
        hooks=hooks or NoHooks(),
        read_file=_read_file(chosen),
        secret=chosen.secret,
    )


def _read_file(chosen: settings.Settings) -> ReadFile:
    """Return what reads files that mails bring."""
    return StoreReader(store_at(chosen.files)) if chosen.files else read_nothing


def run(
    chosen: settings.Settings,
    served: forms.Forms,
    templates: Templates,
    engine: Engine,
    broker: Broker,
    reach: failpoints.Reach,
    registry: CollectorRegistry,
    spans: tracing.Spans | None = None,
) -> bool:
    """Send confirmations and webhooks, and answer queries, until SIGTERM or SIGINT; False where it ended untold.

    Raises `SettingsError` where metrics cannot be served.
    """
    measuring, table, announcer = NotifyInstruments(registry), DeliveryTable(engine, chosen.caps), broker.announcer()
    measuring.watch_owner_mail(lambda: failing_forms(engine, now()), lambda: [name for name, _ in served.items()])
    hook_table = HookTable(engine)
    hooks = KnownHooks(hook_table.live, hook_table.gone, now)
    made = channels(channel_needs(chosen, templates, hooks))
    measuring.watch_gathered(lambda: waiting(engine), lambda: [name for name, _ in served.items()])
    plans = PlanTable(engine, partial(measuring.count_erased, "planning"), Waiting(engine, chosen.owner_mails_most))
    suppression = _suppression(chosen, engine)
    registry.register(SuppressedGauge(suppression.table.counted))
    mark = marking(chosen.bounces, chosen.secret, suppression)
    parts = Parts(chosen, served, table, plans, made, broker, announcer, measuring, reach, spans, suppression, mark)
    bounces = Bounces(chosen.bounces, chosen.secret, suppression, engine, BounceInstruments(registry), reach, now)
    mail, webhooks = mail_workers(parts), webhook_workers(parts)
    built = [mail, webhooks, planner(parts, [*mail.in_place, *webhooks.in_place]), owners_wishes(parts, engine)]
    built += [_account_mails(parts, engine, templates, mail), hook_taker(parts, hook_table, hooks)]
    built += [forgetting(parts, engine), _addresses(parts, bounces), _digests(parts, engine, templates, mail)]
    outbox = _outbox(engine, broker, reach)
    refuse = RefuseErased(ErasureTable(engine, partial(measuring.count_erased, "parked")).erased_among)
    parked = ParkedCollector(broker, engine, PARKED, PARKING, reach=reach, reopen=reopening(table, now), refuse=refuse)
    upkeep = building.build(
        engine,
        chosen.broker_url,
        parked.repository,
        is_away=lambda transport: transport == "smtp" and mail.is_resting(),
        count_lost=measuring.count_lost,
        tell_owners=_tell_owners(chosen, served, engine, made),
        forget_mails=partial(forget_old_mails, engine),
        forget_erased=[*ErasureTable(engine).tasks, bounces.forget_old],
        forget_digests=[DigestTable(engine).forget_old, partial(forget_old_windows, engine)],
    )
    consumers = [*(consumer for one in built for consumer in one.consumers), outbox, upkeep]
    measure_outbox(registry, outbox.waiting)
    closing = [part for one in built for part in one.closing]
    measure_parked(registry, parked.repository.waiting)
    answers = methods(table, parked.repository, History(engine).of_submission)
    answers = {**answers, **retrying.methods(engine), **standing.methods(engine), **parked.methods()}
    for_console = {**parked.console_methods(), **suppressions.methods(suppression, now)}
    answering = broker.serve(NOTIFY_QUERIES, {**answers, **recipients.methods(engine)}, for_console)
    try:
        with listening(chosen.metrics_bind, _health(broker, consumers), registry):
            return run_until_told(consumers)
    finally:
        for part in (answering, parked, *closing, announcer):
            part.close()
        engine.dispose()
        if spans:
            spans.close()


def _health(broker: Broker, consumers: Sequence[Consumer]) -> ProcessHealth:
    return ProcessHealth(
        stuck=[broker.stuck, *(consumer.stuck for consumer in consumers)],
        missing=[consumer.missing for consumer in consumers],
    )


def _tell_owners(
    chosen: settings.Settings, served: forms.Forms, engine: Engine, made: Mapping[str, Channel]
) -> TellOwners:
    """Return what tells owners in a chat that mail to them fails."""
    rooms = {name: one for name, one in made.items() if isinstance(one, ChatChannel)}
    sender = HttpSender(GuardedCaller(tls_context(), chosen.webhook_allow), now)
    return TellOwners(partial(failing_forms, engine), served, rooms, sender)


def _account_mails(parts: Parts, engine: Engine, templates: Templates, mail: Built) -> Built:
    if mail.transport is None:
        return Built([], [])
    composer = channel_needs(parts.chosen, templates).composer
    return account_mails(parts, engine, AccountMailWording(composer, templates, parts.chosen.timezone), mail.transport)


def _suppression(chosen: settings.Settings, engine: Engine) -> Suppression:
    """Return what knows the addresses that are sent no mail; off, and said so, without the installation's secret."""
    if not chosen.secret:
        structlog.get_logger().warning("no COUNTERFOIL_SECRET: no address can be suppressed, and none is asked about")
    return Suppression(AddressKey(chosen.secret) if chosen.secret else None, SuppressionTable(engine))


def _addresses(parts: Parts, bounces: Bounces) -> Built:
    """Return what takes addresses that are to be sent no mail, and mails that came back; and what reads those."""
    handlers: Handlers = {
        AddressSuppressed: TakeSuppressed(parts.suppression.table),
        MailBounced: bounces.handler(),
    }
    consumer = parts.consumer(NOTIFY_ADDRESSES, handlers, BatchLimits(size=ASKED_AT_ONCE))
    reader = bounces.reader(parts.broker.publisher)
    return Built([consumer, reader], [reader.publisher]) if reader else Built([consumer], [])


def _digests(parts: Parts, engine: Engine, templates: Templates, mail: Built) -> Built:
    """Return what sends mails about several submissions, over a connection that others send by, too."""
    owners, needs, chosen = parts.channels["owner"], channel_needs(parts.chosen, templates), parts.chosen
    if mail.transport is None or not isinstance(owners, OwnerChannel):
        return Built([], [])
    rpc = parts.broker.rpc_client()
    sender = chosen.mail_from.name or chosen.mail_from.address
    digests = building_digests.DigestNeeds(
        engine,
        parts.forms,
        owners,
        needs.composer,
        DigestWording(templates, sender, chosen.timezone, chosen.console_url),
        mail.transport,
        rpc,
        Endings(parts.suppression, UnsubscribeLinks(chosen.secret) if chosen.secret else None),
        parts.marking,
        now,
        chosen.digest_most,
        chosen.smtp_timeout_s,
        parts.measuring.count_digest,
        parts.reach,
    )
    return Built([building_digests.build(digests)], [rpc])


def _outbox(engine: Engine, broker: Broker, reach: failpoints.Reach) -> OutboxPublisher:
    """Return what tells storage of deliveries that failed or are held."""
    outbox = Outbox(OUTBOX)
    tell = TellStorage(engine, outbox)
    return OutboxPublisher(engine, outbox, Lease(LEASES, "outbox"), broker.publisher(), fill=tell, reach=reach)
