"""The composition root: builds all parts of the service, and runs them until it is told to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from notify_service import settings
from notify_service.account_mails.claims import forget_old_mails
from notify_service.account_mails.wording import AccountMailWording
from notify_service.channels.channel import Channel
from notify_service.channels.chat.channel import ChatChannel
from notify_service.channels.hook import Hooks, NoHooks
from notify_service.channels.mail.templates import Templates
from notify_service.channels.registry import ChannelNeeds, channels
from notify_service.deliveries.plan_table import PlanTable
from notify_service.deliveries.reopening import reopening
from notify_service.deliveries.table import DeliveryTable
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
from notify_service.tables import LEASES, OUTBOX, PARKED
from notify_service.transports.http.connection import GuardedCaller, tls_context
from notify_service.transports.http.sender import HttpSender
from notify_service.upkeep import building
from notify_service.upkeep.owners import TellOwners
from notify_service.workers import (
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
from shared.database import Lease, Outbox, OutboxPublisher
from shared.messaging.broker import Broker, Consumer
from shared.messaging.running import run_until_told
from shared.messaging.topology import (
    NOTIFY_ACCOUNTS,
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

PARKING = (NOTIFY_EMAIL, NOTIFY_WEBHOOK, NOTIFY_SUBMISSIONS, NOTIFY_REQUESTS, NOTIFY_SMTP, NOTIFY_HTTP, NOTIFY_ERASURES)
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
    )


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
    plans = PlanTable(engine, partial(measuring.count_erased, "planning"))
    parts = Parts(chosen, served, table, plans, made, broker, announcer, measuring, reach, spans)
    mail, webhooks = mail_workers(parts), webhook_workers(parts)
    built = [mail, webhooks, planner(parts, [*mail.in_place, *webhooks.in_place]), owners_wishes(parts, engine)]
    built += [_account_mails(parts, engine, templates, mail), hook_taker(parts, hook_table, hooks)]
    built.append(forgetting(parts, engine))
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
        forget_erased=ErasureTable(engine).tasks,
    )
    consumers = [*(consumer for one in built for consumer in one.consumers), outbox, upkeep]
    measure_outbox(registry, outbox.waiting)
    closing = [part for one in built for part in one.closing]
    measure_parked(registry, parked.repository.waiting)
    answers = methods(table, parked.repository, History(engine).of_submission)
    answers = {**answers, **retrying.methods(engine), **standing.methods(engine), **parked.methods()}
    answering = broker.serve(NOTIFY_QUERIES, {**answers, **recipients.methods(engine)})
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


def _outbox(engine: Engine, broker: Broker, reach: failpoints.Reach) -> OutboxPublisher:
    """Return what tells storage of deliveries that failed or are held."""
    outbox = Outbox(OUTBOX)
    tell = TellStorage(engine, outbox)
    return OutboxPublisher(engine, outbox, Lease(LEASES, "outbox"), broker.publisher(), fill=tell, reach=reach)
