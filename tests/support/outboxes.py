"""An outbox for tests, and publishers for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine, MetaData, Table

from shared import database
from shared.database import Lease, Outbox
from shared.database.leases import lease_columns
from shared.database.outbox import outbox_columns
from shared.messaging.broker import NotConfirmed
from shared.messaging.instruments import Refusal
from shared.messaging.message import Message
from shared.messaging.routes import Destination

METADATA = MetaData()
TABLE = Table("toy_outbox", METADATA, *outbox_columns("toy_outbox"), sqlite_autoincrement=True)
LEASES = Table("toy_leases", METADATA, *lease_columns("toy_leases"))


def a_message(number: int = 0) -> Message:
    """Return a message that has a route."""
    return Message("submission.withheld.v1", f"id-{number}", b"body %d" % number, {"x-attempt": 0})


def a_lease() -> Lease:
    """Return a process's way to the lease."""
    return Lease(LEASES, "outbox")


@contextmanager
def lent(url: str) -> Iterator[tuple[Engine, Outbox]]:
    """Make the tables, and lend a database and its outbox."""
    engine = database.create(url)
    METADATA.drop_all(engine)
    METADATA.create_all(engine)
    try:
        yield engine, Outbox(TABLE)
    finally:
        METADATA.drop_all(engine)
        engine.dispose()


@dataclass
class ListingPublisher:
    """Confirms everything but the ids in `refused`; while `refusal` is set, nothing."""

    refusal: Refusal | None = None
    refused: set[str] = field(default_factory=set)
    published: list[Message] = field(default_factory=list)
    is_closed: bool = False

    def publish(self, message: Message, *, timeout_s: float, to: Destination | None = None) -> None:
        if self.refusal or message.id in self.refused:
            raise NotConfirmed(self.refusal or "nacked")
        self.published.append(message)

    def missing(self) -> list[str]:
        return []

    def in_flight(self) -> int:
        return 0

    def close(self) -> None:
        self.is_closed = True
