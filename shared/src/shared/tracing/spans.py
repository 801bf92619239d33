"""Defines what a span is; `otel.OtelSpans` makes real ones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeAlias

from shared.messaging.topology import EVENTS

Kind: TypeAlias = Literal["server", "producer", "consumer", "client"]
Attributes: TypeAlias = Mapping[str, str | int]
"""By OpenTelemetry's semantic conventions. None holds personal data: no address, no field, no receipt's token."""


class Span(Protocol):
    """One piece of work, while it is done."""

    @property
    def traceparent(self) -> str:
        """The text that names this span to the service that continues it (W3C Trace Context)."""

    def note(self, attributes: Attributes) -> None:
        """Add attributes that were not known when it began."""

    def fail(self, reason: str) -> None:
        """Say that it failed; `reason` is one of a few, such as the name of an exception, and the first one stays."""


class Spans(Protocol):
    """Makes spans, from any thread; each lasts for a `with` block, and has failed where that raises.

    The exception's name is noted. Its text is not: it may hold what somebody typed.
    """

    def begun(self, name: str, kind: Kind, attributes: Attributes) -> AbstractContextManager[Span]:
        """Begin a span inside the one that this thread is in, if any."""

    def continued(
        self, name: str, kind: Kind, attributes: Attributes, traceparent: str | None
    ) -> AbstractContextManager[Span]:
        """Begin a span that goes on where `traceparent` says, else a trace of its own."""

    def close(self) -> None:
        """Hand over what has ended, for a few seconds at most."""


def destination(routing_key: str, queue: str = "") -> str:
    """Return what an event is sent to, and read from, as the conventions for RabbitMQ write it."""
    return ":".join(filter(None, (EVENTS, routing_key, queue)))
