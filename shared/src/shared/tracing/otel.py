"""Makes spans with OpenTelemetry; no other module imports that library."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.tracing.spans import Attributes, Kind

FLUSH_S = 3.0
"""How long the end of a process may wait for the collector: well within every grace period."""

_KINDS = {
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "client": SpanKind.CLIENT,
}
_W3C = TraceContextTextMapPropagator()


class OtelSpan:
    """`spans.Span` over one of OpenTelemetry's."""

    __slots__ = ("_failed", "_span")

    def __init__(self, span: Span) -> None:
        self._span = span
        self._failed = False

    @property
    def traceparent(self) -> str:
        """The text that names this span to the service that continues it."""
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def note(self, attributes: Attributes) -> None:
        """Add attributes that were not known when it began."""
        self._span.set_attributes(attributes)

    def fail(self, reason: str) -> None:
        """Say that it failed, and by what; the first reason stays."""
        if not self._failed:
            self._failed = True
            self._span.set_attribute("error.type", reason)
            self._span.set_status(StatusCode.ERROR)


class OtelSpans:
    """`spans.Spans` that a provider sends. OTEL_TRACES_SAMPLER decides how many are kept."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("counterfoil")

    @classmethod
    def exporting(cls, service: str) -> OtelSpans:
        """Return spans that are sent over OTLP/HTTP, in batches and from a thread of its own; where the collector is
        slow or away, a bounded number waits and the rest is dropped. OTEL_SERVICE_NAME goes before `service`."""
        named = Resource({"service.name": service}).merge(OTELResourceDetector().detect())
        provider = TracerProvider(resource=Resource.create(named.attributes), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider)

    @contextmanager
    def begun(
        self, name: str, kind: Kind, attributes: Attributes, *, context: Context | None = None
    ) -> Iterator[OtelSpan]:
        """Begin a span inside the one that this thread is in, or in `context`; see `spans.Spans`."""
        with self._tracer.start_as_current_span(
            name,
            context,
            _KINDS[kind],
            attributes,
            record_exception=False,  # its text may hold personal data
            set_status_on_exception=False,
        ) as span:
            ours = OtelSpan(span)
            try:
                yield ours
            except Exception as error:
                ours.fail(type(error).__name__)
                raise

    @contextmanager
    def continued(self, name: str, kind: Kind, attributes: Attributes, traceparent: str | None) -> Iterator[OtelSpan]:
        """Begin a span that goes on where `traceparent` says; see `spans.Spans`."""
        before = _W3C.extract({"traceparent": traceparent} if traceparent else {}, Context())
        with self.begun(name, kind, attributes, context=before) as span:
            yield span

    def close(self) -> None:
        """Hand over what has ended, for `FLUSH_S` at most: the SDK itself would wait half a minute."""
        flush = threading.Thread(target=self._provider.shutdown, name="hand over spans", daemon=True)
        flush.start()
        flush.join(FLUSH_S)
