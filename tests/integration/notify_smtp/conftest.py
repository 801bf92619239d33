"""A scripted SMTP server, and senders to it."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterator

import pytest

from notify_service.transports.breaker import Breaker
from notify_service.transports.smtp.sender import SmtpSender
from notify_service.transports.smtp.server import SmtpServer, parse_smtp_url
from support.senders import Connect
from support.smtp import CERTIFICATE, ScriptedSmtp


@pytest.fixture(params=[False, True], ids=["", "pipelining"])
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp(pipelining=request.param) as started:
        yield started


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Make a sender to a server; `trusting=False` does not know the server's certificate."""
    with contextlib.ExitStack() as made:

        def sender(
            server: ScriptedSmtp,
            url: str = "",
            *,
            trusting: bool = True,
            breaker: Breaker | None = None,
            hello: str = "test",
        ) -> SmtpSender:
            tls = ssl.create_default_context(cafile=str(CERTIFICATE) if trusting else None)
            target = parse_smtp_url(url.format(port=server.port)) if url else SmtpServer("127.0.0.1", server.port)
            one = SmtpSender(target, breaker or Breaker(time.monotonic), hello=hello, tls=tls)
            made.callback(one.close)
            return one

        yield sender
