"""The metrics of the notify service."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from notify_service.breaker import Breaker
from notify_service.domain import Channel, Mail, Note, Noted
from notify_service.handler import Sender
from notify_service.webhook import Caller
from notify_service.webhook_connection import Answer
from shared.telemetry.messaging import SECONDS


class NotifyInstruments:
    """Measures all confirmations and webhooks of a process in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._confirmations = Counter(
            "counterfoil_confirmations",
            "What became of each try to confirm, or to call a webhook; capped ones failed at their recipient's cap.",
            ["channel", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "counterfoil_confirmation_send_seconds",
            "One try to send, whatever came of it.",
            ["channel"],
            buckets=SECONDS,
            registry=registry,
        )
        self._open = Gauge(
            "counterfoil_breaker_open",
            "1 while so many sends failed in a row that only one try now and then is made.",
            ["channel"],
            registry=registry,
        )

    def note(self, channel: Channel) -> Note:
        """Return what counts the outcomes of a channel."""
        counts: dict[Noted, Callable[[], None]] = {
            outcome: self._confirmations.labels(channel, outcome).inc for outcome in get_args(Noted)
        }
        return lambda outcome: counts[outcome]()

    def timed(self, sender: Sender, channel: Channel) -> Sender:
        """Return the same sender, timed."""
        return _TimedSender(sender, self._seconds.labels(channel).observe)

    def timed_caller(self, caller: Caller) -> Caller:
        """Return the same caller of webhooks, timed."""
        return _TimedCaller(caller, self._seconds.labels("webhook").observe)

    def watch(self, breaker: Breaker, channel: Channel) -> None:
        """Show whether a channel's breaker is open."""
        self._open.labels(channel).set_function(lambda: float(breaker.is_open))


class _TimedSender:
    def __init__(self, sender: Sender, observe: Callable[[float], None]) -> None:
        self._sender = sender
        self._observe = observe

    def check(self) -> None:
        self._sender.check()

    def send(self, mail: Mail, *, timeout_s: float) -> None:
        start_s = time.monotonic()
        try:
            self._sender.send(mail, timeout_s=timeout_s)
        finally:
            self._observe(time.monotonic() - start_s)


class _TimedCaller:
    def __init__(self, caller: Caller, observe: Callable[[float], None]) -> None:
        self._caller = caller
        self._observe = observe

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
        start_s = time.monotonic()
        try:
            return self._caller.post(url, body, headers, timeout_s=timeout_s)
        finally:
            self._observe(time.monotonic() - start_s)
