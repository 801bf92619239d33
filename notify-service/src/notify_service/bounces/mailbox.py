"""A mailbox over IMAP (RFC 3501, RFC 6851): what waits in it, and where it goes once it was looked at."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from notify_service.bounces.mime import BYTES_MOST
from notify_service.bounces.server import ImapServer

READ = "Counterfoil-read"
UNREADABLE = "Counterfoil-unreadable"

CONNECT_S = 10.0
ANSWER_S = 30.0

AWAY = (IMAPClientError, OSError, EOFError)
"""What it raises where the server is away, or refuses: OSError is also a certificate that is not good."""

REFUSED, LOST = IMAPClientError, IMAPClientAbortError
"""Of these, what says that the server refuses one thing; and, a kind of it, that the connection is of no more use."""

_BODY = f"BODY.PEEK[]<0.{BYTES_MOST}>"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An open mailbox. Each method raises one of `AWAY`."""

    client: Any
    prefix: str
    validity: int | None = None
    """While it stays the same, an id means the same mail (`UIDVALIDITY`)."""

    def waiting(self) -> Sequence[int]:
        """Return the ids of the mails that lie there."""
        return list(self.client.search(["UNDELETED"]))

    def content(self, uid: int) -> bytes | None:
        """Return the beginning of a mail; None where it has gone meanwhile."""
        parts = self.client.fetch([uid], [_BODY]).get(uid, {})
        return next((value for name, value in parts.items() if name.startswith(b"BODY[]")), None)

    def put(self, uid: int, folder: str) -> None:
        """Move a mail to a folder of ours. It is copied before it is removed: it is never in none of both."""
        name = f"{self.prefix}{folder}"
        if self.client.has_capability("MOVE"):
            self.client.move([uid], name)
            return
        self.client.copy([uid], name)
        self.client.delete_messages([uid], silent=True)
        if self.client.has_capability("UIDPLUS"):
            self.client.uid_expunge([uid])

    def forget(self, before: date) -> int:
        """Remove what was read and came before a day, and return how many that were. The folder is left selected."""
        self.client.select_folder(f"{self.prefix}{READ}")
        old = self.client.search(["BEFORE", before])
        if old:
            self.client.delete_messages(old, silent=True)
            self.client.expunge()
        return len(old)


@contextlib.contextmanager
def opened(server: ImapServer) -> Iterator[Mailbox]:
    """Open the mailbox of a server, with our folders beside it; raises one of `AWAY`."""
    tls = ssl.create_default_context()
    timeout = SocketTimeout(CONNECT_S, ANSWER_S)
    client = IMAPClient(server.host, server.port, ssl=server.implicit_tls, ssl_context=tls, timeout=timeout)
    try:
        if server.starttls:
            client.starttls(tls)
        client.login(server.user, server.password)
        prefix = _prefix(client)
        for folder in (READ, UNREADABLE):
            if not client.folder_exists(f"{prefix}{folder}"):
                client.create_folder(f"{prefix}{folder}")
        selected = client.select_folder(server.folder)
        yield Mailbox(client, prefix, selected.get(b"UIDVALIDITY"))
    finally:
        with contextlib.suppress(*AWAY):
            client.logout()


def _prefix(client: Any) -> str:
    """Return how the names of all folders of a user begin, such as `INBOX.`; mostly with nothing (RFC 2342)."""
    if not client.has_capability("NAMESPACE"):
        return ""
    personal = client.namespace().personal
    return str(personal[0][0]) if personal else ""
