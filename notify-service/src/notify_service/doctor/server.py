"""Looks at the mail server: does it answer, is the way to it safe, does it let us in?"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from notify_service.doctor.findings import Finding, bad, good, note
from notify_service.transports.failures import ChannelBroken
from notify_service.transports.smtp.hello import FALLBACK
from notify_service.transports.smtp.hints import hint
from notify_service.transports.smtp.login import log_in
from notify_service.transports.smtp.server import SmtpServer
from notify_service.transports.smtp.session import SmtpSession
from shared.public_addresses import is_public

_SOON_DAYS = 14
_URL = "COUNTERFOIL_SMTP_URL"
_SUBMISSION_PORTS = "providers take mail at port 587 (smtp://) and 465 (smtps://); many networks let none out to 25"


class _Over(Exception):
    """There is nothing more to look at: this was the last finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.words)
        self.finding = finding


def look_at_server(
    server: SmtpServer, sender: str, *, hello: str, tls: ssl.SSLContext, timeout_s: float
) -> Iterator[Finding]:
    """Yield what is found, each as soon as it is, until nothing more can be. No mail is sent. It takes `timeout_s`
    seconds at most, beside what the look-up of the server's name takes."""
    session = None
    try:
        found = _addresses(server)
        session = _connected(server, hello, tls, time.monotonic() + timeout_s)
        yield good("connection", f"{server.host}:{server.port} answers")
        yield _greeted(session, hello)
        yield _protected(session, server, tls, is_inside=not any(is_public(one) for one in found))
        yield _logged_in(session, server)
        yield _let_in(session, sender)
        yield _beyond_ascii(session)
    except _Over as over:
        yield over.finding
    finally:
        if session is not None:
            session.close()


def _addresses(server: SmtpServer) -> list[str]:
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise _Over(
            bad(
                "connection", f"the name {server.host} has no address ({error.strerror})", f"correct the host in {_URL}"
            )
        ) from None
    return [str(one[4][0]) for one in found]


def _connected(server: SmtpServer, hello: str, tls: ssl.SSLContext, deadline_s: float) -> SmtpSession:
    place = f"{server.host}:{server.port}"
    try:
        return SmtpSession(server, hello=hello, tls=tls, deadline_s=deadline_s)
    except ssl.SSLCertVerificationError as error:
        raise _Over(_distrusted(error)) from None
    except ssl.SSLError as error:
        words = f"{place} does not begin with TLS ({error.reason})"
        raise _Over(bad("TLS", words, f"smtps:// is for port 465; for 587 and 25 write smtp:// in {_URL}")) from None
    except smtplib.SMTPConnectError as error:
        raise _Over(_refused("connection", f"{place} does not want us", error.smtp_code, error.smtp_error)) from None
    except ConnectionRefusedError:
        raise _Over(bad("connection", f"nobody listens at {place}", f"correct host and port in {_URL}")) from None
    except (OSError, smtplib.SMTPException) as error:
        mend = f"for port 465 write smtps:// in {_URL}" if server.port == 465 else _SUBMISSION_PORTS
        raise _Over(bad("connection", f"{place} does not answer ({type(error).__name__})", mend)) from None


def _greeted(session: SmtpSession, hello: str) -> Finding:
    _say_hello(session)
    if hello == FALLBACK:
        mend = "set COUNTERFOIL_SMTP_HELLO to this machine's public name"
        return note("EHLO", f"we say {hello}, for want of a name: some servers refuse that", mend)
    return good("EHLO", f"it takes us as {hello}")


def _say_hello(session: SmtpSession) -> None:
    try:
        session.ehlo_or_helo_if_needed()
    except smtplib.SMTPHeloError as error:
        words = f"it does not take our name, {session.local_hostname}"
        raise _Over(_refused("EHLO", words, error.smtp_code, error.smtp_error)) from None
    except (OSError, smtplib.SMTPException) as error:
        raise _Over(
            bad("EHLO", f"it does not answer ({type(error).__name__})", "ask whoever runs the server")
        ) from None


