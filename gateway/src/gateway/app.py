"""The composition root of a gateway worker: builds everything, hands it down, and names the addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from flask import Flask, Response
from flask.globals import request_ctx
from flask.sessions import NullSession, SecureCookieSessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

from gateway.abuse.captchas import Captchas
from gateway.abuse.rate_limits import Rates
from gateway.addresses import Desk, answer_errors, name_addresses
from gateway.forms.served import Doors
from gateway.http.bodies import Bodies
from gateway.http.body import Limits
from gateway.http.request import Request
from gateway.http.site import Site
from gateway.intake.answers import Answers
from gateway.intake.duplicates import Doubles
from gateway.intake.intake import Intake
from gateway.intake.outcome_counters import Tally
from gateway.intake.publisher import Handover
from gateway.intake.wsgi import SubmissionApp
from gateway.owner.operating import Operating
from gateway.owner.reading import Reading
from gateway.pages.renderer import Pages
from gateway.receipts.queries import Inquiry
from gateway.receipts.receipts import HEARTBEAT_S, Receipts
from gateway.receipts.tokens import Tokens
from gateway.receipts.watchers import WATCHERS_MOST, Watchers
from gateway.settings import Settings
from gateway.tracing import TracedPublisher, traced_submit
from shared.forms import Forms, FormSecrets, missing
from shared.messaging.broker import Broker, Closable, Publisher, RpcClient
from shared.public_addresses import Guard
from shared.tracing import Spans

STATIC_AGE_S = 86_400


class GatewayApp(Flask):
    """The Flask application, and what has to be closed with it."""

    def __init__(
        self,
        watchers: Watchers,
        publisher: Publisher,
        parts: list[Closable | RpcClient],
        secrets_missing: Callable[[], int],
    ) -> None:
        super().__init__("gateway", static_folder="pages/static")
        self.secrets_missing = secrets_missing
        self._publisher = publisher
        self._watchers = watchers
        self._parts = parts

    def send_static_file(self, filename: str) -> Response:
        """Return a static file, never to be taken for another type."""
        response = super().send_static_file(filename)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def missing(self) -> list[str]:
        """Return what keeps it from promising anything, in words for an operator; empty when ready."""
        return self._publisher.missing()

    def in_flight(self) -> int:
        """Return how many messages wait for their confirm."""
        return self._publisher.in_flight()

    def end_streams(self) -> None:
        """End all that watch a receipt, so that a worker can end; they come back to another one."""
        self._watchers.close()

    def close(self) -> None:
        """Close the connections to the broker."""
        self.end_streams()
        for part in [*self._parts, self._publisher]:
            part.close()


class _NoSessions(SecureCookieSessionInterface):
    """The gateway sets no cookies."""

    def open_session(self, app: Flask, request: object) -> NullSession:  # noqa: ARG002
        return _NO_SESSION

    def is_null_session(self, obj: object) -> bool:  # noqa: ARG002
        return True


_NO_SESSION = NullSession()


def create_app(
    settings: Settings,
    forms: Forms,
    broker: Broker,
    *,
    spans: Spans | None = None,
    heartbeat_s: float = HEARTBEAT_S,
    watchers_most: int = WATCHERS_MOST,
    tally: Tally | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> GatewayApp:
    """Build a worker's application with connections of its own; `close()` ends them."""
    watchers, bodies = Watchers(watchers_most, source_most=settings.watchers_per_source), Bodies()
    publisher, rpc, watching = broker.publisher(), broker.rpc_client(), broker.watch(watchers.notice)
    secrets_missing = partial(_secrets_missing, forms, settings.form_secrets)
    app = GatewayApp(watchers, publisher, [watching, rpc], secrets_missing)
    app.session_interface = _NoSessions()
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_AGE_S
    rates = Rates(settings.rate_limit, settings.rate_limit_url)
    pages, inquiry, tokens = Pages(settings.public_url), Inquiry(rpc, clock), Tokens(settings.secret)
    answers, site = Answers(pages), Site(settings.public_url, settings.bind)
    intake = Intake(
        Doors(forms, Captchas(settings.form_secrets, Guard(settings.captcha_allow))),
        handover=Handover(TracedPublisher(publisher, spans) if spans else publisher, inquiry),
        rates=rates,
        doubles=Doubles(inquiry.accepted_at),
        tokens=tokens,
        answers=answers,
        limits=Limits(body_bytes=settings.max_body_bytes, bodies=bodies),
        site=site,
        tally=tally or Tally(),
        clock=clock,
    )
    receipts = Receipts(forms, tokens=tokens, inquiry=inquiry, watchers=watchers, pages=pages, heartbeat_s=heartbeat_s)
    reading = Reading(forms, inquiry=inquiry, key_hashes=settings.api_key_hashes)
    operating = Operating(inquiry, key_hashes=settings.operator_key_hashes)
    submit = traced_submit(intake.submit, spans) if spans else intake.submit
    desk = Desk(
        intake, submit, receipts, reading, operating, pages, answers, publisher, forms, site=site, index=settings.index
    )
    name_addresses(app, desk)
    answer_errors(app, desk)
    app.after_request(partial(_settle, bodies))
    app.wsgi_app = SubmissionApp(  # type: ignore[method-assign]
        submit, forms, bodies=bodies, answers=answers, otherwise=app.wsgi_app
    )
    hops = settings.trusted_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _settle(bodies: Bodies, response: Response) -> Response:
    return bodies.settle(Request(request_ctx.request.environ), response)


def _secrets_missing(forms: Forms, secrets: FormSecrets) -> int:
    return len(missing(forms, secrets, ["captcha"]))
