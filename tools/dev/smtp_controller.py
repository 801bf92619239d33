"""Runs an SMTP server in a thread that can be stopped while a client is connected."""

from __future__ import annotations

import asyncio
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class OffersPipelining:
    """Says PIPELINING, as nearly every mail server does, and aiosmtpd does without saying so. For its handlers."""

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,
        envelope: Envelope,  # noqa: ARG002
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:1], "250-PIPELINING", *responses[1:]]


class PromptController(Controller):
    """aiosmtpd's controller, whose `stop` drops every connection.

    Since Python 3.12 a server that is closed waits until the last client has gone, and a client that keeps its
    connection for the next mail does not go.
    """

    def _factory_invoker(self) -> Any:
        smtp = super()._factory_invoker()
        self._connections = [*getattr(self, "_connections", []), smtp]
        return smtp

    def cancel_tasks(self, stop_loop: bool = True) -> None:  # noqa: FBT001, FBT002 - as aiosmtpd declares it
        """Drop the connections, then do what aiosmtpd does; called in the server's thread."""
        for smtp in self._connections:
            for transport in (smtp.transport, smtp._original_transport):  # noqa: SLF001 - below STARTTLS
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()
        super().cancel_tasks(stop_loop)
