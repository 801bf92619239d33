"""Builds the parts of a gateway worker, hands them to each other, and connects the routes: its composition root."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from werkzeug.middleware.proxy_fix import ProxyFix

from gateway.abuse.captchas import Captchas
from gateway.abuse.rate_limits import RateLimits
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
from gateway.pages import routes as pages_routes
from gateway.pages.renderer import Pages
from gateway.receipts import routes as receipts_routes
from gateway.receipts.queries import ServiceQueries
from gateway.receipts.receipts import HEARTBEAT_S, Receipts
from gateway.receipts.tokens import Tokens
from gateway.receipts.watchers import WATCHERS_MOST, Watchers
from gateway.settings import Settings
from gateway.tracing import TracedPublisher, traced_passing, traced_submit
from shared.forms import Forms, FormSecrets, missing
from shared.messaging.broker import Broker
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
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> GatewayApp:
    """Build a worker's application with connections of its own; `close()` ends them."""
    watchers, bodies = Watchers(watchers_most, source_most=settings.watchers_per_source), Bodies()
    publisher, rpc, watching = broker.publisher(), broker.rpc_client(), broker.watch(watchers.notice)
    secrets_missing = partial(_secrets_missing, forms, settings.form_secrets)
    passing = _passing(settings, bodies, passing_counters)
    app = GatewayApp(
        publisher, [watching, rpc], secrets_missing, streams=[watchers, passing], passed_on=passing.in_flight
    )
    pages, queries, tokens = _pages(settings), ServiceQueries(rpc, clock), Tokens(settings.secret)
    answers, site = Answers(pages), Site(settings.public_url, settings.bind)
    intake = Intake(
        ServedForms(forms, Captchas(settings.form_secrets, Guard(settings.captcha_allow))),
        publisher=SubmissionPublisher(TracedPublisher(publisher, spans) if spans else publisher, queries),
        rate_limits=RateLimits(settings.rate_limit, settings.rate_limit_url),
        duplicates=Duplicates(queries.accepted_at),
        sealing=Sealing(Sealer(settings.sealing_key) if settings.sealing_key else None, settings.secret),
        tokens=tokens,
        answers=answers,
        limits=Limits(body_bytes=settings.max_body_bytes, bodies=bodies),
        site=site,
        counters=counters or OutcomeCounters(),
        clock=clock,
    )
    receipts = Receipts(forms, tokens=tokens, queries=queries, watchers=watchers, pages=pages, heartbeat_s=heartbeat_s)
    listed = forms if settings.index == "forms" else None
    submit = traced_submit(intake.submit, spans) if spans else intake.submit
    intake_routes.add_routes(app, submit, intake)
    receipts_routes.add_routes(app, receipts)
    pages_routes.add_routes(app, pages, forms, listed, site, leads_on=settings.index == "console")
    openapi_routes.add_routes(app, pages, listed, site)
    health.add_routes(app, publisher)
    answer_errors(app, answers)
    app.after_request(lambda response: bodies.settle(current_request(), response))
    pass_on = traced_passing(passing, spans) if spans else passing
    console = ConsoleApp(pass_on, bodies=bodies, answers=answers, otherwise=app.wsgi_app)
    submissions = SubmissionApp(submit, forms, bodies=bodies, answers=answers, otherwise=console)
    app.wsgi_app = _behind_proxies(submissions, settings.trusted_hops)  # type: ignore[method-assign]
    return app


def _pages(settings: Settings) -> Pages:
    return Pages(settings.public_url, has_console=settings.console_url is not None)


def _passing(settings: Settings, bodies: Bodies, counters: PassingCounters | None) -> Passing:
    upstream = Upstream(settings.console_url) if settings.console_url else None
    return Passing(upstream, bodies=bodies, bounds=settings.passed, counters=counters)


def _behind_proxies(application: SubmissionApp, hops: int) -> SubmissionApp | ProxyFix:
    return ProxyFix(application, x_for=hops, x_proto=hops, x_host=hops) if hops else application


def _secrets_missing(forms: Forms, secrets: FormSecrets) -> int:
    return len(missing(forms, secrets, ["captcha"]))
