"""Builds the parts of a console, and what runs behind its requests: the composition root."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from flask import Flask
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from shared import database
from shared.database import Lease, Outbox, OutboxPublisher, Pool
from shared.failpoints import Reach
from shared.files import FileStore, store_at
from shared.forms import Forms
from shared.forms.checks.remarks import FileRemarks
from shared.messaging.broker import Broker, Consumer
from shared.telemetry.files import FileInstruments, MeasuredFiles
from shared.telemetry.health import ProcessHealth
from shared.telemetry.listener import listening
from shared.telemetry.outbox import measure_outbox
from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.audit import Audit
from storage_service.accounts.keys import Fixed, Keys
from storage_service.accounts.mailing import LinkMails
from storage_service.accounts.uses import LastUses
from storage_service.accounts.ways import ways_of
from storage_service.console.app import create_app
from storage_service.console.asking import Asking
from storage_service.console.known.unsealed import OpenedFor
from storage_service.console.parts import Parts
from storage_service.console.persons.elsewhere import AskedElsewhere
from storage_service.console.serving.instruments import RequestInstruments
from storage_service.console.settings import Settings
from storage_service.console.spam import SpamParts
from storage_service.console.trying import Trying
from storage_service.deliveries.listing import Deliveries
from storage_service.erasing import Erasing, journal_of
from storage_service.erasing.single import EraseOne
from storage_service.files.reading import Uploads
from storage_service.hooks import Hooks, Samples
from storage_service.hooks.telling import TellAgain
from storage_service.jobs.asking import Jobs, opened
from storage_service.jobs.forgetting import Forgetting
from storage_service.jobs.kinds import kinds_of
from storage_service.jobs.measuring import measure_jobs
from storage_service.jobs.runner import JobRunner
from storage_service.jobs.steps import Steps
from storage_service.queries import SubmissionQueries
from storage_service.records import QUERY_SECONDS_MOST, Arrivals, Counting, Hints, Records
from storage_service.records.export import Places
from storage_service.records.index.indexer import Indexer
from storage_service.records.index.lag import RecentLag
from storage_service.records.index.measuring import measure_lag
from storage_service.records.overview import Overview
from storage_service.retention.building import worker_of
from storage_service.retention.outlook import Outlooks
from storage_service.retention.pauses import Pauses
from storage_service.sealed import Opening
from storage_service.spam.authors import Authors
from storage_service.spam.building import spam_work
from storage_service.spam.models import Models
from storage_service.spam.standing import standing
from storage_service.spam.trainer import Logging, Trainer
from storage_service.subjects import Subjects
from storage_service.subjects.finding import Finder
from storage_service.subjects.package.contents import Contents
from storage_service.sweeping.behind import Behind
from storage_service.sweeping.building import workers_of
from storage_service.tables import LEASES, OUTBOX
from storage_service.views import Views
from storage_service.work import Work

REQUESTS_POOL = Pool(size=8, wait_s=2.0, statement_s=QUERY_SECONDS_MOST)
BACKGROUND_POOL = Pool(size=4)
"""Twelve connections together. What goes on behind the requests has its own, and neither waits for the other."""


class Console:
    """A console in this process: its application, and the threads behind it."""

    def __init__(
        self, settings: Settings, forms: Forms, broker: Broker, registry: CollectorRegistry, reach: Reach
    ) -> None:
        self._engine = database.create(settings.database_url, pool=REQUESTS_POOL)
        self._behind = database.create(settings.database_url, pool=BACKGROUND_POOL)
        self._rpc = broker.rpc_client()
        self._arrivals = Arrivals()
        broker.watch(self._arrivals.notice)
        uses = LastUses(self._behind)
        outbox = OutboxPublisher(self._behind, Outbox(OUTBOX), Lease(LEASES, "outbox"), broker.publisher(), reach=reach)
        indexer = Indexer(self._behind)
        self._journal = journal_of(settings.erasures)
        self._reach, self._job_ended = reach, measure_jobs(registry, lambda: opened(self._behind))
        jobs = self._runner(self._behind)
        erases = Erasing(self._behind, journal=self._journal, reach=reach)
        retention = worker_of(self._behind, erases, forms, settings.audit_kept_for, registry, reach)
        measure_outbox(registry, outbox.waiting)
        measure_lag(registry, indexer.lag_s)
        self.trainer = Trainer(self._behind, Logging(settings.log_level, settings.log_format))
        spam = spam_work(self._behind, self.trainer, broker.announcer().announce, registry)
        self._running: list[Consumer] = [uses, outbox, indexer, jobs, TellAgain(self._behind), retention]
        self._running.append(Behind(self._behind, "spam", spam.turn, aside=spam.aside))
        self._store: FileStore | None = None
        if settings.files:
            instruments = FileInstruments(registry)
            self._store = MeasuredFiles(store_at(settings.files), instruments)
            self._running += workers_of(self._behind, settings.files, self._store, instruments, registry, reach)
        self._health = ProcessHealth(
            stuck=[broker.stuck, *(one.stuck for one in self._running)],
            missing=[one.missing for one in self._running],
        )
        self._registry = registry
        self._open = ExitStack()
        self.app = self._app(settings, forms, uses.used, reach)

    def start(self, metrics_bind: str | None) -> None:
        """Begin what goes on behind the requests, and show health and metrics; raises `SettingsError`."""
        self._open.enter_context(listening(metrics_bind, self._health, self._registry))
        for number, one in enumerate(self._running):
            threading.Thread(target=one.run, name=f"behind-{number}").start()

    def end(self) -> None:
        """End what goes on behind the requests; returns at once.

        The process ends when all of that has ended: leases are given back, what is in hand is finished. Requests have
        `serving.DRAIN_S` for theirs; a file that is not written by then breaks off.
        """
        self._arrivals.end()
        for one in self._running:
            one.stop()
        self.trainer.end()

    def _runner(self, engine: Engine) -> JobRunner:
        steps = Steps(engine, kinds_of(engine, Work(engine), Erasing(engine, journal=self._journal)), reach=self._reach)
        return JobRunner(steps, forget=Forgetting(engine), ended=self._job_ended)

    def _app(self, settings: Settings, forms: Forms, used: Callable[[str, datetime], None], reach: Reach) -> Flask:
        records, audit = Records(self._engine), Audit(self._engine)
        accounts, sign_in = accounts_of(self._engine, settings.setup), settings.sign_in
        hooks = Hooks(self._engine, allowed=settings.webhook_allow)
        jobs, asking = Jobs(self._engine, records, self._runner(self._engine), audit), Asking(self._rpc)
        erasing = Erasing(self._engine, audit=audit, journal=self._journal, reach=reach)
        opening = Opening(settings.opening_keys)
        uploads = _uploads(self._engine, settings, self._store)
        contents = Contents(self._engine, forms, OpenedFor(opening, audit), uploads)
        parts = Parts(
            records=records,
            counting=Counting(self._engine),
            hints=Hints(self._engine),
            arrivals=self._arrivals,
            lag_s=RecentLag(Indexer(self._engine).lag_s),
            deliveries=Deliveries(self._engine),
            overview=Overview.of(self._engine),
            trying=Trying(settings.gateway_url or settings.public_url),
            jobs=jobs,
            erase_one=EraseOne(self._engine, erasing, audit),
            subjects=Subjects(Finder(self._engine), AskedElsewhere(asking), jobs, erasing, contents, audit),
            views=Views(self._engine),
            pages=SubmissionQueries(self._engine),
            keys=Keys(self._engine, fixed_keys(settings), used=used, ended=hooks.end_with_key),
            hooks=hooks,
            samples=Samples(self._engine, forms, settings.pages_url),
            accounts=accounts,
            link_mails=LinkMails(self._engine, accounts.links, settings.pages_url),
            ways=ways_of(self._engine, accounts, settings.pages_url, sign_in.ways, sign_in.provider),
            audit=audit,
            work=Work(self._engine, audit=audit, reach=reach),
            asking=asking,
            forms=forms,
            clock=lambda: datetime.now(UTC),
            exports=Places(settings.exports_most),
            uploads=uploads,
            downloads=Places(settings.downloads_most),
            outlooks=Outlooks(self._engine),
            pauses=Pauses(self._engine),
            spam=SpamParts(
                standing=partial(standing, self._engine),
                models=Models(self._engine),
                authors=Authors(self._engine),
                trainer=self.trainer,
            ),
            opening=opening,
            public_url=settings.public_url,
            remarks=FileRemarks(settings.forms),
        )
        measured = RequestInstruments(self._registry).measure
        return create_app(parts, proxies=settings.proxies, measured=measured)

    @property
    def engines(self) -> tuple[Engine, Engine]:
        """The engines of requests, and of what goes on behind them."""
        return self._engine, self._behind


def _uploads(engine: Engine, settings: Settings, store: FileStore | None) -> Uploads:
    files = settings.files
    return Uploads.of(engine, store, has_scanner=files is not None and files.clamav_url is not None)


def fixed_keys(settings: Settings) -> list[Fixed]:
    """Return the keys of the environment: what they always could do, they can."""
    return [
        Fixed(settings.api_key_hashes, frozenset({"read"})),
        Fixed(settings.operator_key_hashes, frozenset({"operate"})),
    ]
