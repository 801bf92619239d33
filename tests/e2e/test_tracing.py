"""One submission is one trace across three services, received by a real OTLP receiver; nothing personal is in it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.collector import Collector, Seen
from support.installation import Installation
from support.polling import eventually

OUTSIDE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CANARY = "canary.7c41"
KNOWN = {
    *("http.request.method", "http.route", "http.response.status_code", "url.scheme", "error.type"),
    *("messaging.system", "messaging.operation.name", "messaging.operation.type", "messaging.destination.name"),
    *("messaging.rabbitmq.destination.routing_key", "messaging.message.id", "network.protocol.name"),
    *("server.address", "server.port", "counterfoil.form", "counterfoil.attempt", "counterfoil.batch.size"),
}
FIELDS = {"name": f"Ada {CANARY}", "email": f"{CANARY}@example.org"}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def installation(server_directory: Path, rabbitmq: Broker, collector: Collector) -> Iterator[Installation]:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    place = server_directory / "traced"
    with (
        MailSink(place / "mail") as sink,
        Installation(place, broker_url=rabbitmq.fresh_vhost(), smtp_url=sink.url, settings=settings) as whole,
    ):
        yield whole


def submit(installation: Installation, **headers: str) -> dict[str, str]:
    """Submit with a canary in every place that may tell of a person."""
    answer = requests.post(
        f"{installation.gateway_url}/p/{CANARY}/f/signup?who={CANARY}",
        json=FIELDS,
        headers={
            "User-Agent": CANARY,
            "Referer": f"https://{CANARY}/",
            "Idempotency-Key": CANARY + repr(headers),
            **headers,
        },
        timeout=10,
    )
    assert answer.status_code == 202
    accepted: dict[str, str] = answer.json()
    return accepted


def trace_of(collector: Collector, submission: str, spans: int) -> list[Seen]:
    def found() -> list[Seen]:
        first = [span for span in collector.spans if span.attributes.get("messaging.message.id") == submission]
        seen = collector.of(first[0].trace) if first else []
        return seen if len(seen) >= spans else []

    return eventually(found, 20, f"{spans} spans of {submission} have arrived")


def test_one_submission_is_one_trace_with_the_right_parents(installation: Installation, collector: Collector) -> None:
    accepted = submit(installation)
    seen = trace_of(collector, accepted["id"], 6)
    spans = {span.service + " " + span.kind: span for span in seen}
    server, publish = spans["counterfoil-gateway server"], spans["counterfoil-gateway producer"]
    storage, mail = spans["counterfoil-storage consumer"], spans["counterfoil-notify client"]
    of_notify = [each for each in seen if (each.service, each.kind) == ("counterfoil-notify", "consumer")]
    plan, notify = sorted(of_notify, key=lambda each: "delivery.due" in each.name)
    parents = [span.parent for span in (server, publish, storage, plan, notify, mail)]
    assert parents == ["", server.id, publish.id, publish.id, publish.id, notify.id]
    assert (server.name, server.attributes["http.response.status_code"]) == ("POST /p/<project>/f/<name>", 202)
    event = "counterfoil.events:submission.accepted.v1"
    assert publish.name == f"publish {event}"
    assert [each.name for each in (storage, plan, notify)] == [
        f"process {event}:storage.submissions.v1",
        f"process {event}:notify.submissions.v1",
        "process counterfoil.events:delivery.due.v1:notify.smtp.v1",
    ]
    assert not any(span.failed for span in spans.values())


def test_it_goes_on_with_the_trace_of_its_client(installation: Installation, collector: Collector) -> None:
    accepted = submit(installation, Traceparent=OUTSIDE)
    spans = trace_of(collector, accepted["id"], 6)
    assert {span.trace for span in spans} == {OUTSIDE.split("-")[1]}
    assert [span.parent for span in spans if span.kind == "server"] == [OUTSIDE.split("-")[2]]


@pytest.mark.parametrize("nonsense", [OUTSIDE.replace("4bf9", "ZZZZ"), f"00-{'0' * 32}-00f067aa0ba902b7-01", CANARY])
def test_a_traceparent_that_is_none_begins_a_trace(
    installation: Installation, collector: Collector, nonsense: str
) -> None:
    accepted = submit(installation, Traceparent=nonsense)
    [root] = [span for span in trace_of(collector, accepted["id"], 6) if span.kind == "server"]
    assert root.parent == ""


def test_a_trace_that_its_client_does_not_keep_is_not_kept_here(
    installation: Installation, collector: Collector
) -> None:
    unkept = f"00-{'ab' * 16}-00f067aa0ba902b7-00"
    submit(installation, Traceparent=unkept)
    trace_of(collector, submit(installation)["id"], 6)
    assert collector.of("ab" * 16) == []


def test_no_span_tells_of_a_person(installation: Installation, collector: Collector) -> None:
    accepted = submit(installation, Cookie=CANARY)
    trace_of(collector, accepted["id"], 6)
    requests.get(accepted["receipt_url"], timeout=10)
    refused = requests.post(f"{installation.gateway_url}/f/{CANARY}", json=FIELDS, timeout=10)
    assert refused.status_code == 404
    trace_of(collector, submit(installation, Cookie=CANARY + "2")["id"], 6)
    sent = b"".join(collector.bodies)
    assert b"signup" in sent
    for personal in (CANARY, accepted["receipt_url"].rpartition("/")[2]):
        assert personal.encode() not in sent
    assert {key for span in collector.spans for key in span.attributes} <= KNOWN


def test_a_stop_hands_over_what_has_ended(tmp_path: Path, rabbitmq: Broker, mail_sink: MailSink) -> None:
    with Collector() as collector:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "3600000"}
        with Installation(
            tmp_path, broker_url=rabbitmq.fresh_vhost(), smtp_url=mail_sink.url, settings=settings
        ) as whole:
            receipt = submit(whole)["receipt_url"]
            eventually(lambda: whole.receipt(receipt)["state"] == "confirmed", 20, "it is confirmed")
            assert collector.spans == [], "nothing is sent before its time: the stop alone does it"
        assert len(collector.spans) == 6


def test_a_collector_that_never_answers_harms_nothing_and_slows_no_stop(
    tmp_path: Path, rabbitmq: Broker, mail_sink: MailSink
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        endpoint = f"http://127.0.0.1:{mute.getsockname()[1]}"
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50"}
        with Installation(
            tmp_path, broker_url=rabbitmq.fresh_vhost(), smtp_url=mail_sink.url, settings=settings
        ) as whole:
            receipt = submit(whole)["receipt_url"]
            eventually(lambda: whole.receipt(receipt)["state"] == "confirmed", 20, "it is confirmed")
            began = time.monotonic()
            for service in whole.services:
                service.terminate()
            codes = [service.wait(timeout_s=20) for service in whole.services]
            took_s = time.monotonic() - began
    assert codes == [0, 0, 0]
    assert took_s < 9, f"the SDK's own would be ten seconds for each; it took {took_s:.1f} s"


def test_nothing_of_it_is_loaded_while_it_is_off() -> None:
    code = (
        "import sys, gateway.server.wsgi, storage_service.__main__, notify_service.__main__; "
        "from shared import tracing; assert tracing.from_environment('gateway') is None; "
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'google.protobuf'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={}, check=True)
    assert done.stdout.strip() == "[]"
