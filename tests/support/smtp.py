"""Runs an SMTP server that answers as a test tells it to."""

from __future__ import annotations

import asyncio
import hmac
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from dev.processes import free_port
from dev.smtp_controller import PromptController

CERTIFICATE = Path(__file__).with_name("smtp_localhost.pem")
"""A certificate for localhost and 127.0.0.1 with its key, worth nothing: it proves what anyone may read."""

DROP = "drop"
DRIBBLE = "dribble"
"""Instead of an answer: close the connection; or send one line of a reply after the other and never end it."""


@dataclass(frozen=True)
class Received:
    """One mail as it came."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass
class ScriptedSmtp:
    """Receives mail; `answers` overrides its reply at a stage: connect, ehlo, mail, rcpt, or data (after the dot).

    With `login` it asks for that user and password before MAIL, and only under TLS. With `mails_per_connection` it
    answers each later MAIL on the same connection with 452. With `utf8_refused` it offers SMTPUTF8, and takes no mail
    that asks for it. With `pipelining` it offers that. One that is
    `lenient` lets a mail begin whose recipients were all refused, and refuses it at its end. `refused` has what it
    answers to RCPT, by mailbox. With `methods` it offers those of AUTH, also such as it does not have; `answers` at
    login is what it says to a wrong password, or to all with `locked`. `answers_to` says by recipient what it answers
    at the end of a mail. With `wants_name` it takes no EHLO that says an address. It notes in `logins` by which methods
    somebody tried to log in, and in `hellos` the names.
    """

    starttls: bool = False
    implicit_tls: bool = False
    login: tuple[str, str] | None = None
    utf8: bool = True
    utf8_refused: bool = False
    pipelining: bool = False
    lenient: bool = False
    mails_per_connection: int | None = None
    methods: tuple[str, ...] | None = None
    locked: bool = False
    wants_name: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    answers_to: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)
    hellos: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    secured: int = 0
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        """Listen on loopback."""
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(CERTIFICATE)
        options: dict[str, Any] = {"hostname": "127.0.0.1", "port": self.port, "ready_timeout": 30}
        if self.implicit_tls:
            options["ssl_context"] = tls
        self._controller = _Controller(self, tls if self.starttls else None, **options)
        self._controller.start()
        self.connections = 0  # the controller tries its own server once

    def stop(self) -> None:
        """Stop listening and drop every connection."""
        self._controller.stop()

    def answering(self, stage: str, reply: str) -> ScriptedSmtp:
        """Answer so at this stage from now on."""
        self.answers[stage] = reply
        return self

    def __enter__(self) -> ScriptedSmtp:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class _Controller(PromptController):
    def __init__(self, script: ScriptedSmtp, starttls: ssl.SSLContext | None, **options: Any) -> None:
        self._script = script
        self._starttls = starttls
        super().__init__(_Hooks(script), **options)

    def factory(self) -> SMTP:
        script = self._script
        options: dict[str, Any] = {"enable_SMTPUTF8": script.utf8, "tls_context": self._starttls, "hostname": "sink"}
        if script.login:
            options |= {"authenticator": _authenticator(script), "auth_required": True}
            options["auth_require_tls"] = bool(self._starttls)
            known = {"PLAIN", "LOGIN", "CRAM-MD5"}
            options["auth_exclude_mechanism"] = known - set(
                ("PLAIN", "LOGIN") if script.methods is None else script.methods
            )
        return _Greeting(script, self.handler, require_starttls=bool(self._starttls), **options)


class _Greeting(SMTP):
    def __init__(self, script: ScriptedSmtp, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._script = script
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._script.connections += 1
        super().connection_made(transport)

    async def push(self, status: Any) -> None:
        if not self._greeted:
            self._greeted = True
            status = await _told(self._script, "connect", self) or status
        await super().push(status)


class _Hooks:
    def __init__(self, script: ScriptedSmtp) -> None:
        self._script = script
        self._mails: Counter[object] = Counter()

    def _enough(self, session: Session) -> str | None:
        self._mails[session.peer] += 1
        limit = self._script.mails_per_connection
        return "452 4.5.3 too many mails" if limit and self._mails[session.peer] > limit else None

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        told = await _told(self._script, "ehlo", server)
        self._script.hellos.append(hostname)
        if self._script.wants_name and not hostname[:1].isalpha():
            told = "421 4.7.0 Try again later, closing connection. (EHLO) 17 - gsmtp"
            asyncio.get_running_loop().call_later(0.1, server.transport.close)  # type: ignore[union-attr]
        offered = ["250-PIPELINING"] if self._script.pipelining else []
        methods = self._script.methods
        said = [
            f"250-AUTH {' '.join(methods)}" if methods is not None and one.startswith("250-AUTH ") else one
            for one in responses[1:]
        ]
        return [told] if told else [*responses[:1], *offered, *said]

    async def auth_CRAM__MD5(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's
        self._script.logins.append("CRAM-MD5")
        challenge = b"<1.2@sink>"
        answer = await server.challenge_auth(challenge)
        user, password = self._script.login or ("", "")
        digest = hmac.new(password.encode(), challenge, "md5").hexdigest()
        right = answer == f"{user} {digest}".encode()
        return AuthResult(success=right, handled=False, message=None if right else self._script.answers.get("login"))

    async def handle_HELO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str) -> str:  # noqa: N802
        session.host_name = hostname
        return await _told(self._script, "ehlo", server) or "250 sink"

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        told = await _told(self._script, "mail", server) or self._enough(session)
        if self._script.utf8_refused and "SMTPUTF8" in options:
            told = "553 5.6.7 no such addresses here"
        if not told:
            envelope.mail_from = address
            assert server.transport is not None
            self._script.secured += server.transport.get_extra_info("sslcontext") is not None
        return told or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        told = await _told(self._script, "rcpt", server) or self._script.refused.get(address)
        if not told or self._script.lenient:
            envelope.rcpt_tos.append(address)
        return told or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._script.lenient and "rcpt" in self._script.answers:
            return "554 5.5.1 no valid recipients" if not envelope.content else "250 a mail to nobody"
        for recipient in envelope.rcpt_tos:
            if recipient in self._script.answers_to:
                return self._script.answers_to[recipient]
        told = self._script.answers.get("data")
        if told is None or told == DROP:  # dropped after the dot: the mail is here, its sender does not know
            content = envelope.content if isinstance(envelope.content, bytes) else b""
            self._script.received.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        return await _told(self._script, "data", server) or "250 OK"


async def _told(script: ScriptedSmtp, stage: str, server: SMTP) -> str | None:
    told = script.answers.get(stage)
    transport = server.transport
    assert isinstance(transport, asyncio.Transport)
    if told == DROP:
        transport.abort()
    while told == DRIBBLE and not transport.is_closing():
        transport.write(b"250-still thinking\r\n")
        await asyncio.sleep(0.02)
    return told


def _authenticator(script: ScriptedSmtp) -> Callable[..., AuthResult]:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        script.logins.append(mechanism)
        user, password = script.login or ("", "")
        right = given == LoginPassword(user.encode(), password.encode()) and not script.locked
        return AuthResult(success=right, handled=False, message=None if right else script.answers.get("login"))

    return check
