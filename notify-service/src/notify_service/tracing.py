"""A sender of mail, and a caller of webhooks, who make a span for each."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

from notify_service.transports.failures import SendFailure
from notify_service.transports.http.connection import Answer, NoAnswer
from notify_service.transports.http.sender import Caller
from notify_service.transports.smtp.mail import Mail
from notify_service.transports.smtp.server import SmtpServer
from notify_service.transports.transport import Transport
from shared.public_addresses import Refused
from shared.tracing import Attributes, Spans


class TracedSender:
    """Sends mail with a span around each; nothing in it tells of the mail itself."""

    def __init__(self, sender: Transport, server: SmtpServer, spans: Spans) -> None:
        self._sender = sender
        self._spans = spans
        self._about: Attributes = {
            "server.address": server.host,
            "server.port": server.port,
            "network.protocol.name": "smtp",
        }

    def turn(self, endpoint: str | None) -> AbstractContextManager[str | None]:
        """Have a turn; see `transport.Transport`."""
        return self._sender.turn(endpoint)

    def send(self, letter: Mail, *, timeout_s: float) -> str:
        """Send one mail; see `transport.Transport`."""
        with self._spans.begun("send mail", "client", self._about) as span:
            try:
                return self._sender.send(letter, timeout_s=timeout_s)
            except SendFailure as error:
                span.fail(error.reason)
                raise


class TracedCaller:
    """`sender.Caller` with a span around each call. It names the host alone: a path may be a secret."""

    def __init__(self, caller: Caller, spans: Spans) -> None:
        self._caller = caller
        self._spans = spans

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
        """Post one body; see `sender.Caller`."""
        about: Attributes = {"http.request.method": "POST", "server.address": urlsplit(url).hostname or ""}
        with self._spans.begun("POST", "client", about) as span:
            try:
                answer = self._caller.post(url, body, headers, timeout_s=timeout_s)
            except (NoAnswer, Refused) as error:
                span.fail(str(error))
                raise
            span.note({"http.response.status_code": answer.status})
            if answer.status >= 400:
                span.fail(str(answer.status))
            return answer
