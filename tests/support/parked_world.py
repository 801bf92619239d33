"""Runs one service's parked messages with a broker in memory and a real database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from shared.messaging.incoming import Incoming
from shared.messaging.memory import MemoryBroker
from shared.messaging.message import Message
from shared.messaging.topology import STORAGE
from shared.parked.collector import keeper
from shared.parked.messages import ParkedMessages
from shared.parked.repository import ParkedRepository
from storage_service.tables import PARKED
from support.submission_databases import migrated


@dataclass
class ParkedWorld:
    """`park` keeps a message as the parked queue brings it, `messages` is under test; each look takes a minute.

    `forgets` is a message that goes, with its submission, while it is replayed.
    """

    engine: Engine
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    now: datetime = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    reopened: list[tuple[str, str]] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    forgets: str | None = None

    def __post_init__(self) -> None:
        self.repository = ParkedRepository(self.engine, PARKED)
        publisher = self.broker.publisher()
        self.messages = ParkedMessages(
            self.repository,
            lambda: publisher,
            reopen=lambda queue, message_id: self.reopened.append((queue, message_id)),
            clock=self._tick,
            reach=self._reach,
        )

    def park(self, body: bytes = b"{}", message_id: str = "m", parking: str = "1", **headers: Any) -> str:
        """Keep a message as if it came from the parked queue, and return its id."""
        given = {"x-parking": parking, "x-reason": "because", "x-parked-from": STORAGE.name}
        given |= {"x-parked-at": self._tick().isoformat()}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        keep = keeper(self.repository, [STORAGE], lambda _: None)
        keep(Incoming(body, "some.type", message_id, {name: one for name, one in given.items() if one}, 1, 1))
        return self.ids(None)[0]

    def ids(self, state: Any = "waiting") -> list[str]:
        """Return the ids of what is parked, newest first."""
        return [one["id"] for one in self.messages.page(state, limit=200)["parked"]]

    def published(self) -> list[Message]:
        """Return what lies on the work queue."""
        return self.broker.queued(STORAGE.name)

    def actions(self, parked_id: str) -> list[tuple[str, str | None]]:
        """Return what happened to a message, and who did it."""
        return [(one.action, one.actor) for one in self.repository.actions(parked_id)]

    def _reach(self, name: str) -> None:
        self.reached.append(name)
        if self.forgets and name == "after-replay-publish":
            self.repository.forget(self.forgets)

    def _tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@contextmanager
def parked_world(database_url: str) -> Iterator[ParkedWorld]:
    """Make the tables and lend the world."""
    with migrated(database_url) as engine:
        yield ParkedWorld(engine)
