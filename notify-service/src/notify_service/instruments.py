"""The metrics of the notify service."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from notify_service.breaker import Breaker
from notify_service.domain import Channel, Mail, Note, Noted
from notify_service.handler import Sender
from shared.telemetry.messaging import SECONDS


class NotifyInstruments:
    """Measures all confirmations of a process in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._confirmations = Counter(
            "counterfoil_confirmations",
            "What became of each try to confirm a submission; capped ones failed at their recipient's cap.",
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
