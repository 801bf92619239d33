"""Reads parked messages from the services' databases and queues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

import notify_service.tables
import storage_service.tables
from shared import database
from shared.messaging.topology import WORK_QUEUES
from shared.parked.repository import ParkedRepository
from shared.parked.states import State
from support.queues import Queues

TABLES = {"storage": storage_service.tables.PARKED, "notify": notify_service.tables.PARKED}
ROWS_MOST = 100_000


def parked_rows(database_url: str, service: str, state: State | None = "waiting") -> list[Row[Any]]:
    """Return what a service has parked, newest first, without the bodies."""
    engine = database.create(database_url)
    try:
        return list(ParkedRepository(engine, TABLES[service]).page(state, None, ROWS_MOST, None))
    finally:
        engine.dispose()


def parked_messages(queues: Queues, databases: Mapping[str, str]) -> Counter[str]:
    """Return the message ids of all that waits for a person: in the tables, by service, and on the parked queues."""
    ids: Counter[str] = Counter()
    for name in {work.parked for work in WORK_QUEUES}:
        ids.update(properties.message_id or "" for _, properties in queues.peek(name))
    for service, url in databases.items():
        ids.update(row.message_id for row in parked_rows(url, service))
    return ids
