"""Receives traces by OTLP/HTTP (POST /v1/traces, binary protobuf) and keeps them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from threading import Thread
from types import TracebackType

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from support.http_server import HttpServer


@dataclass(frozen=True)
class Seen:
    """One span, as it arrived."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, str | int]


class Collector:
    """Listens on loopback while it is entered."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.bodies: list[bytes] = []
        collector = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
                collector.take(self.rfile.read(int(self.headers["Content-Length"])), self.headers["Content-Encoding"])
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.end_headers()
                self.wfile.write(ExportTraceServiceResponse().SerializeToString())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is named there
                """Say nothing."""

        self._server = HttpServer(("127.0.0.1", 0), Receiver)

    @property
    def url(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, body: bytes, encoding: str | None) -> None:
        """Keep one request's spans, and its bytes as they are before compression."""
        body = gzip.decompress(body) if encoding == "gzip" else body
        self.bodies.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = str(_values(resource.resource.attributes)["service.name"])
            self.spans += [_seen(service, span) for scope in resource.scope_spans for span in scope.spans]

    def of(self, trace: str) -> list[Seen]:
        """Return the spans of one trace so far."""
        return [span for span in self.spans if span.trace == trace]

    def __enter__(self) -> Collector:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def _seen(service: str, span: Span) -> Seen:
    kind = Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower()
    failed = span.status.code == span.status.STATUS_CODE_ERROR
    trace, name = span.trace_id.hex(), span.name
    return Seen(
        service, name, kind, trace, span.span_id.hex(), span.parent_span_id.hex(), failed, _values(span.attributes)
    )


def _values(pairs: Iterable[KeyValue]) -> dict[str, str | int]:
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in pairs}
