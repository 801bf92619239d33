"""Makes the gateway's spans: of the request that submits, and of what it publishes."""

from __future__ import annotations

from dataclasses import replace

from gateway.console.application import Pass
from gateway.console.passing import METHODS, Passed
from gateway.console.target import Side
from gateway.http.errors import Refused
from gateway.http.request import Request
from gateway.http.responses import Answer
from gateway.intake.application import Submit
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.message import Message
from shared.messaging.routes import Destination
from shared.tracing import Attributes, Span, Spans
from shared.tracing.spans import destination

_NOT_FOUND = 404


class TracedPublisher:
    """A publisher that makes a span of each message, and sends it on in the message: what consumes it goes on there."""

    def __init__(self, publisher: Publisher, spans: Spans) -> None:
        self._publisher = publisher
        self._spans = spans

    def publish(self, message: Message, *, timeout_s: float, to: Destination | None = None) -> None:
        """Publish and wait for the confirm; see `broker.Publisher`."""
        name = f"publish {destination(message.type)}"
        with self._spans.begun(name, "producer", _about(message)) as span:
            headers = {**message.headers, "traceparent": span.traceparent}
            try:
                self._publisher.publish(replace(message, headers=headers), timeout_s=timeout_s, to=to)
            except NotConfirmed as error:
                span.fail(error.refusal)
                raise

    def missing(self) -> list[str]:
        """Return what keeps it from publishing; see `broker.Publisher`."""
        return self._publisher.missing()

    def in_flight(self) -> int:
        """Return how many messages wait for their confirm; see `broker.Publisher`."""
        return self._publisher.in_flight()

    def close(self) -> None:
        """Close the publisher; see `broker.Publisher`."""
        self._publisher.close()


def traced_submit(submit: Submit, spans: Spans) -> Submit:
    """Make a span of each request that submits, going on with the trace that its client says it belongs to.

    Its path and its client's address are in no span: either may tell of a person.
    """

    def traced(name: str, request: Request) -> Answer:
        route = "/p/<project>/f/<name>" if request.environ["PATH_INFO"].startswith("/p/") else "/f/<name>"
        asked: Attributes = {"http.request.method": "POST", "http.route": route, "url.scheme": request.scheme}
        with spans.continued(f"POST {route}", "server", asked, request.headers.get("Traceparent")) as span:
            try:
                answer = submit(name, request)
            except Refused as refusal:
                _answered(span, refusal.status, name)
                raise
            _answered(span, answer.status_code, name)
            return answer

    return traced


def traced_passing(pass_on: Pass, spans: Spans) -> Pass:
    """Make a span of each request that is passed on, until its answer begins. The console makes none.

    Its path is in no span: it may name a form, or whom somebody looks for.
    """

    def traced(side: Side, request: Request) -> Passed:
        method, route = request.environ["REQUEST_METHOD"], f"/{side}/<path>"
        method = method if method in METHODS else "_OTHER"
        asked: Attributes = {"http.request.method": method, "http.route": route, "url.scheme": request.scheme}
        with spans.continued(f"{method} {route}", "server", asked, request.headers.get("Traceparent")) as span:
            request.environ["HTTP_TRACEPARENT"] = span.traceparent
            try:
                passed = pass_on(side, request)
            except Refused as refusal:
                _answered(span, refusal.status)
                raise
            _answered(span, int(passed.status[:3]))
            return passed

    return traced


def _answered(span: Span, status: int, form: str | None = None) -> None:
    span.note({"http.response.status_code": status})
    if form is not None and status != _NOT_FOUND:  # else it is no form's name, and may be anything
        span.note({"counterfoil.form": form})
    if status >= 500:
        span.fail(str(status))


def _about(message: Message) -> Attributes:
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
        "messaging.destination.name": destination(message.type),
        "messaging.rabbitmq.destination.routing_key": message.type,
        "messaging.message.id": message.id,
    }
