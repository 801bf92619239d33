"""Reads those of OpenTelemetry's variables that decide whether and where spans are sent.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from shared.tracing.spans import Spans

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_BATCHES = ("OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_BSP_SCHEDULE_DELAY")
_QUEUE_SIZE, _BATCH_SIZE = 2048, 512
"""What the SDK takes where they are not set."""

_LIMITS = (
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
)
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


def from_environment(service: str) -> Spans | None:
    """Return what makes the spans of a service, whose name is `counterfoil-…`; None where no endpoint is set.

    Starts a thread that sends them: call it once in a process, after `problems` found nothing.
    """
    if not is_on(os.environ):
        return None
    from shared.tracing.otel import OtelSpans  # noqa: PLC0415 - some 60 modules that only this needs

    return OtelSpans.exporting(f"counterfoil-{service}")


def is_on(environment: Mapping[str, str]) -> bool:
    """Say whether these variables ask for traces."""
    is_disabled = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip()
    return any(environment.get(name, "").strip() for name in _ENDPOINTS) and not is_disabled and exporter != "none"


def problems(environment: Mapping[str, str]) -> list[str]:
    """Return what is wrong with these variables, each with its mend; nothing while they ask for no traces."""
    if not is_on(environment):
        return []
    given = {name: value.strip() for name, value in environment.items() if value.strip()}
    found = [
        f"{name}: expected a URL such as http://collector:4318"
        for name in _ENDPOINTS
        if name in given and not _is_http(given[name])
    ]
    found += [
        f"{name}: only http/protobuf is spoken, not {given[name]}"
        for name in _PROTOCOLS
        if given.get(name, "http/protobuf") != "http/protobuf"
    ]
    if given.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        found.append("OTEL_TRACES_EXPORTER: expected otlp or none")
    return found + _problems_of_numbers(given)


def _problems_of_numbers(given: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the numbers, each of which the SDK would end the process for, or silently replace."""
    wrong = {name: "above 0" for name in _BATCHES if name in given and not _is_number(given[name], least=1)}
    wrong |= {name: "of 0 or more" for name in _LIMITS if name in given and not _is_number(given[name], least=0)}
    found = [f"{name}: expected a whole number {range_}, not {given[name]}" for name, range_ in wrong.items()]
    queue, batch = _BATCHES[:2]
    if not wrong and int(given.get(batch, _BATCH_SIZE)) > int(given.get(queue, _QUEUE_SIZE)):
        found.append(f"{batch}: expected no more than {queue}, which is {given.get(queue, _QUEUE_SIZE)}")
    return found


def _is_number(text: str, *, least: int) -> bool:
    return text.isdecimal() and text.isascii() and int(text) >= least


def _is_http(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket that is not closed, or no number for a port
        return False
