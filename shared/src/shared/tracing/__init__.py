"""Makes each submission one trace across the services, with OpenTelemetry, where its variables ask for it.

Requests and messages carry the W3C `traceparent`. Where tracing is off, OpenTelemetry is not imported, and the
composition root leaves its parts unwrapped.
"""

from __future__ import annotations

from shared.tracing.consuming import traced
from shared.tracing.settings import from_environment
from shared.tracing.spans import Attributes, Span, Spans

__all__ = ["Attributes", "Span", "Spans", "from_environment", "traced"]
