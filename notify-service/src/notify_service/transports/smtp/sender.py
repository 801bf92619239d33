"""Sends mail over SMTP (RFC 5321), one connection kept open from mail to mail."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

from notify_service.transports.breaker import Breaker
from notify_service.transports.failures import ChannelBroken, Permanent, SendFailure, Transient
from notify_service.transports.smtp.answers import Stage, failure, reply
from notify_service.transports.smtp.login import log_in
from notify_service.transports.smtp.mail import Mail
from notify_service.transports.smtp.server import SmtpServer
from notify_service.transports.smtp.session import SmtpSession
from shared.messaging.failures import DependencyUnavailable

IDLE_S = 5.0
"""How long a connection may lie idle before it is asked whether it still works."""

COURTESY_S = 5.0
"""How long a server may take over NOOP, RSET and QUIT."""


_OK = 250
_GO_AHEAD = 354
_DATA = "DATA"
_RESTING = "mail server: failed too often, resting before the next try"

Open: TypeAlias = Callable[..., SmtpSession]
"""Makes a session, as `SmtpSession` itself does."""


class SmtpSender:
    """`transport.Transport` to one server, for one thread at a time; the breaker is shared by all that send there.

    A connection that the server closed between two mails, or on which it takes no further one, is replaced, at the
    mail's expense in time only.
    """

    def __init__(
        self, server: SmtpServer, breaker: Breaker, *, hello: str, tls: ssl.SSLContext, session: Open = SmtpSession
    ) -> None:
        self._server = server
        self._breaker = breaker
        self._hello = hello
        self._tls = tls
        self._open = session
        self._session: SmtpSession | None = None
        self._used_at_s = 0.0
        self._turn = threading.RLock()  # a worker has one for each mail of a batch

    def check(self) -> None:
        """Raise `DependencyUnavailable` while the breaker rests."""
        if self._breaker.is_resting:
            raise DependencyUnavailable(_RESTING)

    @contextlib.contextmanager
    def turn(self, endpoint: str | None) -> Iterator[None]:  # noqa: ARG002 - all mail goes to one server
        """Have a turn; see `transport.Transport`. Another thread waits for it."""
        with self._turn:
            self.check()
            yield

    def send(self, letter: Mail, *, timeout_s: float) -> str:
        """Send one mail, and return the reply to its end. No answer there is `Transient`: it may have arrived."""
        if not self._breaker.admits():
            raise DependencyUnavailable(_RESTING)
        try:
            heard = self._transfer(letter, time.monotonic() + timeout_s)
        except SendFailure as error:
            (self._breaker.failed if error.tells_of_channel else self._breaker.succeeded)()
            self._recover(error)
            raise
        self._breaker.succeeded()
        self._used_at_s = time.monotonic()
        return heard

    def close(self) -> None:
        """Take leave of the server."""
        if self._session is not None:
            self._session.deadline_s = time.monotonic() + COURTESY_S
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._session.quit()
            self._drop()

    def _transfer(self, mail: Mail, deadline_s: float) -> str:
        session = self._begun(mail, deadline_s)
        with _at("rcpt"):
            _expect("rcpt", session.ask(_rcpt(mail)))
        with _at("data"):
            code, text = session.ask(_DATA)
            if code != _GO_AHEAD:
                raise failure("data", code, text)
            return _expect("data", session.ask_for_content(mail.content))

    def _begun(self, mail: Mail, deadline_s: float) -> SmtpSession:
        """Return a session that has accepted MAIL: the one at hand, or a new one if that turns out to be over."""
        kept = self._kept(deadline_s)
        if kept is not None:
            with contextlib.suppress(Transient, ChannelBroken):
                return self._accepting(kept, mail)
        self._session = self._opened(deadline_s)
        return self._accepting(self._session, mail)

    def _accepting(self, session: SmtpSession, mail: Mail) -> SmtpSession:
        """Return the session once it has accepted MAIL. One that refuses is dropped: it may have reached the number of
        mails that its server takes on one connection, and would answer every later mail the same."""
        try:
            return _begin(session, mail)
        except (Transient, ChannelBroken):
            self._drop()
            raise

    def _opened(self, deadline_s: float) -> SmtpSession:
        """Return a session that is greeted, protected and logged in, as the server's address asks."""
        with _at("connect"):
            session = self._open(self._server, hello=self._hello, tls=self._tls, deadline_s=deadline_s)
        try:
            _prepare(session, self._server, self._tls)
        except BaseException:
            session.close()
            raise
        return session

    def _kept(self, deadline_s: float) -> SmtpSession | None:
        session = self._session
        if session is not None and time.monotonic() - self._used_at_s > IDLE_S:
            session.deadline_s = min(deadline_s, time.monotonic() + COURTESY_S)
            if not _is_alive(session):
                self._drop()
                return None
        if session is not None:
            session.deadline_s = deadline_s
        return session

    def _recover(self, error: SendFailure) -> None:
        """Make the session ready for the next mail, or end it: a server that says no for now may have had enough of
        the connection, at whatever stage it says so."""
        if self._session is None:
            return
        self._session.deadline_s = time.monotonic() + COURTESY_S
        if error.tells_of_channel or isinstance(error, Transient) or not _is_reset(self._session):
            self._drop()

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def smtp_senders(server: SmtpServer, breaker: Breaker, count: int, *, hello: str) -> list[SmtpSender]:
    """Return so many senders to a server, each with a connection of its own."""
    tls = ssl.create_default_context()
    return [SmtpSender(server, breaker, hello=hello, tls=tls) for _ in range(count)]


