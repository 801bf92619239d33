"""Checks the balance of an installation: all known submissions are stored, erased, on their way, or parked.

Every accepted event goes to storage and to notify, each of which keeps its ids in a database of its own: two witnesses.
What notify knows, storage has stored, or will, or has parked; or it is erased, and its key is kept. Ids are compared,
not numbers, so retries, redeliveries and 503s that were stored all the same disturb nothing. What was imported came by
no event: it is stored, and notify need not know it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, Uuid, and_, column, not_, select, table
from sqlalchemy.exc import SQLAlchemyError

from counterfoil_ledger.api import CannotAsk
from shared import database
from shared.messaging.rabbitmq import depths
from shared.messaging.topology import STORAGE

PAUSE_S = 1.0
QUIET_S = 10.0
"""Longer than storage holds what it took before it commits it, gives it back, or puts it off."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look: both databases and the broker."""

    storage_url: str
    notify_url: str
    broker_url: str


@dataclass(frozen=True, slots=True)
class Balance:
    """One reading. `unstored` are the ids that notify knows, and that are neither stored, nor erased, nor parked.

    `waiting` is how many messages are ready for storage; what it holds and has not acked, AMQP does not tell.
    """

    stored: int
    erased: int
    known: int
    parked: int
    waiting: int
    unstored: frozenset[str]

    def lines(self, nowhere: int) -> list[tuple[str, int]]:
        """Return the figure, a line each, where so many are nowhere."""
        return [
            ("known to storage or to notify", self.known),
            ("= stored", self.stored),
            ("+ erased", self.erased),
            ("+ parked by storage, not stored", self.parked),
            ("+ on their way to storage", len(self.unstored) - nowhere),
            ("+ nowhere", nowhere),
        ]


def read(places: Places) -> Balance:
    """Read once; raises `CannotAsk` or `BrokerAway`.

    Notify first and storage last: what notify knows then, storage has had the longer time for.
    """
    seen = seen_ids(places.notify_url)
    queues = (STORAGE.name, *map(STORAGE.level_queue, STORAGE.levels_s))
    waiting = sum(max(0, count) for count in depths.depths(places.broker_url, queues).values())
    parked = {one.id for one in depths.parked(places.broker_url, [STORAGE.parked])} | _kept(places.storage_url)
    erased = erased_ids(places.storage_url)
    rows = _ids(places.storage_url, "submissions", "id")
    missing = frozenset(str(each) for each in seen - rows)
    stored = len(rows - erased)
    return Balance(stored, len(rows) - stored, len(seen | rows), len(missing & parked), waiting, missing - parked)


def seen_ids(notify_url: str) -> set[UUID]:
    """Return the ids of the submissions that notify has deliveries of; raises `CannotAsk`.

    A hook is told of an erasure under an id of the delivery's own, which no submission has.
    """
    key, channel, destination = column("submission_id", Uuid), column("channel", Text), column("destination_hash", Text)
    is_told = and_(channel == "hook", destination.endswith(":erased", autoescape=True))
    wanted = select(key).select_from(table("deliveries", key, channel, destination)).where(not_(is_told)).distinct()
    return set(_read(notify_url, "deliveries", wanted))


def erased_ids(storage_url: str) -> set[UUID]:
    """Return the ids of what storage has erased; raises `CannotAsk`."""
    key, at = column("id", Uuid), column("erased_at", Text)
    wanted = select(key).select_from(table("submissions", key, at)).where(at.is_not(None))
    return set(_read(storage_url, "submissions", wanted))


def settled(places: Places, timeout_s: float) -> tuple[Balance, frozenset[str]]:
    """Read until all that the first reading knew is stored or parked; return the last reading, and what is not.

    Others may submit meanwhile. It gives up when the time is over, or the queues have been empty for ten seconds.
    """
    deadline = time.monotonic() + timeout_s
    found, since = read(places), time.monotonic()
    missing = found.unstored
    while missing and time.monotonic() < min(deadline, since + QUIET_S):
        time.sleep(PAUSE_S)
        found = read(places)
        missing &= found.unstored
        since = time.monotonic() if found.waiting else since
    return found, missing


def _kept(storage_url: str) -> set[str]:
    """Return the message ids of what storage keeps for a person, or a person has discarded; raises `CannotAsk`."""
    message_id, state = column("message_id", Text), column("state", Text)
    wanted = select(message_id).select_from(table("storage_parked", message_id, state)).where(state != "replayed")
    return set(_read(storage_url, "storage_parked", wanted))


def _ids(url: str, name: str, id_column: str) -> set[UUID]:
    """Return the distinct ids in a table; raises `CannotAsk`."""
    wanted = column(id_column, Uuid)
    return set(_read(url, name, select(wanted).select_from(table(name, wanted)).distinct()))


def _read(url: str, name: str, wanted: Select[Any]) -> Sequence[Any]:
    try:
        engine = database.create(url)
        with database.reading(engine).connect() as connection:
            found = connection.execute(wanted).scalars().all()
        engine.dispose()
    except (SQLAlchemyError, ValueError) as error:
        raise CannotAsk(f"cannot read {name}: {getattr(error, 'orig', None) or error}") from error
    return found
