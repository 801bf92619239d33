"""A mailbox that bounces come back to, on a real IMAP server, and who reads it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

from imapclient import IMAPClient
from sqlalchemy import Engine

from dev.dovecot_server import PASSWORD, DovecotServer
from notify_service.bounces.mailbox import opened
from notify_service.bounces.reader import MailboxReader
from notify_service.bounces.server import parse_imap_url
from notify_service.tables import LEASES
from shared.contracts import MailBounced, decode
from shared.database import Lease
from shared.messaging.broker import NotConfirmed
from shared.messaging.message import Message
from support.bounced import MAILS


@dataclass
class Published:
    """Takes what is published; `refusing` so many times it confirms nothing."""

    events: list[MailBounced] = field(default_factory=list)
    refusing: int = 0

    def publish(self, message: Message, *, timeout_s: float, to: object = None) -> None:
        if self.refusing:
            self.refusing -= 1
            raise NotConfirmed("timeout")
        self.events.append(decode(message.body, type=message.type, types=(MailBounced,)))

    def missing(self) -> list[str]:
        return []

    def in_flight(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Told:
    """What was measured."""

    outcomes: list[str] = field(default_factory=list)
    away: list[bool] = field(default_factory=list)

    def count_bounce_mail(self, outcome: str) -> None:
        self.outcomes.append(outcome)

    def note_mailbox(self, *, is_away: bool) -> None:
        self.away.append(is_away)


@dataclass
class BounceBox:
    """A mailbox of its own on a server."""

    server: DovecotServer
    name: str = field(default_factory=lambda: f"bounces-{uuid4().hex}@example.org")

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    @contextmanager
    def client(self) -> Iterator[Any]:
        client = IMAPClient("127.0.0.1", self.server.port, ssl=False, timeout=30)
        client.login(self.name, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def put(self, *mails: bytes, folder: str = "INBOX", at: Any = None) -> None:
        with self.client() as client:
            for mail in mails:
                client.append(folder, mail, msg_time=at)

    def damage(self, number: int) -> None:
        """Let the server fail at a mail that lies there: the size in its file's name is not that of its content."""
        folder = self.server.mailbox(self.name)
        with self.client() as client:
            client.select_folder("INBOX")  # moves all from `new` to `cur`
        file = sorted((folder / "cur").iterdir(), key=lambda one: one.stat().st_mtime_ns)[number]
        file.write_bytes(b"")

    def close(self, folder: str) -> None:
        """Let the server put nothing into a folder any more."""
        for part in ("cur", "new", "tmp"):
            (self.server.mailbox(self.name) / f".{folder}" / part).chmod(0o500)

    def count(self, folder: str = "INBOX") -> int:
        """Return how many mails lie in a folder, whether or not they can be read."""
        with self.client() as client:
            return int(client.select_folder(folder)[b"EXISTS"])

    def mails(self, folder: str = "INBOX") -> list[bytes]:
        """Return what lies in a folder."""
        with self.client() as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder)
            found = client.fetch(client.search("ALL"), ["BODY.PEEK[]"])
            return [one[b"BODY[]"] for _, one in sorted(found.items())]

    def reader(
        self, engine: Engine, published: Published, told: Told, reach: Callable[[str], None] = lambda _: None
    ) -> MailboxReader:
        return MailboxReader(
            partial(opened, parse_imap_url(self.url)),
            MAILS,
            published,
            engine,
            Lease(LEASES, "bounces"),
            told,
            reach,
            every_s=0.05,
            look_every_s=0.02,
        )


@contextmanager
def running(*readers: MailboxReader) -> Iterator[None]:
    """Let readers read meanwhile."""
    threads = [threading.Thread(target=one.run) for one in readers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for one in readers:
            one.stop()
        for thread in threads:
            thread.join(30)
