"""Logs in to a mail server (RFC 4954), by one method: each further try would be one more wrong password to its guards.

`smtplib` tries CRAM-MD5 first, and every method that is offered, one after the other: a server that keeps passwords as
hashes offers what it cannot do, and one that counts wrong logins has three of them at each connection.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import smtplib
import ssl
from collections.abc import Callable, Iterator

from notify_service.transports.failures import ChannelBroken
from notify_service.transports.smtp.session import SmtpSession

_SECURED = ("PLAIN", "LOGIN", "CRAM-MD5")
_IN_THE_CLEAR = ("CRAM-MD5", "PLAIN", "LOGIN")

_GO_ON = 334
_DONE = (235, 503)
"""All is well, or it was already (RFC 4954, section 4)."""

_NOT_BY_THIS_METHOD = (502, 504)


def log_in(session: SmtpSession, user: str, password: str) -> None:
    """Log in by the first method that both sides know; raises `SMTPException`, `ChannelBroken` where there is none.

    Inside of TLS that is PLAIN, and LOGIN, which is all that Exchange has. In the clear it is CRAM-MD5 where that is
    offered: then nobody reads the password on the way.
    """
    if not session.has_extn("auth"):
        raise smtplib.SMTPNotSupportedError("no AUTH")
    offered = session.esmtp_features["auth"].upper().split()
    order = (
        ("PLAIN", "LOGIN", "CRAM-MD5") if isinstance(session.sock, ssl.SSLSocket) else ("CRAM-MD5", "PLAIN", "LOGIN")
    )
    answer = None
    for method in (method for method in order if method in offered):
        answer = _tried(session, method, _METHODS[method](user.encode(), password.encode()))
        if answer[0] in _DONE:
            return
        if answer[0] not in _NOT_BY_THIS_METHOD:
            break
    if answer is None:
        raise ChannelBroken("login by no method of ours")
    raise smtplib.SMTPAuthenticationError(*answer)


_Said = Iterator[Callable[[bytes], bytes]]
"""What is said to each challenge, the first perhaps with the command."""


def _plain(user: bytes, password: bytes) -> _Said:
    yield lambda _: b"\0%s\0%s" % (user, password)


def _login(user: bytes, password: bytes) -> _Said:
    yield lambda _: user
    yield lambda _: password


def _cram_md5(user: bytes, password: bytes) -> _Said:
    yield lambda challenge: b"%s %s" % (user, hmac.new(password, challenge, "md5").hexdigest().encode())


_METHODS = {"PLAIN": _plain, "LOGIN": _login, "CRAM-MD5": _cram_md5}
_AT_ONCE = frozenset({"PLAIN"})
"""Whose first answer goes with the command. That of LOGIN does not: not every server takes it there."""


def _tried(session: SmtpSession, method: str, said: _Said) -> tuple[int, bytes]:
    first = f" {_encoded(next(said)(b''))}" if method in _AT_ONCE else ""
    code, text = session.docmd("AUTH", f"{method}{first}")
    while code == _GO_ON:
        answer = next(said, None)
        if answer is None:  # it asks for more than the method has: give up (RFC 4954, section 4)
            return session.docmd("*")
        code, text = session.docmd(_encoded(answer(_decoded(text))))
    return code, text


def _encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error:  # words for people, which nothing depends on
        return b""
