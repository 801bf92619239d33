"""An SMTP session and a caller that tell each step of a conversation, and no secret in it."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from notify_service.transports.http.connection import Answer, NoAnswer
from notify_service.transports.http.sender import Caller
from notify_service.transports.smtp.server import SmtpServer
from notify_service.transports.smtp.session import SmtpSession
from shared.public_addresses import Refused

Tell: TypeAlias = Callable[[str], None]
"""Takes one line."""

_HIDDEN = "\N{HORIZONTAL ELLIPSIS}"
_GO_ON = 334
_SHOWN_HEADERS = frozenset({"content-type", "user-agent", "webhook-id", "webhook-timestamp"})
"""Whose values are shown: any other may be a secret, and a signature is of no use to anybody."""


def timed(tell: Tell, clock: Callable[[], float] = time.monotonic) -> Tell:
    """Return what tells each line with the seconds since now before it."""
    began_s = clock()
    return lambda line: tell(f"{clock() - began_s:7.2f} s  {line}")


class TellingSession(SmtpSession):
    """A session that tells what either side says, but for what is said to log in, and the mail itself."""

    def __init__(self, server: SmtpServer, *, tell: Tell, **options: Any) -> None:
        self._tell = tell
        self._is_logging_in = False
        super().__init__(server, **options)

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        """Connect, as a session does."""
        self._tell(f"connect to {host}:{port}{' by TLS' if self._tls else ''}")
        return super().connect(host, port, source_address)

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        """Send, as a session does."""
        if isinstance(s, bytes):
            self._tell(f"> (the mail, {len(s)} bytes)")
        else:
            for line in s.splitlines():
                self._tell(f"> {self._shown(line)}")
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply, as a session does."""
        try:
            code, text = super().getreply()
        except smtplib.SMTPServerDisconnected:
            self._tell("< (the connection was closed)")
            raise
        lines = [_HIDDEN] if code == _GO_ON else text.decode("utf-8", "replace").split("\n")
        for line in lines:
            self._tell(f"< {code} {line}")
        self._is_logging_in &= code == _GO_ON
        return code, text

    def starttls(self, *arguments: Any, **options: Any) -> tuple[int, bytes]:
        """Protect the session, as a session does."""
        reply: tuple[int, bytes] = super().starttls(*arguments, **options)
        if isinstance(self.sock, ssl.SSLSocket):
            self._tell(f"(from here on by {self.sock.version()})")
        return reply

    def _shown(self, line: str) -> str:
        if self._is_logging_in:
            return _HIDDEN
        if line.upper().startswith("AUTH "):
            self._is_logging_in = True
            return f"AUTH {line.split(' ')[1]} {_HIDDEN}"
        return line


class TellingCaller:
    """`sender.Caller` that tells what is called, by its host alone: a path may be a secret."""

    def __init__(self, caller: Caller, tell: Tell) -> None:
        self._caller = caller
        self._tell = tell

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
        """Post one body; see `sender.Caller`."""
        parts = urlsplit(url)
        self._tell(f"> POST {parts.scheme}://{parts.netloc}/{_HIDDEN} HTTP/1.1")
        for name, value in headers.items():
            self._tell(f"> {name}: {value if name.lower() in _SHOWN_HEADERS else _HIDDEN}")
        self._tell(f"> ({len(body)} bytes)")
        try:
            answer = self._caller.post(url, body, headers, timeout_s=timeout_s)
        except (NoAnswer, Refused) as error:
            self._tell(f"< ({error})")
            raise
        self._tell(f"< status {answer.status}")
        if answer.retry_after:
            self._tell(f"< Retry-After: {answer.retry_after[:100]}")
        if answer.overtime:
            self._tell("< (its body did not come within a second)")
        return answer
