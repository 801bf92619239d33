"""One SMTP session with one deadline over all of it, which sends commands ahead where the server takes that."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections import deque
from typing import Any

from notify_service.transports.smtp.server import SmtpServer

_TCP_CONNECT_S = 10.0
_CHUNK_BYTES = 4096
_GO_AHEAD = 354
_UNKNOWN_COMMAND = (500, 501, 502, 504)


class SmtpSession(smtplib.SMTP):
    """`smtplib.SMTP` that writes nothing after its deadline and waits for nothing beyond it.

    smtplib's own timeout starts anew with each byte that arrives, so that a slow server could hold a worker
    past its lease. `deadline_s` is on `time.monotonic`, and may be moved between mails.
    """

    def __init__(self, server: SmtpServer, *, hello: str, tls: ssl.SSLContext, deadline_s: float) -> None:
        """Connect and read the greeting; raises OSError and `smtplib.SMTPException`. `hello` is our name in EHLO."""
        self.deadline_s = deadline_s
        self._ahead: deque[str] = deque()
        self._tls = tls if server.implicit_tls else None
        super().__init__(server.host, server.port, local_hostname=hello)

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        """Connect, through TLS where the address says smtps, and return the greeting."""
        plain = socket.create_connection((host, port), min(_TCP_CONNECT_S, self._left_s()), source_address)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(self._left_s())
            self.sock = self._tls.wrap_socket(plain, server_hostname=host) if self._tls else plain
        except BaseException:
            plain.close()
            raise
        self.file = None
        return self.getreply()

    def ehlo_or_helo_if_needed(self) -> None:
        """Say EHLO where that was not said, and HELO only to a server that does not know it: one that refuses us for
        another reason closes the connection over a second try, and its own words are lost. Raises `SMTPHeloError`."""
        if self.helo_resp is None and self.ehlo_resp is None:
            code, text = self.ehlo()
            if code in _UNKNOWN_COMMAND:
                code, text = self.helo()
            if not 200 <= code < 300:
                raise smtplib.SMTPHeloError(code, text)

    def send_ahead(self, *commands: str) -> None:
        """Send commands together, before their replies are asked for, to a server that says PIPELINING (RFC 2920): a
        server far away then takes half the time for a mail. DATA may be the last of them. Raises as `send` does."""
        if self.has_extn("pipelining"):
            if any("\r" in command or "\n" in command for command in commands):
                raise ValueError("a command of more than one line")
            self.send("".join(f"{command}\r\n" for command in commands))
            self._ahead.extend(commands)

    def ask(self, command: str) -> tuple[int, bytes]:
        """Return the reply to a command; one that was sent ahead is the next of those, and not sent again."""
        if not self._ahead:
            return self.docmd(command)
        self._ahead.popleft()
        return self.getreply()

    def ask_for_content(self, content: bytes) -> tuple[int, bytes]:
        """Send a mail, whose lines end in CRLF, after DATA, and return the reply to its end."""
        self.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        return self.getreply()

    def abandon(self) -> None:
        """Take the replies to what was sent ahead and is not wanted any more; a mail that was let in ends empty."""
        while self._ahead:
            self._ahead.popleft()
            if self.getreply()[0] == _GO_AHEAD:
                self.ask_for_content(b"")

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        """Send within the deadline."""
        self.arm()
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply within the deadline."""
        if self.file is None:
            self.file = _Replies(self)
        return super().getreply()

    def arm(self) -> socket.socket:
        """Return the socket, allowed to wait for what is left; raises `SMTPServerDisconnected` when nothing is."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        try:
            self.sock.settimeout(self._left_s())
        except TimeoutError:
            self.close()
            raise smtplib.SMTPServerDisconnected("out of time") from None
        return self.sock

    def _left_s(self) -> float:
        left_s = self.deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("out of time")
        return left_s


class _Replies:
    """What `smtplib` reads replies from, a line at a time. It is made anew after STARTTLS, so that nothing said in
    the clear before is taken for an answer after."""

    def __init__(self, session: SmtpSession) -> None:
        self._session = session
        self._read = b""

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._read and len(self._read) < limit:
            chunk = self._session.arm().recv(_CHUNK_BYTES)
            if not chunk:
                break
            self._read += chunk
        end = min(self._read.find(b"\n") + 1 or len(self._read), limit)
        line, self._read = self._read[:end], self._read[end:]
        return line

    def close(self) -> None:
        self._read = b""
