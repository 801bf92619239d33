"""Builds the parts of a gateway worker, hands them to each other, and connects the routes: its composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from werkzeug.middleware.proxy_fix import ProxyFix

from gateway.abuse.captchas import Captchas
from gateway.abuse.rate_limits import RateLimits
from gateway.bounces import routes as bounces_routes
from gateway.bounces.fetching import fetching
from gateway.bounces.hooks import BounceCalls, hooks
from gateway.bounces.sns import Fetch
from gateway.console.application import ConsoleApp, Pass
from gateway.console.counters import PassingCounters
from gateway.console.passing import Passing
from gateway.console.upstream import Upstream
from gateway.error_handlers import answer_errors
from gateway.flask_app import GatewayApp
from gateway.forms.served import ServedForms
from gateway.http import health
from gateway.http.bodies import Bodies
from gateway.http.body import Limits
from gateway.http.counting import NO_COUNTERS, MailCounters
from gateway.http.request import current_request
from gateway.http.site import Site
from gateway.intake import routes as intake_routes
from gateway.intake.answers import Answers
from gateway.intake.application import SubmissionApp, Submit
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
from shared.messaging.broker import BatchPublisher, Broker, Publisher
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
    mail_counters: MailCounters = NO_COUNTERS,
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
    passing = _passing(settings, bodies, passing_counters)
    app = GatewayApp(
        publisher,
        [watching, holder, rpc],
        partial(_secrets_missing, forms, settings.form_secrets),
        streams=[watchers, passing],
        passed_on=passing.in_flight,
        spam_model=holder.standing,
    )
    queries = ServiceQueries(rpc, clock)
    parts = _parts(settings, forms, publisher, spans=spans, bodies=bodies, queries=queries, clock=clock)
    uploads = _uploads(settings, parts.limits, files, file_counters or FileCounters(), reach)
    intake = _intake(parts, models or holder, uploads, counters or OutcomeCounters())
    submit = traced_submit(intake.submit, spans) if spans else intake.submit
    intake_routes.add_routes(app, submit, intake)
    _add_receipts(app, parts, watchers, heartbeat_s)
    _add_links(app, parts, mail_counters)
    _add_pages(app, parts)
    bounces_routes.add_routes(app, _bounces(parts, publisher, mail_counters, fetch))
    health.add_routes(app, publisher)
    answer_errors(app, parts.answers)
    app.after_request(lambda response: bodies.settle(current_request(), response))
    pass_on = traced_passing(passing, spans) if spans else passing
    _put_in_front(app, parts, submit, pass_on)
    if models is None:
        holder.start()
    return app


@dataclass(frozen=True, slots=True)
class _Parts:
    """What several rooms are built from. `publisher` makes spans where they are switched on."""

    settings: Settings
    forms: Forms
    publisher: Publisher
    queries: ServiceQueries
    rate_limits: RateLimits
    tokens: Tokens
    pages: Pages
    answers: Answers
    site: Site
    limits: Limits
    clock: Callable[[], datetime]


def _parts(
    settings: Settings,
    forms: Forms,
    publisher: Publisher,
    *,
    spans: Spans | None,
    bodies: Bodies,
    queries: ServiceQueries,
    clock: Callable[[], datetime],
) -> _Parts:
    pages = Pages(settings.public_url, has_console=settings.console_url is not None)
    return _Parts(
        settings=settings,
        forms=forms,
        publisher=TracedPublisher(publisher, spans) if spans else publisher,
        queries=queries,
        rate_limits=RateLimits(settings.rate_limit, settings.rate_limit_url),
        tokens=Tokens(settings.secret),
        pages=pages,
        answers=Answers(pages),
        site=Site(settings.public_url, settings.bind),
        limits=Limits(body_bytes=settings.max_body_bytes, bodies=bodies),
        clock=clock,
    )


def _intake(parts: _Parts, models: Models, uploads: Uploads | None, counters: OutcomeCounters) -> Intake:
    settings = parts.settings
    captchas = Captchas(settings.form_secrets, Guard(settings.captcha_allow))
    return Intake(
        ServedForms(parts.forms, captchas, Judges(models, counters.judged)),
        publisher=SubmissionPublisher(parts.publisher, parts.queries),
        rate_limits=parts.rate_limits,
        duplicates=Duplicates(parts.queries.accepted_at),
        sealing=Sealing(Sealer(settings.sealing_key) if settings.sealing_key else None, settings.secret),
        tokens=parts.tokens,
        answers=parts.answers,
        limits=parts.limits,
        site=parts.site,
        uploads=uploads,
        counters=counters,
        clock=parts.clock,
    )


def _add_receipts(app: GatewayApp, parts: _Parts, watchers: Watchers, heartbeat_s: float) -> None:
    receipts = Receipts(
        parts.forms,
        tokens=parts.tokens,
        queries=parts.queries,
        watchers=watchers,
        pages=parts.pages,
        heartbeat_s=heartbeat_s,
    )
    again = MailAgain(tokens=parts.tokens, queries=parts.queries, rate_limits=parts.rate_limits)
    receipts_routes.add_routes(app, receipts, again)


def _add_links(app: GatewayApp, parts: _Parts, counters: MailCounters) -> None:
    """Connect what the links in mails lead to."""
    opt_ins = OptIns(
        links=OptInLinks(parts.settings.secret),
        queries=parts.queries,
        publisher=parts.publisher,
        rate_limits=parts.rate_limits,
        clock=parts.clock,
        count=counters.opt_in,
    )
    opt_in_routes.add_routes(app, opt_ins, OptInAnswers(parts.pages, parts.forms, parts.tokens))
    links = UnsubscribeLinks(parts.settings.secret)
    leaving = Leaving(links, parts.publisher, parts.clock, counters.unsubscribe)
    unsubscribe_routes.add_routes(app, leaving, UnsubscribeAnswers(parts.pages, parts.forms))


def _add_pages(app: GatewayApp, parts: _Parts) -> None:
    index, site = parts.settings.index, parts.site
    listed = parts.forms if index == "forms" else None
    pages_routes.add_routes(app, parts.pages, parts.forms, listed, site, leads_on=index == "console")
    openapi_routes.add_routes(app, parts.pages, listed, site)


def _both(
    first: Callable[[Announcement], None], second: Callable[[Announcement], None]
) -> Callable[[Announcement], None]:
    """Return who hands each announcement to both."""

    def notice(news: Announcement) -> None:
        first(news)
        second(news)

    return notice


def _bounces(parts: _Parts, publisher: BatchPublisher, counters: MailCounters, fetch: Fetch | None) -> BounceCalls:
    secret = parts.settings.secret
    return BounceCalls(
        hooks(parts.settings.bounces, fetch or fetching(), parts.clock),
        publisher,
        BounceTokens(secret),
        AddressKey(secret),
        parts.limits.bodies,
        counters.bounce_call,
    )


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


def _put_in_front(app: GatewayApp, parts: _Parts, submit: Submit, pass_on: Pass) -> None:
    """Put before Flask what takes submissions and passes on to the console, and before that who believes proxies."""
    bodies, answers, hops = parts.limits.bodies, parts.answers, parts.settings.trusted_hops
    console = ConsoleApp(pass_on, bodies=bodies, answers=answers, otherwise=app.wsgi_app)
    submissions = SubmissionApp(submit, parts.forms, bodies=bodies, answers=answers, otherwise=console)
    proxied = ProxyFix(submissions, x_for=hops, x_proto=hops, x_host=hops) if hops else submissions
    app.wsgi_app = proxied  # type: ignore[method-assign]


def _secrets_missing(forms: Forms, secrets: FormSecrets) -> int:
    return len(missing(forms, secrets, ["captcha"]))
