"""A sender of mail whose mails each have a span."""

from __future__ import annotations

from notify_service.domain import Mail, SendFailure
from notify_service.handler import Sender
from notify_service.settings import SmtpServer
from shared.tracing import Attributes, Spans


class TracedSender:
    """`handler.Sender` with a span around each mail that is sent; nothing in it tells of the mail itself."""

    def __init__(self, sender: Sender, server: SmtpServer, spans: Spans) -> None:
        self._sender = sender
        self._spans = spans
        self._about: Attributes = {
            "server.address": server.host,
            "server.port": server.port,
            "network.protocol.name": "smtp",
        }

    def check(self) -> None:
        """Raise `DependencyUnavailable` where there is no use in trying now."""
        self._sender.check()

    def send(self, mail: Mail, *, timeout_s: float) -> None:
        """Send one mail; see `handler.Sender`."""
        with self._spans.begun("send mail", "client", self._about) as span:
            try:
                self._sender.send(mail, timeout_s=timeout_s)
            except SendFailure as error:
                span.fail(error.reason)
                raise
