"""Builds the parts of a gateway worker, hands them to each other, and connects the routes: its composition root."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from werkzeug.middleware.proxy_fix import ProxyFix

from gateway.abuse.captchas import Captchas
from gateway.abuse.rate_limits import RateLimits
from gateway.bounces import routes as bounces_routes
from gateway.bounces.fetching import fetching
from gateway.bounces.hooks import BounceCalls, hooks
from gateway.bounces.sns import Fetch
from gateway.console.application import ConsoleApp
from gateway.console.counters import PassingCounters
from gateway.console.passing import Passing
from gateway.console.upstream import Upstream
from gateway.error_handlers import answer_errors
from gateway.flask_app import GatewayApp
from gateway.forms.served import ServedForms
from gateway.http import health
from gateway.http.bodies import Bodies
from gateway.http.body import Limits
from gateway.http.request import current_request
from gateway.http.site import Site
from gateway.intake import routes as intake_routes
from gateway.intake.answers import Answers
from gateway.intake.application import SubmissionApp
from gateway.intake.duplicates import Duplicates
from gateway.intake.intake import Intake
from gateway.intake.outcome_counters import OutcomeCounters
from gateway.intake.publisher import SubmissionPublisher
from gateway.intake.sealing import Sealing
from gateway.openapi import routes as openapi_routes
from gateway.opt_in import routes as opt_in_routes
from gateway.opt_in.answers import OptInAnswers
from gateway.opt_in.confirming import OptIns
from gateway.pages import routes as pages_routes
from gateway.pages.renderer import Pages
from gateway.receipts import routes as receipts_routes
from gateway.receipts.again import MailAgain
from gateway.receipts.queries import ServiceQueries
from gateway.receipts.receipts import HEARTBEAT_S, Receipts
from gateway.receipts.tokens import Tokens
from gateway.receipts.watchers import WATCHERS_MOST, Watchers
from gateway.settings import Settings
from gateway.spam.holder import ModelHolder
from gateway.spam.judging import Judges
from gateway.spam.models import Models
from gateway.tracing import TracedPublisher, traced_passing, traced_submit
from gateway.unsubscribe import routes as unsubscribe_routes
from gateway.unsubscribe.answers import UnsubscribeAnswers
from gateway.unsubscribe.leaving import Leaving
from gateway.uploads.counters import FileCounters
from gateway.uploads.reading import Uploads
from gateway.uploads.viruses import NoLooking, ScannedFiles
from shared.contracts import Announcement
from shared.failpoints import Reach, ignore
from shared.files import FileStore, store_at
from shared.files.scanning import Scanner
from shared.forms import Forms, FormSecrets, missing
from shared.links.addresses import AddressKey
from shared.links.bounce import BounceTokens
from shared.links.opt_in import OptInLinks
from shared.links.unsubscribe import UnsubscribeLinks
from shared.messaging.broker import BatchPublisher, Broker
from shared.public_addresses import Guard
from shared.sealing import Sealer
from shared.tracing import Spans


def create_app(
    settings: Settings,
    forms: Forms,
    broker: Broker,
    *,
    spans: Spans | None = None,
    heartbeat_s: float = HEARTBEAT_S,
    watchers_most: int = WATCHERS_MOST,
    counters: OutcomeCounters | None = None,
    passing_counters: PassingCounters | None = None,
    files: FileStore | None = None,
    file_counters: FileCounters | None = None,
    models: Models | None = None,
    reach: Reach = ignore,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    fetch: Fetch | None = None,
) -> GatewayApp:
    """Build a worker's application with connections of its own; `close()` ends them.

    `files` is where files are kept; unless it is given, where the settings say. `models` holds the spam model; unless
    it is given, storage is asked for it, behind all else. `fetch` has what a provider of mail has at an address.
    """
    watchers, bodies = Watchers(watchers_most, source_most=settings.watchers_per_source), Bodies()
    publisher, rpc = broker.publisher(), broker.rpc_client()
    holder = ModelHolder(rpc)
    watching = broker.watch(_both(watchers.notice, holder.notice))
    secrets_missing = partial(_secrets_missing, forms, settings.form_secrets)
    passing = _passing(settings, bodies, passing_counters)
    app = GatewayApp(
        publisher,
        [watching, holder, rpc],
        secrets_missing,
        streams=[watchers, passing],
        passed_on=passing.in_flight,
        spam_model=holder.standing,
    )
    pages, queries, tokens = _pages(settings), ServiceQueries(rpc, clock), Tokens(settings.secret)
    limits = Limits(body_bytes=settings.max_body_bytes, bodies=bodies)
    answers, site = Answers(pages), Site(settings.public_url, settings.bind)
    counters = counters or OutcomeCounters()
    captchas = Captchas(settings.form_secrets, Guard(settings.captcha_allow))
    rate_limits = RateLimits(settings.rate_limit, settings.rate_limit_url)
    traced = TracedPublisher(publisher, spans) if spans else publisher
    intake = Intake(
        ServedForms(forms, captchas, Judges(models or holder, counters.judged)),
        publisher=SubmissionPublisher(traced, queries),
        rate_limits=rate_limits,
        duplicates=Duplicates(queries.accepted_at),
        sealing=Sealing(Sealer(settings.sealing_key) if settings.sealing_key else None, settings.secret),
        tokens=tokens,
        answers=answers,
        limits=limits,
        site=site,
        uploads=_uploads(settings, limits, files, file_counters or FileCounters(), reach),
        counters=counters,
        clock=clock,
    )
    receipts = Receipts(forms, tokens=tokens, queries=queries, watchers=watchers, pages=pages, heartbeat_s=heartbeat_s)
    listed = forms if settings.index == "forms" else None
    submit = traced_submit(intake.submit, spans) if spans else intake.submit
    intake_routes.add_routes(app, submit, intake)
    again = MailAgain(tokens=tokens, queries=queries, rate_limits=rate_limits)
    receipts_routes.add_routes(app, receipts, again)
    links = OptInLinks(settings.secret)
    opt_ins = OptIns(links=links, queries=queries, publisher=traced, rate_limits=rate_limits, clock=clock)
    opt_in_routes.add_routes(app, opt_ins, OptInAnswers(pages, forms, tokens))
    pages_routes.add_routes(app, pages, forms, listed, site, leads_on=settings.index == "console")
    leaving = Leaving(UnsubscribeLinks(settings.secret), publisher, clock)
    unsubscribe_routes.add_routes(app, leaving, UnsubscribeAnswers(pages, forms))
    openapi_routes.add_routes(app, pages, listed, site)
    bounces_routes.add_routes(app, _bounces(settings, publisher, bodies, clock, fetch))
    health.add_routes(app, publisher)
    answer_errors(app, answers)
    app.after_request(lambda response: bodies.settle(current_request(), response))
    pass_on = traced_passing(passing, spans) if spans else passing
    console = ConsoleApp(pass_on, bodies=bodies, answers=answers, otherwise=app.wsgi_app)
    submissions = SubmissionApp(submit, forms, bodies=bodies, answers=answers, otherwise=console)
    app.wsgi_app = _behind_proxies(submissions, settings.trusted_hops)  # type: ignore[method-assign]
    if models is None:
        holder.start()
    return app


def _both(
    first: Callable[[Announcement], None], second: Callable[[Announcement], None]
) -> Callable[[Announcement], None]:
    """Return who hands each announcement to both."""

    def notice(news: Announcement) -> None:
        first(news)
        second(news)

    return notice


def _bounces(
    settings: Settings, publisher: BatchPublisher, bodies: Bodies, clock: Callable[[], datetime], fetch: Fetch | None
) -> BounceCalls:
    called = hooks(settings.bounces, fetch or fetching(), clock)
    return BounceCalls(called, publisher, BounceTokens(settings.secret), AddressKey(settings.secret), bodies)


def _pages(settings: Settings) -> Pages:
    return Pages(settings.public_url, has_console=settings.console_url is not None)


def _uploads(
    settings: Settings, limits: Limits, files: FileStore | None, counters: FileCounters, reach: Reach
) -> Uploads | None:
    store = files or (store_at(settings.files) if settings.files else None)
    if store is None:
        return None
    clamav_url = settings.files.clamav_url if settings.files else None
    viruses = ScannedFiles(Scanner(clamav_url), counters) if clamav_url else NoLooking()
    return Uploads(store, limits=limits, bounds=settings.uploads, viruses=viruses, counters=counters, reach=reach)


def _passing(settings: Settings, bodies: Bodies, counters: PassingCounters | None) -> Passing:
    upstream = Upstream(settings.console_url) if settings.console_url else None
    return Passing(upstream, bodies=bodies, bounds=settings.passed, counters=counters)


def _behind_proxies(application: SubmissionApp, hops: int) -> SubmissionApp | ProxyFix:
    return ProxyFix(application, x_for=hops, x_proto=hops, x_host=hops) if hops else application


def _secrets_missing(forms: Forms, secrets: FormSecrets) -> int:
    return len(missing(forms, secrets, ["captcha"]))
