"""Tracing: what its variables ask for, and what a span says of a failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.console.passing import Passed
from gateway.console.target import Side
from gateway.http.errors import Refused, unavailable
from gateway.http.request import Request
from gateway.tracing import TracedPublisher, traced_passing
from notify_service.tracing import TracedCaller, TracedSender
from notify_service.transports.failures import Permanent
from notify_service.transports.smtp.mail import Mail
from notify_service.transports.smtp.server import SmtpServer
from shared.contracts import SubmissionAccepted
from shared.messaging.broker import NotConfirmed
from shared.messaging.failures import Delivery, RetryLater
from shared.messaging.message import Message, message_of
from shared.messaging.routes import Destination
from shared.messaging.topology import STORAGE
from shared.settings import SettingsError, reader, sealed
from shared.tracing import traced
from shared.tracing.otel import OtelSpans
from shared.tracing.settings import is_on, problems
from support.events import an_event
from support.webhooks import FakeCaller

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
SECRET = "what somebody typed"


@pytest.fixture
def kept() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def spans(kept: InMemorySpanExporter) -> OtelSpans:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return OtelSpans(provider)


class Refusing:
    """A publisher that confirms nothing, and a sender that sends nothing."""

    def publish(self, message: Message, *, timeout_s: float, to: Destination | None = None) -> None:
        raise NotConfirmed("blocked")

    def missing(self) -> list[str]:
        return []

    def in_flight(self) -> int:
        return 0

    def close(self) -> None:
        pass

    def turn(self, endpoint: str | None) -> AbstractContextManager[None]:
        return nullcontext()

    def send(self, mail: Mail, *, timeout_s: float) -> str:
        raise Permanent("rcpt 550")


def fail(_: Sequence[Delivery[SubmissionAccepted]]) -> None:
    raise RetryLater(SECRET, after_s=1)


@contextmanager
def failing(kept: InMemorySpanExporter, reason: str, spans: int = 1) -> Iterator[None]:
    """Expect spans that have failed for this reason, and say nothing else of it."""
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is goes on
        yield
    ended = kept.get_finished_spans()
    assert [(span.attributes or {})["error.type"] for span in ended] == [reason] * spans
    assert all(span.status.description is None and not span.events for span in ended)
    assert SECRET not in "".join(str(span.to_json()) for span in ended)


def test_a_message_that_is_not_confirmed_fails_its_span_by_the_refusal(
    kept: InMemorySpanExporter, spans: OtelSpans
) -> None:
    with failing(kept, "blocked"):
        TracedPublisher(Refusing(), spans).publish(message_of(an_event()), timeout_s=1)


def test_a_mail_that_is_refused_fails_its_span_by_the_answer(kept: InMemorySpanExporter, spans: OtelSpans) -> None:
    with failing(kept, "rcpt 550"):
        TracedSender(Refusing(), SmtpServer("mail", 25), spans).send(Mail("a", "b", b""), timeout_s=1)


@pytest.mark.parametrize(("answer", "reason"), [("refuse", "its address is not public"), ("drop", "no answer (drop)")])
def test_a_webhook_that_is_not_answered_fails_its_span(
    kept: InMemorySpanExporter, spans: OtelSpans, answer: str, reason: str
) -> None:
    url = f"https://owner.example.org/{SECRET}"
    with failing(kept, reason):
        TracedCaller(FakeCaller({url: answer}), spans).post(url, SECRET.encode(), {}, timeout_s=1)


def test_the_span_of_a_webhook_has_its_status_and_its_host_alone(kept: InMemorySpanExporter, spans: OtelSpans) -> None:
    url = f"https://owner.example.org/{SECRET}"
    TracedCaller(FakeCaller({url: 503}), spans).post(url, SECRET.encode(), {}, timeout_s=1)
    [span] = kept.get_finished_spans()
    assert span.attributes == {
        "http.request.method": "POST",
        "server.address": "owner.example.org",
        "http.response.status_code": 503,
        "error.type": "503",
    }


def test_a_batch_that_fails_fails_each_of_its_spans(kept: InMemorySpanExporter, spans: OtelSpans) -> None:
    with failing(kept, "RetryLater", spans=2):
        traced(fail, STORAGE, spans)([Delivery(an_event()), Delivery(an_event())])
    assert len({span.context.trace_id for span in kept.get_finished_spans() if span.context}) == 2, "no trace is shared"


def test_off_it_leaves_the_handler_as_it_is() -> None:
    assert traced(fail, STORAGE, None) is fail


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "True"}, False),
        (ENDPOINT | {"OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_it_is_on_where_an_endpoint_is_set(variables: dict[str, str], expected: bool) -> None:
    assert is_on(variables) is expected


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "grpc://collector:4317"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:port"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://[::1"},
        ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        ENDPOINT | {"OTEL_TRACES_EXPORTER": "zipkin"},
        ENDPOINT | {"OTEL_BSP_MAX_QUEUE_SIZE": "0"},
        ENDPOINT | {"OTEL_BSP_SCHEDULE_DELAY": "soon"},
        ENDPOINT | {"OTEL_BSP_MAX_QUEUE_SIZE": "100"},
        ENDPOINT | {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "3000"},
        ENDPOINT | {"OTEL_ATTRIBUTE_COUNT_LIMIT": "-1"},
        ENDPOINT | {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "long"},
    ],
)
def test_what_cannot_be_done_is_said(variables: dict[str, str]) -> None:
    [problem] = problems(variables)
    assert any(name in problem for name in variables if name not in ENDPOINT or len(variables) == 1)


def test_numbers_that_the_library_takes_are_taken() -> None:
    taken = {
        "OTEL_BSP_MAX_QUEUE_SIZE": "100",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "100",
        "OTEL_BSP_SCHEDULE_DELAY": "1000",
        "OTEL_ATTRIBUTE_COUNT_LIMIT": "0",
        "OTEL_SPAN_LINK_COUNT_LIMIT": "",
    }
    assert problems(ENDPOINT | taken) == []


def test_it_is_said_among_all_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")
    with pytest.raises(SettingsError, match=r"(?s)something.*OTEL_EXPORTER_OTLP_ENDPOINT: expected a URL"):
        sealed(reader(), "something")


CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_what_is_passed_on_is_a_span_that_the_console_goes_on_with(
    spans: OtelSpans, kept: InMemorySpanExporter
) -> None:
    passed_with = []

    def pass_on(_: Side, request: Request) -> Passed:
        passed_with.append(request.headers.get("Traceparent"))
        return Passed("404 Not Found", [], [])

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/v1/{SECRET}", "HTTP_TRACEPARENT": CALLER}
    traced_passing(pass_on, spans)("v1", Request(environ))
    [span] = kept.get_finished_spans()
    assert (span.name, dict(span.attributes or {})["http.response.status_code"]) == ("GET /v1/<path>", 404)
    [said] = passed_with
    assert said is not None
    assert said.split("-")[1] == CALLER.split("-")[1]
    assert said != CALLER
    assert SECRET not in span.to_json()


def test_what_is_not_passed_on_is_one_too(spans: OtelSpans, kept: InMemorySpanExporter) -> None:
    def refuse(*_: object) -> Passed:
        raise unavailable("not now")

    with pytest.raises(Refused):
        traced_passing(refuse, spans)("console", Request({"REQUEST_METHOD": SECRET, "PATH_INFO": "/console"}))
    [span] = kept.get_finished_spans()
    assert (span.name, dict(span.attributes or {})["http.response.status_code"]) == ("_OTHER /console/<path>", 503)
    assert dict(span.attributes or {})["error.type"] == "503"