def _protected(session: SmtpSession, server: SmtpServer, tls: ssl.SSLContext, *, is_inside: bool) -> Finding:
    if not server.implicit_tls and server.starttls != "never" and session.has_extn("starttls"):
        _start_tls(session, tls)
    if isinstance(session.sock, ssl.SSLSocket):
        return _certificate(session.sock)
    if server.starttls == "required":
        mend = f"use a port that has it, 587 or 465, or say starttls=never in {_URL} if the way there is safe"
        raise _Over(bad("TLS", "the server offers no STARTTLS", mend))
    if is_inside:
        return note("TLS", "none: whatever lies between here and the server can read along; it is not far")
    return bad("TLS", "none: anybody on the way can read along", f"use port 587 with ?starttls=required in {_URL}")


def _start_tls(session: SmtpSession, tls: ssl.SSLContext) -> None:
    try:
        session.starttls(context=tls)
    except ssl.SSLCertVerificationError as error:
        raise _Over(_distrusted(error)) from None
    except smtplib.SMTPResponseException as error:
        raise _Over(_refused("TLS", "STARTTLS is refused", error.smtp_code, error.smtp_error)) from None
    except (OSError, smtplib.SMTPException) as error:
        mend = "ask whoever runs the server: TLS 1.2 is the least that we take"
        raise _Over(bad("TLS", f"STARTTLS fails ({type(error).__name__})", mend)) from None
    _say_hello(session)


def _certificate(secured: ssl.SSLSocket) -> Finding:
    told: dict[str, Any] = secured.getpeercert() or {}
    names = ", ".join(value for _, value in told.get("subjectAltName", ()))[:200]
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC)
    left = (until - datetime.now(UTC)).days
    words = f"{secured.version()}, certificate of {names}, good until {until:%Y-%m-%d}"
    if left < _SOON_DAYS:
        return note("TLS", f"{words}: {left} days more", "see that it is renewed: no mail leaves after that")
    return good("TLS", words)


def _distrusted(error: ssl.SSLCertVerificationError) -> Finding:
    return bad(
        "TLS",
        f"the certificate is not to be trusted: {error.verify_message}",
        f"the host in {_URL} has to be one of its names, and its issuer be known: SSL_CERT_FILE names another list",
    )


def _logged_in(session: SmtpSession, server: SmtpServer) -> Finding:
    offered = session.esmtp_features.get("auth", "").strip() or "nothing"
    if not server.user:
        return note("login", "no user is set: the server has to know us by our address")
    try:
        log_in(session, server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        raise _Over(_refused("login", "user and password are refused", error.smtp_code, error.smtp_error)) from None
    except (smtplib.SMTPNotSupportedError, ChannelBroken):
        mend = "what takes OAuth alone cannot be used: ask for an app password, or for a relay that knows your address"
        raise _Over(bad("login", f"the server offers {offered}; we know PLAIN, LOGIN and CRAM-MD5", mend)) from None
    except (OSError, smtplib.SMTPException) as error:
        words = f"the server ends the connection ({type(error).__name__})"
        raise _Over(bad("login", words, "wait a while: it may have had enough of wrong logins")) from None
    return good("login", f"as {server.user[:1]}\N{HORIZONTAL ELLIPSIS}; the server offers {offered}")


def _let_in(session: SmtpSession, sender: str) -> Finding:
    try:
        code, text = session.docmd(f"MAIL FROM:<{sender}>")
        session.rset()
    except (OSError, smtplib.SMTPException) as error:
        raise _Over(bad("sender", f"the server ends the connection ({type(error).__name__})", "try it again")) from None
    if not 200 <= code < 300:
        raise _Over(_refused("sender", f"{sender} may not send", code, text))
    return good("sender", f"{sender} may begin a mail")


def _beyond_ascii(session: SmtpSession) -> Finding:
    if session.has_extn("smtputf8"):
        return good("addresses", "such as 用户@例え.jp can be reached, too")
    return note("addresses", "such as 用户@例え.jp cannot be reached: the server has no SMTPUTF8")


def _refused(check: str, words: str, code: int, text: bytes | str) -> Finding:
    said = f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    said = " ".join(said.split())[:300]
    return bad(check, f"{words}: {said}", hint(said) or "the server's own words say why")