def _prepare(session: SmtpSession, server: SmtpServer, tls: ssl.SSLContext) -> None:
    with _at("ehlo"):
        session.ehlo_or_helo_if_needed()
    wanted = not server.implicit_tls and server.starttls != "never"
    if wanted and (server.starttls == "required" or session.has_extn("starttls")):
        with _at("starttls"):
            session.starttls(context=tls)
        with _at("ehlo"):
            session.ehlo_or_helo_if_needed()
    if server.user:
        with _at("login"):
            log_in(session, server.user, server.password)


def _begin(session: SmtpSession, mail: Mail) -> SmtpSession:
    with _at("mail"):
        if mail.needs_utf8:
            _begin_utf8(session, mail)
        else:
            session.send_ahead(_mail(mail), _rcpt(mail), _DATA)
            _expect("mail", session.ask(_mail(mail)))
    return session


def _mail(mail: Mail) -> str:
    return f"MAIL FROM:<{mail.sender}>"


def _rcpt(mail: Mail) -> str:
    return f"RCPT TO:<{mail.recipient}>"


def _begin_utf8(session: SmtpSession, mail: Mail) -> None:
    """Begin a mail with SMTPUTF8 (RFC 6531). A server that takes others, and not this, refuses this mail alone: an
    address that somebody typed must not hold up everybody's."""
    try:
        answer = session.mail(mail.sender, ["SMTPUTF8", "BODY=8BITMIME"])
    except smtplib.SMTPNotSupportedError:
        raise Permanent("mail without SMTPUTF8") from None
    if 500 <= answer[0] < 600 and session.ask(_mail(mail))[0] == _OK:
        raise Permanent(f"mail {answer[0]} with SMTPUTF8", said=reply(*answer))
    _expect("mail", answer)


def _expect(stage: Stage, answer: tuple[int, bytes]) -> str:
    """Return what the server said, if it is that all is well; raises `SendFailure` otherwise."""
    if not 200 <= answer[0] < 300:
        raise failure(stage, *answer)
    return reply(*answer)


@contextlib.contextmanager
def _at(stage: Stage) -> Iterator[None]:
    """Turn what smtplib raises into what it means."""
    try:
        yield
    except SendFailure:
        raise
    except smtplib.SMTPResponseException as error:
        raise failure(stage, error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPServerDisconnected:
        raise failure(stage, None) from None
    except (ssl.SSLError, smtplib.SMTPNotSupportedError) as error:
        raise ChannelBroken(f"{stage} {type(error).__name__}") from None
    except (OSError, smtplib.SMTPException):
        raise failure(stage, None) from None
    except ValueError:  # what cannot be said in SMTP: an address or a password beyond ASCII
        raise (
            Permanent(f"{stage} not in ASCII") if stage in {"mail", "rcpt"} else ChannelBroken(f"{stage} not in ASCII")
        ) from None


def _is_alive(session: SmtpSession) -> bool:
    try:
        return session.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _is_reset(session: SmtpSession) -> bool:
    try:
        session.abandon()
        return session.rset()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
