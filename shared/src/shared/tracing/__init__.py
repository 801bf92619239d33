"""Traces: one submission is one trace across the services, by OpenTelemetry; off until its variables ask for it.

What travels is the W3C `traceparent`, in the request and in the message. Where tracing is off there is no object for it
and nothing of OpenTelemetry is imported: a composition root wraps its parts, or it does not.
"""

from __future__ import annotations

from shared.tracing.consuming import traced
from shared.tracing.settings import from_environment
from shared.tracing.spans import Attributes, Span, Spans

__all__ = ["Attributes", "Span", "Spans", "from_environment", "traced"]
